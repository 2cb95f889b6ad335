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

    pairs: by its two nodes, every pair that names an inside node, counting or not. borders: pairs
    that count, from an inside node to one outside. links: of inside and borders, and within each
    customer outside.
    """

    inside: set[FragmentId]
    outside: set[FragmentId]
    pairs: dict[tuple[FragmentId, FragmentId], Pair]
    borders: list[tuple[FragmentId, FragmentId]]
    links: list[Link[FragmentId]]


def settle(register: Register, homes: set[FragmentId]) -> None:
    """Group the members of these customers anew.

    A customer outside keeps his course as long as he refuses every link to those inside, as he
    did before; if he is joined now, he is taken in, and all is grouped once more.
    """
    homes = set(homes)
    while True:
        scene = _scene(register, homes)
        groups = group(scene.links, _situation(register, scene))
        grown = {
            register.home(outer) for inner, outer in scene.borders if groups.same(inner, outer)
        }
        if not grown:
            break
        homes |= grown
    _rebuild(register, homes, scene, groups)


def links_of_pair(one: FragmentId, other: FragmentId, pair: Pair) -> Iterator[Link[FragmentId]]:
    if pair.plain is not None:
        yield Link(one, other, pair.plain)
    if pair.alias is not None:
        yield Link(one, other, pair.alias, alias=True)


def _scene(register: Register, homes: set[FragmentId]) -> Scene:
    inside = {key for home in homes for key in register.members(home)}
    scene = Scene(inside, set(), {}, [], [])
    for key in sorted(inside):
        _look_around(register, scene, key)
    for home in {register.home(outer) for _, outer in scene.borders}:
        _look_at_outsider(register, scene, home)
    return scene


def _look_around(register: Register, scene: Scene, key: FragmentId) -> None:
    void, barred = register.is_void(key), register.barred(key)
    for partner, pair in register.neighbours(key):
        if (partner, key) in scene.pairs:
            continue
        scene.pairs[key, partner] = pair
        if void or partner in barred or register.is_void(partner):
            continue
        scene.links += links_of_pair(key, partner, pair)
        if partner not in scene.inside:
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


def _house(register: Register, members: list[FragmentId]) -> None:
    home = min(members)
    head = Head(size=len(members))
    for key in members:
        node = register.change(key)
        node.home = home
        head.barred |= node.barred
        head.unique = added(head.unique, register.unique_of(key))
    register.change(home).head = head
