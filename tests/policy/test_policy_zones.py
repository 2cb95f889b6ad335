"""Calendar dates in a zone: the table against Python's zones, and the SQL against DuckDB's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.conftest import OWN_ZONES, Duck

from tuttu.policy import duckdb_value, parse, to_sql
from tuttu.vocabulary.values import DAY, SECOND, ZONE, Kind, Schema, Type
from tuttu.vocabulary.zones import (
    FIRST_DATE,
    FIRST_INSTANT,
    LAST_DATE,
    LAST_INSTANT,
    day_in,
    zone_of,
    zone_or,
)

pytestmark = pytest.mark.laws

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.toordinal()
FROM, TO = -2_208_988_800, 4_102_444_800 - 1
"""1900-01-01 and the last second of 2099."""


@given(
    st.sampled_from(["Europe/Helsinki", "America/Vancouver", "Africa/Casablanca", "Asia/Gaza"]),
    st.integers(FROM, TO),
)
def test_date_is_that_of_the_zone(zone: str, second: int) -> None:
    there = (EPOCH + timedelta(seconds=second)).astimezone(ZoneInfo(zone))
    assert day_in(zone)(second * 1_000_000) == there.toordinal() - EPOCH_DAY


def test_every_change_is_found(zones: Sequence[str]) -> None:
    for zone in zones:
        table = zone_of(zone)
        for change, before, after in zip(
            table.changes, table.offsets, table.offsets[1:], strict=False
        ):
            source = ZoneInfo(zone)
            at = EPOCH + timedelta(microseconds=change)
            earlier = (at - timedelta(seconds=1)).astimezone(source).utcoffset()
            assert (earlier, at.astimezone(source).utcoffset()) == (
                timedelta(microseconds=before),
                timedelta(microseconds=after),
            )


def test_date_stays_within_the_calendar(zones: Sequence[str]) -> None:
    for zone in zones:
        assert FIRST_DATE <= day_in(zone)(FIRST_INSTANT) <= FIRST_DATE + 1
        assert LAST_DATE - 1 <= day_in(zone)(LAST_INSTANT) <= LAST_DATE


def test_sql_agrees_with_duckdbs_own_zones_where_both_know_the_same_rules(
    schema_in: Callable[[str], Schema],
) -> None:
    """Helsinki's rules are the same in every release of the tz database from 1970 on."""
    connection = duckdb.connect()
    date = to_sql(parse("date(a_timestamp)", schema_in("Europe/Helsinki")))
    wrong = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {date} <> "
        "CAST(timezone('Europe/Helsinki', timezone('UTC', a_timestamp)) AS DATE)) "
        "FROM (SELECT TIMESTAMP '1970-01-01' + to_minutes(CAST(range * 337 AS BIGINT)) "
        "AS a_timestamp FROM range(200000))"
    ).fetchall()
    connection.close()
    assert wrong == [(200_000, 0)]


@pytest.mark.parametrize("zone", ["Nowhere/Town", "", "../etc"])
def test_what_is_no_zone_is_an_error(zone: str) -> None:
    with pytest.raises((ZoneInfoNotFoundError, ValueError, OSError)):
        zone_of(zone)


def test_days_since_counts_calendar_dates() -> None:
    schema = Schema(columns={"at": Type(Kind.TIMESTAMP)}, zone="Europe/Helsinki")
    expression: Any = parse("days_since(at)", schema)
    midnight = 20_541 * DAY - 2 * 3_600_000_000
    assert expression({"now": midnight, "at": midnight - 1}) == 1
    assert expression({"now": midnight, "at": midnight}) == 0
    assert expression({"now": midnight - 1, "at": midnight}) == -1


PROJECT = "Europe/Helsinki"
OWN = Schema(
    columns={"at": Type(Kind.TIMESTAMP), "born": Type(Kind.DATE), ZONE: Type(Kind.TEXT)},
    zone=PROJECT,
    own_zone=ZONE,
)
OWN_TEXTS = (
    "date(at)",
    "today()",
    "days_since(at)",
    "days_since(born)",
    "at <= born",
    "isodow(at)",
    "hour(at)",
)
OF_CUSTOMERS = [None, *OWN_ZONES]


@st.composite
def moments(draw: st.DrawFn) -> tuple[str | None, int, int]:
    """A zone, and two instants: anywhere in the calendar, about a change of that zone's clock, a
    midnight there, or where the calendar begins and ends."""
    own = draw(st.sampled_from(OF_CUSTOMERS))
    table = zone_of(zone_or(own, PROJECT))
    edges = [FIRST_INSTANT, LAST_INSTANT, 0, *table.changes]
    midnights = st.integers(FIRST_DATE + 1, LAST_DATE).map(lambda day: day * DAY)
    near = st.one_of(st.sampled_from(edges), midnights.map(lambda at: at - table.offset(at)))
    beside = st.builds(lambda at, by: at + by, near, st.sampled_from([-SECOND, -1, 0, 1, SECOND]))
    anywhere = st.one_of(st.integers(FIRST_INSTANT, LAST_INSTANT), beside)
    inside = anywhere.map(lambda at: min(max(at, FIRST_INSTANT), LAST_INSTANT))
    return own, draw(inside), draw(inside)


@given(st.lists(moments(), min_size=1, max_size=40))
def test_both_executors_count_by_the_customers_calendar(
    drawn: list[tuple[str | None, int, int]],
) -> None:
    """And within the table's years as Python's own zones do."""
    rows: list[dict[str, Any]] = [
        {ZONE: own, "at": at, "now": now, "born": now // DAY} for own, at, now in drawn
    ]
    expressions = [parse(text, OWN) for text in OWN_TEXTS]
    with closing(Duck(OWN, rows)) as relation:
        found = relation.values(expressions)
    for row, values in zip(rows, found, strict=True):
        for expression, theirs in zip(expressions, values, strict=True):
            assert duckdb_value(expression(row), expression.type) == theirs, (expression, row)
        if FROM * SECOND <= row["at"] <= TO * SECOND:
            there = (EPOCH + timedelta(microseconds=row["at"])).astimezone(
                ZoneInfo(zone_or(row[ZONE], PROJECT))
            )
            assert expressions[0](row) == there.toordinal() - EPOCH_DAY
