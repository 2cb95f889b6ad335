"""The smallest set of moves that gets somewhere: fewest first, then the shortest way.

Knows no conditions and no customers: what a move leads to is asked of a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias


class Move(NamedTuple):
    """One thing set to another value; distance: how far that is from the present one, ≥ 0."""

    name: str
    value: Any
    distance: float


Moves: TypeAlias = tuple[Move, ...]


class Look(NamedTuple):
    """What some moves lead to.

    left: at least so many moves are still needed. done: whether they are enough; asked only of the
    best that is open. moves: what could come next; what cannot help may be left out.
    """

    left: int
    done: Callable[[], bool]
    moves: Callable[[], Iterable[Move]]


class Budget:
    """How many looks are left; several searches may share one."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def spend(self) -> bool:
        """One look more; False if none is left."""
        self.left -= 1
        return self.left >= 0


def least_thoroughly(
    look: Callable[[Moves, bool], Look], *, most: int, budget: Budget, trusted: int
) -> Moves | None:
    """`least`, in two passes.

    look: with False it leaves out moves that help nothing by themselves, with True it does not.
    trusted: if the quick pass finds so many moves or fewer, they are taken as the least. What it
    finds else bounds the thorough pass, which so has little left to look at.
    """
    quick = least(lambda moves: look(moves, False), most=most, budget=budget)
    if quick is None or len(quick) > trusted:
        fewer = most if quick is None else len(quick) - 1
        found = least(lambda moves: look(moves, True), most=fewer, budget=budget)
        quick = quick if found is None else found
    return quick and _without_the_idle(lambda moves: look(moves, True), quick)


def _without_the_idle(look: Callable[[Moves], Look], moves: Moves) -> Moves:
    """The smallest part that is enough: a move may have been proposed only on the way of another,
    without which it does as well."""
    parts = (part for size in range(len(moves)) for part in combinations(moves, size))
    return next((part for part in parts if look(part).done()), moves)


def least(look: Callable[[Moves], Look], *, most: int, budget: Budget) -> Moves | None:
    """The fewest moves that are enough, of these the nearest; None if there are none.

    most: moves at most. budget: how often `look` may be asked before the search gives up.
    Best first, by (moves + those left, distance): what is taken up first and is enough is least.
    """
    start = look(())
    open_: list[tuple[int, float, int, Moves, Look]] = [(start.left, 0.0, 0, (), start)]
    seen: set[frozenset[tuple[str, str]]] = {frozenset()}
    while open_:
        _, distance, _, moves, here = heappop(open_)
        if here.done():
            return moves
        if len(moves) == most:
            continue
        names = {move.name for move in moves}
        for move in here.moves():
            if move.name in names:
                continue
            longer = (*moves, move)
            key = frozenset((each.name, repr(each.value)) for each in longer)
            if key in seen:
                continue
            if not budget.spend():
                return None
            seen.add(key)
            there = look(longer)
            if len(longer) + there.left <= most:
                place = len(longer) + there.left, distance + move.distance, len(seen)
                heappush(open_, (*place, longer, there))
    return None
