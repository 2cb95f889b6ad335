"""Aggregates as SQL, over events or over items alike."""

from typing import NamedTuple

from tuttu.policy import to_sql
from tuttu.vocabulary.company import Trait
from tuttu.vocabulary.values import Instant


class Made(NamedTuple):
    """A table with one row for some customers. columns: name to what those have who are not in
    it."""

    table: str
    columns: dict[str, str]


class Population(NamedTuple):
    """Of whom rows are made. customers: a table with `CUSTOMER`, `PROFILING`, ``now``, and the
    ledger's columns that derived traits read. fragments: a table of whose the fragments are; one
    may be of several."""

    customers: str
    fragments: str


class Counted(NamedTuple):
    """What is aggregated, in SQL. order: by which the values of a masked column compare. time,
    rank: the order for first and last."""

    value: str
    order: str | None
    time: str
    rank: str


def aggregated(trait: Trait, counted: Counted | None, where: str) -> str:
    """An aggregate expression. counted None: all rows count."""
    if counted is None:
        return f"count(*) FILTER (WHERE {where})"
    value, order = counted.value, f"ORDER BY {counted.time}, {counted.rank}"
    known = f"FILTER (WHERE {value} IS NOT NULL AND {where})"
    match trait.aggregate:
        case "count":
            return f"count(*) {known}"
        case "sum":
            return f"TRY_CAST(sum({value}) {known} AS BIGINT)"
        case "first" | "last":
            return f"{trait.aggregate}({value} {order}) {known}"
    if counted.order is None:
        return f"{trait.aggregate}({value}) {known}"
    return f"arg_{trait.aggregate}({value}, {counted.order}) {known}"


def nothing(trait: Trait) -> str:
    """The value for no rows: counts are 0, all else is NULL."""
    return "0" if trait.aggregate == "count" else "NULL"


def passing(trait: Trait, time: str, now: Instant) -> str:
    """The condition under which an event or item counts; a window has both of its ends."""
    tests = [f"({to_sql(trait.test)}) IS TRUE"] if trait.test is not None else []
    if trait.window is not None:
        tests.append(f"{time} BETWEEN {moment(now - trait.window)} AND {moment(now)}")
    return " AND ".join(tests) or "TRUE"


def moment(instant: Instant) -> str:
    return f"make_timestamp({instant})"
