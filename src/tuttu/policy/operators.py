"""Constants and operators of the typed tree."""

from sqlglot import exp

from tuttu.policy import tree as t
from tuttu.policy.align import align, convert
from tuttu.policy.builder import (
    Operand,
    TreeBuilder,
    bare,
    describe,
    quoted_duration,
    require_value,
)
from tuttu.policy.errors import PolicyError
from tuttu.policy.kinds import ARITHMETIC, NUMBERS, ORDERED, comparable
from tuttu.policy.literals import DAY_FORM, MOMENT_FORM, read_day, read_moment, read_number
from tuttu.policy.names import list_column
from tuttu.policy.syntax import place, shown
from tuttu.vocabulary.values import Kind, Type

MAX_BRANCHES = 200
"""WHENs of one CASE."""


def literal(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    """A number or a text."""
    if tree.is_string:
        builder.use("text literal")
        return t.Literal(tree.name, t.TEXT)
    return _number(builder, tree, tree.name)


def _number(builder: TreeBuilder, tree: exp.Expr, written: str) -> t.Literal:
    value = read_number(written)
    if value is None:
        raise PolicyError(f"the number {written}", "an integer of 64 bits or a real", place(tree))
    kind = t.REAL if isinstance(value, float) else t.INTEGER
    builder.use(f"{kind} literal")
    return t.Literal(value, kind)


def truth(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    builder.use("bool literal")
    return t.Literal(bool(tree.this), t.BOOL)


def null(builder: TreeBuilder, _tree: exp.Expr) -> t.Node:
    """Its type is that of its company; only CASE takes it."""
    builder.use("NULL literal")
    return t.Literal(None, t.BOOL)


def typed_literal(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    """DATE '…' and TIMESTAMP '…'."""
    text = tree.name
    if tree.args["to"].this is exp.DType.DATE:
        value, form, kind = read_day(text), DAY_FORM, t.DATE
    else:
        value, form, kind = read_moment(text, builder.zone), MOMENT_FORM, t.TIMESTAMP
    if value is None:
        raise PolicyError(f"the text {text!r}", form, place(tree))
    builder.use(f"{kind} literal")
    return t.Literal(value, kind)


def negate(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    inner = bare(tree.this)
    if isinstance(inner, exp.Literal) and not inner.is_string:
        return _number(builder, inner, f"-{inner.name}")
    operand = builder.operand(tree.this)
    require_value(operand)
    if operand.kind not in NUMBERS:
        raise operand.error("a number after the minus sign")
    builder.use(f"-{operand.kind}")
    return t.Negate(operand.node, operand.node.type)


def invert(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    builder.use("NOT")
    return t.Not(builder.condition(tree.this))


def conjunction(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    builder.use("AND")
    return t.And(tuple(builder.condition(part) for part in _chain(tree, exp.And)))


def disjunction(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    builder.use("OR")
    return t.Or(tuple(builder.condition(part) for part in _chain(tree, exp.Or)))


def _chain(tree: exp.Expr, link: type[exp.Expr]) -> list[exp.Expr]:
    """The parts of a chain of one associative operator, from left to right."""
    found: list[exp.Expr] = []
    waiting = [tree]
    while waiting:
        part = bare(waiting.pop())
        if isinstance(part, link):
            waiting += [part.args["expression"], part.this]
        else:
            found.append(part)
    return found


_COMPARISONS: dict[type[exp.Expr], t.Comparison] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED: dict[t.Comparison, t.Comparison] = {
    "=": "=",
    "<>": "<>",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
}


def compare(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    """A constant is put on the right: ``0.6 > x`` means, and reads, ``x < 0.6``."""
    operator = _COMPARISONS[type(tree)]
    operands = builder.operands((tree.this, tree.args["expression"]))
    left, right = align(builder, operands, by_day=True)
    kind = left.type.kind
    if kind not in comparable(operator):
        raise operands[0].error("= or <> between conditions")
    builder.use(f"{kind} {operator} {kind}")
    if isinstance(left, t.Literal) and not isinstance(right, t.Literal):
        return t.Compare(_MIRRORED[operator], right, left)
    return t.Compare(operator, left, right)


def between(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    operands = builder.operands((tree.this, tree.args["low"], tree.args["high"]))
    operand, low, high = align(builder, operands, by_day=True)
    if operand.type.kind not in ORDERED:
        raise operands[0].error("something that has a less and a greater")
    builder.use(f"{operand.type.kind} BETWEEN")
    return t.Between(operand, low, high)


def member(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    """x IN (…), and x IN list."""
    if field := tree.args.get("field"):
        return has(builder, list_column(builder, field), builder.operand(tree.this))
    operands = builder.operands((tree.this, *tree.expressions))
    operand, *options = align(builder, operands, by_day=True)
    constant = all(isinstance(option, t.Literal) for option in options)
    builder.use(f"{operand.type.kind} IN {'literals' if constant else 'list'}")
    return t.In(operand, tuple(options))


def has(
    builder: TreeBuilder, column: t.Column, operand: Operand, *, function: bool = False
) -> t.Node:
    """Whether a list column has the operand among its elements."""
    kind = column.type.kind
    require_value(operand)
    if operand.kind is not kind and not operand.is_literal:
        raise operand.error(f"a value of type {kind}, as the elements of {column.name!r} are")
    node = convert(builder, operand, kind)
    builder.use(f"contains([{kind}], {kind})" if function else f"{kind} IN [{kind}]")
    return t.Has(column, node)


def like(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    operand, pattern = builder.operand(tree.this), bare(tree.args["expression"])
    if operand.kind is not Kind.TEXT:
        raise operand.error("a text before LIKE")
    require_value(operand)
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        expected = "a quoted pattern; contains() and starts_with() take any text"
        raise PolicyError(shown(pattern), expected, place(pattern))
    builder.use("LIKE")
    return _negated(builder, tree, t.Like(operand.node, pattern.name))


def _negated(builder: TreeBuilder, tree: exp.Expr, node: t.Node) -> t.Node:
    """With the NOT that sqlglot keeps inside some predicates."""
    if not tree.args.get("negate"):
        return node
    builder.use("NOT")
    return t.Not(node)


def is_predicate(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    """IS NULL, IS TRUE, IS FALSE."""
    right = tree.args["expression"]
    if isinstance(right, exp.Null):
        return _negated(builder, tree, _is_null(builder, builder.operand(tree.this)))
    if not isinstance(right, exp.Boolean):
        raise PolicyError(shown(right), "NULL, TRUE or FALSE after IS", place(right))
    builder.use(f"IS {str(right.this).upper()}")
    return _negated(builder, tree, t.Is(builder.condition(tree.this), bool(right.this)))


def _is_null(builder: TreeBuilder, operand: Operand) -> t.Node:
    if operand.node.type.many:
        builder.use(f"{operand.node.type} IS NULL")
    else:
        require_value(operand)
        builder.use(f"{operand.kind} IS NULL")
    return t.IsNull(operand.node)


def case(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    """CASE WHEN condition THEN …, and CASE value WHEN other THEN …"""
    branches = tree.args["ifs"]
    if len(branches) > MAX_BRANCHES:
        expected = f"at most {MAX_BRANCHES}"
        raise PolicyError(f"CASE with {len(branches)} branches", expected, place(tree))
    values = [branch.args["true"] for branch in branches]
    if default := tree.args.get("default"):
        values.append(default)
    else:
        builder.use("CASE without ELSE")
    results, kind = _results(builder, builder.operands(values))
    last = results.pop() if default else t.Literal(None, Type(kind))
    if tree.this is None:
        builder.use(f"CASE WHEN {kind}")
        tests = [builder.condition(branch.this) for branch in branches]
        return t.Case(tuple(zip(tests, results, strict=True)), last, Type(kind))
    operands = builder.operands((tree.this, *(branch.this for branch in branches)))
    operand, *options = align(builder, operands, by_day=True)
    builder.use(f"CASE {operand.type.kind} WHEN")
    return t.Switch(operand, tuple(zip(options, results, strict=True)), last, Type(kind))


def _results(builder: TreeBuilder, operands: list[Operand]) -> tuple[list[t.Node], Kind]:
    """What CASE may yield, in one kind; NULL is of any."""
    known = [operand for operand in operands if not _is_bare_null(operand)]
    if not known:
        raise operands[0].error("at least one value that is not NULL")
    nodes = iter(align(builder, known))
    found = [None if _is_bare_null(operand) else next(nodes) for operand in operands]
    kind = next(node for node in found if node is not None).type
    return [node or t.Literal(None, kind) for node in found], kind.kind


def _is_bare_null(operand: Operand) -> bool:
    return isinstance(operand.node, t.Literal) and operand.node.value is None


def join(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    operands = builder.operands(_chain(tree, exp.DPipe))
    for operand in operands:
        require_value(operand)
        if operand.kind is not Kind.TEXT:
            raise operand.error("a text beside ||")
    builder.use("text || text")
    return t.Join(tuple(operand.node for operand in operands), skip_null=False)


_OPERATORS: dict[type[exp.Expr], t.Operator] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}


def arithmetic(builder: TreeBuilder, tree: exp.Expr) -> t.Node:
    operator = _OPERATORS[type(tree)]
    left, right = builder.operands((tree.this, tree.args["expression"]))
    require_value(left)
    require_value(right)
    if operator in {"+", "-"} and left.kind is Kind.TIMESTAMP and right.kind is Kind.TEXT:
        builder.use(f"timestamp {operator} duration")
        by = quoted_duration(right.tree)
        return t.Shift(left.node, by if operator == "+" else -by)
    kinds = _as_money(left, right) if operator in {"+", "-"} else (left.kind, right.kind)
    rule = ARITHMETIC.get((operator, *kinds))
    if rule is None:
        raise right.error(_fitting(operator, left))
    builder.use(f"{kinds[0]} {operator} {kinds[1]}")
    sides = convert(builder, left, rule.left), convert(builder, right, rule.right)
    return t.Arithmetic(operator, *sides, Type(rule.result))


def _as_money(left: Operand, right: Operand) -> tuple[Kind, Kind]:
    """A number written beside money is money."""
    money = Kind.MONEY
    if left.kind is money and right.is_literal and right.kind in NUMBERS:
        return money, money
    if right.kind is money and left.is_literal and left.kind in NUMBERS:
        return money, money
    return left.kind, right.kind


def _fitting(operator: t.Operator, left: Operand) -> str:
    """What could be on the right of the operator."""
    kinds = [right for found, kind, right in ARITHMETIC if (found, kind) == (operator, left.kind)]
    if left.kind is Kind.TEXT:
        return "|| to join texts; texts are not calculated with"
    if left.kind is Kind.TIMESTAMP:
        return "a quoted duration such as '7d'; date(x) - date(y) and days_since(x) count days"
    if not kinds:
        return f"other kinds of value around {operator} than {describe(left.node)}"
    return f"a value of type {' or '.join(kinds)} after {describe(left.node)} {operator}"
