"""What is asked of the ledger: whom we contacted, what came of it. Each is a column of the row."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tuttu.policy.errors import PolicyError
from tuttu.policy.names import parts
from tuttu.policy.scope import Scope, bare, unknown
from tuttu.policy.syntax import place, shown
from tuttu.policy.times import duration
from tuttu.policy.tree import TIMESTAMP, Column, Node, Recent
from tuttu.vocabulary.values import answered_column, contacted_column, last_contact_column

SUBJECT = "action"
"""The bare word that means the action whose file the expression stands in."""


def contacted(scope: Scope, arguments: Sequence[exp.Expr]) -> Node:
    action = _action(scope, arguments[0])
    scope.use("contacted")
    return Recent(contacted_column(action), duration(arguments[1]))


def answered(scope: Scope, arguments: Sequence[exp.Expr]) -> Node:
    action = _action(scope, arguments[0])
    outcome = _declared(arguments[1], "outcome", scope.schema.outcomes)
    scope.use("answered")
    return Recent(answered_column(action, outcome), duration(arguments[2]))


def last_contact(scope: Scope, arguments: Sequence[exp.Expr]) -> Node:
    channel = _declared(arguments[0], "channel", scope.schema.channels)
    scope.use("last_contact")
    return Column(last_contact_column(channel), TIMESTAMP)


def _action(scope: Scope, tree: exp.Expr) -> str:
    word = bare(tree)
    if not isinstance(word, exp.Column) or parts(word) != (None, SUBJECT):
        return _declared(tree, "action", scope.schema.actions)
    if scope.subject is None:
        expected = "a quoted action: only an action's own file has one to mean"
        raise PolicyError("the word action", expected, place(tree))
    return scope.subject


def _declared(tree: exp.Expr, what: str, known: frozenset[str]) -> str:
    """A declared name, bare or quoted."""
    tree = bare(tree)
    quoted = isinstance(tree, exp.Literal) and tree.is_string
    if not quoted and not (isinstance(tree, exp.Column) and parts(tree)[0] is None):
        raise PolicyError(shown(tree), f"the name of a declared {what}", place(tree))
    if tree.name not in known:
        raise unknown(tree, what, tree.name, known)
    return tree.name
