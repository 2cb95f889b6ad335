"""Conditions as clauses: what must hold of a row, each about few of its values.

Whether a condition has one truth distributes over AND, OR and NOT in three-valued logic: ``a OR b``
is TRUE if one of them is, FALSE if both are, and *not* TRUE if neither is. So NULL needs no case of
its own above the literals.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from tuttu.policy import tree as t
from tuttu.policy.index.atoms import Atom, AtomicCondition, RowValue, Slots, literal_of, whole
from tuttu.vocabulary.values import Scalar

MOST_CLAUSES = 16
"""Of one condition, where ORs of ANDs are multiplied out; what needs more is asked as a whole."""
_CACHE = 20_000


class Want(NamedTuple):
    """What a condition must be. holds False: it must *not* have this truth; NULL will do."""

    truth: bool
    holds: bool = True

    def of_operand(self) -> "Want":
        """What x must be for NOT x to be this."""
        return Want(not self.truth, self.holds)


class AtomTest(NamedTuple):
    """The atom is as it must be."""

    atom: Atom
    want: Want

    def passes(self, slot: int | None, slots: Slots) -> bool:
        return (self.atom.truth(slot, slots) is self.want.truth) is self.want.holds

    def constants(self) -> Iterable[Scalar]:
        return self.atom.constants


class Tests(NamedTuple):
    """Of one subject: every of them, or one, must pass."""

    parts: "tuple[Test, ...]"
    every: bool

    def passes(self, slot: int | None, slots: Slots) -> bool:
        passed = (each.passes(slot, slots) for each in self.parts)
        return all(passed) if self.every else any(passed)

    def constants(self) -> Iterable[Scalar]:
        return (constant for each in self.parts for constant in each.constants())


Test: TypeAlias = AtomTest | Tests
Clause: TypeAlias = dict[RowValue, Test]
"""It holds where one of its subjects passes its test."""


@lru_cache(maxsize=_CACHE)
def clauses_of(tree: t.Node, truth: bool) -> tuple[Clause, ...]:
    """All must hold for the condition to have the truth."""
    return tuple(_clauses(tree, Want(truth)))


def of_whole(tree: t.Node, truth: bool) -> tuple[Clause, ...]:
    """The same without a look inside."""
    return (_clause(whole(tree), Want(truth)),)


def _clauses(node: t.Node, want: Want) -> list[Clause]:
    match node:
        case t.Not(operand):
            return _clauses(operand, want.of_operand())
        case t.Is(operand, truth):
            # It is never NULL: where it is not TRUE the operand has the other truth, or none.
            return _clauses(operand, Want(truth, holds=want.truth is want.holds))
        case t.Between(operand, low, high):
            both = t.And((t.Compare(">=", operand, low), t.Compare("<=", operand, high)))
            return _clauses(both, want)
        case t.And(operands) | t.Or(operands):
            parts = [_clauses(each, want) for each in operands]
            if isinstance(node, t.And) is (want.truth is want.holds):
                return narrowed(clause for part in parts for clause in part)
            return _multiplied(parts) or [_clause(whole(node), want)]
    return [_clause(literal_of(node), want)]


def _clause(literal: AtomicCondition, want: Want) -> Clause:
    return {literal.subject: AtomTest(literal.atom, want.of_operand() if literal.negated else want)}


def _multiplied(parts: Sequence[list[Clause]]) -> list[Clause] | None:
    """One of the parts holds, as clauses which all hold; None: they would be too many."""
    found: list[Clause] = [{}]
    for part in parts:
        if len(found) * len(part) > MOST_CLAUSES:
            return None
        found = [_either(one, other) for one in found for other in part]
    return found


def _either(one: Clause, other: Clause) -> Clause:
    joined = dict(one)
    for subject, test in other.items():
        joined[subject] = _together(joined.get(subject), test, every=False)
    return joined


def narrowed(clauses: Iterable[Clause]) -> list[Clause]:
    """Clauses about one and the same subject alone are one test."""
    alone: dict[RowValue, Test] = {}
    found = []
    for clause in clauses:
        if len(clause) == 1:
            [(subject, test)] = clause.items()
            alone[subject] = _together(alone.get(subject), test, every=True)
        else:
            found.append(clause)
    return [{subject: test} for subject, test in alone.items()] + found


def _together(one: Test | None, other: Test, *, every: bool) -> Test:
    if one is None or one == other:
        return other
    before = one.parts if isinstance(one, Tests) and one.every is every else (one,)
    return Tests((*before, other), every)
