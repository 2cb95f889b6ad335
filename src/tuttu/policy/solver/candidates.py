"""Conditions that should be TRUE or FALSE, and the moves that could make them so."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from tuttu.policy import tree as t
from tuttu.policy.solver.boundaries import distance, intermediate, same
from tuttu.policy.solver.propagation import KnownValues, Proposed, Targets, propagate
from tuttu.policy.solver.search import Budget, Move, Moves, SearchState, find_least
from tuttu.policy.solver.trees import columns_in, count_reads, field_of, movable_in, value_of
from tuttu.vocabulary.values import Row, Value

_ITEM_FIELDS = 3
_TRUSTED = 2
"""Of two moves the quick pass misses none: the first alone mends what it is tried for."""
_LOOKS = 1_000
_LISTS = 16


class Goal(msgspec.Struct, frozen=True):
    """A condition and the truth that it should have; NULL is neither."""

    tree: t.Node
    want: bool

    def met(self, row: Row) -> bool:
        return value_of(self.tree, row) is self.want

    @property
    def columns(self) -> frozenset[str]:
        return movable_in(self.tree)


def goals_of(tree: t.Node, want: bool) -> tuple[Goal, ...]:
    """A goal as those that must all be met for it, each as small as can be."""
    match tree:
        case t.Not():
            return goals_of(tree.operand, not want)
        case t.Is() if want:
            return goals_of(tree.operand, tree.truth)
        case t.And() if want:
            return tuple(goal for part in tree.operands for goal in goals_of(part, want=True))
        case t.Or() if not want:
            return tuple(goal for part in tree.operands for goal in goals_of(part, want=False))
    return (Goal(tree, want),)


def unmet_goals(all_: Iterable[Goal], row: Row) -> list[Goal]:
    return [goal for goal in all_ if not goal.met(row)]


def moves_needed(unmet: Iterable[Goal], fixed: Collection[str]) -> int:
    """How many moves are needed at least: goals that have no column in common that is free."""
    seen: set[str] = set()
    count = 0
    for goal in unmet:
        free = goal.columns - set(fixed)
        if not free & seen:
            count += 1
            seen |= free
    return count


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """What may be set, and to what.

    watched: all trees whose value matters: of two values of one column that none of them
    distinguishes, only the nearer is tried. known: values that columns are known to take. closed:
    columns that stay as they are.
    """

    watched: Sequence[t.Node] = ()
    known: KnownValues = {}
    closed: frozenset[str] = frozenset()
    values: dict[str, list[Value]] = {}
    """Computed once: by column, what any watched tree proposes on the first row."""

    def widely(self, column: str, row: Row) -> list[Value]:
        if column not in self.values:
            found = self._proposed(column, row)
            if sum(count_reads(tree, column) for tree in self.watched) > 1:
                # A list that pleases one of them, changed so that it pleases another too.
                for value in found[:_LISTS]:
                    found += self._proposed(column, {**row, column: value})
            self.values[column] = found
        return self.values[column]

    def _proposed(self, column: str, row: Row) -> list[Value]:
        trees = (tree for tree in self.watched if column in columns_in(tree))
        return [value for tree in trees for value in propose(tree, row, self).of(column)]


def propose(tree: t.Node, row: Row, domain: Domain, targets: Targets = ()) -> Proposed:
    """Values worth trying for every column of a tree: those at which a condition may turn, or with
    which a formula may yield a target."""
    return propagate(tree, row, fit_item, domain.known, targets)


def moves_for(
    goal: Goal,
    row: Row,
    fixed: Collection[str],
    domain: Domain,
    *,
    thorough: bool = False,
    beside: Iterable[Goal] = (),
) -> list[Move]:
    """Moves of one column each that meet the goal; if there are none, or thorough, all
    that its tree proposes, since more than one may be needed. `now` only moves on. beside: other
    goals that are to be met: what they propose for the same columns may meet both."""
    found = propose(goal.tree, row, domain)
    for other in beside:
        proposed = propose(other.tree, row, domain)
        for column in found.columns():
            declared = found.types[column]
            if declared is not None and column in other.columns:
                found.add(column, declared, proposed.of(column))
    free = [name for name in found.columns() if name not in fixed and name not in domain.closed]
    for widened in (False, True):
        for column in free if widened else ():
            declared = found.types[column]
            if declared is not None and not declared.many:
                found.add(column, declared, intermediate(declared.kind, found.of(column)))
        tried = {column: _tried(column, found, row, domain) for column in free}
        helping = [
            move
            for column, values in tried.items()
            for move in _helping(goal, column, values, found, row, domain)
        ]
        if helping:
            break
    if helping and not thorough:
        return helping
    every = (_move(name, value, found, row) for name, values in tried.items() for value in values)
    return [*helping, *every]


def _tried(column: str, found: Proposed, row: Row, domain: Domain) -> list[Value]:
    """Values other than the present one, each once, the nearest first."""
    present = row.get(column)
    values = {repr(value): value for value in (*found.of(column), *domain.widely(column, row))}
    kept = [value for value in values.values() if not same(value, present)]
    if column == t.NOW and isinstance(present, int):
        kept = [value for value in kept if isinstance(value, int) and value > present]
    return sorted(kept, key=lambda value: distance(present, value, found.kind(column)))


def _helping(
    goal: Goal, column: str, values: Sequence[Value], found: Proposed, row: Row, domain: Domain
) -> list[Move]:
    """Values that meet the goal; one for each way in which the watched trees see the column."""
    watching = [tree for tree in domain.watched if column in columns_in(tree)]
    seen: dict[str, Value] = {}
    for value in values:
        changed = {**row, column: value}
        if goal.met(changed):
            seen.setdefault(repr([value_of(tree, changed) for tree in watching]), value)
    return [_move(column, value, found, row) for value in seen.values()]


def _move(column: str, value: Value, found: Proposed, row: Row) -> Move:
    return Move(column, value, distance(row.get(column), value, found.kind(column)))


def least_values(
    tree: t.Node,
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
    goals = goals_of(tree, want)
    about = domain or Domain(watched=tuple(goal.tree for goal in goals))

    def evaluate(moves: Moves, thorough: bool) -> SearchState:
        changed = {**row, **{move.name: move.value for move in moves}}
        names = {move.name for move in moves}
        unmet = unmet_goals(goals, changed)

        def more() -> list[Move]:
            goal = min(unmet, key=lambda each: len(each.columns - names))
            beside = [each for each in unmet if each is not goal]
            return moves_for(goal, changed, names, about, thorough=thorough, beside=beside)

        return SearchState(moves_needed(unmet, names), lambda: not unmet, more)

    found = find_least(evaluate, most=most, budget=Budget(looks), trusted=_TRUSTED)
    return None if found is None else {move.name: move.value for move in found}


def fit_item(condition: t.Node, row: Row, want: bool) -> Mapping[str, Value] | None:
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
