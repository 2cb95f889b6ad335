"""Two clocks, one law: the present never lies before a present that was told before."""

from __future__ import annotations

import contextlib
import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu import engine as use
from tuttu.api import ClockRequest
from tuttu.engine import Runtime, load_project, open_engine, scratch_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import ClockAhead
from tuttu.vocabulary.events import ClockTurnedBack, Event
from tuttu.web import SystemClock, catch_up
from tuttu.web.clock import ClockError
from tuttu.web.problems import problem_of

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


CORNER = Path(__file__).parent / "corner"
DAY = 86_400_000_000
BOUND = 300_000_000
"""Five minutes."""
NOON = 1_772_704_800_000_000

jumps = st.sampled_from([-400 * DAY, -DAY, -BOUND - 1, -BOUND, -1, 1, BOUND, DAY, 366 * DAY])


def page(number: int) -> bytes:
    return json.dumps({"userId": "maija", "messageId": f"m{number}"}).encode()


@given(st.lists(st.tuples(jumps, st.booleans()), min_size=1, max_size=12))
def test_no_fact_is_dated_ahead_of_the_machine_beyond_the_bound(
    turns: list[tuple[int, bool]],
) -> None:
    """However the machine's clock jumps: what is kept is in order until the clock is turned back,
    and what is refused is kept once the machine has caught up."""
    machine = [NOON]
    clock = SystemClock(lambda: machine[0])
    with closing(scratch_engine(load_project(CORNER), clock=clock)) as engine:
        newest = 0
        for number, (jump, back) in enumerate(turns):
            machine[0] += jump
            if back:
                use.set_clock(engine, ClockRequest(back=True))
                newest = machine[0] if clock.now() == machine[0] else newest
            ahead = max(0, newest - machine[0])
            assert use.clock(engine).ahead == ahead / 1_000_000
            if ahead > BOUND:
                with pytest.raises(ClockAhead):
                    use.accept(engine, "page", page(number), None, "test")
                with pytest.raises(ClockAhead):
                    use.ready(engine)
                continue
            assert use.ready(engine).clock_ahead == ahead / 1_000_000
            assert use.accept(engine, "page", page(number), None, "test").accepted == 1
            with engine.store.read() as snapshot:
                received = snapshot.facts(after=snapshot.position - 1)[0].fact.received
            assert received == max(newest, machine[0])
            newest = received


def test_a_clock_that_jumped_ahead_once_is_turned_back(tmp_path: Path) -> None:
    """Over restarts; the order of the log stays, and what was dated ahead is dated so still."""
    folder = shutil.copytree(CORNER, tmp_path / "corner")
    machine = [NOON + 366 * DAY]

    def opened() -> Runtime:
        clock = SystemClock(lambda: machine[0])
        engine = open_engine(folder, clock=clock)
        catch_up(clock, engine)
        return engine

    with closing(opened()) as engine:
        use.accept(engine, "page", page(1), None, "test")
    machine[0] = NOON
    with closing(opened()) as engine:
        assert use.clock(engine).ahead == 366 * 86_400
        with pytest.raises(ClockAhead) as refused:
            use.accept(engine, "page", page(2), None, "test")
        problem = problem_of(refused.value)
        assert (problem.status, problem.headers) == (503, {"Retry-After": "3600"})
        with pytest.raises(ClockAhead):
            use.reload(engine, "test")
        assert use.set_clock(engine, ClockRequest(back=True)).ahead == 0
    with closing(opened()) as engine:
        assert use.clock(engine).now == format_instant(NOON)
        assert use.accept(engine, "page", page(2), None, "test").accepted == 1
        with engine.store.read() as snapshot:
            received = [
                each.fact.received
                for each in snapshot.facts()
                if isinstance(each.fact.body, Event | ClockTurnedBack)
            ]
        assert received == [NOON + 366 * DAY, NOON, NOON]
        found = use.replay(engine)
        assert found.live == found.replayed
