"""What day and moment senders and files mean: midnight as it is written, else the company's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.builders import NOON
from tests.folders import write

from tuttu import catalog, intake
from tuttu import engine as use
from tuttu.api import TimelineQuery
from tuttu.engine import Runtime, open_engine
from tuttu.vocabulary import conversion, zones
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import convert, format_instant, parse_instant, to_instant
from tuttu.vocabulary.values import DAY, Kind, Type

ZONES = ("Europe/Helsinki", "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
FILES = {
    "tuttu.yaml": {"name": "corner", "zone": "Europe/Helsinki"},
    "identity.yaml": {"namespaces": {"user_id": {"unique": True}, "anonymous_id": {}}},
    "channels.yaml": {
        "channels": {"web": "in"},
        "surfaces": {"front": {"channel": "web", "default": "hello"}},
    },
    "consent.yaml": {"purposes": {"marketing": {"basis": "contract", "default": "in"}}},
    "events.yaml": {"events": {"Met": {"properties": {"at": "timestamp", "on": "date"}}}},
    "traits.yaml": {
        "traits": {
            "zone": {"type": "text"},
            "born": {"type": "date"},
            "seen": {"type": "timestamp"},
            "met_at": {"last": "at", "of": "events"},
            "met_on": {"last": "on", "of": "events"},
            "late": {"count": "events", "where": "at > '2026-03-01 00:30'"},
        }
    },
    "content/hello.web.en.liquid": "Hello\n",
}
DAYS = [
    ("1990-05-14", "1990-05-14"),
    ("2026-03-01T22:00:00.000Z", "2026-03-02"),
    ("2026-06-30T21:00:00.000Z", "2026-07-01"),
    ("2026-03-02T00:00:00.000Z", "2026-03-02"),
    ("2026-03-02T00:00:00+02:00", "2026-03-02"),
    ("2026-03-02T00:00:00-05:00", "2026-03-02"),
    ("2026-03-02T00:00:00", "2026-03-02"),
    ("2026-03-02 23:30", "2026-03-02"),
    ("2026-03-02T23:30:00Z", "2026-03-03"),
    ("2026-03-02T23:30:00-05:00", "2026-03-03"),
    ("2026-03-02T00:00:00.000001Z", "2026-03-02"),
    ("2026-03-02t21:59:59z", "2026-03-02"),
    ("02.03.2026", None),
    ("2026-03-02 or so", None),
    ("2026-02-30", None),
]
MOMENTS = [
    ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
    ("2026-03-01T12:00:00+01:00", "2026-03-01T11:00:00Z"),
    ("2026-03-01T12:00:00", "2026-03-01T10:00:00Z"),
    ("2026-07-01 12:00", "2026-07-01T09:00:00Z"),
    ("2026-03-01", "2026-02-28T22:00:00Z"),
    ("2026-03-29T03:30:00", "2026-03-29T01:30:00Z"),
    ("2025-10-26T03:30:00", "2025-10-26T00:30:00Z"),
]


@pytest.fixture
def company(tmp_path: Path) -> Path:
    return write(FILES, tmp_path / "corner")


@pytest.fixture
def engine(company: Path, storage_url: str) -> Iterator[Runtime]:
    with closing(open_engine(company, clock=ManualClock(NOON), storage=storage_url)) as opened:
        yield opened


Say = Callable[..., dict[str, Any]]


@pytest.fixture
def say(engine: Runtime) -> Say:
    """say(kind, …): the traits of the one customer after a call."""
    numbers = iter(range(1_000))

    def saying(kind: str, **said: Any) -> dict[str, Any]:
        call = {"userId": "maija", "messageId": f"m{next(numbers):04}", **said}
        use.accept(engine, kind, json.dumps(call).encode(), None, "shop")
        return use.customer(engine, {"user_id": "maija"}, "test").traits

    return saying


def test_a_date_is_the_day_that_was_meant(say: Say, engine: Runtime) -> None:
    for text, day in DAYS:
        say("identify", traits={"born": None})
        assert say("identify", traits={"born": text})["born"] == day, text
        if day is not None:
            assert say("track", event="Met", properties={"on": text})["met_on"] == day, text
    assert use.verify(engine).agree


def test_a_text_without_a_zone_is_of_the_company(say: Say, engine: Runtime) -> None:
    for text, instant in MOMENTS:
        assert say("identify", traits={"seen": text})["seen"] == instant, text
        assert say("track", event="Met", properties={"at": text})["met_at"] == instant, text
    assert use.verify(engine).agree


def test_so_are_the_times_of_a_call_and_those_in_conditions(say: Say, engine: Runtime) -> None:
    say(
        "track", event="Met", timestamp="2026-03-01T00:30:00", properties={"at": "2026-03-01 00:30"}
    )
    traits = say("track", event="Met", properties={"at": "2026-02-28T22:30:00.000001Z"})
    assert traits["late"] == 1
    entry = use.timeline(engine, {"user_id": "maija"}, "test", TimelineQuery()).entries[0]
    assert parse_instant(entry.time) == parse_instant("2026-02-28T22:30:00Z")


def test_a_zone_that_there_is_not_is_refused(say: Say) -> None:
    assert say("identify", traits={"zone": "America/New_York"})["zone"] == "America/New_York"
    for wrong in ("Europe/Helsingfors", "EET+2", "", "europe"):
        assert say("identify", traits={"zone": wrong})["zone"] == "America/New_York", wrong


def test_so_are_those_of_a_file(company: Path) -> None:
    zone = catalog.load(company).company.zone
    mapping = intake.load_mapping(
        "id: {row: number, prefix: x-}\n"
        "time: {column: time}\n"
        "who: {user_id: {column: who}}\n"
        "call: identify\n"
        "traits:\n"
        "  born: {column: day, type: date}\n"
        "  seen: {column: time, type: timestamp}\n"
        "  other: {column: time, type: timestamp, zone: America/New_York}\n",
        zone=zone,
    )
    rows = [
        intake.Row(
            number=1,
            text="",
            values={"who": "maija", "time": "2026-03-01 00:30", "day": "2026-03-01T22:00:00Z"},
        )
    ]
    (mapped,) = intake.map_rows(rows, mapping)
    call = json.loads(mapped.calls[0])
    assert call["timestamp"] == "2026-02-28T22:30:00Z"
    assert call["traits"] == {
        "born": "2026-03-02",
        "seen": "2026-02-28T22:30:00Z",
        "other": "2026-03-01T05:30:00Z",
    }


LOCAL = st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2090-01-01"))
DATE = Type(Kind.DATE)


@given(day=st.dates(), zone=st.sampled_from(ZONES), hours=st.integers(-14, 14))
def test_a_date_survives_every_way_of_writing_its_midnight(day: Any, zone: str, hours: int) -> None:
    """Bare, with any offset, without one, in UTC by the company's own clock, or in UTC."""
    assume(2 < day.year < 9999)
    meant = (day - conversion.EPOCH_DAY).days
    sign = "-" if hours < 0 else "+"
    there = to_instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    own = zones.instant_of(zone, there)
    written = [
        f"{day.isoformat()}",
        f"{day.isoformat()}T00:00:00",
        f"{day.isoformat()}T00:00:00Z",
        f"{day.isoformat()}T00:00:00.000{sign}{abs(hours):02}:00",
    ]
    local = zones.day_in(zone)(own) == meant and own % DAY != 0
    written += [format_instant(own)] if local else []
    for text in written:
        assert convert(text, DATE, zone) == meant, text


@given(local=LOCAL, zone=st.sampled_from(ZONES))
def test_a_local_time_is_read_as_the_standard_library_reads_it(local: datetime, zone: str) -> None:
    """Python's own zones, where both have a table; times that clocks show twice are the first."""
    expected = to_instant(local.replace(tzinfo=ZoneInfo(zone), fold=0))
    assert parse_instant(local.isoformat(), zone) == expected
