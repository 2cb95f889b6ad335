"""One more piece of evidence: what it changes, looking only at the customers it touches."""

import msgspec

from tuttu.identity import evidence
from tuttu.identity.graph_state import GraphState, evidence_of, with_pair
from tuttu.identity.partition import Constraints, added, clash, grouped
from tuttu.identity.records import JOINED, Evidence, EvidencePair, keeps_date
from tuttu.identity.repartition import links_of_pair, repartition
from tuttu.vocabulary.events import FragmentId

KeyLink = evidence.IdentityLink[FragmentId]


def add_evidence(graph: GraphState, link: KeyLink) -> None:
    """Keep the link as evidence, and join or part the customers that it joins or parts."""
    before = graph.pair(link.one, link.other)
    after = with_evidence(before, link)
    if after == before:
        return
    live = link.other not in graph.barred(link.one)
    if live:
        for key, partner in ((link.one, link.other), (link.other, link.one)):
            known = evidence_of(graph.node(key))
            graph.set_evidence(key, with_pair(known, after, graph.kind(partner)))
    if before is None:
        _add_pair(graph, link, after, live=live)
    elif live and _counts(graph, link):
        _apply(graph, link, after)
        graph.flush()
        _update_joined_at(graph, link, before, after)
    else:
        graph.put_pair(link.one, link.other, after)
    graph.flush()


def with_evidence(pair: EvidencePair | None, link: KeyLink) -> EvidencePair:
    """The pair with one more piece of evidence, of which the best is kept."""
    new = link.evidence
    if pair is None:
        pair = EvidencePair(new.time)
    plain, alias = pair.plain, pair.alias
    if link.alias:
        alias = _better(alias, new)
    else:
        plain = _better(plain, new)
    return EvidencePair(min(pair.first, new.time), plain, alias)


def _better(old: Evidence | None, new: Evidence) -> Evidence:
    return new if old is None or new.rank < old.rank else old


def _counts(graph: GraphState, link: KeyLink) -> bool:
    return not graph.is_void(link.one) and not graph.is_void(link.other)


def _add_pair(graph: GraphState, link: KeyLink, pair: EvidencePair, *, live: bool) -> None:
    """A pair that no event has named before."""
    ends = (link.one, link.other)
    passed = [key for key in ends if live and graph.add_partners(key, 1)]
    if live and _counts(graph, link):
        _apply(graph, link, pair)
        return
    graph.put_pair(*ends, pair)
    if passed:
        repartition(graph, {graph.home(key) for key in passed})


def _apply(graph: GraphState, link: KeyLink, pair: EvidencePair) -> None:
    """Let a link that counts take its place among the others.

    Within one customer it changes nothing, unless alias has given them several values of a unique
    namespace. Between two customers who may be one it joins them: no earlier or later link can
    have been refused, or be refused now, because of it. In all other cases the links of these two
    decide, taken in order again; and only if this one is taken, the others around them too.
    """
    one, other = graph.home(link.one), graph.home(link.other)
    if one != other and _may_merge(graph, link):
        _merge(graph, one, other)
        graph.put_pair(link.one, link.other, pair)
        return
    graph.put_pair(link.one, link.other, pair)
    several = max(graph.head(one).unique.values(), default=0) > 1
    if (one != other or several) and _matters(graph, link):
        repartition(graph, {one, other})


def _may_merge(graph: GraphState, link: KeyLink) -> bool:
    one, other = (graph.head(graph.home(key)) for key in (link.one, link.other))
    if (one.barred and other.barred) or (link.alias and one.contested and other.contested):
        return False
    aliased = graph.kind(link.other) if link.alias else None
    return clash(one.unique, other.unique, aliased, graph.namespaces) is None


def _merge(graph: GraphState, one: FragmentId, other: FragmentId) -> None:
    """Two whole customers become one, at the smaller of their homes."""
    home, left = min(one, other), max(one, other)
    head, gone = graph.head(home), graph.head(left)
    for key in graph.clear_home(left):
        graph.set_node(key, home=home)
    times = [time for time in (head.joined_at, gone.joined_at) if time is not None]
    merged = msgspec.structs.replace(
        head,
        size=head.size + gone.size,
        unique=added(head.unique, gone.unique),
        contested=head.contested or gone.contested,
        barred=head.barred or gone.barred,
    )
    joined_at = max(times, default=None) if keeps_date(merged) else None
    graph.set_node(home, head=msgspec.structs.replace(merged, joined_at=joined_at))


def _matters(graph: GraphState, link: KeyLink) -> bool:
    """Whether the link, taken in its place, joins what was not joined by then."""
    homes = {graph.home(link.one), graph.home(link.other)}
    members = {key for home in homes for key in graph.members(home)}
    before = [
        each
        for key in members
        for partner, neighbour in graph.neighbours(key, JOINED)
        if key < partner
        for each in links_of_pair(key, partner, neighbour.pair)
        if each.evidence.rank < link.evidence.rank
    ]
    constraints = Constraints(
        {key: graph.kind(key) for key in members},
        {key: graph.barred(key) for key in members},
        graph.namespaces,
    )
    groups = grouped(before, constraints)
    return not groups.same(link.one, link.other) and not groups.refuses(link)


def _update_joined_at(
    graph: GraphState, link: KeyLink, before: EvidencePair, after: EvidencePair
) -> None:
    """The pair was named together earlier than was known: its customer may be older, too."""
    home = graph.home(link.one)
    if home != graph.home(link.other) or after.first == before.first:
        return
    if graph.head(home).joined_at == before.first:
        joined_at = max(
            neighbour.pair.first
            for key in graph.members(home)
            for _, neighbour in graph.neighbours(key, JOINED)
        )
        graph.set_head(home, joined_at=joined_at)
    else:
        graph.set_node(home)
