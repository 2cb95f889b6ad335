"""The smallest set of moves that gets somewhere: fewest first, then the shortest way.

Knows no conditions and no customers: a function evaluates each move.
"""

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


class SearchState(NamedTuple):
    """What some moves lead to.

    needed: at least so many moves more. solved: whether these are enough; called only for the best
    that is open. moves: what could come next; what cannot help may be left out.
    """

    needed: int
    solved: Callable[[], bool]
    moves: Callable[[], Iterable[Move]]


class Budget:
    """How many evaluations are left; several searches may share one."""

    def __init__(self, evaluations: int) -> None:
        self.left = evaluations

    def spend(self) -> bool:
        """One evaluation more; False if none is left."""
        self.left -= 1
        return self.left >= 0


def find_least(
    evaluate: Callable[[Moves, bool], SearchState], *, most: int, budget: Budget, trusted: int
) -> Moves | None:
    """`best_first`, in two passes.

    evaluate: with False it leaves out moves that help nothing by themselves, with True it does not.
    trusted: if the quick pass finds so many moves or fewer, they are taken as the least. What it
    finds else bounds the thorough pass, which so has little left to look at.
    """
    quick = best_first(lambda moves: evaluate(moves, False), most=most, budget=budget)
    if quick is None or len(quick) > trusted:
        fewer = most if quick is None else len(quick) - 1
        found = best_first(lambda moves: evaluate(moves, True), most=fewer, budget=budget)
        quick = quick if found is None else found
    return quick and _minimal_subset(lambda moves: evaluate(moves, True), quick)


def _minimal_subset(evaluate: Callable[[Moves], SearchState], moves: Moves) -> Moves:
    """The smallest part that is enough: a move may have been proposed only on the way of another,
    without which it does as well."""
    parts = (part for size in range(len(moves)) for part in combinations(moves, size))
    return next((part for part in parts if evaluate(part).solved()), moves)


def best_first(
    evaluate: Callable[[Moves], SearchState], *, most: int, budget: Budget
) -> Moves | None:
    """The fewest moves that are enough, of these the nearest; None if there are none.

    most: moves at most. budget: how often `evaluate` may be called before the search gives up.
    Best first, by (moves + those needed, distance): what is taken up first and is enough is least.
    """
    start = evaluate(())
    queue: list[tuple[int, float, int, Moves, SearchState]] = [(start.needed, 0.0, 0, (), start)]
    seen: set[frozenset[tuple[str, str]]] = {frozenset()}
    while queue:
        _, distance, _, moves, here = heappop(queue)
        if here.solved():
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
            there = evaluate(longer)
            if len(longer) + there.needed <= most:
                place = len(longer) + there.needed, distance + move.distance, len(seen)
                heappush(queue, (*place, longer, there))
    return None
