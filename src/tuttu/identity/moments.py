"""Who a customer was at a moment of the order in which evidence is taken."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

import msgspec

from tuttu.identity.graph import Graph
from tuttu.identity.partition import added, clash
from tuttu.identity.records import JOINED, Evidence, Holds, Rank, SetEvidence
from tuttu.vocabulary import company
from tuttu.vocabulary.events import FragmentId

FEW = 256
"""Nodes of a customer that are looked through to see what they were."""


class Moment(msgspec.Struct, frozen=True):
    """A node's customer just before one piece of evidence is taken.

    parts: what it is made of: homes of customers as the namespaces above make them, with what they
    hold. exact: there is no other part; else these were in it for certain.
    """

    parts: Mapping[FragmentId, Holds]
    exact: bool

    @property
    def holds(self) -> Holds:
        return reduce(added, self.parts.values())


class Growth:
    """How a customer grows on the evidence at one namespace. moments: the first, and the one after
    each evidence of `ranks`, which are those that changed it."""

    def __init__(self, first: Moment) -> None:
        self.ranks: list[Rank] = []
        self.moments = [first]

    def add(self, rank: Rank, moment: Moment) -> None:
        self.ranks.append(rank)
        self.moments.append(moment)


class Moments:
    """Moments of the customers of one graph, for as long as nothing of it changes."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[tuple[FragmentId, int, bool], Growth] = {}

    def before(
        self,
        key: FragmentId,
        at: company.Namespace,
        evidence: Evidence | SetEvidence,
        *,
        exact: bool = False,
    ) -> Moment:
        """The node's customer when this evidence at an identifier of the namespace `at` is taken.

        Only evidence between its own nodes has to be looked at: what was refused once keeps
        customers apart for good, but for two values that an alias joins later.
        """
        graph = self._graph
        head = graph.head(graph.home(key))
        exact = exact or head.size <= FEW
        start = graph.group(key, at.rank)[0] if exact else key
        if (start, at.rank, exact) not in self._known:
            if exact:
                self._know_all(key, at)
            else:
                self._known[start, at.rank, False] = self._roughly(
                    key, at, looked_at=not graph.is_aliased(head)
                )
        growth = self._known[start, at.rank, exact]
        return growth.moments[bisect_left(growth.ranks, evidence.rank)]

    def _know_all(self, key: FragmentId, at: company.Namespace) -> None:
        """Of a few nodes, how each part grows until it is one customer with the node: they are
        wanted together."""
        graph = self._graph
        home, _ = graph.group(key, at.rank + 1)
        nodes = [
            node
            for node in graph.members(graph.home(key))
            if graph.group(node, at.rank + 1)[0] == home
        ]
        parts = {part: group.holds for part, group in (graph.group(n, at.rank) for n in nodes)}
        growths = {part: Growth(Moment({part: holds}, exact=True)) for part, holds in parts.items()}
        for rank, moment in self._merges(nodes, at, home, exact=True):
            for part in moment.parts:
                growths[part].add(rank, moment)
        self._known |= {(part, at.rank, True): growth for part, growth in growths.items()}

    def _roughly(self, key: FragmentId, at: company.Namespace, *, looked_at: bool) -> Growth:
        """Of many nodes, what the evidence at this one makes of it."""
        graph = self._graph
        start, group = graph.group(key, at.rank)
        growth = Growth(Moment({start: group.holds}, exact=False))
        home, _ = graph.group(key, at.rank + 1)
        for rank, moment in self._merges([key] if looked_at else [], at, home, exact=False):
            if start in moment.parts:
                growth.add(rank, moment)
        return growth

    def _merges(
        self, nodes: Sequence[FragmentId], at: company.Namespace, home: FragmentId, *, exact: bool
    ) -> Iterator[tuple[Rank, Moment]]:
        """The evidence at these nodes that joined parts of the customer with this home, in the
        order in which it is taken, and what it made."""
        graph = self._graph
        links = (
            link
            for node in nodes
            if graph.kind(node) == at.name and graph.node(node).people == 1
            for link in graph.links_at(node, JOINED)
            if graph.group(link.one, at.rank + 1)[0] == home
        )
        parts: dict[FragmentId, dict[FragmentId, Holds]] = {}
        for link in sorted(links, key=lambda link: link.evidence.rank):
            ends = [graph.group(each, at.rank) for each in (link.one, link.other)]
            one, other = (parts.setdefault(part, {part: group.holds}) for part, group in ends)
            here, there = reduce(added, one.values()), reduce(added, other.values())
            differ = clash(here, there, at, graph.namespaces, alias=link.alias)
            if one is not other and differ is None:
                one |= other
                parts.update(dict.fromkeys(other, one))
                yield link.evidence.rank, Moment(dict(one), exact)
