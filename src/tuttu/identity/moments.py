"""Who a customer was at a moment of the order in which evidence is taken."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import reduce

import msgspec

from tuttu.identity.graph import Graph, KeyLink
from tuttu.identity.partition import added, clash
from tuttu.identity.records import Evidence, Holds, Rank, SetEvidence
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


class Growth(msgspec.Struct, frozen=True):
    """How a node's customer grows on the evidence at one namespace. moments: the first, and the one
    after each evidence of `ranks`, which are those that changed it."""

    ranks: Sequence[Rank]
    moments: Sequence[Moment]


class Moments:
    """Moments of the customers of one graph, for as long as nothing of it changes."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[tuple[FragmentId, int], Growth] = {}

    def before(
        self, key: FragmentId, at: company.Namespace, evidence: Evidence | SetEvidence
    ) -> Moment:
        """The node's customer when this evidence at an identifier of the namespace `at` is taken.

        Only evidence between its own nodes has to be looked at: what was refused once keeps
        customers apart for good, but for two values that an alias joins later.
        """
        growth = self._known.get((key, at.rank))
        if growth is None:
            growth = self._known[key, at.rank] = self._growth(key, at)
        return growth.moments[bisect_left(growth.ranks, evidence.rank)]

    def _growth(self, key: FragmentId, at: company.Namespace) -> Growth:
        graph = self._graph
        head = graph.head(graph.home(key))
        exact = head.size <= FEW
        nodes = graph.members(graph.home(key)) if exact else [] if graph.is_aliased(head) else [key]
        home, _ = graph.group(key, at.rank + 1)
        links: list[KeyLink] = []
        for node in nodes:
            if graph.kind(node) == at.name and graph.node(node).people == 1:
                links += (
                    link
                    for link in graph.links_at(node)
                    if graph.group(link.one, at.rank + 1)[0] == home
                )
        start, begun = graph.group(key, at.rank)
        parts = {start: {start: begun.holds}}
        ranks, moments = list[Rank](), [Moment(dict(parts[start]), exact)]
        for link in sorted(links, key=lambda link: link.evidence.rank):
            ends = [graph.group(each, at.rank) for each in (link.one, link.other)]
            one, other = (parts.setdefault(part, {part: group.holds}) for part, group in ends)
            here, there = reduce(added, one.values()), reduce(added, other.values())
            differ = clash(here, there, at, graph.namespaces, alias=link.alias)
            if one is not other and differ is None:
                one |= other
                parts.update(dict.fromkeys(other, one))
                if start in one:
                    ranks.append(link.evidence.rank)
                    moments.append(Moment(dict(one), exact))
        return Growth(ranks, moments)
