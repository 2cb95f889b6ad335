"""From what a tree should yield back to the values of its columns that matter for it.

A tree is walked from its root down. Each node is handed the values that would matter in its place
(its targets), and hands on to what is below it the values that would make it yield them, with all
else as the row has it. What arrives at a column is worth trying; whether it helps, the trying says.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from tuttu.policy import tree as t
from tuttu.policy.solver import boundaries, inverse, items
from tuttu.policy.solver.search import Move
from tuttu.policy.solver.trees import value_of
from tuttu.vocabulary.values import Kind, Row, Type, Value
from tuttu.vocabulary.zones import zone_or

KnownValues: TypeAlias = Mapping[str, Sequence[Value]]
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
                declared is None or declared.many or boundaries.fits(value, declared.kind)
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
            Move(column, value, boundaries.distance(present, value, kind))
            for value in self.of(column)
            if not boundaries.same(present, value)
        ]

    def kind(self, column: str) -> Kind | None:
        declared = self.types.get(column)
        return None if declared is None else declared.kind


def propagate(
    node: t.Node, row: Row, fit: items.Fit, known: KnownValues, targets: Targets = ()
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

    def __init__(self, row: Row, fit: items.Fit, known: KnownValues) -> None:
        self.row = row
        self.fit = fit
        self.known = known
        self.found = Proposed()

    def visit(self, node: t.Node, targets: Targets) -> None:
        _VISITS[type(node)](self, node, [*targets])

    def value(self, node: t.Node) -> Value:
        return value_of(node, self.row)

    def samples(self, kind: Kind) -> list[Value]:
        return boundaries.sample_values(kind, self.row.get(t.NOW))

    def against(self, node: t.Node, other: t.Node) -> list[Value]:
        """What a value is compared with, and its neighbours; plain ones if that is unknown."""
        kind = node.type.kind
        return boundaries.neighbours(kind, self.value(other)) or self.samples(kind)


def _nothing(_walk: _Walk, _node: t.Node, _targets: list[Value]) -> None:
    """A constant; a field, which only an item has."""


def _column(walk: _Walk, node: t.Column, targets: list[Value]) -> None:
    own = walk.known.get(node.name, ())
    if node.type.many:
        walk.found.add(node.name, node.type, targets)
        return
    extra = [None] if walk.row.get(node.name) is not None else walk.samples(node.type.kind)
    walk.found.add(node.name, node.type, [*own, *targets, *extra])


def _now(walk: _Walk, node: t.Now, targets: list[Value]) -> None:
    walk.found.add(t.NOW, node.type, targets)


def _convert(walk: _Walk, node: t.Convert, targets: list[Value]) -> None:
    kinds = node.operand.type.kind, node.type.kind
    walk.visit(node.operand, inverse.of_conversion(kinds, targets, _zone(walk, node)))


def _hour(walk: _Walk, node: t.Hour, targets: list[Value]) -> None:
    about = walk.value(node.operand) or walk.row.get(t.NOW)
    walk.visit(node.operand, inverse.of_hour(about, targets, _zone(walk, node)))


def _zone(walk: _Walk, node: t.Convert | t.Hour) -> str:
    return node.zone if node.own is None else zone_or(walk.value(node.own), node.zone)


def _below(walk: _Walk, node: t.Not | t.And | t.Or | t.Is, _targets: list[Value]) -> None:
    operands = node.operands if isinstance(node, t.And | t.Or) else (node.operand,)
    for operand in operands:
        walk.visit(operand, _BOTH)


def _compare(walk: _Walk, node: t.Compare, _targets: list[Value]) -> None:
    walk.visit(node.left, walk.against(node.left, node.right))
    walk.visit(node.right, walk.against(node.right, node.left))


def _between(walk: _Walk, node: t.Between, _targets: list[Value]) -> None:
    bounds = [*walk.against(node.operand, node.low), *walk.against(node.operand, node.high)]
    walk.visit(node.operand, bounds)
    for bound in (node.low, node.high):
        walk.visit(bound, walk.against(bound, node.operand))


def _in(walk: _Walk, node: t.In, _targets: list[Value]) -> None:
    options = [walk.value(option) for option in node.options]
    walk.visit(node.operand, [*options, *_none_of(options, node.operand.type.kind)])
    for option in node.options:
        walk.visit(option, walk.against(option, node.operand))


def _none_of(values: Sequence[Value], kind: Kind) -> list[Value]:
    """Values of a kind that are none of these."""
    if kind is Kind.TEXT:
        return [boundaries.other_than(value for value in values if isinstance(value, str))]
    near = (beside for value in values for beside in boundaries.neighbours(kind, value))
    return [value for value in near if value not in values]


def _has(walk: _Walk, node: t.Has, _targets: list[Value]) -> None:
    elements, wanted = walk.row.get(node.column.name), walk.value(node.operand)
    listed = elements if isinstance(elements, list) else []
    without = [each for each in listed if each != wanted and each is not None]
    walk.found.add(node.column.name, node.column.type, [[*listed, wanted], without, None])
    kind = node.operand.type.kind
    walk.visit(node.operand, [*listed, *_none_of(listed, kind), *walk.samples(kind)])


def _like(walk: _Walk, node: t.Like, _targets: list[Value]) -> None:
    walk.visit(node.operand, inverse.of_pattern(node.pattern, walk.value(node.operand)))


def _is_null(walk: _Walk, node: t.IsNull, _targets: list[Value]) -> None:
    known: list[Value] = [[]] if node.operand.type.many else walk.samples(node.operand.type.kind)
    walk.visit(node.operand, [None, *known])


def _case(walk: _Walk, node: t.Case, targets: list[Value]) -> None:
    for test, value in node.branches:
        walk.visit(test, _BOTH)
        walk.visit(value, targets)
    walk.visit(node.default, targets)


def _switch(walk: _Walk, node: t.Switch, targets: list[Value]) -> None:
    options = [walk.value(option) for option, _ in node.branches]
    walk.visit(node.operand, [*options, *_none_of(options, node.operand.type.kind), None])
    for option, value in node.branches:
        walk.visit(option, walk.against(option, node.operand))
        walk.visit(value, targets)
    walk.visit(node.default, targets)


def _arithmetic(walk: _Walk, node: t.Arithmetic, targets: list[Value]) -> None:
    left, right = walk.value(node.left), walk.value(node.right)
    lefts, rights = inverse.of_arithmetic(node, left, right, targets)
    walk.visit(node.left, lefts or walk.samples(node.left.type.kind))
    walk.visit(node.right, rights or walk.samples(node.right.type.kind))


def _shift(walk: _Walk, node: t.Shift, targets: list[Value]) -> None:
    walk.visit(
        node.operand, [each - node.by if isinstance(each, int) else each for each in targets]
    )


def _negate(walk: _Walk, node: t.Negate, targets: list[Value]) -> None:
    walk.visit(node.operand, [-each if isinstance(each, int | float) else each for each in targets])


def _call(walk: _Walk, node: t.FunctionCall, targets: list[Value]) -> None:
    values = [walk.value(argument) for argument in node.arguments]
    wanted = inverse.of_call(node.function, values, targets)
    for argument, value, one in zip(node.arguments, values, wanted, strict=True):
        unknown = walk.samples(argument.type.kind) if value is None else []
        walk.visit(argument, [*one, *unknown])


def _choose(walk: _Walk, node: t.Choose, targets: list[Value]) -> None:
    """coalesce: what comes first must be unknown for what comes later to show."""
    beside: list[Value] = [None]
    if node.function == "nullif":
        for argument in node.arguments:
            beside += boundaries.neighbours(node.type.kind, walk.value(argument))
    for argument in node.arguments:
        walk.visit(argument, [*targets, *beside])


def _join(walk: _Walk, node: t.Join, targets: list[Value]) -> None:
    texts = [walk.value(operand) for operand in node.operands]
    for place, operand in enumerate(node.operands):
        walk.visit(operand, inverse.of_join(texts, place, targets))


def _quantifier(walk: _Walk, node: t.Quantifier, _targets: list[Value]) -> None:
    lists, inner = items.for_condition(node, walk.row, walk.fit)
    walk.found.add(node.collection, None, lists)
    for condition, row in inner:
        below = propagate(condition, row, walk.fit, walk.known)
        for column in below.columns():
            if not column.startswith("\0"):
                walk.found.add(column, below.types[column], below.of(column))


def _aggregate(walk: _Walk, node: t.Aggregate, targets: list[Value]) -> None:
    walk.found.add(node.collection, None, items.for_summary(node, walk.row, targets))


def _recent(walk: _Walk, node: t.Recent, _targets: list[Value]) -> None:
    now, then = walk.row.get(t.NOW), walk.row.get(node.column)
    if isinstance(now, int):
        edge = now - node.within
        extra: list[Value] = [edge, edge - 1, None, *walk.known.get(node.column, ())]
        walk.found.add(node.column, _TIMESTAMP, extra)
    if isinstance(then, int):
        walk.found.add(t.NOW, _TIMESTAMP, [then + node.within, then + node.within + 1])


_VISITS: Mapping[type, Callable[[_Walk, Any, list[Value]], None]] = {
    t.Literal: _nothing,
    t.Field: _nothing,
    t.Column: _column,
    t.Now: _now,
    t.Convert: _convert,
    t.Hour: _hour,
    t.Not: _below,
    t.And: _below,
    t.Or: _below,
    t.Is: _below,
    t.Compare: _compare,
    t.Between: _between,
    t.In: _in,
    t.Has: _has,
    t.Like: _like,
    t.IsNull: _is_null,
    t.Case: _case,
    t.Switch: _switch,
    t.Arithmetic: _arithmetic,
    t.Shift: _shift,
    t.Negate: _negate,
    t.FunctionCall: _call,
    t.Choose: _choose,
    t.Join: _join,
    t.Quantifier: _quantifier,
    t.Aggregate: _aggregate,
    t.Recent: _recent,
}
