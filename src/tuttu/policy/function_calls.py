"""Function calls of the typed tree: the table's functions, and those that need more than a line."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal as Choice
from typing import NamedTuple, TypeAlias, cast

from sqlglot import exp

from tuttu.policy import tree as t
from tuttu.policy.align import align, convert
from tuttu.policy.builder import Operand, TreeBuilder, bare, quoted_duration, require_value, unknown
from tuttu.policy.errors import PolicyError, nearest
from tuttu.policy.functions import BY_NAME, WHOLE_MAX, Function, Parameter
from tuttu.policy.kinds import CONVERSIONS, ORDERED, SUMMARIES
from tuttu.policy.names import collection, collection_field, parts
from tuttu.policy.operators import has
from tuttu.policy.syntax import place, shown
from tuttu.vocabulary import values
from tuttu.vocabulary.counting import so_many

SUBJECT = "action"
"""The bare word that means the action whose file contains the expression."""
MAX_DIGITS = 9
"""Decimals that round takes."""
MAX_GROWTH = 1_000
"""How many times longer than what it reads a text may become by replace inside replace."""

_Trees: TypeAlias = Sequence[exp.Expr]
_MANY = 100


class _Special(NamedTuple):
    """A function that is more than a line of the table."""

    make: Callable[[TreeBuilder, _Trees], t.Node]
    usage: str
    least: int = 1
    most: int = 1


def call(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    """Any function; its name may be in capital letters."""
    name, arguments = str(tree.this.name).lower(), tree.expressions
    if special := _SPECIAL.get(name):
        if not special.least <= len(arguments) <= special.most:
            found = f"{name} with {so_many(len(arguments), 'argument')}"
            raise PolicyError(found, special.usage, place(tree))
        return special.make(builder, arguments)
    if name not in BY_NAME:
        close = nearest(name, [*BY_NAME, *_SPECIAL])
        raise PolicyError(f"the unknown function {name!r}", "a function", place(tree), close)
    operands = builder.operands(arguments)
    return _plain(builder, name, operands) or _refuse(tree, name, operands)


def _plain(builder: TreeBuilder, name: str, operands: list[Operand]) -> t.Node | None:
    """The first function of this name that takes the operands."""
    for function in BY_NAME[name]:
        if _fits(function, operands):
            return _apply(builder, function, operands)
    return None


def _fits(function: Function, operands: list[Operand]) -> bool:
    return len(operands) == len(function.parameters) and all(
        _accepts(parameter, operand)
        for parameter, operand in zip(function.parameters, operands, strict=True)
    )


def _accepts(parameter: Parameter, operand: Operand) -> bool:
    node, kind = operand.node, operand.kind
    value = node.value if isinstance(node, t.Literal) else None
    if parameter.quoted:
        return isinstance(value, str) and (bool(value) or not parameter.filled)
    if parameter.low is not None:
        return (
            kind is values.Kind.INTEGER
            and isinstance(value, int)
            and (parameter.low <= value <= WHOLE_MAX)
        )
    return kind is parameter.kind or (kind, parameter.kind) in CONVERSIONS


def _apply(builder: TreeBuilder, function: Function, operands: list[Operand]) -> t.Node:
    for operand in operands:
        require_value(operand)
    pairs = zip(operands, function.parameters, strict=True)
    nodes = tuple(convert(builder, operand, parameter.kind) for operand, parameter in pairs)
    builder.use(function.key)
    node = t.FunctionCall(function.key, nodes, values.Type(function.result))
    if _growth(node) > MAX_GROWTH:
        raise operands[0].error(
            f"a text that {function.name} makes at most {MAX_GROWTH} times longer"
        )
    return node


def _growth(node: t.Node) -> float:
    """How many times longer than the texts that the node reads its own may be, at most."""
    if node.type.kind is not values.Kind.TEXT or isinstance(node, t.Literal):
        return 0.0
    if isinstance(node, t.FunctionCall) and node.function.startswith("replace("):
        text, old, new = node.arguments
        longer = _length(new) / _length(old)
        return _growth(text) * max(1.0, longer)
    return sum(map(_growth, t.children(node))) or 1.0


def _length(node: t.Node) -> int:
    return len(str(node.value)) if isinstance(node, t.Literal) else 0


def _refuse(tree: exp.Expr, name: str, operands: list[Operand]) -> t.Node:
    """Says which argument is wrong, or how many there should be."""
    same = [found for found in BY_NAME[name] if len(found.parameters) == len(operands)]
    if not same:
        usage = " or ".join(_usage(function) for function in BY_NAME[name])
        raise PolicyError(f"{name} with {so_many(len(operands), 'argument')}", usage, place(tree))
    for position, operand in enumerate(operands):
        require_value(operand)
        wanted = [function.parameters[position] for function in same]
        if not any(_accepts(parameter, operand) for parameter in wanted):
            raise operand.error(" or ".join(dict.fromkeys(map(str, wanted))))
    raise PolicyError(f"these arguments of {name}", _usage(same[0]), place(tree))


def _usage(function: Function) -> str:
    return f"{function.name}({', '.join(parameter.kind for parameter in function.parameters)})"


def _now(builder: TreeBuilder, _arguments: _Trees) -> t.Node:
    builder.use("now()")
    return t.Now()


def _today(builder: TreeBuilder, _arguments: _Trees) -> t.Node:
    builder.use("today()")
    return builder.day(t.Now())


def _ago(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    builder.use("ago(duration)")
    return t.Shift(t.Now(), -quoted_duration(arguments[0]))


def _date(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    builder.use("date(timestamp)")
    return builder.day(_timestamp(builder, arguments[0]))


def _hour(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    builder.use("hour(timestamp)")
    return builder.hour(_timestamp(builder, arguments[0]))


def _timestamp(builder: TreeBuilder, argument: exp.Expr) -> t.Node:
    operand = builder.operand(argument)
    if operand.kind is not values.Kind.TIMESTAMP or operand.node.type.many:
        raise operand.error("a timestamp")
    return operand.node


def _days_since(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    """Today minus the date: calendar dates."""
    operand = builder.operand(arguments[0])
    require_value(operand)
    if operand.kind not in {values.Kind.DATE, values.Kind.TIMESTAMP} and not operand.is_literal:
        raise operand.error("a date or a timestamp")
    builder.use(f"days_since({'timestamp' if operand.kind is values.Kind.TIMESTAMP else 'date'})")
    today = builder.day(t.Now())
    return t.Arithmetic("-", today, convert(builder, operand, values.Kind.DATE), t.INTEGER)


def _round(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    """With digits: multiplied, rounded, divided, all as real."""
    operands = builder.operands(arguments)
    if len(operands) == 1:
        return _plain(builder, "round", operands) or _refuse(arguments[0], "round", operands)
    factor = t.Literal(10.0 ** _digits(operands[1]), t.REAL)
    require_value(operands[0])
    scaled = t.Arithmetic("*", convert(builder, operands[0], values.Kind.REAL), factor, t.REAL)
    builder.use("round(real, digits)")
    return t.Arithmetic("/", t.FunctionCall("round(real)", (scaled,), t.REAL), factor, t.REAL)


def _digits(operand: Operand) -> int:
    value = operand.node.value if isinstance(operand.node, t.Literal) else None
    if (
        operand.kind is not values.Kind.INTEGER
        or not isinstance(value, int)
        or not 0 <= value <= MAX_DIGITS
    ):
        raise operand.error(f"a whole number from 0 to {MAX_DIGITS}")
    return value


def _contains(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    """A text in a text, or an element in a list column."""
    operands = builder.operands(arguments)
    first = operands[0].node
    if isinstance(first, t.Column) and first.type.many:
        return has(builder, first, operands[1], function=True)
    return _plain(builder, "contains", operands) or _refuse(arguments[0], "contains", operands)


def _choose(
    builder: TreeBuilder,
    arguments: _Trees,
    *,
    function: Choice["coalesce", "nullif", "least", "greatest"],
) -> t.Node:
    operands = builder.operands(arguments)
    nodes = align(builder, operands)
    kind = nodes[0].type.kind
    if function in {"least", "greatest"} and kind not in ORDERED:
        raise operands[0].error("something that has a less and a greater")
    builder.use(f"{function}({kind})")
    return t.Choose(function, tuple(nodes), values.Type(kind))


def _concat(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    operands = builder.operands(arguments)
    for operand in operands:
        require_value(operand)
        if operand.kind is not values.Kind.TEXT:
            raise operand.error("a text")
    builder.use("concat(text)")
    return t.Join(tuple(operand.node for operand in operands), skip_null=True)


def _quantifier(builder: TreeBuilder, arguments: _Trees, *, word: Choice["any", "all"]) -> t.Node:
    if builder.items is not None:
        expected = f"a condition on one item of {builder.items}"
        raise PolicyError(f"{word}() inside any() or all()", expected, place(arguments[0]))
    builder.items = collection(builder, arguments[0])
    condition = builder.condition(arguments[1])
    node = t.Quantifier(word, builder.items, condition)
    builder.items = None
    builder.use(word)
    return node


def _count(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    """Of items, or of items whose field is known."""
    tree = bare(arguments[0])
    if isinstance(tree, exp.Column) and parts(tree)[0] is not None:
        return _aggregate(builder, [tree], function="count")
    builder.use("count(collection)")
    return t.Aggregate("count", collection(builder, tree), None, t.INTEGER)


def _aggregate(builder: TreeBuilder, arguments: _Trees, *, function: t.Summary) -> t.Node:
    tree = arguments[0]
    source, field, declared = collection_field(builder, tree)
    if declared.many or declared.kind not in SUMMARIES[function]:
        expected = f"a field of type {', '.join(SUMMARIES[function])}"
        found = f"the {declared} field {field!r} of {source}"
        raise PolicyError(found, expected, place(tree))
    builder.use(f"{function}(field {declared.kind})")
    return t.Aggregate(function, source, field, t.INTEGER if function == "count" else declared)


def _contacted(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    action = _action(builder, arguments[0])
    builder.use("contacted")
    return t.Recent(values.contacted_column(action), quoted_duration(arguments[1]))


def _answered(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    action = _action(builder, arguments[0])
    outcome = _declared(arguments[1], "outcome", builder.schema.outcomes)
    builder.use("answered")
    return t.Recent(values.answered_column(action, outcome), quoted_duration(arguments[2]))


def _last_contact(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    channel = _declared(arguments[0], "channel", builder.schema.channels)
    builder.use("last_contact")
    return t.Column(values.last_contact_column(channel), t.TIMESTAMP)


def _late(builder: TreeBuilder, arguments: _Trees) -> t.Node:
    """What the owed action says of itself takes its place, so every executor knows it."""
    action = _action(builder, arguments[0])
    tree = getattr(builder.schema.late.get(action), "tree", None)
    if tree is None:
        raise PolicyError(
            f"the action {action!r}, which is never late here",
            "an action of a purpose of class owed that says `due`, about nothing or about what this"
            " rule is about; nothing owed can ask it",
            place(arguments[0]),
            nearest(action, builder.schema.late),
        )
    inner = builder.items is not None and any(isinstance(n, t.Quantifier) for n in t.walk(tree))
    if inner:
        expected = f"a condition on one item of {builder.items}"
        raise PolicyError(
            f"late of {action!r} inside any() or all()", expected, place(arguments[0])
        )
    builder.use("late")
    return cast("t.Node", tree)


def _action(builder: TreeBuilder, tree: exp.Expr) -> str:
    word = bare(tree)
    if not isinstance(word, exp.Column) or parts(word) != (None, SUBJECT):
        return _declared(tree, "action", builder.schema.actions)
    if builder.subject is None:
        expected = "a quoted action: only an action's own file has one to mean"
        raise PolicyError("the word action", expected, place(tree))
    return builder.subject


def _declared(tree: exp.Expr, what: str, known: frozenset[str]) -> str:
    """A declared name, bare or quoted."""
    tree = bare(tree)
    quoted = isinstance(tree, exp.Literal) and tree.is_string
    if not quoted and not (isinstance(tree, exp.Column) and parts(tree)[0] is None):
        raise PolicyError(shown(tree), f"the name of a declared {what}", place(tree))
    if tree.name not in known:
        raise unknown(tree, what, tree.name, known)
    return tree.name


_SPECIAL: Mapping[str, _Special] = {
    "now": _Special(_now, "now()", 0, 0),
    "today": _Special(_today, "today()", 0, 0),
    "ago": _Special(_ago, "ago('7d')"),
    "date": _Special(_date, "date(timestamp)"),
    "hour": _Special(_hour, "hour(timestamp)"),
    "days_since": _Special(_days_since, "days_since(date or timestamp)"),
    "round": _Special(_round, "round(number) or round(number, digits)", 1, 2),
    "contains": _Special(_contains, "contains(text, text) or contains(list, value)", 2, 2),
    "coalesce": _Special(
        partial(_choose, function="coalesce"), "coalesce(value, value, …)", 2, _MANY
    ),
    "nullif": _Special(partial(_choose, function="nullif"), "nullif(value, value)", 2, 2),
    "least": _Special(partial(_choose, function="least"), "least(value, value, …)", 2, _MANY),
    "greatest": _Special(
        partial(_choose, function="greatest"), "greatest(value, value, …)", 2, _MANY
    ),
    "concat": _Special(_concat, "concat(text, text, …)", 2, _MANY),
    "any": _Special(partial(_quantifier, word="any"), "any(collection, condition)", 2, 2),
    "all": _Special(partial(_quantifier, word="all"), "all(collection, condition)", 2, 2),
    "count": _Special(_count, "count(collection) or count(collection.field)"),
    "sum": _Special(partial(_aggregate, function="sum"), "sum(collection.field)"),
    "max": _Special(
        partial(_aggregate, function="max"), "max(collection.field); greatest(x, y) compares values"
    ),
    "min": _Special(
        partial(_aggregate, function="min"), "min(collection.field); least(x, y) compares values"
    ),
    "contacted": _Special(_contacted, "contacted(action, '30d')", 2, 2),
    "answered": _Special(_answered, "answered(action, outcome, '90d')", 3, 3),
    "late": _Special(_late, "late(action)"),
    "last_contact": _Special(_last_contact, "last_contact(channel)"),
}
