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

    pairs: by its two nodes, every pair of inside nodes, counting or not. apart: inside nodes that
    somebody outside is not joined with. borders: pairs that count, from an inside node to one
    outside. links: of inside and borders, and within the customers outside that are looked at.
    """

    inside: set[FragmentId]
    outside: set[FragmentId]
    pairs: dict[tuple[FragmentId, FragmentId], Pair]
    apart: set[FragmentId]
    borders: list[tuple[FragmentId, FragmentId]]
    links: list[Link[FragmentId]]


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
    """seen: homes outside whose own links are looked at."""
    inside = {key for home in homes for key in register.members(home)}
    scene = Scene(inside, set(), {}, set(), [], [])
    for key in sorted(inside):
        _look_around(register, scene, key)
    for home in seen - homes:
        _look_at_outsider(register, scene, home)
    return scene


def _look_around(register: Register, scene: Scene, key: FragmentId) -> None:
    void, barred = register.is_void(key), register.barred(key)
    for partner, pair in register.neighbours(key):
        if (partner, key) in scene.pairs:
            continue
        within = partner in scene.inside
        if within:
            scene.pairs[key, partner] = pair
        else:
            scene.apart.add(key)
        if void or partner in barred or register.is_void(partner):
            continue
        scene.links += links_of_pair(key, partner, pair)
        if not within:
            scene.outside.add(partner)
            scene.borders.append((key, partner))


def _look_at_outsider(register: Register, scene: Scene, home: FragmentId) -> None:
    for key in register.members(home):
        scene.outside.add(key)
        for partner, pair in register.neighbours(key, JOINED):
            if key < partner:
                scene.links += links_of_pair(key, partner, pair)


def _situation(register: Register, scene: Scene) -> Situation[FragmentId]:
    nodes = scene.inside | scene.outside
    return Situation(
        {key: register.kind(key) for key in nodes},
        {key: register.barred(key) for key in nodes},
        register.namespaces,
    )


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
        register.set_status(one, other, pair)
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
