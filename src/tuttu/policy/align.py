"""Values of several kinds made comparable: what is converted, and what is an error."""

from collections.abc import Sequence

from sqlglot import exp

from tuttu.policy import literals
from tuttu.policy import tree as t
from tuttu.policy.builder import Operand, TreeBuilder, describe, require_value
from tuttu.policy.errors import PolicyError
from tuttu.policy.kinds import CONVERSIONS, NUMBERS
from tuttu.vocabulary.values import Kind, Type

_CALENDAR = {Kind.DATE, Kind.TIMESTAMP}


def align(
    builder: TreeBuilder, operands: Sequence[Operand], *, by_day: bool = False
) -> list[t.Node]:
    """The operands in one common kind. by_day: a timestamp may meet a date, as the calendar date
    at that instant. Raises `PolicyError`."""
    for operand in operands:
        require_value(operand)
    kind = _common(operands, by_day)
    if kind is None:
        raise _mixed(operands)
    return [convert(builder, operand, kind) for operand in operands]


def _common(operands: Sequence[Operand], by_day: bool) -> Kind | None:
    firm = {operand.kind for operand in operands if not operand.is_literal}
    kinds = firm | {operand.kind for operand in operands}
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds <= set(NUMBERS):
        return Kind.MONEY if Kind.MONEY in kinds and Kind.REAL not in firm else Kind.REAL
    times = kinds - {Kind.TEXT}
    if not times <= _CALENDAR or Kind.TEXT in firm:
        return None
    values = [each.node.value for each in operands if isinstance(each.node, t.Literal)]
    if times == {Kind.TIMESTAMP} and not any(
        isinstance(v, str) and literals.is_day(v) for v in values
    ):
        return Kind.TIMESTAMP
    return Kind.DATE if by_day or times == {Kind.DATE} else None


def _mixed(operands: Sequence[Operand]) -> PolicyError:
    first = operands[0]
    other = next(
        (operand for operand in operands if _common([first, operand], by_day=True) is None), None
    )
    if other is None:
        odd = next((operand for operand in operands if operand.kind is not first.kind), first)
        return odd.error("only dates or only timestamps; date(x) is the date of a timestamp")
    return other.error(f"something that goes with {describe(first.node)}")


def convert(builder: TreeBuilder, operand: Operand, kind: Kind) -> t.Node:
    """The operand in the kind, which `align` or a table of the language allows."""
    node = operand.node
    if operand.kind is kind:
        return node
    if isinstance(node, t.Literal):
        return _literal(builder, operand, node, kind)
    if (operand.kind, kind) not in CONVERSIONS:
        raise operand.error(f"a value of type {kind}")
    builder.use(f"{operand.kind} as {kind}")
    return builder.day(node) if kind is Kind.DATE else t.Convert(node, Type(kind))


def _literal(builder: TreeBuilder, operand: Operand, node: t.Literal, kind: Kind) -> t.Node:
    """A constant in the kind that the other operands require."""
    if kind is Kind.REAL and isinstance(node.value, int):
        builder.use("real as integer literal")
        return t.Literal(float(node.value), t.REAL)
    if kind is Kind.MONEY:
        amount = literals.read_money(written_number(operand.tree))
        if amount is None:
            raise operand.error("an amount of money: at most four decimals, below 9e14")
        builder.use(f"money as {node.type.kind} literal")
        return t.Literal(amount, t.MONEY)
    if isinstance(node.value, str) and kind in _CALENDAR:
        value = (
            literals.read_day(node.value)
            if kind is Kind.DATE
            else literals.read_moment(node.value, builder.zone)
        )
        if value is None:
            raise operand.error(literals.DAY_FORM if kind is Kind.DATE else literals.MOMENT_FORM)
        builder.use(f"{kind} as text literal")
        return t.Literal(value, t.DATE if kind is Kind.DATE else t.TIMESTAMP)
    if (operand.kind, kind) == (Kind.TIMESTAMP, Kind.DATE):
        builder.use("timestamp as date")
        return builder.day(node)
    raise operand.error(f"a value of type {kind}")


def written_number(tree: exp.Expr) -> str:
    """The digits of a number as they were written, with its sign."""
    minus = ""
    while not isinstance(tree, exp.Literal):
        minus = ("" if minus else "-") if isinstance(tree, exp.Neg) else minus
        tree = tree.this
    return f"{minus}{tree.this}"
