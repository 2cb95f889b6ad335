"""Which kinds of value go together, and what comes of them: the tables of the typed language."""

from collections.abc import Mapping

import msgspec

from tuttu.policy.tree import Comparison, Operator, Summary
from tuttu.vocabulary.values import Kind

NUMBERS = (Kind.INTEGER, Kind.MONEY, Kind.REAL)
ORDERED = (*NUMBERS, Kind.TEXT, Kind.DATE, Kind.TIMESTAMP)
"""Kinds that have a less and a greater; bool has only equal and unequal."""

COMPARISONS: tuple[Comparison, ...] = ("=", "<>", "<", "<=", ">", ">=")
EQUALITIES: tuple[Comparison, ...] = ("=", "<>")


def comparable(operator: str) -> tuple[Kind, ...]:
    """Kinds that a comparison takes."""
    return tuple(Kind) if operator in EQUALITIES else ORDERED


class Rule(msgspec.Struct, frozen=True):
    """An operator on two kinds: what each side is converted to first, and the result."""

    left: Kind
    right: Kind
    result: Kind


def _rules() -> Mapping[tuple[Operator, Kind, Kind], Rule]:
    integer, money, real, date = Kind.INTEGER, Kind.MONEY, Kind.REAL, Kind.DATE
    rules: dict[tuple[Operator, Kind, Kind], Rule] = {}
    operators: tuple[Operator, ...] = ("+", "-", "*", "/")
    for operator in operators:
        for left in NUMBERS:
            for right in NUMBERS:
                rules[operator, left, right] = Rule(real, real, real)
    sums: tuple[Operator, ...] = ("+", "-")
    for operator in sums:
        rules[operator, integer, integer] = Rule(integer, integer, integer)
        for left, right in ((money, money), (money, integer), (integer, money)):
            rules[operator, left, right] = Rule(money, money, money)
        rules[operator, date, integer] = Rule(date, integer, date)
    rules["+", integer, date] = Rule(integer, date, date)
    rules["-", date, date] = Rule(date, date, integer)
    rules["*", integer, integer] = Rule(integer, integer, integer)
    rules["*", money, integer] = Rule(money, integer, money)
    rules["*", integer, money] = Rule(integer, money, money)
    del rules["*", money, money]
    rules["%", integer, integer] = Rule(integer, integer, integer)
    return rules


ARITHMETIC = _rules()
"""Money and real meet as real, in currency units; an integer beside money means such units too."""

CONVERSIONS = (
    (Kind.INTEGER, Kind.REAL),
    (Kind.INTEGER, Kind.MONEY),
    (Kind.MONEY, Kind.REAL),
    (Kind.TIMESTAMP, Kind.DATE),
)
"""All that `tuttu.policy.tree.Convert` does."""

SUMMARIES: Mapping[Summary, tuple[Kind, ...]] = {
    "count": tuple(Kind),
    "sum": (Kind.INTEGER, Kind.MONEY),
    "max": ORDERED,
    "min": ORDERED,
}
"""Kinds of field that an aggregate takes. No sum of real: its result would hang on the order."""
