"""Taking the links around some customers in order again, where a shortcut will not do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from tuttu.identity.evidence import Link
from tuttu.identity.partition import Groups, Situation, added, group
from tuttu.identity.records import JOINED, Head, Pair
from tuttu.identity.register import Register
from tuttu.vocabulary.events import FragmentId

CROWD = 8
"""Partners of a node that are looked at one by one, whoever they are."""


class Scene(msgspec.Struct):
    """Customers to be settled (inside), those they are linked to (outside), and the links.

    seen: members of the customers outside that are looked at; of the others only the node that
    is linked is known, and no more than its kind. pairs: by its two nodes, every pair of inside
    nodes, counting or not. apart: inside nodes that somebody outside is not joined with. borders:
    pairs that count, from an inside node to one outside. links: of inside and borders, and within
    seen customers. crowded: inside nodes whose pairs with nodes outside are left out.
    """

    inside: set[FragmentId]
    seen: set[FragmentId]
    kinds: dict[FragmentId, str] = {}
    pairs: dict[tuple[FragmentId, FragmentId], Pair] = {}
    apart: set[FragmentId] = set()
    borders: list[tuple[FragmentId, FragmentId]] = []
    links: list[Link[FragmentId]] = []
    crowded: set[FragmentId] = set()


def settle(register: Register, homes: set[FragmentId]) -> None:
    """Group the members of these customers anew.

    A customer outside keeps his course as long as he refuses every link to those inside, as he
    did before; if he is joined now, he is taken in, and all is grouped once more. At first only
    the node that is linked stands for him: what clashes with a part of him clashes with all of
    him, so that he has to be looked at only if this node alone would be joined.
    """
    homes, seen, looked_through = set(homes), set[FragmentId](), set[FragmentId]()
    while True:
        scene = _scene(register, homes, seen, looked_through)
        groups = group(scene.links, _situation(register, scene))
        unsure = {
            key for key in scene.crowded if not _refuses_all_others(register, key, groups, scene)
        }
        looked_through |= unsure
        if unsure:
            continue
        joined = {
            register.home(outer) for inner, outer in scene.borders if groups.same(inner, outer)
        }
        if not joined:
            break
        if joined <= seen:
            homes |= joined
        seen |= joined
    _rebuild(register, homes, scene, groups)


def links_of_pair(one: FragmentId, other: FragmentId, pair: Pair) -> Iterator[Link[FragmentId]]:
    if pair.plain is not None:
        yield Link(one, other, pair.plain)
    if pair.alias is not None:
        yield Link(one, other, pair.alias, alias=True)


def _is_crowd(register: Register, key: FragmentId) -> bool:
    """Whether so many name the node, all of one unique namespace, that who is refused by the
    strongest of them need not be looked at one by one."""
    node = register.node(key)
    if node.partners <= CROWD or node.barred or not node.of or node.of == register.kind(key):
        return False
    return register.namespaces[node.of].unique and not register.is_void(key)


def _refuses_all_others(
    register: Register, key: FragmentId, groups: Groups[FragmentId], scene: Scene
) -> bool:
    """Whether the strongest link of a crowded node is taken: before it the node is alone, and after
    it he has a value of the namespace that all his partners are of."""
    best = register.node(key).best
    return any(
        link.evidence == best and key in (link.one, link.other) and link not in groups.refused
        for link in scene.links
    )


def _scene(
    register: Register,
    homes: set[FragmentId],
    seen: set[FragmentId],
    looked_through: set[FragmentId],
) -> Scene:
    scene = Scene(_members(register, homes), _members(register, seen - homes))
    scene.kinds.update((key, register.kind(key)) for key in scene.inside | scene.seen)
    crowded = {key for key in scene.inside - looked_through if _is_crowd(register, key)}
    for key in sorted(scene.inside - crowded):
        _look_around(register, scene, key)
    for key in sorted(crowded):
        _look_inside(register, scene, key, crowded)
    for key in scene.seen:
        for partner, neighbour in register.neighbours(key, JOINED):
            if key < partner:
                scene.links += links_of_pair(key, partner, neighbour.pair)
    return scene


def _members(register: Register, homes: set[FragmentId]) -> set[FragmentId]:
    return {key for home in homes for key in register.members(home)}


def _look_around(register: Register, scene: Scene, key: FragmentId) -> None:
    counts, barred = not register.is_void(key), register.barred(key)
    for partner, neighbour in register.neighbours(key):
        if (partner, key) in scene.pairs:
            continue
        within = partner in scene.inside
        if within:
            scene.pairs[key, partner] = neighbour.pair
        else:
            scene.apart.add(key)
        known_void = (within or partner in scene.seen) and register.is_void(partner)
        if counts and partner not in barred and not known_void:
            scene.links += links_of_pair(key, partner, neighbour.pair)
            scene.kinds[partner] = neighbour.kind
            if not within:
                scene.borders.append((key, partner))


def _look_inside(
    register: Register, scene: Scene, key: FragmentId, crowded: set[FragmentId]
) -> None:
    """Those pairs of a crowded node that no node inside has told already."""
    for partner in crowded:
        pair = register.pair(key, partner)
        if pair is not None and (partner, key) not in scene.pairs:
            scene.pairs[key, partner] = pair
            if not register.is_void(partner):
                scene.links += links_of_pair(key, partner, pair)
    within = sum(key in pair for pair in scene.pairs)
    if within < register.node(key).partners:
        scene.crowded.add(key)
        scene.apart.add(key)


def _situation(register: Register, scene: Scene) -> Situation[FragmentId]:
    barred = {key: register.barred(key) for key in scene.inside | scene.seen}
    return Situation(scene.kinds, barred, register.namespaces)


def _rebuild(
    register: Register, homes: set[FragmentId], scene: Scene, groups: Groups[FragmentId]
) -> None:
    """Give every inside node its new home, and every new customer his head."""
    for home in homes:
        register.leave(home)
    customers: dict[FragmentId, list[FragmentId]] = defaultdict(list)
    for key in scene.inside:
        customers[groups.find(key)].append(key)
    for members in customers.values():
        _house(register, members)
    for (one, other), pair in scene.pairs.items():
        register.put_pair(one, other, pair)
    for key in scene.apart:
        register.change_head(register.home(key)).contested = True


def _house(register: Register, members: list[FragmentId]) -> None:
    home = min(members)
    head = Head(size=len(members))
    for key in members:
        node = register.change(key)
        node.home = home
        head.barred |= node.barred
        head.unique = added(head.unique, register.unique_of(key))
    register.change(home).head = head
