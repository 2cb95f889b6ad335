"""Dates and shares as they are written in the project folder."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from tests.catalog.conftest import local

from tuttu.catalog.scalars import instant_after, share
from tuttu.vocabulary.conversion import LAST_INSTANT, parse_instant, to_instant
from tuttu.vocabulary.values import HOUR


@pytest.mark.parametrize(
    ("text", "zone", "start", "end"),
    [
        ("2026-03-01", "Europe/Helsinki", local(2026, 3, 1), local(2026, 3, 2)),
        ("2026-03-29", "Europe/Helsinki", local(2026, 3, 29), local(2026, 3, 30)),
        ("2024-02-29", "UTC", to_instant(datetime(2024, 2, 29, tzinfo=UTC)), None),
        ("2026-03-01T09:00", "Europe/Helsinki", local(2026, 3, 1, 9), local(2026, 3, 1, 9) + 1),
        ("2026-03-01T09:00Z", "Europe/Helsinki", local(2026, 3, 1, 11), None),
        ("2026-03-01T09:00+05:30", "UTC", local(2026, 3, 1, 5, 30), None),
    ],
)
def test_dates_are_days_of_the_project_s_zone(
    text: str, zone: str, start: int, end: int | None
) -> None:
    assert parse_instant(text, zone) == start
    assert end is None or instant_after(text, zone) == end


def test_the_day_the_clocks_change_has_23_hours() -> None:
    start = parse_instant("2026-03-29", "Europe/Helsinki")
    end = instant_after("2026-03-29", "Europe/Helsinki")
    assert start is not None
    assert end is not None
    assert end - start == 23 * HOUR


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "2025-02-29", "0000-01-01"])
def test_days_that_do_not_exist(text: str) -> None:
    assert parse_instant(text, "UTC") is None


def test_the_day_after_the_last_one_never_comes() -> None:
    assert instant_after("9999-12-31", "UTC") == LAST_INSTANT + 1


def test_shares() -> None:
    found = [share(text) for text in ("2%", "0.5%", "0.02", "1", "1e-400")]
    assert found == [Fraction(1, 50), Fraction(1, 200), Fraction(1, 50), Fraction(1), Fraction(0)]
