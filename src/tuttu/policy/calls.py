"""Function calls of the typed tree: the table's functions, and those that need more than a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal as Choice
from typing import NamedTuple, TypeAlias

from sqlglot import exp

from tuttu.policy import ledger, summaries
from tuttu.policy.align import align, convert
from tuttu.policy.errors import PolicyError, nearest
from tuttu.policy.functions import BY_NAME, WHOLE_MAX, Function, Parameter
from tuttu.policy.kinds import CONVERSIONS, ORDERED
from tuttu.policy.operators import has
from tuttu.policy.scope import Operand, Scope, require_value
from tuttu.policy.syntax import place
from tuttu.policy.times import duration
from tuttu.policy.tree import (
    DATE,
    INTEGER,
    REAL,
    Arithmetic,
    Call,
    Choose,
    Column,
    Convert,
    Join,
    Literal,
    Node,
    Now,
    Shift,
    children,
)
from tuttu.vocabulary.values import Kind, Type

MAX_DIGITS = 9
"""Decimals that round takes."""
MAX_GROWTH = 1_000
"""How many times longer than what it reads a text may become by replace inside replace."""

_Trees: TypeAlias = Sequence[exp.Expr]
_MANY = 100


class _Special(NamedTuple):
    """A function that is more than a line of the table."""

    make: Callable[[Scope, _Trees], Node]
    usage: str
    least: int = 1
    most: int = 1


def call(scope: Scope, tree: exp.Expr) -> Node:
    """Any function; its name may be in capital letters."""
    name, arguments = str(tree.this.name).lower(), tree.expressions
    if special := _SPECIAL.get(name):
        if not special.least <= len(arguments) <= special.most:
            raise PolicyError(f"{name} with {_count(arguments)}", special.usage, place(tree))
        return special.make(scope, arguments)
    if name not in BY_NAME:
        close = nearest(name, [*BY_NAME, *_SPECIAL])
        raise PolicyError(f"the unknown function {name!r}", "a function", place(tree), close)
    operands = scope.operands(arguments)
    return _plain(scope, name, operands) or _refuse(tree, name, operands)


def _count(arguments: Sequence[object]) -> str:
    return "1 argument" if len(arguments) == 1 else f"{len(arguments)} arguments"


def _plain(scope: Scope, name: str, operands: list[Operand]) -> Node | None:
    """The first function of this name that takes the operands."""
    for function in BY_NAME[name]:
        if _fits(function, operands):
            return _apply(scope, function, operands)
    return None


def _fits(function: Function, operands: list[Operand]) -> bool:
    return len(operands) == len(function.parameters) and all(
        _accepts(parameter, operand)
        for parameter, operand in zip(function.parameters, operands, strict=True)
    )


def _accepts(parameter: Parameter, operand: Operand) -> bool:
    node, kind = operand.node, operand.kind
    value = node.value if isinstance(node, Literal) else None
    if parameter.quoted:
        return isinstance(value, str) and (bool(value) or not parameter.filled)
    if parameter.low is not None:
        return (
            kind is Kind.INTEGER
            and isinstance(value, int)
            and (parameter.low <= value <= WHOLE_MAX)
        )
    return kind is parameter.kind or (kind, parameter.kind) in CONVERSIONS


def _apply(scope: Scope, function: Function, operands: list[Operand]) -> Node:
    for operand in operands:
        require_value(operand)
    pairs = zip(operands, function.parameters, strict=True)
    nodes = tuple(convert(scope, operand, parameter.kind) for operand, parameter in pairs)
    scope.use(function.key)
    node = Call(function.key, nodes, Type(function.result))
    if _growth(node) > MAX_GROWTH:
        raise operands[0].error(
            f"a text that {function.name} makes at most {MAX_GROWTH} times longer"
        )
    return node


def _growth(node: Node) -> float:
    """How many times longer than the texts that the node reads its own may be, at most."""
    if node.type.kind is not Kind.TEXT or isinstance(node, Literal):
        return 0.0
    if isinstance(node, Call) and node.function.startswith("replace("):
        text, old, new = node.arguments
        longer = _length(new) / _length(old)
        return _growth(text) * max(1.0, longer)
    return sum(map(_growth, children(node))) or 1.0


def _length(node: Node) -> int:
    return len(str(node.value)) if isinstance(node, Literal) else 0


def _refuse(tree: exp.Expr, name: str, operands: list[Operand]) -> Node:
    """Says which argument is wrong, or how many there should be."""
    same = [found for found in BY_NAME[name] if len(found.parameters) == len(operands)]
    if not same:
        usage = " or ".join(_usage(function) for function in BY_NAME[name])
        raise PolicyError(f"{name} with {_count(operands)}", usage, place(tree))
    for position, operand in enumerate(operands):
        require_value(operand)
        wanted = [function.parameters[position] for function in same]
        if not any(_accepts(parameter, operand) for parameter in wanted):
            raise operand.error(" or ".join(dict.fromkeys(map(str, wanted))))
    raise PolicyError(f"these arguments of {name}", _usage(same[0]), place(tree))


def _usage(function: Function) -> str:
    return f"{function.name}({', '.join(parameter.kind for parameter in function.parameters)})"


def _now(scope: Scope, _arguments: _Trees) -> Node:
    scope.use("now()")
    return Now()


def _today(scope: Scope, _arguments: _Trees) -> Node:
    scope.use("today()")
    return Convert(Now(), DATE, scope.zone)


def _ago(scope: Scope, arguments: _Trees) -> Node:
    scope.use("ago(duration)")
    return Shift(Now(), -duration(arguments[0]))


def _date(scope: Scope, arguments: _Trees) -> Node:
    operand = scope.operand(arguments[0])
    if operand.kind is not Kind.TIMESTAMP or operand.node.type.many:
        raise operand.error("a timestamp")
    scope.use("date(timestamp)")
    return Convert(operand.node, DATE, scope.zone)


def _days_since(scope: Scope, arguments: _Trees) -> Node:
    """Today minus the date: calendar dates in the project's zone."""
    operand = scope.operand(arguments[0])
    require_value(operand)
    if operand.kind not in {Kind.DATE, Kind.TIMESTAMP} and not operand.is_literal:
        raise operand.error("a date or a timestamp")
    scope.use(f"days_since({'timestamp' if operand.kind is Kind.TIMESTAMP else 'date'})")
    today = Convert(Now(), DATE, scope.zone)
    return Arithmetic("-", today, convert(scope, operand, Kind.DATE), INTEGER)


def _round(scope: Scope, arguments: _Trees) -> Node:
    """With digits: multiplied, rounded, divided, all as real."""
    operands = scope.operands(arguments)
    if len(operands) == 1:
        return _plain(scope, "round", operands) or _refuse(arguments[0], "round", operands)
    factor = Literal(10.0 ** _digits(operands[1]), REAL)
    require_value(operands[0])
    scaled = Arithmetic("*", convert(scope, operands[0], Kind.REAL), factor, REAL)
    scope.use("round(real, digits)")
    return Arithmetic("/", Call("round(real)", (scaled,), REAL), factor, REAL)


def _digits(operand: Operand) -> int:
    value = operand.node.value if isinstance(operand.node, Literal) else None
    if (
        operand.kind is not Kind.INTEGER
        or not isinstance(value, int)
        or not 0 <= value <= MAX_DIGITS
    ):
        raise operand.error(f"a whole number from 0 to {MAX_DIGITS}")
    return value


def _contains(scope: Scope, arguments: _Trees) -> Node:
    """A text in a text, or an element in a list column."""
    operands = scope.operands(arguments)
    first = operands[0].node
    if isinstance(first, Column) and first.type.many:
        return has(scope, first, operands[1], function=True)
    return _plain(scope, "contains", operands) or _refuse(arguments[0], "contains", operands)


def _chooser(
    function: Choice["coalesce", "nullif", "least", "greatest"],
) -> Callable[[Scope, _Trees], Node]:
    def make(scope: Scope, arguments: _Trees) -> Node:
        operands = scope.operands(arguments)
        nodes = align(scope, operands)
        kind = nodes[0].type.kind
        if function in {"least", "greatest"} and kind not in ORDERED:
            raise operands[0].error("something that has a less and a greater")
        scope.use(f"{function}({kind})")
        return Choose(function, tuple(nodes), Type(kind))

    return make


def _concat(scope: Scope, arguments: _Trees) -> Node:
    operands = scope.operands(arguments)
    for operand in operands:
        require_value(operand)
        if operand.kind is not Kind.TEXT:
            raise operand.error("a text")
    scope.use("concat(text)")
    return Join(tuple(operand.node for operand in operands), skip_null=True)


_SPECIAL: Mapping[str, _Special] = {
    "now": _Special(_now, "now()", 0, 0),
    "today": _Special(_today, "today()", 0, 0),
    "ago": _Special(_ago, "ago('7d')"),
    "date": _Special(_date, "date(timestamp)"),
    "days_since": _Special(_days_since, "days_since(date or timestamp)"),
    "round": _Special(_round, "round(number) or round(number, digits)", 1, 2),
    "contains": _Special(_contains, "contains(text, text) or contains(list, value)", 2, 2),
    "coalesce": _Special(_chooser("coalesce"), "coalesce(value, value, …)", 2, _MANY),
    "nullif": _Special(_chooser("nullif"), "nullif(value, value)", 2, 2),
    "least": _Special(_chooser("least"), "least(value, value, …)", 2, _MANY),
    "greatest": _Special(_chooser("greatest"), "greatest(value, value, …)", 2, _MANY),
    "concat": _Special(_concat, "concat(text, text, …)", 2, _MANY),
    "any": _Special(summaries.any_item, "any(collection, condition)", 2, 2),
    "all": _Special(summaries.all_items, "all(collection, condition)", 2, 2),
    "count": _Special(summaries.count, "count(collection) or count(collection.field)"),
    "sum": _Special(summaries.total, "sum(collection.field)"),
    "max": _Special(summaries.largest, "max(collection.field); greatest(x, y) compares values"),
    "min": _Special(summaries.smallest, "min(collection.field); least(x, y) compares values"),
    "contacted": _Special(ledger.contacted, "contacted(action, '30d')", 2, 2),
    "answered": _Special(ledger.answered, "answered(action, outcome, '90d')", 3, 3),
    "last_contact": _Special(ledger.last_contact, "last_contact(channel)"),
}
