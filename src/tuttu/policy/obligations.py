"""What is owed to a customer, as conditions on their row: is it fulfilled, is it late.

They are made of an action's own expressions, so that every executor runs them, and what reads one
reads what the action does.
"""

from collections.abc import Sequence
from itertools import product

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


Outcomes = frozenset[bool | None]
ANY: Outcomes = frozenset({True, False, None})


def keeps_on(condition: CompiledExpression, late: CompiledExpression) -> bool:
    """Whether the condition asks `late`, and can never be FALSE while that is TRUE: by its AND, OR
    and NOT alone, whatever else it asks."""
    named = any(each == late.tree for each in t.walk(condition.tree))
    return named and False not in _outcomes(condition.tree, late.tree)


def _outcomes(node: t.Node, given: t.Node) -> Outcomes:
    """What the node can be while `given` is TRUE."""
    if node == given:
        return frozenset({True})
    match node:
        case t.Not():
            below = _outcomes(node.operand, given)
            return frozenset(None if each is None else not each for each in below)
        case t.Is():
            return frozenset(each is node.truth for each in _outcomes(node.operand, given))
        case t.And() | t.Or():
            decisive = isinstance(node, t.Or)
            found: Outcomes = frozenset({not decisive})
            for each in node.operands:
                pairs = product(found, _outcomes(each, given))
                found = frozenset(_joined(pair, decisive) for pair in pairs)
            return found
    return ANY


def _joined(operands: Sequence[bool | None], decisive: bool) -> bool | None:
    """decisive: the operand that settles it, TRUE of OR and FALSE of AND."""
    if decisive in operands:
        return decisive
    return None if None in operands else not decisive
