"""From what a tree should yield back to the values of its columns that matter for it.

A tree is walked from its root down. Each node is handed the values that would matter in its place
(its targets), and hands on to what is below it the values that would make it yield them, with all
else as the row has it. What arrives at a column is worth trying; whether it helps, the trying says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from tuttu.policy.changes import inverse, items
from tuttu.policy.changes.boundaries import (
    around,
    distance,
    fits,
    other_than,
    same,
    samples,
)
from tuttu.policy.changes.search import Move
from tuttu.policy.changes.trees import value_of
from tuttu.policy.tree import (
    NOW,
    Aggregate,
    And,
    Arithmetic,
    Between,
    Call,
    Case,
    Choose,
    Column,
    Compare,
    Convert,
    Field,
    Has,
    In,
    Is,
    IsNull,
    Join,
    Like,
    Literal,
    Negate,
    Node,
    Not,
    Now,
    Or,
    Quantifier,
    Recent,
    Shift,
    Switch,
)
from tuttu.vocabulary.values import Kind, Row, Type, Value

Known: TypeAlias = Mapping[str, Sequence[Value]]
"""Column to values that it is known to take."""
Targets: TypeAlias = Iterable[Value]

_BOTH: list[Value] = [True, False]
_MOST = 64
"""Values kept of one column: no rule of a company has more thresholds than that."""
_TIMESTAMP = Type(Kind.TIMESTAMP)


class Proposed:
    """Values worth trying, by column, in the order in which they were found.

    type None: a collection, whose values are lists of items.
    """

    def __init__(self) -> None:
        self._values: dict[str, dict[str, Value]] = {}
        self.types: dict[str, Type | None] = {}

    def add(self, column: str, declared: Type | None, values: Iterable[Value]) -> None:
        known = self._values.setdefault(column, {})
        self.types.setdefault(column, declared)
        for value in values:
            if len(known) < _MOST and (
                declared is None or declared.many or fits(value, declared.kind)
            ):
                known.setdefault(repr(value), value)

    def columns(self) -> list[str]:
        return list(self._values)

    def of(self, column: str) -> list[Value]:
        return list(self._values.get(column, {}).values())

    def moves(self, column: str, row: Row) -> list[Move]:
        """To each value other than the present one."""
        present, kind = row.get(column), self.kind(column)
        return [
            Move(column, value, distance(present, value, kind))
            for value in self.of(column)
            if not same(present, value)
        ]

    def kind(self, column: str) -> Kind | None:
        declared = self.types.get(column)
        return None if declared is None else declared.kind


def read_back(
    node: Node, row: Row, fit: items.Fit, known: Known, targets: Targets = ()
) -> Proposed:
    """Values worth trying for every column of a tree.

    fit: how an item is made to pass a condition. targets: values that the tree should yield;
    a condition's are both truths.
    """
    walk = _Walk(row, fit, known)
    walk.visit(node, [*targets] or _BOTH)
    return walk.found


class _Walk:
    """One walk through one tree on one row."""

    def __init__(self, row: Row, fit: items.Fit, known: Known) -> None:
        self.row = row
        self.fit = fit
        self.known = known
        self.found = Proposed()

    def visit(self, node: Node, targets: Targets) -> None:
        _VISITS[type(node)](self, node, [*targets])

    def value(self, node: Node) -> Value:
        return value_of(node, self.row)

    def samples(self, kind: Kind) -> list[Value]:
        return samples(kind, self.row.get(NOW))

    def against(self, node: Node, other: Node) -> list[Value]:
        """What a value is compared with, and its neighbours; plain ones if that is unknown."""
        kind = node.type.kind
        return around(kind, self.value(other)) or self.samples(kind)


def _nothing(_walk: _Walk, _node: Node, _targets: list[Value]) -> None:
    """A constant; a field, which only an item has."""


def _column(walk: _Walk, node: Column, targets: list[Value]) -> None:
    own = walk.known.get(node.name, ())
    if node.type.many:
        walk.found.add(node.name, node.type, targets)
        return
    extra = [None] if walk.row.get(node.name) is not None else walk.samples(node.type.kind)
    walk.found.add(node.name, node.type, [*own, *targets, *extra])


def _now(walk: _Walk, node: Now, targets: list[Value]) -> None:
    walk.found.add(NOW, node.type, targets)


def _convert(walk: _Walk, node: Convert, targets: list[Value]) -> None:
    kinds = node.operand.type.kind, node.type.kind
    walk.visit(node.operand, inverse.of_conversion(kinds, targets, node.zone))


def _below(walk: _Walk, node: Not | And | Or | Is, _targets: list[Value]) -> None:
    operands = node.operands if isinstance(node, And | Or) else (node.operand,)
    for operand in operands:
        walk.visit(operand, _BOTH)


def _compare(walk: _Walk, node: Compare, _targets: list[Value]) -> None:
    walk.visit(node.left, walk.against(node.left, node.right))
    walk.visit(node.right, walk.against(node.right, node.left))


def _between(walk: _Walk, node: Between, _targets: list[Value]) -> None:
    bounds = [*walk.against(node.operand, node.low), *walk.against(node.operand, node.high)]
    walk.visit(node.operand, bounds)
    for bound in (node.low, node.high):
        walk.visit(bound, walk.against(bound, node.operand))


def _in(walk: _Walk, node: In, _targets: list[Value]) -> None:
    options = [walk.value(option) for option in node.options]
    walk.visit(node.operand, [*options, *_none_of(options, node.operand.type.kind)])
    for option in node.options:
        walk.visit(option, walk.against(option, node.operand))


def _none_of(values: Sequence[Value], kind: Kind) -> list[Value]:
    """Values of a kind that are none of these."""
    if kind is Kind.TEXT:
        return [other_than(value for value in values if isinstance(value, str))]
    near = (beside for value in values for beside in around(kind, value))
    return [value for value in near if value not in values]


def _has(walk: _Walk, node: Has, _targets: list[Value]) -> None:
    elements, wanted = walk.row.get(node.column.name), walk.value(node.operand)
    listed = elements if isinstance(elements, list) else []
    without = [each for each in listed if each != wanted and each is not None]
    walk.found.add(node.column.name, node.column.type, [[*listed, wanted], without, None])
    kind = node.operand.type.kind
    walk.visit(node.operand, [*listed, *_none_of(listed, kind), *walk.samples(kind)])


def _like(walk: _Walk, node: Like, _targets: list[Value]) -> None:
    walk.visit(node.operand, inverse.of_pattern(node.pattern, walk.value(node.operand)))


def _is_null(walk: _Walk, node: IsNull, _targets: list[Value]) -> None:
    known: list[Value] = [[]] if node.operand.type.many else walk.samples(node.operand.type.kind)
    walk.visit(node.operand, [None, *known])


def _case(walk: _Walk, node: Case, targets: list[Value]) -> None:
    for test, value in node.branches:
        walk.visit(test, _BOTH)
        walk.visit(value, targets)
    walk.visit(node.default, targets)


def _switch(walk: _Walk, node: Switch, targets: list[Value]) -> None:
    options = [walk.value(option) for option, _ in node.branches]
    walk.visit(node.operand, [*options, *_none_of(options, node.operand.type.kind), None])
    for option, value in node.branches:
        walk.visit(option, walk.against(option, node.operand))
        walk.visit(value, targets)
    walk.visit(node.default, targets)


def _arithmetic(walk: _Walk, node: Arithmetic, targets: list[Value]) -> None:
    left, right = walk.value(node.left), walk.value(node.right)
    lefts, rights = inverse.of_arithmetic(node, left, right, targets)
    walk.visit(node.left, lefts or walk.samples(node.left.type.kind))
    walk.visit(node.right, rights or walk.samples(node.right.type.kind))


def _shift(walk: _Walk, node: Shift, targets: list[Value]) -> None:
    walk.visit(node.operand, [t - node.by if isinstance(t, int) else t for t in targets])


def _negate(walk: _Walk, node: Negate, targets: list[Value]) -> None:
    walk.visit(node.operand, [-t if isinstance(t, int | float) else t for t in targets])


def _call(walk: _Walk, node: Call, targets: list[Value]) -> None:
    values = [walk.value(argument) for argument in node.arguments]
    wanted = inverse.of_call(node.function, values, targets)
    for argument, value, one in zip(node.arguments, values, wanted, strict=True):
        unknown = walk.samples(argument.type.kind) if value is None else []
        walk.visit(argument, [*one, *unknown])


def _choose(walk: _Walk, node: Choose, targets: list[Value]) -> None:
    """coalesce: what comes first must be unknown for what comes later to show."""
    beside: list[Value] = [None]
    if node.function == "nullif":
        for argument in node.arguments:
            beside += around(node.type.kind, walk.value(argument))
    for argument in node.arguments:
        walk.visit(argument, [*targets, *beside])


def _join(walk: _Walk, node: Join, targets: list[Value]) -> None:
    texts = [walk.value(operand) for operand in node.operands]
    for place, operand in enumerate(node.operands):
        walk.visit(operand, inverse.of_join(texts, place, targets))


def _quantifier(walk: _Walk, node: Quantifier, _targets: list[Value]) -> None:
    lists, inner = items.for_condition(node, walk.row, walk.fit)
    walk.found.add(node.collection, None, lists)
    for condition, row in inner:
        below = read_back(condition, row, walk.fit, walk.known)
        for column in below.columns():
            if not column.startswith("\0"):
                walk.found.add(column, below.types[column], below.of(column))


def _aggregate(walk: _Walk, node: Aggregate, targets: list[Value]) -> None:
    walk.found.add(node.collection, None, items.for_summary(node, walk.row, targets))


def _recent(walk: _Walk, node: Recent, _targets: list[Value]) -> None:
    now, then = walk.row.get(NOW), walk.row.get(node.column)
    if isinstance(now, int):
        edge = now - node.within
        extra: list[Value] = [edge, edge - 1, None, *walk.known.get(node.column, ())]
        walk.found.add(node.column, _TIMESTAMP, extra)
    if isinstance(then, int):
        walk.found.add(NOW, _TIMESTAMP, [then + node.within, then + node.within + 1])


_VISITS: Mapping[type, Callable[[_Walk, Any, list[Value]], None]] = {
    Literal: _nothing,
    Field: _nothing,
    Column: _column,
    Now: _now,
    Convert: _convert,
    Not: _below,
    And: _below,
    Or: _below,
    Is: _below,
    Compare: _compare,
    Between: _between,
    In: _in,
    Has: _has,
    Like: _like,
    IsNull: _is_null,
    Case: _case,
    Switch: _switch,
    Arithmetic: _arithmetic,
    Shift: _shift,
    Negate: _negate,
    Call: _call,
    Choose: _choose,
    Join: _join,
    Quantifier: _quantifier,
    Aggregate: _aggregate,
    Recent: _recent,
}
