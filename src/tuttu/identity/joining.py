"""One more piece of evidence: what it changes, looking only at the customers it touches."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from tuttu.identity.claimed import told_again, with_claim
from tuttu.identity.graph import KeyLink, Reach
from tuttu.identity.graph_state import GraphState
from tuttu.identity.moments import Moments
from tuttu.identity.partition import added, clash
from tuttu.identity.records import (
    APART,
    JOINED,
    Evidence,
    EvidencePair,
    Head,
    PartialCustomer,
    SetEvidence,
    keeps_date,
)
from tuttu.identity.repartition import repartition
from tuttu.vocabulary import company
from tuttu.vocabulary.events import FragmentId


def add_evidence(graph: GraphState, link: KeyLink) -> None:
    """Keep the link as evidence, and join or part the customers that it joins or parts."""
    ends = link.one, link.other
    before = graph.pair(*ends)
    after = _with_evidence(graph, before, link)
    if after == before:
        return
    live = link.other not in graph.barred(link.one)
    if not (live and before is None and _takes_in(graph, link, after)):
        graph.put_pair(*ends, after)
        if live:
            _name(graph, ends, after)
            _count(graph, link, before, after)
    if before is None or after.first == before.first or not _made_older(graph, link, before):
        graph.update_heads(*ends, after)


def _name(graph: GraphState, ends: Iterable[FragmentId], pair: EvidencePair) -> None:
    for key in ends:
        named = graph.node(key).named
        graph.set_named(key, pair.first if named is None else min(named, pair.first))


def name_again(graph: GraphState, key: FragmentId) -> None:
    """After evidence has gone: what only that said of the node is not known any more."""
    barred = graph.barred(key)
    live = (each.pair.first for who, each in graph.neighbours(key) if who not in barred)
    graph.set_named(key, min(live, default=None))


def _takes_in(graph: GraphState, link: KeyLink, pair: EvidencePair) -> bool:
    """Most evidence is of an identifier that is new, or that nothing else names: whether its first
    partner simply takes it in."""
    node, at = graph.node(link.other), graph.namespaces[graph.kind(link.other)]
    partners = graph.node(link.one).partners
    most = graph.namespaces[graph.kind(link.one)].partners
    if node.partners or node.barred or partners >= most or not _may_merge(graph, link, at):
        return False
    _name(graph, (link.one, link.other), pair)
    for key in (link.one, link.other):
        graph.add_partner(key)
    graph.set_reach(link.other, Reach(1, link.evidence.strength))
    _merge(graph, link, at, pair, is_new=True)
    return True


def _count(
    graph: GraphState, link: KeyLink, before: EvidencePair | None, after: EvidencePair
) -> None:
    """Let live evidence count: for the partners of its two, and for who is joined."""
    ends = link.one, link.other
    passed = [key for key in ends if before is None and graph.add_partner(key)]
    if passed:
        repartition(graph, {graph.home(key) for key in ends} | flipped(graph, passed))
    elif link in graph.links_of(*ends, after) and not any(map(graph.is_crowd, ends)):
        _take(graph, link, after, is_new=before is None)


def _with_evidence(graph: GraphState, pair: EvidencePair | None, link: KeyLink) -> EvidencePair:
    """The pair with one more piece of evidence, of which the best is kept."""
    new = link.evidence
    if isinstance(new, SetEvidence):
        return with_claim(pair, new)
    if pair is None:
        pair = EvidencePair(new.time)
    back = graph.directed(link.one, link.other) != (link.one, link.other)
    field = ("alias" if link.alias else "plain") + ("_back" if back else "")
    old: Evidence | None = getattr(pair, field)
    best = new if old is None or new.rank < old.rank else old
    changes = {field: best, "first": min(pair.first, new.time), "sets": told_again(pair, new.time)}
    return msgspec.structs.replace(pair, **changes)


def _take(graph: GraphState, link: KeyLink, pair: EvidencePair, *, is_new: bool) -> None:
    """Let the best evidence on a pair take its place among the other.

    What is refused changes nothing, and neither does what finds the two joined. Two whole customers
    are joined where no evidence before or after it is refused, or no more refused, because of it.
    In all other cases the evidence on these customers is taken in order again.
    """
    at = graph.namespaces[graph.kind(link.other)]
    homes = {graph.home(link.one), graph.home(link.other)}
    node = graph.node(link.other)
    if node.people > (at.limit or 1) and link.evidence.strength <= node.strength:
        return
    if graph.set_reach(link.other, graph.reach(link.other)):
        repartition(graph, homes)
    elif graph.node(link.other).people == 1:
        if is_new and len(homes) == 2 and _may_merge(graph, link, at):
            _merge(graph, link, at, pair)
        elif _matters(graph, link, at):
            repartition(graph, homes)


def flipped(graph: GraphState, keys: Iterable[FragmentId]) -> set[FragmentId]:
    """The homes of partners of these nodes that join people now and did not, or the reverse."""
    partners = {partner for key in keys for partner, _ in graph.neighbours(key)}
    return {graph.home(k) for k in sorted(partners) if graph.set_reach(k, graph.reach(k))}


def _matters(graph: GraphState, link: KeyLink, at: company.Namespace) -> bool:
    """Whether the evidence, taken in its place, may change who is joined."""
    ends = link.one, link.other
    one, other = (graph.group(key, at.rank + 1)[0] for key in ends)
    if one == other and not _may_lose(graph, graph.head(graph.home(link.one))):
        return False
    moments = Moments(graph)
    here, there = (moments.before(key, at, link.evidence) for key in ends)
    if here.parts.keys() & there.parts.keys():
        return False
    return clash(here.holds, there.holds, at, graph.namespaces, alias=link.alias) is None


def _may_lose(graph: GraphState, head: Head) -> bool:
    """Whether the order in which the customer was joined may decide who is refused: by alias or by
    an unmerge, what joins two of them may keep out a third."""
    return head.barred or graph.is_aliased(head)


def _may_merge(graph: GraphState, link: KeyLink, at: company.Namespace) -> bool:
    """Whether nothing that is joined within the one customer would be refused once it has the
    other's values, and nothing that is refused would be joined."""
    homes = graph.home(link.one), graph.home(link.other)
    one, other = map(graph.head, homes)
    if (one.barred and other.barred) or _have_more_between(graph, link):
        return False
    first, second = (graph.group(key, at.rank + 1)[1].holds for key in (link.one, link.other))
    if clash(first, second, at, graph.namespaces, alias=link.alias) is not None:
        return False
    return one.holds.keys() & other.holds.keys() <= first.keys() & second.keys()


def _have_more_between(graph: GraphState, link: KeyLink) -> bool:
    """Whether another pair leads from one customer to the other."""
    ends = sorted((link.one, link.other), key=lambda key: graph.head(graph.home(key)).size)
    smaller, greater = map(graph.home, ends)
    if not graph.head(smaller).contested and not graph.head(greater).contested:
        return False
    return any(
        graph.home(partner) == greater and {key, partner} != set(ends)
        for key in graph.members(smaller)
        for partner, _ in graph.neighbours(key, APART)
    )


def _merge(
    graph: GraphState,
    link: KeyLink,
    at: company.Namespace,
    pair: EvidencePair,
    *,
    is_new: bool = False,
) -> None:
    """Two whole customers become one, from the namespace on whose evidence joins them. is_new: the
    second is of one node that nothing else names."""
    ends = link.one, link.other
    heads = [graph.head(graph.home(key)) for key in ends]
    touched = _touched(graph, ends if not is_new else ends[:1], at, heads)
    moved: dict[FragmentId, dict[int, FragmentId]] = defaultdict(dict)
    grown: dict[FragmentId, dict[int, PartialCustomer]] = defaultdict(dict)
    later = {rank for key in ends for rank in graph.changes(key, at.rank)}
    for rank in (at.rank, *sorted(later)):
        groups = [graph.group(key, rank + 1) for key in ends]
        home, left = min(home for home, _ in groups), max(home for home, _ in groups)
        (_, one), (_, other) = groups
        grown[home][rank] = PartialCustomer(one.size + other.size, added(one.holds, other.holds))
        for key in graph.group_members(left, rank + 1):
            moved[key][rank] = home
    for key in sorted({*moved, *grown}):
        graph.move(key, moved.get(key, {}), grown.get(key, {}))
    graph.set_node(graph.home(link.one), head=_merged(*heads))
    graph.put_pair(*ends, pair, is_new=is_new)
    parting = {graph.home(key) for key in sorted(touched) if graph.set_reach(key, graph.reach(key))}
    if parting:
        repartition(graph, parting | {graph.home(link.one)})


def _merged(one: Head, other: Head) -> Head:
    head = Head(
        size=one.size + other.size,
        holds=added(one.holds, other.holds),
        contested=one.contested or other.contested,
        barred=one.barred or other.barred,
    )
    times = [time for time in (one.joined_at, other.joined_at) if time is not None]
    joined_at = max(times, default=None) if keeps_date(head) else None
    return msgspec.structs.replace(head, joined_at=joined_at)


def _touched(
    graph: GraphState,
    ends: Sequence[FragmentId],
    at: company.Namespace,
    heads: Sequence[Head],
) -> set[FragmentId]:
    """Identifiers of lower priority that may reach more or fewer people once the two customers are
    one: those that the smaller one names, and those of one who gains what tells people apart."""
    smaller = min((0, 1), key=lambda side: heads[side].size)
    touched: set[FragmentId] = set()
    for side, key in enumerate(ends):
        held = graph.group(key, at.rank + 1)[1].holds
        other = heads[1 - side]
        if side == smaller or other.barred or not other.holds.keys() <= held.keys():
            for member in graph.members(graph.home(key)):
                touched.update(
                    link.other
                    for link in graph.links(member)
                    if link.one == member
                    and graph.namespaces[graph.kind(link.other)].rank > at.rank
                )
    return touched


def _made_older(graph: GraphState, link: KeyLink, before: EvidencePair) -> bool:
    """The pair was named together earlier than was known: its customer may be older, too."""
    home = graph.home(link.one)
    if home != graph.home(link.other):
        return False
    if graph.head(home).joined_at == before.first:
        joined_at = max(
            neighbour.pair.first
            for key in graph.members(home)
            for _, neighbour in graph.neighbours(key, JOINED)
        )
        graph.set_head(home, joined_at=joined_at)
        return True
    return False
