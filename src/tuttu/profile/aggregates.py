"""Counting, summing, choosing: one algebra for totals, windows, and the items of a collection.

A *cell* is what an aggregate keeps of a set of events. Cells join in any order and grouping with
the same result, so a total is one joined cell, a window joins the cells inside it, and a merged
customer joins those of their fragments. As in SQL, NULL values are ignored, and an aggregate over
no values is NULL, except `count`, which is 0.
"""

from collections.abc import Callable

from tuttu.profile.records import Stamped, newest
from tuttu.vocabulary import company, values


def cell(aggregate: company.Aggregate, stamped: Stamped) -> Stamped | None:
    """The cell of one event or item; None if its value is not counted."""
    value = stamped.value
    if value is None:
        return None
    if aggregate == "count":
        return Stamped(1)
    if aggregate in {"first", "last"}:
        return stamped
    if aggregate == "sum":
        return Stamped(value) if isinstance(value, int) and not isinstance(value, bool) else None
    return _extreme(value)


def join(aggregate: company.Aggregate, cells: list[Stamped]) -> Stamped:
    """One cell for all of them; there is at least one."""
    return _JOINS[aggregate](cells)


def outcome(aggregate: company.Aggregate, cells: list[Stamped]) -> values.Value:
    """What the trait reads; a sum beyond 64 bits is NULL."""
    if not cells:
        return 0 if aggregate == "count" else None
    joined = join(aggregate, cells)
    beyond = aggregate == "sum" and isinstance(joined.value, str)
    return None if beyond else joined.value


def _extreme(value: values.Value) -> Stamped | None:
    """Lists have no order; the two zeros of reals are one, else the order of events would show."""
    if isinstance(value, list):
        return None
    return Stamped(value + 0.0 if isinstance(value, float) else value)


def _total(cells: list[Stamped]) -> Stamped:
    """Exact in any order: a sum beyond 64 bits, which no record can hold, is kept as its digits,
    since the next value may bring it back."""
    total = sum(int(one.value) for one in cells if isinstance(one.value, int | str))
    return Stamped(total if values.INTEGER_MIN <= total <= values.INTEGER_MAX else str(total))


def _order(one: Stamped) -> tuple[bool, values.Value]:
    """Total even if a trait's type was changed: text comes after numbers."""
    return isinstance(one.value, str), one.value


def _first(cells: list[Stamped]) -> Stamped:
    return min(cells, key=lambda one: one.moment)


def _greatest(cells: list[Stamped]) -> Stamped:
    return max(cells, key=_order)


def _least(cells: list[Stamped]) -> Stamped:
    return min(cells, key=_order)


_JOINS: dict[company.Aggregate, Callable[[list[Stamped]], Stamped]] = {
    "count": _total,
    "sum": _total,
    "first": _first,
    "last": newest,
    "max": _greatest,
    "min": _least,
}
