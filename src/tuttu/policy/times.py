"""Durations inside expressions."""

from __future__ import annotations

from sqlglot import exp

from tuttu.policy.durations import parse_duration
from tuttu.policy.errors import PolicyError
from tuttu.policy.scope import Operand, bare
from tuttu.policy.syntax import place, shown
from tuttu.policy.tree import Node, Shift
from tuttu.vocabulary.values import Duration


def duration(tree: exp.Expr) -> Duration:
    """The microseconds of a quoted duration. Raises `PolicyError`."""
    tree = bare(tree)
    if not isinstance(tree, exp.Literal) or not tree.is_string:
        raise PolicyError(shown(tree), "a quoted duration such as '30d'", place(tree))
    try:
        return parse_duration(tree.name)
    except PolicyError as error:
        start = place(tree) + 1 + error.offset
        raise PolicyError(error.found, error.expected, start) from None


def shift(node: Node, by: Operand, *, forwards: bool) -> Node:
    """A timestamp, a duration later or earlier."""
    distance = duration(by.tree)
    return Shift(node, distance if forwards else -distance)
