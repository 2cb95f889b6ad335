"""Literals: the smallest conditions, each as one value of the row compared with constants.

A value of the row stands among the sorted constants that it is compared with at a *slot*: an odd
number if it equals one, the even number between them if it does not. An atom knows its truth at
each slot, so nobody needs a value to ask it of.
"""

import operator as o
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from tuttu.policy import tree as t
from tuttu.vocabulary.values import DAY, Scalar

Slots: TypeAlias = Mapping[Scalar, int]
"""Of each constant that one subject is compared with."""

MOST_DAYS = 200_000
"""By so much at most a constant may differ from `now` or today for an age to be asked in its place:
`now` plus it is then an instant of the calendar, unless `now` stands near the calendar's ends."""

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {"<": o.lt, "<=": o.le, ">": o.gt, ">=": o.ge}
_OPERATORS = {**_ORDERS, "in": o.eq, "=": o.eq, "<>": o.eq}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


class RowValue(NamedTuple):
    """A value that the row gives. aged: how long before `now` that instant was."""

    tree: t.Node
    aged: bool = False


class Atom(NamedTuple):
    """The subject is one of the constants (``in``), stands to the only one as the operator says, or
    is NULL (``null``). at_null: the truth where it is NULL."""

    operator: str
    constants: tuple[Scalar, ...] = ()
    at_null: bool | None = None

    def truth(self, slot: int | None, slots: Slots) -> bool | None:
        """slot: of the value; None: it is NULL."""
        if slot is None:
            return self.at_null
        if self.operator == "in":
            return any(slot == slots[each] for each in self.constants)
        return self.operator != "null" and _ORDERS[self.operator](slot, slots[self.constants[0]])


class AtomicCondition(NamedTuple):
    """negated: it is NOT of the atom."""

    subject: RowValue
    atom: Atom
    negated: bool = False


def literal_of(node: t.Node) -> AtomicCondition:
    """A condition as a literal; one that cannot be taken apart is `whole`."""
    match node:
        case t.IsNull(operand):
            return AtomicCondition(RowValue(operand), Atom("null", at_null=True))
        case t.Recent(column, within):
            aged = RowValue(t.Column(column, t.TIMESTAMP), aged=True)
            return AtomicCondition(aged, Atom("<=", (within,), at_null=False))
        case t.In(operand, options):
            constants = tuple(each.value for each in options if isinstance(each, t.Literal))
            if len(constants) == len(options) and None not in constants:
                return _about(operand, "in", constants)
        case t.Compare(operator, left, right):
            found = _compared(left, operator, right)
            found = found or _compared(right, _MIRRORED[operator], left)
            if found is not None:
                return found
    return whole(node)


def whole(node: t.Node) -> AtomicCondition:
    """A condition as a value of its own: TRUE, FALSE or NULL."""
    return _about(node, "in", (True,))


def _compared(left: t.Node, operator: str, right: t.Node) -> AtomicCondition | None:
    """None: the right side is neither a constant nor one that moves with `now` alone."""
    match right:
        case t.Literal(value) if value is not None:
            return _about(left, operator, (value,))
        case t.Now():
            return _older(RowValue(left, aged=True), operator, 0)
        case t.Shift(t.Now(), by) if abs(by) <= MOST_DAYS * DAY:
            return _older(RowValue(left, aged=True), operator, -by)
    found = _days_ahead(right)
    return None if found is None else _older(_days_since(left, found[0]), operator, -found[1])


def _days_ahead(date: t.Node) -> tuple[t.Node, int] | None:
    """Today's tree, and how many days after it the date is; None: it is not counted from today."""
    match date:
        case t.Convert(t.Now()):
            return date, 0
        case t.Arithmetic("+" | "-" as sign, t.Convert(t.Now()) as today, t.Literal(int(days))):
            if date.type == t.DATE and abs(days) <= MOST_DAYS:
                return today, days if sign == "+" else -days
    return None


def _days_since(date: t.Node, today: t.Node) -> RowValue:
    return RowValue(t.Arithmetic("-", today, date, t.INTEGER))


def _older(subject: RowValue, operator: str, age: int) -> AtomicCondition:
    """What is later is less old."""
    return _literal(subject, _MIRRORED[operator], (age,), None)


def _about(operand: t.Node, operator: str, constants: tuple[Scalar, ...]) -> AtomicCondition:
    """COALESCE with a constant is what it stands for, with a truth at NULL."""
    match operand:
        case t.Choose("coalesce", (inner, t.Literal(default))) if default is not None:
            compare = _OPERATORS[operator]
            at_null = any(compare(default, each) for each in constants)
            return _literal(RowValue(inner), operator, constants, at_null)
    return _literal(RowValue(operand), operator, constants, None)


def _literal(
    subject: RowValue, operator: str, constants: tuple[Scalar, ...], at_null: bool | None
) -> AtomicCondition:
    """Unlike is NOT of alike. at_null: of the atom."""
    named = "in" if operator in ("=", "<>") else operator
    return AtomicCondition(subject, Atom(named, constants, at_null), negated=operator == "<>")
