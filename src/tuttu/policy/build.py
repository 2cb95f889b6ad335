"""sqlglot's tree to the typed tree. A class of tree that is not listed here is an error."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tuttu.policy import operators
from tuttu.policy.calls import call
from tuttu.policy.names import column
from tuttu.policy.scope import Handler, Scope, require_value
from tuttu.policy.syntax import read
from tuttu.policy.tree import Node
from tuttu.vocabulary.values import Schema

_HANDLERS: Mapping[type[exp.Expr], Handler] = {
    exp.Column: column,
    exp.Literal: operators.literal,
    exp.Boolean: operators.truth,
    exp.Null: operators.null,
    exp.Cast: operators.typed_literal,
    exp.Neg: operators.negate,
    exp.Not: operators.invert,
    exp.And: operators.conjunction,
    exp.Or: operators.disjunction,
    exp.EQ: operators.compare,
    exp.NEQ: operators.compare,
    exp.LT: operators.compare,
    exp.LTE: operators.compare,
    exp.GT: operators.compare,
    exp.GTE: operators.compare,
    exp.Between: operators.between,
    exp.In: operators.member,
    exp.Like: operators.like,
    exp.Is: operators.is_predicate,
    exp.Case: operators.case,
    exp.DPipe: operators.join,
    exp.Add: operators.arithmetic,
    exp.Sub: operators.arithmetic,
    exp.Mul: operators.arithmetic,
    exp.Div: operators.arithmetic,
    exp.Mod: operators.arithmetic,
    exp.Anonymous: call,
}


def build(text: str, schema: Schema, subject: str | None) -> tuple[Node, frozenset[str]]:
    """The typed tree of a text, and the names of the constructs in it. Raises `PolicyError`."""
    scope = Scope(schema, subject, _HANDLERS)
    tree = read(text)
    operand = scope.operand(tree)
    require_value(operand)
    return operand.node, frozenset(scope.used)
