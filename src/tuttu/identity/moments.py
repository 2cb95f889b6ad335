"""Who a customer was at a moment of the order in which evidence is taken."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import reduce

import msgspec

from tuttu.identity.graph_state import GraphState
from tuttu.identity.partition import added
from tuttu.identity.records import Evidence, Holds
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


def moment(graph: GraphState, key: FragmentId, at: company.Namespace, evidence: Evidence) -> Moment:
    """The node's customer when this evidence at an identifier of the namespace `at` is taken.

    All evidence between nodes of one customer was taken, or found them joined: what is refused
    once keeps them apart for good.
    """
    exact = graph.head(graph.home(key)).size <= FEW
    nodes = graph.members(graph.home(key)) if exact else [key]
    home, _ = graph.group(key, at.rank + 1)
    joined: dict[FragmentId, set[FragmentId]] = defaultdict(set)
    holds: dict[FragmentId, Holds] = {}
    for node in nodes:
        if graph.group(node, at.rank + 1)[0] == home:
            part, group = graph.group(node, at.rank)
            holds[part] = group.holds
            if graph.kind(node) == at.name and graph.node(node).people == 1:
                for link in graph.links_at(node):
                    linked = graph.group(link.one, at.rank + 1)[0] == home
                    if linked and link.evidence.rank < evidence.rank:
                        other, group = graph.group(link.one, at.rank)
                        holds[other] = group.holds
                        joined[part].add(other)
                        joined[other].add(part)
    parts = _reached(graph.group(key, at.rank)[0], joined)
    return Moment({part: holds[part] for part in sorted(parts)}, exact)


def _reached(
    start: FragmentId, joined: Mapping[FragmentId, Iterable[FragmentId]]
) -> set[FragmentId]:
    reached, ahead = {start}, [start]
    while ahead:
        new = set(joined.get(ahead.pop(), ())) - reached
        reached |= new
        ahead += new
    return reached
