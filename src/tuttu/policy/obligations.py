"""What is owed to a customer, as conditions on their row: is it fulfilled, is it late.

They are made of an action's own expressions, so that every executor runs them, and what reads one
reads what the action does.
"""

from collections.abc import Sequence

from tuttu.policy import tree as t
from tuttu.policy.expression import CompiledExpression
from tuttu.vocabulary.values import Instant

NOTHING: frozenset[str] = frozenset()


def is_fulfilled(column: str, due: CompiledExpression | None) -> CompiledExpression:
    """Whether a contact has fulfilled it: one for the due that holds now, or, where none is known,
    any. Never NULL. column: `fulfilled_column` of the action."""
    last = t.Column(column, t.TIMESTAMP)
    tree: t.Node = t.Not(t.IsNull(last))
    if due is not None:
        same = t.Is(t.Compare("=", last, due.tree), truth=True)
        tree = t.Case(((t.IsNull(due.tree), tree),), same, t.BOOL)
    return CompiledExpression("fulfilled", tree, NOTHING)


def is_late(
    due: CompiledExpression,
    fulfilled: CompiledExpression,
    conditions: Sequence[CompiledExpression],
    *,
    live: bool = True,
    period: tuple[Instant | None, Instant | None] = (None, None),
) -> CompiledExpression:
    """Whether it is past its due, not fulfilled, and still owed: the action is live and valid, and
    all its conditions are TRUE. Never NULL. period: when it becomes valid, and is no more."""
    start, end = period
    tests: list[t.Node] = [t.Is(t.Compare("<", due.tree, t.Now()), truth=True)]
    if not live:
        tests.append(t.Literal(False, t.BOOL))
    if start is not None:
        tests.append(t.Compare(">=", t.Now(), t.Literal(start, t.TIMESTAMP)))
    if end is not None:
        tests.append(t.Compare("<", t.Now(), t.Literal(end, t.TIMESTAMP)))
    tests.append(t.Not(fulfilled.tree))
    tests += [t.Is(each.tree, truth=True) for each in conditions]
    return CompiledExpression("late", t.And(tuple(tests)), NOTHING)


def keeps_on(condition: CompiledExpression, late: CompiledExpression) -> bool:
    """Whether the condition asks `late`, and can never be FALSE while that is TRUE: by its AND, OR
    and NOT alone, whatever else it asks."""
    named = any(each == late.tree for each in t.walk(condition.tree))
    return named and not _can_be(False, condition.tree, late.tree)


def _can_be(wanted: bool, node: t.Node, late: t.Node) -> bool:
    """Whether the node can be TRUE, or FALSE, while `late` is TRUE."""
    if node == late:
        return wanted
    match node:
        case t.Not():
            return _can_be(not wanted, node.operand, late)
        case t.And() | t.Or():
            enough = any if wanted == isinstance(node, t.Or) else all
            return enough(_can_be(wanted, each, late) for each in node.operands)
    return True
