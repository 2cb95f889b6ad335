"""What is asked of a collection: any, all, count, sum, max, min."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal as Choice

from sqlglot import exp

from tuttu.policy.errors import PolicyError
from tuttu.policy.kinds import SUMMARIES
from tuttu.policy.names import collection, collection_field, parts
from tuttu.policy.scope import Scope, bare
from tuttu.policy.syntax import place
from tuttu.policy.tree import INTEGER, Aggregate, Node, Quantifier, Summary


def any_item(scope: Scope, arguments: Sequence[exp.Expr]) -> Node:
    return _quantifier(scope, "any", arguments)


def all_items(scope: Scope, arguments: Sequence[exp.Expr]) -> Node:
    return _quantifier(scope, "all", arguments)


def _quantifier(scope: Scope, word: Choice["any", "all"], arguments: Sequence[exp.Expr]) -> Node:
    if scope.items is not None:
        expected = f"a condition on one item of {scope.items}"
        raise PolicyError(f"{word}() inside any() or all()", expected, place(arguments[0]))
    scope.items = collection(scope, arguments[0])
    condition = scope.condition(arguments[1])
    node = Quantifier(word, scope.items, condition)
    scope.items = None
    scope.use(word)
    return node


def count(scope: Scope, arguments: Sequence[exp.Expr]) -> Node:
    """Of items, or of items whose field is known."""
    tree = bare(arguments[0])
    if isinstance(tree, exp.Column) and parts(tree)[0] is not None:
        return _aggregate(scope, "count", tree)
    scope.use("count(collection)")
    return Aggregate("count", collection(scope, tree), None, INTEGER)


def total(scope: Scope, arguments: Sequence[exp.Expr]) -> Node:
    return _aggregate(scope, "sum", arguments[0])


def largest(scope: Scope, arguments: Sequence[exp.Expr]) -> Node:
    return _aggregate(scope, "max", arguments[0])


def smallest(scope: Scope, arguments: Sequence[exp.Expr]) -> Node:
    return _aggregate(scope, "min", arguments[0])


def _aggregate(scope: Scope, function: Summary, tree: exp.Expr) -> Node:
    source, field, declared = collection_field(scope, tree)
    if declared.many or declared.kind not in SUMMARIES[function]:
        expected = f"a field of type {', '.join(SUMMARIES[function])}"
        found = f"the {declared} field {field!r} of {source}"
        raise PolicyError(found, expected, place(tree))
    scope.use(f"{function}(field {declared.kind})")
    return Aggregate(function, source, field, INTEGER if function == "count" else declared)
