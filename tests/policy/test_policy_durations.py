"""Durations as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu.policy import PolicyError, format_duration, parse_duration, split_until
from tuttu.policy.durations import MAX_DURATION
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, SECOND

pytestmark = pytest.mark.laws

GOOD = {
    "30d": 30 * DAY,
    "1d12h": 36 * HOUR,
    "2w": 14 * DAY,
    "90m": 90 * MINUTE,
    "15s": 15 * SECOND,
    "80ms": 80_000,
    "7us": 7,
    "0s": 0,
    "1w2d3h4m5s6ms7us": 9 * DAY + 3 * HOUR + 4 * MINUTE + 5 * SECOND + 6_007,
    "366000d": MAX_DURATION,
}
BAD = {
    "": 0,
    "30": 0,
    "d": 0,
    "30D": 0,
    "30 d": 0,
    " 30d": 0,
    "30d ": 3,
    "-3d": 0,
    "1.5d": 0,
    "12h1d": 3,
    "1d1d": 2,
    "1d2x": 2,
    "366001d": 0,
    "9999999999999999999d": 0,
    "٣d": 0,
    "P30D": 0,
}


@pytest.mark.parametrize(("text", "duration"), GOOD.items())
def test_duration_is_elapsed_time(text: str, duration: int) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(("text", "offset"), BAD.items())
def test_what_is_no_duration_is_an_error_with_its_place(text: str, offset: int) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_duration(text)
    assert caught.value.offset == offset


@given(st.integers(0, MAX_DURATION))
def test_formatted_duration_reads_back(duration: int) -> None:
    assert parse_duration(format_duration(duration)) == duration


def test_duration_is_told_in_days_and_less() -> None:
    assert format_duration(36 * HOUR) == "1d12h"
    assert format_duration(14 * DAY) == "14d"
    assert format_duration(0) == "0s"
    with pytest.raises(ValueError, match="never negative"):
        format_duration(-1)


def test_until_is_split_before_parsing() -> None:
    text = "3d after max(tickets.resolved_at)"
    duration, rest = split_until(text)
    assert (duration, rest) == (3 * DAY, "max(tickets.resolved_at)")
    assert text.endswith(rest)
    assert split_until(" 1h  AFTER  now() ") == (HOUR, "now() ")


@pytest.mark.parametrize(
    ("text", "offset"),
    [("3d", 0), ("3d after ", 0), ("after max(x)", 0), ("3x after now()", 0), (" 3d4 after x", 3)],
)
def test_what_has_no_duration_and_expression_is_an_error(text: str, offset: int) -> None:
    with pytest.raises(PolicyError) as caught:
        split_until(text)
    assert caught.value.offset == offset
