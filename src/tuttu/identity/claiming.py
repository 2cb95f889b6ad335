"""What a set claims of a pair, put among the other evidence and taken back."""

from tuttu.identity import joining
from tuttu.identity.claimed import claim_of, with_claim, without_claim
from tuttu.identity.evidence import IdentityLink
from tuttu.identity.graph_state import GraphState
from tuttu.identity.records import SetEvidence
from tuttu.identity.repartition import repartition
from tuttu.vocabulary.events import FragmentId, Identifier


def put_claim(
    graph: GraphState, names: tuple[Identifier, Identifier], evidence: SetEvidence
) -> None:
    """In place of what the set claimed of these two before. names: as they are spelled now."""
    one, other = map(graph.key_of, names)
    for key, name in zip((one, other), names, strict=True):
        graph.add_node(key, name)
    before = graph.pair(one, other)
    old = claim_of(before, evidence.name)
    if old is None:
        ends = graph.by_name(one, other)
        joining.add_evidence(graph, IdentityLink(*ends, evidence))
        return
    after = with_claim(before, evidence)
    if after != before:
        graph.put_pair(one, other, after)
        if old.strength != evidence.strength or _may_matter(graph, one, other):
            repartition(graph, {graph.home(one), graph.home(other)})


def withdraw_claim(graph: GraphState, pair: tuple[FragmentId, FragmentId], name: str) -> None:
    """The set does not claim it any more: who was joined by that alone is parted."""
    before = graph.pair(*pair)
    if before is None or claim_of(before, name) is None:
        return
    after = without_claim(before, name)
    live = pair[1] not in graph.barred(pair[0])
    passed: list[FragmentId] = []
    homes = set(map(graph.home, pair))
    if after is not None:
        graph.put_pair(*pair, after)
    else:
        graph.delete_pair(*pair)
        passed = [key for key in pair if live and graph.add_partner(key, -1)]
    if live:
        for key in pair:
            joining.name_again(graph, key)
    repartition(graph, homes | joining.flipped(graph, passed))


def _may_matter(graph: GraphState, one: FragmentId, other: FragmentId) -> bool:
    """Whether the order of evidence within a customer may decide anything: it does where some is
    refused."""
    head = graph.head(graph.home(one))
    joined = graph.home(one) == graph.home(other)
    return not joined or head.contested or head.barred or graph.is_aliased(head)
