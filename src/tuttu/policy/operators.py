"""Constants and operators of the typed tree."""

from __future__ import annotations

from sqlglot import exp

from tuttu.policy.align import align, convert
from tuttu.policy.errors import PolicyError
from tuttu.policy.kinds import ARITHMETIC, NUMBERS, ORDERED, comparable
from tuttu.policy.literals import DAY_FORM, MOMENT_FORM, read_day, read_moment, read_number
from tuttu.policy.names import list_column
from tuttu.policy.scope import Operand, Scope, bare, describe, require_value
from tuttu.policy.syntax import place, shown
from tuttu.policy.times import shift
from tuttu.policy.tree import (
    BOOL,
    DATE,
    INTEGER,
    REAL,
    TEXT,
    TIMESTAMP,
    And,
    Arithmetic,
    Between,
    Case,
    Column,
    Compare,
    Comparison,
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
    Operator,
    Or,
    Switch,
)
from tuttu.vocabulary.values import Kind, Type

MAX_BRANCHES = 200
"""WHENs of one CASE."""


def literal(scope: Scope, tree: exp.Expr) -> Node:
    """A number or a text."""
    if tree.is_string:
        scope.use("text literal")
        return Literal(tree.name, TEXT)
    return _number(scope, tree, tree.name)


def _number(scope: Scope, tree: exp.Expr, written: str) -> Literal:
    value = read_number(written)
    if value is None:
        raise PolicyError(f"the number {written}", "an integer of 64 bits or a real", place(tree))
    kind = REAL if isinstance(value, float) else INTEGER
    scope.use(f"{kind} literal")
    return Literal(value, kind)


def truth(scope: Scope, tree: exp.Expr) -> Node:
    scope.use("bool literal")
    return Literal(bool(tree.this), BOOL)


def null(scope: Scope, _tree: exp.Expr) -> Node:
    """Its type is that of its company; only CASE takes it."""
    scope.use("NULL literal")
    return Literal(None, BOOL)


def typed_literal(scope: Scope, tree: exp.Expr) -> Node:
    """DATE '…' and TIMESTAMP '…'."""
    text = tree.name
    if tree.args["to"].this is exp.DType.DATE:
        value, form, kind = read_day(text), DAY_FORM, DATE
    else:
        value, form, kind = read_moment(text), MOMENT_FORM, TIMESTAMP
    if value is None:
        raise PolicyError(f"the text {text!r}", form, place(tree))
    scope.use(f"{kind} literal")
    return Literal(value, kind)


def negate(scope: Scope, tree: exp.Expr) -> Node:
    inner = bare(tree.this)
    if isinstance(inner, exp.Literal) and not inner.is_string:
        return _number(scope, inner, f"-{inner.name}")
    operand = scope.operand(tree.this)
    require_value(operand)
    if operand.kind not in NUMBERS:
        raise operand.error("a number after the minus sign")
    scope.use(f"-{operand.kind}")
    return Negate(operand.node, operand.node.type)


def invert(scope: Scope, tree: exp.Expr) -> Node:
    scope.use("NOT")
    return Not(scope.condition(tree.this))


def conjunction(scope: Scope, tree: exp.Expr) -> Node:
    scope.use("AND")
    return And(tuple(scope.condition(part) for part in _chain(tree, exp.And)))


def disjunction(scope: Scope, tree: exp.Expr) -> Node:
    scope.use("OR")
    return Or(tuple(scope.condition(part) for part in _chain(tree, exp.Or)))


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


_COMPARISONS: dict[type[exp.Expr], Comparison] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED: dict[Comparison, Comparison] = {
    "=": "=",
    "<>": "<>",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
}


def compare(scope: Scope, tree: exp.Expr) -> Node:
    """A constant is put on the right: ``0.6 > x`` means, and reads, ``x < 0.6``."""
    operator = _COMPARISONS[type(tree)]
    operands = scope.operands((tree.this, tree.args["expression"]))
    left, right = align(scope, operands, by_day=True)
    kind = left.type.kind
    if kind not in comparable(operator):
        raise operands[0].error("= or <> between conditions")
    scope.use(f"{kind} {operator} {kind}")
    if isinstance(left, Literal) and not isinstance(right, Literal):
        return Compare(_MIRRORED[operator], right, left)
    return Compare(operator, left, right)


def between(scope: Scope, tree: exp.Expr) -> Node:
    operands = scope.operands((tree.this, tree.args["low"], tree.args["high"]))
    operand, low, high = align(scope, operands, by_day=True)
    if operand.type.kind not in ORDERED:
        raise operands[0].error("something that has a less and a greater")
    scope.use(f"{operand.type.kind} BETWEEN")
    return Between(operand, low, high)


def member(scope: Scope, tree: exp.Expr) -> Node:
    """x IN (…), and x IN list."""
    if field := tree.args.get("field"):
        return has(scope, list_column(scope, field), scope.operand(tree.this))
    operands = scope.operands((tree.this, *tree.expressions))
    operand, *options = align(scope, operands, by_day=True)
    constant = all(isinstance(option, Literal) for option in options)
    scope.use(f"{operand.type.kind} IN {'literals' if constant else 'list'}")
    return In(operand, tuple(options))


def has(scope: Scope, column: Column, operand: Operand, *, function: bool = False) -> Node:
    """Whether a list column has the operand among its elements."""
    kind = column.type.kind
    require_value(operand)
    if operand.kind is not kind and not operand.is_literal:
        raise operand.error(f"a value of type {kind}, as the elements of {column.name!r} are")
    node = convert(scope, operand, kind)
    scope.use(f"contains([{kind}], {kind})" if function else f"{kind} IN [{kind}]")
    return Has(column, node)


def like(scope: Scope, tree: exp.Expr) -> Node:
    operand, pattern = scope.operand(tree.this), bare(tree.args["expression"])
    if operand.kind is not Kind.TEXT:
        raise operand.error("a text before LIKE")
    require_value(operand)
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        expected = "a quoted pattern; contains() and starts_with() take any text"
        raise PolicyError(shown(pattern), expected, place(pattern))
    scope.use("LIKE")
    return _negated(scope, tree, Like(operand.node, pattern.name))


def _negated(scope: Scope, tree: exp.Expr, node: Node) -> Node:
    """With the NOT that sqlglot keeps inside some predicates."""
    if not tree.args.get("negate"):
        return node
    scope.use("NOT")
    return Not(node)


def is_predicate(scope: Scope, tree: exp.Expr) -> Node:
    """IS NULL, IS TRUE, IS FALSE."""
    right = tree.args["expression"]
    if isinstance(right, exp.Null):
        return _negated(scope, tree, _is_null(scope, scope.operand(tree.this)))
    if not isinstance(right, exp.Boolean):
        raise PolicyError(shown(right), "NULL, TRUE or FALSE after IS", place(right))
    scope.use(f"IS {str(right.this).upper()}")
    return _negated(scope, tree, Is(scope.condition(tree.this), bool(right.this)))


def _is_null(scope: Scope, operand: Operand) -> Node:
    if operand.node.type.many:
        scope.use(f"{operand.node.type} IS NULL")
    else:
        require_value(operand)
        scope.use(f"{operand.kind} IS NULL")
    return IsNull(operand.node)


def case(scope: Scope, tree: exp.Expr) -> Node:
    """CASE WHEN condition THEN …, and CASE value WHEN other THEN …"""
    branches = tree.args["ifs"]
    if len(branches) > MAX_BRANCHES:
        expected = f"at most {MAX_BRANCHES}"
        raise PolicyError(f"CASE with {len(branches)} branches", expected, place(tree))
    values = [branch.args["true"] for branch in branches]
    if default := tree.args.get("default"):
        values.append(default)
    else:
        scope.use("CASE without ELSE")
    results, kind = _results(scope, scope.operands(values))
    last = results.pop() if default else Literal(None, Type(kind))
    if tree.this is None:
        scope.use(f"CASE WHEN {kind}")
        tests = [scope.condition(branch.this) for branch in branches]
        return Case(tuple(zip(tests, results, strict=True)), last, Type(kind))
    operands = scope.operands((tree.this, *(branch.this for branch in branches)))
    operand, *options = align(scope, operands, by_day=True)
    scope.use(f"CASE {operand.type.kind} WHEN")
    return Switch(operand, tuple(zip(options, results, strict=True)), last, Type(kind))


def _results(scope: Scope, operands: list[Operand]) -> tuple[list[Node], Kind]:
    """What CASE may yield, in one kind; NULL is of any."""
    known = [operand for operand in operands if not _is_bare_null(operand)]
    if not known:
        raise operands[0].error("at least one value that is not NULL")
    nodes = iter(align(scope, known))
    found = [None if _is_bare_null(operand) else next(nodes) for operand in operands]
    kind = next(node for node in found if node is not None).type
    return [node or Literal(None, kind) for node in found], kind.kind


def _is_bare_null(operand: Operand) -> bool:
    return isinstance(operand.node, Literal) and operand.node.value is None


def join(scope: Scope, tree: exp.Expr) -> Node:
    operands = scope.operands(_chain(tree, exp.DPipe))
    for operand in operands:
        require_value(operand)
        if operand.kind is not Kind.TEXT:
            raise operand.error("a text beside ||")
    scope.use("text || text")
    return Join(tuple(operand.node for operand in operands), skip_null=False)


_OPERATORS: dict[type[exp.Expr], Operator] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}


def arithmetic(scope: Scope, tree: exp.Expr) -> Node:
    operator = _OPERATORS[type(tree)]
    left, right = scope.operands((tree.this, tree.args["expression"]))
    require_value(left)
    require_value(right)
    if operator in {"+", "-"} and left.kind is Kind.TIMESTAMP and right.kind is Kind.TEXT:
        scope.use(f"timestamp {operator} duration")
        return shift(left.node, right, forwards=operator == "+")
    kinds = _as_money(left, right) if operator in {"+", "-"} else (left.kind, right.kind)
    rule = ARITHMETIC.get((operator, *kinds))
    if rule is None:
        raise right.error(_fitting(operator, left))
    scope.use(f"{kinds[0]} {operator} {kinds[1]}")
    sides = convert(scope, left, rule.left), convert(scope, right, rule.right)
    return Arithmetic(operator, *sides, Type(rule.result))


def _as_money(left: Operand, right: Operand) -> tuple[Kind, Kind]:
    """A number written beside money is money."""
    money = Kind.MONEY
    if left.kind is money and right.is_literal and right.kind in NUMBERS:
        return money, money
    if right.kind is money and left.is_literal and left.kind in NUMBERS:
        return money, money
    return left.kind, right.kind


def _fitting(operator: Operator, left: Operand) -> str:
    """What could stand on the right of the operator."""
    kinds = [right for found, kind, right in ARITHMETIC if (found, kind) == (operator, left.kind)]
    if left.kind is Kind.TEXT:
        return "|| to join texts; texts are not reckoned with"
    if left.kind is Kind.TIMESTAMP:
        return "a quoted duration such as '7d'; date(x) - date(y) and days_since(x) count days"
    if not kinds:
        return f"other kinds of value around {operator} than {describe(left.node)}"
    return f"a value of type {' or '.join(kinds)} after {describe(left.node)} {operator}"
