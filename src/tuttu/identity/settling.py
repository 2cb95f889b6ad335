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


class Scene(msgspec.Struct):
    """Customers to be settled (inside), those they are linked to (outside), and the links.

    seen: members of the customers outside that are looked at; of the others only the node that
    is linked is known, and no more than its kind. pairs: by its two nodes, every pair of inside
    nodes, counting or not. apart: inside nodes that somebody outside is not joined with. borders:
    pairs that count, from an inside node to one outside. links: of inside and borders, and within
    seen customers.
    """

    inside: set[FragmentId]
    seen: set[FragmentId]
    kinds: dict[FragmentId, str] = {}
    pairs: dict[tuple[FragmentId, FragmentId], Pair] = {}
    apart: set[FragmentId] = set()
    borders: list[tuple[FragmentId, FragmentId]] = []
    links: list[Link[FragmentId]] = []


def settle(register: Register, homes: set[FragmentId]) -> None:
    """Group the members of these customers anew.

    A customer outside keeps his course as long as he refuses every link to those inside, as he
    did before; if he is joined now, he is taken in, and all is grouped once more. At first only
    the node that is linked stands for him: what clashes with a part of him clashes with all of
    him, so that he has to be looked at only if this node alone would be joined.
    """
    homes, seen = set(homes), set[FragmentId]()
    while True:
        scene = _scene(register, homes, seen)
        groups = group(scene.links, _situation(register, scene))
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


def _scene(register: Register, homes: set[FragmentId], seen: set[FragmentId]) -> Scene:
    scene = Scene(_members(register, homes), _members(register, seen - homes))
    scene.kinds.update((key, register.kind(key)) for key in scene.inside | scene.seen)
    for key in sorted(scene.inside):
        _look_around(register, scene, key)
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
