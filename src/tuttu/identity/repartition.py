"""Repartition: the links around some customers applied in order again, where no shortcut works."""

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from tuttu.identity import evidence, records
from tuttu.identity.graph_state import GraphState
from tuttu.identity.partition import Constraints, UnionFind, added, grouped
from tuttu.vocabulary.events import FragmentId

CROWD = 8
"""Partners of a node that are looked at one by one in any case."""


class Neighbourhood(msgspec.Struct):
    """Customers to be partitioned again (inside), those they are linked to (outside), and the
    links.

    seen: members of the customers outside that are looked at; of the others only the node that
    is linked is known, and no more than its kind. pairs: by its two nodes, every pair of inside
    nodes, counting or not. apart: inside nodes that somebody outside is not joined with. borders:
    pairs that count, from an inside node to one outside. links: of inside and borders, and within
    seen customers. crowded: inside nodes whose pairs with nodes outside are left out.
    """

    inside: set[FragmentId]
    seen: set[FragmentId]
    kinds: dict[FragmentId, str] = {}
    pairs: dict[tuple[FragmentId, FragmentId], records.EvidencePair] = {}
    apart: set[FragmentId] = set()
    borders: list[tuple[FragmentId, FragmentId]] = []
    links: list[evidence.IdentityLink[FragmentId]] = []
    crowded: set[FragmentId] = set()


def repartition(graph: GraphState, homes: set[FragmentId]) -> None:
    """Group the members of these customers again.

    A customer outside stays as they are as long as they refuse every link to those inside, as they
    did before; if they are joined now, they are taken in, and all is grouped once more. At first
    only the node that is linked stands for them: what clashes with a part of them clashes with all
    of them, so that they have to be looked at only if this node alone would be joined.
    """
    homes, seen, looked_through = set(homes), set[FragmentId](), set[FragmentId]()
    while True:
        around = _neighbourhood(graph, homes, seen, looked_through)
        groups = grouped(around.links, _constraints(graph, around))
        unsure = {
            key for key in around.crowded if not _refuses_all_others(graph, key, groups, around)
        }
        looked_through |= unsure
        if unsure:
            continue
        joined = {graph.home(outer) for inner, outer in around.borders if groups.same(inner, outer)}
        if not joined:
            break
        if joined <= seen:
            homes |= joined
        seen |= joined
    _rebuild(graph, homes, around, groups)


def links_of_pair(
    one: FragmentId, other: FragmentId, pair: records.EvidencePair
) -> Iterator[evidence.IdentityLink[FragmentId]]:
    if pair.plain is not None:
        yield evidence.IdentityLink(one, other, pair.plain)
    if pair.alias is not None:
        yield evidence.IdentityLink(one, other, pair.alias, alias=True)


def _is_crowd(graph: GraphState, key: FragmentId) -> bool:
    """Whether so many name the node, all of one unique namespace, that who is refused by the
    strongest of them need not be looked at one by one."""
    node = graph.node(key)
    if node.partners <= CROWD or node.barred or not node.of or node.of == graph.kind(key):
        return False
    return graph.namespaces[node.of].unique and not graph.is_void(key)


def _refuses_all_others(
    graph: GraphState, key: FragmentId, groups: UnionFind[FragmentId], around: Neighbourhood
) -> bool:
    """Whether the strongest link of a crowded node is taken: before it the node is alone, and after
    it it has a value of the namespace that all its partners are of."""
    best = graph.node(key).best
    return any(
        link.evidence == best and key in (link.one, link.other) and link not in groups.refused
        for link in around.links
    )


def _neighbourhood(
    graph: GraphState,
    homes: set[FragmentId],
    seen: set[FragmentId],
    looked_through: set[FragmentId],
) -> Neighbourhood:
    around = Neighbourhood(_members(graph, homes), _members(graph, seen - homes))
    around.kinds.update((key, graph.kind(key)) for key in around.inside | around.seen)
    crowded = {key for key in around.inside - looked_through if _is_crowd(graph, key)}
    for key in sorted(around.inside - crowded):
        _look_around(graph, around, key)
    for key in sorted(crowded):
        _look_inside(graph, around, key, crowded)
    for key in around.seen:
        for partner, neighbour in graph.neighbours(key, records.JOINED):
            if key < partner:
                around.links += links_of_pair(key, partner, neighbour.pair)
    return around


def _members(graph: GraphState, homes: set[FragmentId]) -> set[FragmentId]:
    return {key for home in homes for key in graph.members(home)}


def _look_around(graph: GraphState, around: Neighbourhood, key: FragmentId) -> None:
    counts, barred = not graph.is_void(key), graph.barred(key)
    for partner, neighbour in graph.neighbours(key):
        if (partner, key) in around.pairs:
            continue
        within = partner in around.inside
        if within:
            around.pairs[key, partner] = neighbour.pair
        else:
            around.apart.add(key)
        known_void = (within or partner in around.seen) and graph.is_void(partner)
        if counts and partner not in barred and not known_void:
            around.links += links_of_pair(key, partner, neighbour.pair)
            around.kinds[partner] = neighbour.kind
            if not within:
                around.borders.append((key, partner))


def _look_inside(
    graph: GraphState, around: Neighbourhood, key: FragmentId, crowded: set[FragmentId]
) -> None:
    """Those pairs of a crowded node that no node inside has named already."""
    for partner in crowded:
        pair = graph.pair(key, partner)
        if pair is not None and (partner, key) not in around.pairs:
            around.pairs[key, partner] = pair
            if not graph.is_void(partner):
                around.links += links_of_pair(key, partner, pair)
    within = sum(key in pair for pair in around.pairs)
    if within < graph.node(key).partners:
        around.crowded.add(key)
        around.apart.add(key)


def _constraints(graph: GraphState, around: Neighbourhood) -> Constraints[FragmentId]:
    barred = {key: graph.barred(key) for key in around.inside | around.seen}
    return Constraints(around.kinds, barred, graph.namespaces)


def _rebuild(
    graph: GraphState, homes: set[FragmentId], around: Neighbourhood, groups: UnionFind[FragmentId]
) -> None:
    """Give every inside node its new home, and every new customer their head."""
    for home in homes:
        graph.clear_home(home)
    customers: dict[FragmentId, list[FragmentId]] = defaultdict(list)
    for key in around.inside:
        customers[groups.find(key)].append(key)
    for members in customers.values():
        home, unique = min(members), dict[str, int]()
        for key in members:
            graph.set_node(key, home=home)
            unique = added(unique, graph.unique_of(key))
        barred = any(graph.node(key).barred for key in members)
        graph.set_node(home, head=records.Head(size=len(members), unique=unique, barred=barred))
    for (one, other), pair in around.pairs.items():
        graph.put_pair(one, other, pair)
    for key in around.apart:
        graph.set_head(graph.home(key), contested=True)
