"""Conditions that should be TRUE or FALSE, and the moves that could make them so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from tuttu.policy.changes.backwards import Known, Proposed, Targets, read_back
from tuttu.policy.changes.boundaries import between, distance, same
from tuttu.policy.changes.search import Budget, Look, Move, Moves, least_thoroughly
from tuttu.policy.changes.trees import columns_in, field_of, times_asked, value_of
from tuttu.policy.tree import NOW, And, Is, Node, Not, Or
from tuttu.vocabulary.values import Row, Value

_ITEM_FIELDS = 3
_TRUSTED = 2
"""Of two moves the quick pass misses none: the first alone mends what it is tried for."""
_LOOKS = 1_000
_LISTS = 16


class Wish(msgspec.Struct, frozen=True):
    """A condition and the truth that it should have; NULL is neither."""

    tree: Node
    want: bool

    def met(self, row: Row) -> bool:
        return value_of(self.tree, row) is self.want

    @property
    def columns(self) -> frozenset[str]:
        return columns_in(self.tree)


def wishes(tree: Node, want: bool) -> tuple[Wish, ...]:
    """A wish as those that must all come true for it, each as small as can be."""
    match tree:
        case Not():
            return wishes(tree.operand, not want)
        case Is() if want:
            return wishes(tree.operand, tree.truth)
        case And() if want:
            return tuple(wish for part in tree.operands for wish in wishes(part, want=True))
        case Or() if not want:
            return tuple(wish for part in tree.operands for wish in wishes(part, want=False))
    return (Wish(tree, want),)


def unmet(all_: Iterable[Wish], row: Row) -> list[Wish]:
    return [wish for wish in all_ if not wish.met(row)]


def apart(open_: Iterable[Wish], taken: Collection[str]) -> int:
    """How many moves are needed at least: wishes that have no column in common that is free."""
    seen: set[str] = set()
    count = 0
    for wish in open_:
        free = wish.columns - set(taken)
        if not free & seen:
            count += 1
            seen |= free
    return count


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """What may be set, and to what.

    watched: all trees whose value matters: of two values of one column that none of them can tell
    apart, only the nearer is tried. known: values that columns are known to take. closed: columns
    that stay as they are.
    """

    watched: Sequence[Node] = ()
    known: Known = {}
    closed: frozenset[str] = frozenset()
    values: dict[str, list[Value]] = {}
    """Worked out once: by column, what any watched tree proposes on the first row."""

    def widely(self, column: str, row: Row) -> list[Value]:
        if column not in self.values:
            found = self._proposed(column, row)
            if sum(times_asked(tree, column) for tree in self.watched) > 1:
                # A list that pleases one of them, changed so that it pleases another too.
                for value in found[:_LISTS]:
                    found += self._proposed(column, {**row, column: value})
            self.values[column] = found
        return self.values[column]

    def _proposed(self, column: str, row: Row) -> list[Value]:
        trees = (tree for tree in self.watched if column in columns_in(tree))
        return [value for tree in trees for value in proposed(tree, row, self).of(column)]


def proposed(tree: Node, row: Row, domain: Domain, targets: Targets = ()) -> Proposed:
    """Values worth trying for every column of a tree: those at which a condition may turn, or with
    which a formula may yield a target."""
    return read_back(tree, row, fit_item, domain.known, targets)


def moves_for(
    wish: Wish, row: Row, taken: Collection[str], domain: Domain, *, thorough: bool = False
) -> list[Move]:
    """Moves of one column each that make the wish come true; if there are none, or thorough, all
    that its tree proposes, since more than one may be needed. `now` only moves on."""
    found = proposed(wish.tree, row, domain)
    free = [name for name in found.columns() if name not in taken and name not in domain.closed]
    for widened in (False, True):
        if widened:
            _widen(found, free)
        tried = {column: _tried(column, found, row, domain) for column in free}
        helping = [
            move
            for column, values in tried.items()
            for move in _helping(wish, column, values, found, row, domain)
        ]
        if helping:
            break
    if helping and not thorough:
        return helping
    every = (_move(name, value, found, row) for name, values in tried.items() for value in values)
    return [*helping, *every]


def _widen(found: Proposed, columns: Iterable[str]) -> None:
    for column in columns:
        declared = found.types[column]
        if declared is not None and not declared.many:
            found.add(column, declared, between(declared.kind, found.of(column)))


def _tried(column: str, found: Proposed, row: Row, domain: Domain) -> list[Value]:
    """Values other than the present one, each once, the nearest first."""
    present = row.get(column)
    values = {repr(value): value for value in (*found.of(column), *domain.widely(column, row))}
    kept = [value for value in values.values() if not same(value, present)]
    if column == NOW and isinstance(present, int):
        kept = [value for value in kept if isinstance(value, int) and value > present]
    return sorted(kept, key=lambda value: distance(present, value, found.kind(column)))


def _helping(
    wish: Wish, column: str, values: Sequence[Value], found: Proposed, row: Row, domain: Domain
) -> list[Move]:
    """Values that fulfil the wish; one for each way in which the watched trees see the column."""
    watching = [tree for tree in domain.watched if column in columns_in(tree)]
    seen: dict[str, Value] = {}
    for value in values:
        changed = {**row, column: value}
        if wish.met(changed):
            seen.setdefault(repr([value_of(tree, changed) for tree in watching]), value)
    return [_move(column, value, found, row) for value in seen.values()]


def _move(column: str, value: Value, found: Proposed, row: Row) -> Move:
    return Move(column, value, distance(row.get(column), value, found.kind(column)))


def least_values(
    tree: Node,
    row: Row,
    *,
    want: bool = True,
    domain: Domain | None = None,
    most: int = 4,
    looks: int = _LOOKS,
) -> Mapping[str, Value] | None:
    """The fewest columns to be set, and the nearest values, that make a condition come true.

    Empty if it is true already; None if no change of at most `most` columns was found.
    """
    goals = wishes(tree, want)
    about = domain or Domain(watched=tuple(wish.tree for wish in goals))

    def look(moves: Moves, thorough: bool) -> Look:
        changed = {**row, **{move.name: move.value for move in moves}}
        names = {move.name for move in moves}
        open_ = unmet(goals, changed)

        def more() -> list[Move]:
            wish = min(open_, key=lambda each: len(each.columns - names))
            return moves_for(wish, changed, names, about, thorough=thorough)

        return Look(apart(open_, names), lambda: not open_, more)

    found = least_thoroughly(look, most=most, budget=Budget(looks), trusted=_TRUSTED)
    return None if found is None else {move.name: move.value for move in found}


def fit_item(condition: Node, row: Row, want: bool) -> Mapping[str, Value] | None:
    """The fields of an item to be set for a condition on it; the row itself stays as it is."""
    outside = frozenset(name for name in columns_in(condition) if field_of(name) is None)
    found = least_values(
        condition,
        row,
        want=want,
        domain=Domain(watched=(condition,), closed=outside),
        most=_ITEM_FIELDS,
        looks=_LOOKS // 4,
    )
    if found is None:
        return None
    return {field_of(name) or name: value for name, value in found.items()}
