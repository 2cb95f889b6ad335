"""Which columns are known where a condition is TRUE, and which are always.

NULL makes a condition not TRUE, so what an action requires can be printed by its messages. In doubt
a column may be unknown.
"""

from collections.abc import Iterable

from tuttu.policy import CompiledExpression
from tuttu.policy import tree as t
from tuttu.vocabulary.library import Action
from tuttu.vocabulary.project import Project

Names = frozenset[str]
NOTHING: Names = frozenset()


def required_by(action: Action) -> Names:
    """Columns that are known of whoever passes the action's conditions, and is worth something."""
    conditions = [each.test for each in action.conditions]
    found = [
        known_if_true(each.tree) for each in conditions if isinstance(each, CompiledExpression)
    ]
    if isinstance(action.value, CompiledExpression):
        found.append(known_if_known(action.value.tree))
    return NOTHING.union(*found)


def known_if_true(node: t.Node) -> Names:
    """Columns that are not NULL where the node is TRUE."""
    match node:
        case t.And(operands):
            return NOTHING.union(*map(known_if_true, operands))
        case t.Or(operands):
            return _common(map(known_if_true, operands))
        case t.Not(t.IsNull(operand)):
            return known_if_known(operand)
        case t.Is(operand, truth):
            return known_if_true(operand) if truth else known_if_known(operand)
        case _:
            return known_if_known(node)


def known_if_known(node: t.Node) -> Names:
    """Columns without which the node is NULL."""
    match node:
        case t.Column(name):
            return frozenset({name})
        case t.Compare() | t.Arithmetic():
            return known_if_known(node.left) | known_if_known(node.right)
        case t.Not() | t.Convert() | t.Hour() | t.Shift() | t.Negate() | t.Like():
            return known_if_known(node.operand)
        case t.Between(operand) | t.In(operand):
            return known_if_known(operand)
        case t.FunctionCall(_, arguments):
            return NOTHING.union(*map(known_if_known, arguments))
        case _:
            return NOTHING


def always_known(project: Project) -> Names:
    """Columns that are never NULL: what is counted, sequences, and what is derived from nothing
    else, or with a default."""
    traits = [each for each in project.profile.traits.values() if each.group is None]
    known = frozenset(each.name for each in traits if each.aggregate == "count" or each.sequence)
    derived = {
        each.name: each.derived.tree
        for each in traits
        if isinstance(each.derived, CompiledExpression)
    }
    while found := {
        name for name, tree in derived.items() if name not in known and _is_known(tree, known)
    }:
        known |= found
    return known


def _is_known(node: t.Node, known: Names) -> bool:
    """Whether the node is never NULL, if these columns are not."""

    def each(*nodes: t.Node) -> bool:
        return all(_is_known(one, known) for one in nodes)

    match node:
        case t.Literal(value):
            found = value is not None
        case t.Column(name):
            found = name in known
        case t.IsNull() | t.Is() | t.Recent() | t.Now():
            found = True
        case t.Aggregate(function):
            found = function == "count"
        case t.And(operands) | t.Or(operands):
            found = each(*operands)
        case t.Not(operand) | t.Convert(operand) | t.Hour(operand):
            found = each(operand)
        case t.Compare():
            found = each(node.left, node.right)
        case t.Choose("coalesce", arguments):
            found = any(_is_known(one, known) for one in arguments)
        case t.Case(branches, default):
            found = each(default, *(value for _, value in branches))
        case _:
            found = False
    return found


def _common(found: Iterable[Names]) -> Names:
    sets = list(found)
    return frozenset.intersection(*sets) if sets else NOTHING
