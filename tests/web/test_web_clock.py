"""Two clocks, one law: the present never lies before a present that was told before."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant
from tuttu.web import SystemClock, catch_up
from tuttu.web.clock import ClockError

instants = st.integers(0, 4_102_444_800_000_000)


@given(instants, st.lists(instants))
def test_a_manual_clock_never_goes_back(start: int, wishes: list[int]) -> None:
    clock = ManualClock(start)
    told = [clock.now()]
    for wish in wishes:
        with contextlib.suppress(ValueError):
            clock.set(wish)
        told.append(clock.now())
    assert told == sorted(told)
    assert told[-1] == max([start, *wishes])


def test_the_system_clock_stands_still_while_the_machine_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = iter(
        [2_000_000_000_000_000_000, 1_000_000_000_000_000_000, 2_000_000_000_000_001_000]
    )
    monkeypatch.setattr("time.time_ns", lambda: next(machine))
    clock = SystemClock()
    assert [clock.now() for _ in range(3)] == [
        2_000_000_000_000_000,
        2_000_000_000_000_000,
        2_000_000_000_000_001,
    ]


def test_the_system_clock_is_not_before_what_is_known() -> None:
    clock = SystemClock()
    clock.wait_until(4_102_444_800_000_000)
    assert clock.now() == 4_102_444_800_000_000
    clock.wait_until(0)
    assert clock.now() == 4_102_444_800_000_000


def test_time_does_not_go_back_over_a_restart(corner: Any) -> None:
    corner.client.put("/v1/clock", json={"now": "2098-01-01T00:00:00Z"})
    corner.client.post("/v1/identify", json={"userId": "maija"})
    corner.client.put("/v1/clock", json={"now": "2099-01-01T00:00:00Z"})
    corner.issue("shop", "ingest")
    clock = SystemClock()
    catch_up(clock, corner.engine)
    assert format_instant(clock.now()) == "2098-01-01T00:00:00Z"
    with pytest.raises(ClockError, match="expected 2098-01-01T00:00:00Z or later"):
        catch_up(ManualClock(0), corner.engine)


def test_a_key_issued_before_a_story_begins_is_of_no_time(corner: Any) -> None:
    catch_up(ManualClock(0), corner.engine)
