"""When an event happened: Segment's rule, and what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu.intake import Accepted, Context, dedupe_key
from tuttu.intake.call import effective_time, read_instant
from tuttu.intake.errors import IntakeError
from tuttu.vocabulary.company import Company
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, SECOND

pytestmark = pytest.mark.fuzz

Send = Callable[..., Accepted]
EventOf = Callable[[Accepted], Event]

NOON = 1_772_366_400_000_000
"""2026-03-01T12:00:00Z."""


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01T12:00:00.000Z", NOON),
        ("2026-03-01T12:00:00.123456Z", NOON + 123_456),
        ("2026-03-01T12:00:00.123456789Z", NOON + 123_456),
        ("2026-03-01T12:00:00,5Z", NOON + 500_000),
        ("2026-03-01T14:00:00+02:00", NOON),
        ("2026-03-01T14:00:00+0200", NOON),
        ("2026-03-01T14:00:00+02", NOON),
        ("2026-03-01T07:30:00-04:30", NOON),
        ("2026-03-01T12:00:00", NOON),
        ("2026-03-01 12:00:00", NOON),
        ("2026-03-01 12:00:00 UTC", NOON),
        ("2026-03-01 14:00:00 +0200", NOON),
        ("2026-03-01t12:00:00z", NOON),
        (" 2026-03-01T12:00Z ", NOON),
        ("20260301T120000Z", NOON),
        ("2026-03-01", NOON - 12 * HOUR),
        (None, None),
    ],
)
def test_readable_timestamps(text: str | None, instant: int | None) -> None:
    assert read_instant(text, "timestamp", "UTC") == instant


@pytest.mark.parametrize(
    "value",
    [
        "", "yesterday", "1772355600", 1772355600, 1772355600.5, True, [], {},
        "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "10000-01-01T00:00:00Z",
        "2026-03-01T12:00:00+25:00", "0001-01-01T00:00:00+14:00\ud800", "\x00",
    ],
)  # fmt: skip
def test_unreadable_timestamps_say_what_is_expected(value: object) -> None:
    with pytest.raises(IntakeError, match=r"in `sentAt`; expected ISO 8601 text") as raised:
        read_instant(value, "sentAt", "UTC")
    assert raised.value.code == "bad_timestamp"


def at(instant: int) -> str:
    return datetime.fromtimestamp(instant / SECOND, UTC).isoformat()


TRACK = {"event": "Opened", "userId": "maija", "messageId": "m-1"}


@pytest.mark.parametrize(
    ("said", "time", "claimed"),
    [
        ({}, NOON, None),
        ({"timestamp": NOON - DAY}, NOON - DAY, None),
        ({"timestamp": NOON + 59 * MINUTE}, NOON, None),
        ({"timestamp": NOON + HOUR}, NOON, None),
        ({"timestamp": NOON + HOUR + SECOND}, NOON, NOON + HOUR + SECOND),
        ({"timestamp": NOON - DAY, "sentAt": NOON - DAY + HOUR}, NOON - HOUR, None),
        ({"timestamp": NOON + DAY, "sentAt": NOON + DAY}, NOON, None),
        ({"timestamp": NOON + DAY, "sentAt": NOON}, NOON, NOON + DAY),
        ({"originalTimestamp": NOON - DAY, "timestamp": NOON, "sentAt": NOON}, NOON - DAY, None),
        ({"originalTimestamp": NOON - DAY}, NOON - DAY, None),
        ({"sentAt": NOON - DAY}, NOON, None),
        ({"timestamp": NOON - DAY, "sentAt": NOON - HOUR}, NOON - DAY, None),
        (
            {"timestamp": NOON - DAY, "sentAt": NOON - HOUR - SECOND},
            NOON - DAY + HOUR + SECOND,
            None,
        ),
        ({"timestamp": NOON - DAY, "sentAt": NOON + SECOND}, NOON - DAY - SECOND, None),
    ],
)
def test_the_effective_time(
    send: Send, event_of: EventOf, said: dict[str, int], time: int, claimed: int | None
) -> None:
    call = {**TRACK, **{field: at(instant) for field, instant in said.items()}}
    accepted = send("track", call, now=NOON)
    event = event_of(accepted)
    assert (event.time, event.claimed, event.received) == (time, claimed, NOON)
    own = said.get("originalTimestamp", said.get("timestamp"))
    assert accepted.units[0].dedupe_keys == (dedupe_key("m-1", own),)
    assert accepted.units[0].facts[0].time == time


def test_year_2099_is_kept_at_the_time_of_receipt(send: Send, event_of: EventOf) -> None:
    event = event_of(send("track", {**TRACK, "timestamp": "2099-01-01T00:00:00Z"}, now=NOON))
    assert (event.time, event.claimed) == (NOON, 4_070_908_800_000_000)


def test_a_batch_says_when_it_was_sent(
    send: Send, events_of: Callable[[Accepted], list[Event]]
) -> None:
    early = {**TRACK, "timestamp": at(NOON - DAY)}
    own = {**early, "sentAt": at(NOON - DAY + MINUTE)}
    body = {"batch": [early, own], "sentAt": at(NOON - DAY + HOUR)}
    for call in body["batch"]:
        assert isinstance(call, dict)
        call["type"] = "track"
    events = events_of(send("batch", body, now=NOON))
    assert [event.time for event in events] == [NOON - HOUR, NOON - MINUTE]


def test_a_resent_event_has_the_same_key(send: Send) -> None:
    call = {**TRACK, "timestamp": at(NOON - DAY)}
    first = send("track", {**call, "sentAt": at(NOON)}, now=NOON)
    again = send("track", {**call, "sentAt": at(NOON + 3 * HOUR)}, now=NOON + 3 * HOUR)
    assert first.units[0].dedupe_keys == again.units[0].dedupe_keys


def test_before_the_earliest_event_is_a_dead_letter(send: Send, context: Context) -> None:
    earliest = context.project.company.earliest_event
    assert send("track", {**TRACK, "timestamp": at(earliest)}, now=NOON).refusal is None
    accepted = send("track", {**TRACK, "timestamp": at(earliest - SECOND)}, now=NOON)
    assert accepted.refusal is not None
    assert accepted.refusal.code == "too_early"
    assert "1999-12-31T23:59:59Z; expected none before 2000-01-01" in accepted.refusal.message


INSTANTS = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)


def company(earliest: int, skew: int = HOUR) -> Company:
    return Company(name="c", earliest_event=earliest, clock_skew=skew)


@given(own=st.none() | INSTANTS, sent=st.none() | INSTANTS, received=INSTANTS)
def test_effective_time_is_never_ahead_and_never_too_early(
    own: int | None, sent: int | None, received: int
) -> None:
    earliest = received - 1_000 * DAY
    try:
        time, claimed, latest = effective_time(own, sent, received, company(earliest))
    except IntakeError:
        assert own is not None
        assert min(own, own if sent is None else received - sent + own) < earliest
        return
    assert earliest <= time <= received
    assert latest is None or time < latest <= received
    if claimed is not None:
        assert (claimed, time) == (own, received)


LATE = st.integers(-DAY, DAY)


@given(
    owns=st.lists(st.integers(-2 * DAY, 0), min_size=2, max_size=4),
    late=st.lists(st.integers(0, HOUR), min_size=4, max_size=4),
    skew=st.integers(0, HOUR),
)
def test_calls_of_a_right_clock_keep_their_order_however_slow_they_were(
    owns: list[int], late: list[int], skew: int
) -> None:
    """Each was sent when it happened, or later, and received at most `clock_skew` after that."""
    times = []
    for own, delay in zip(sorted(owns), late, strict=False):
        slow = min(delay, skew)
        times.append(effective_time(own, own, own + slow, company(-3 * DAY, skew)).time)
    assert times == sorted(owns)


@given(own=LATE, wait=st.integers(0, DAY), wrong=LATE, skew=st.integers(0, HOUR))
def test_a_wrong_clock_is_corrected_by_its_fault(
    own: int, wait: int, wrong: int, skew: int
) -> None:
    """A call of a clock that is wrong by so much, sent after a wait and received at once."""
    received = own + wait
    said, sent = own + wrong, received + wrong
    time, _, latest = effective_time(said, sent, received, company(-9 * DAY, skew))
    if -skew <= wrong <= 0:
        assert (time, latest) == (said, own if wrong else None)
    else:
        assert (time, latest) == (own, None)
