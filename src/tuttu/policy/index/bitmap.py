"""Which of many members pass: one look-up for each subject, one integer for all."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from tuttu.policy.expression import CompiledExpression
from tuttu.policy.index.atoms import MOST_DAYS, RowValue
from tuttu.policy.index.clauses import Clause, Test, clauses_of, narrowed, of_whole
from tuttu.policy.index.tables import Lookup, lookup_of
from tuttu.policy.tree import NOW, Column, Node, Now, walk
from tuttu.vocabulary.values import DAY, Expression, Row, Value
from tuttu.vocabulary.zones import FIRST_INSTANT, LAST_INSTANT

Member: TypeAlias = Sequence["Wanted"]
"""It passes where each of its conditions has the truth that is wanted."""

MOST_LAYERS = 4
"""Clauses of one member about several subjects; of more, whole conditions are asked."""

_FAR = (MOST_DAYS + 1) * DAY
_EARLIEST, _LATEST = FIRST_INSTANT + _FAR, LAST_INSTANT - _FAR


class Wanted(NamedTuple):
    """A condition and the truth that it must have; NULL is neither. condition: made by `parse`."""

    condition: Expression
    truth: bool = True


class _Reading(NamedTuple):
    """One subject: how its value is read, and what it sets. dear: members for which it is worth to
    be read; None: it costs no more than a look-up."""

    read: Callable[[Row], Value]
    lookup: Lookup
    dear: int | None


class ConditionIndex:
    """Immutable. Members are numbered as given, from 0."""

    def __init__(self, members: Sequence[Member]) -> None:
        """Raises TypeError for a condition that was not made by `parse`."""
        self._members = tuple(tuple(each) for each in members)
        self._size = len(self._members)
        self._all = (1 << self._size) - 1
        builder = _Builder(self._size)
        for number, member in enumerate(self._members):
            builder.add(number, member)
        self._layers = builder.layers
        self._settled = builder.settled()
        self._readings = builder.readings()

    def passing(self, row: Row) -> int:
        """A bit for each member, the first one lowest. A column that the row lacks is NULL."""
        now = row.get(NOW)
        if not isinstance(now, int) or not _EARLIEST < now < _LATEST:
            return self._one_by_one(row)
        bits = self._settled
        for read, lookup, dear in self._readings:
            if dear is None or dear & ~bits:
                bits |= lookup(read(row))
        passing = self._all & ~bits
        for layer in range(1, self._layers + 1):
            passing &= bits >> (layer * self._size)
        return passing

    def _one_by_one(self, row: Row) -> int:
        """As `passing`, by the row functions: near the ends of the calendar an age leads beyond."""
        passing = 0
        for number, member in enumerate(self._members):
            if all(each.condition(row) is each.truth for each in member):
                passing |= 1 << number
        return passing


class ReadingCost(NamedTuple):
    """What one value of the row costs. members: bits of those that ask for it. constants: how many
    it is compared with. bytes: of its table, at most. read: it is no more than a column."""

    tree: Node
    members: int
    constants: int
    bytes: int
    read: bool


def reading_costs(members: Sequence[Member]) -> list[ReadingCost]:
    """Of an index over these members, by value of the row. Raises as `ConditionIndex`."""
    builder = _Builder(len(members))
    for number, member in enumerate(members):
        builder.add(number, member)
    return builder.reading_costs()


class _Builder:
    """Layer 0 has the bits of members that fail; each further layer, one clause of each member
    about several subjects, the bits of those for which it holds."""

    def __init__(self, size: int) -> None:
        self.layers = 0
        self._size = size
        self._groups: dict[RowValue, dict[tuple[Test, bool], int]] = {}
        self._owners: dict[RowValue, int] = {}
        self._wide: list[int] = []
        self._compiled: dict[Node, CompiledExpression] = {}

    def add(self, number: int, member: Member) -> None:
        conditions = [(_compiled(each.condition), each.truth) for each in member]
        self._compiled.update((each.tree, each) for each, _ in conditions)
        one = 1 << number
        layer = 0
        for clause in _clauses_of([(each.tree, truth) for each, truth in conditions]):
            if len(clause) == 1:
                [(subject, test)] = clause.items()
                self._note(subject, (test, False), bit=one, owner=one)
                continue
            layer += 1
            for subject, test in clause.items():
                self._note(subject, (test, True), bit=one << (layer * self._size), owner=one)
        self._wide.append(layer)
        self.layers = max(self.layers, layer)

    def _note(self, subject: RowValue, outcome: tuple[Test, bool], *, bit: int, owner: int) -> None:
        group = self._groups.setdefault(subject, {})
        group[outcome] = group.get(outcome, 0) | bit
        self._owners[subject] = self._owners.get(subject, 0) | owner

    def settled(self) -> int:
        """Clauses that a member does not have, as if they held."""
        bits = 0
        for number, count in enumerate(self._wide):
            for layer in range(count + 1, self.layers + 1):
                bits |= 1 << (layer * self._size + number)
        return bits

    def readings(self) -> list[_Reading]:
        """What is cheap to read comes first: a member that fails by then needs no more."""
        return [
            _Reading(
                self._reader(subject),
                lookup_of(self._groups[subject]),
                None if _is_cheap(subject) else self._owners[subject],
            )
            for subject in sorted(self._groups, key=_cost)
        ]

    def reading_costs(self) -> list[ReadingCost]:
        row = (self.layers + 1) * self._size // 8 + 1
        found = []
        for subject, group in self._groups.items():
            constants = len({each for test, _ in group for each in test.constants()})
            owners, size = self._owners[subject], (2 * constants + 1) * row
            found.append(ReadingCost(subject.tree, owners, constants, size, _is_cheap(subject)))
        return found

    def _reader(self, subject: RowValue) -> Callable[[Row], Value]:
        read = self._value(subject.tree)
        return _aged(read) if subject.aged else read

    def _value(self, tree: Node) -> Callable[[Row], Value]:
        match tree:
            case Column(name):
                return lambda row: row.get(name)
            case Now():
                return lambda row: row.get(NOW)
        return self._compiled.get(tree) or CompiledExpression("", tree, frozenset())


def _aged(read: Callable[[Row], Value]) -> Callable[[Row], Value]:
    def age(row: Row) -> Value:
        instant = read(row)
        return row[NOW] - instant if isinstance(instant, int) else None  # type: ignore[operator]

    return age


def _compiled(condition: Expression) -> CompiledExpression:
    if not isinstance(condition, CompiledExpression):
        raise TypeError(f"found {condition!r}, expected a condition made by parse")
    return condition


def _clauses_of(conditions: Sequence[tuple[Node, bool]]) -> list[Clause]:
    """Of a member. Where too many of them are about several subjects, the conditions that have most
    of these are asked as a whole."""
    found = [clauses_of(*each) for each in conditions]
    order = sorted(range(len(found)), key=lambda each: -_wide(found[each]))
    for place in order:
        if sum(map(_wide, found)) <= MOST_LAYERS:
            break
        found[place] = of_whole(*conditions[place])
    return narrowed(clause for each in found for clause in each)


def _wide(clauses: Sequence[Clause]) -> int:
    return sum(len(each) > 1 for each in clauses)


def _is_cheap(subject: RowValue) -> bool:
    return isinstance(subject.tree, Column | Now)


def _cost(subject: RowValue) -> int:
    return 0 if _is_cheap(subject) else len(walk(subject.tree))
