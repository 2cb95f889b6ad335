"""Limits per day: the calendar day of now, in the customer's zone, as anybody would count it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import HERE

from tuttu.ledger import History
from tuttu.ledger.contacts import AsOf
from tuttu.ledger.lifecycle import HistoryEntry
from tuttu.vocabulary.library import ContactLimit
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, Instant
from tuttu.vocabulary.verdicts import Contact
from tuttu.vocabulary.zones import day_ends

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
A_DAY = ContactLimit(name="one a day", at_most=1, window=None, where=HERE)
AT_HOME = ContactLimit(name="at home", at_most=1, window=None, group="household", where=HERE)
CHANGES = {
    "Europe/Helsinki": datetime(2026, 3, 29, 1, tzinfo=UTC),
    "America/New_York": datetime(2026, 11, 1, 6, tzinfo=UTC),
    "America/St_Johns": datetime(2005, 10, 30, 2, 31, tzinfo=UTC),  # at 00:01, back to 23:01
    "America/Sao_Paulo": datetime(2018, 11, 4, 3, tzinfo=UTC),  # at 00:00, on to 01:00
    "Pacific/Apia": datetime(2011, 12, 30, 10, tzinfo=UTC),  # without the 30th
    "Asia/Kathmandu": datetime(2026, 5, 1, tzinfo=UTC),
}
"""A change of each zone's clock, where it has one, and a few that fall on midnight."""


def _instant(moment: datetime) -> Instant:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _date(instant: Instant, zone: str) -> date:
    return (EPOCH + timedelta(microseconds=instant)).astimezone(ZoneInfo(zone)).date()


def _entry(
    number: int,
    made: Instant,
    action: str = "tv",
    views: tuple[Instant, ...] = (),
    *,
    outbound: bool = False,
) -> HistoryEntry:
    """Queued, or seen at these moments; held if at none."""
    state = "queued" if outbound else "counted" if views else "held"
    contact = Contact(
        id=f"d{number}.1",
        fragment=b"",
        action=action,
        treatment="web",
        issue_group="growth",
        owner="sales",
        purpose="marketing",
        channel="email" if outbound else "web",
        surface="front",
        state=state,
        time=views[0] if views else made,
        held_until=None if outbound else made + 30 * MINUTE,
        decision_id=f"d{number}",
    )
    return HistoryEntry(contact=contact, reserved=made, inbound=not outbound, views=views)


def _history(
    now: Instant, zone: str, entries: Sequence[HistoryEntry], home: str = "UTC"
) -> History:
    """home: the project's zone."""
    ordered = tuple(sorted(entries, key=lambda each: (each.contact.time, each.contact.id)))
    outbound = {"web": False, "email": True}
    return History(AsOf(now=now, zone=home, own_zone=zone, outbound=outbound), ordered, {}, {})


def _recounted(now: Instant, zone: str, entries: Sequence[HistoryEntry]) -> set[object]:
    """Each mail of today, and each action that was seen today or is held: once."""
    found: set[object] = set()
    for entry in entries:
        contact = entry.contact
        times = entry.views if entry.inbound else (contact.time,)
        if contact.state == "held" or _date(now, zone) in {_date(each, zone) for each in times}:
            found.add(contact.action if entry.inbound else contact.id)
    return found


_hours = st.integers(-40 * 60, 40 * 60).map(lambda minutes: minutes * MINUTE)
_entries = st.lists(
    st.tuples(
        _hours,
        st.sampled_from(["tv", "kept"]),
        st.lists(st.integers(0, 30 * 60), max_size=3),
        st.booleans(),
    ),
    max_size=5,
)


@pytest.mark.laws
@given(zone=st.sampled_from(sorted(CHANGES)), now=_hours, drawn=_entries)
def test_a_limit_per_day_counts_as_a_calendar_does(
    project: Project,
    zone: str,
    now: Instant,
    drawn: list[tuple[Instant, str, list[int], bool]],
) -> None:
    start = _instant(CHANGES[zone])
    now += start
    entries = []
    for number, (made, action, views, outbound) in enumerate(drawn):
        seen = tuple(sorted(start + made + after * MINUTE for after in views))
        if outbound or seen or now < start + made + 30 * MINUTE:
            entries.append(_entry(number, start + made, action, seen, outbound=outbound))
    history, counted = _history(now, zone, entries), _recounted(now, zone, entries)
    # One more than it allows says all.
    assert len(history.keys(A_DAY)) == min(len(counted), 2)
    mail = project.actions["extra"]
    assert history.breaks_limit(A_DAY, mail, mail.treatments["email"]) is (len(counted) >= 1)
    opens = history.opens(A_DAY)
    if opens is not None and not any(each.contact.state == "held" for each in entries):
        assert now < opens
        assert _date(opens - 1, zone) == _date(now, zone)
        assert _date(opens, zone) != _date(now, zone)


@pytest.mark.laws
@given(zone=st.sampled_from(sorted(CHANGES)), now=_hours)
def test_a_day_ends_where_the_date_changes(zone: str, now: Instant) -> None:
    now += _instant(CHANGES[zone])
    end = day_ends(zone, now)
    today = _date(now, zone)
    assert now < end <= now + 2 * DAY
    assert _date(end, zone) != today
    steps = range(now, end, MINUTE)
    assert {_date(each, zone) for each in (*steps, end - 1)} == {today}


HELSINKI = "Europe/Helsinki"
LATE = _instant(datetime(2026, 3, 10, 21, tzinfo=UTC))
"""23:00 in Helsinki."""


@pytest.mark.parametrize(
    ("after", "zone", "broken"),
    [
        (HOUR - 1, HELSINKI, True),
        (HOUR, HELSINKI, False),
        (HOUR, "UTC", True),
        (3 * HOUR - 1, "UTC", True),
        (3 * HOUR, "UTC", False),
        (7 * HOUR - 1, "America/New_York", True),
        (7 * HOUR, "America/New_York", False),
    ],
)
def test_the_day_is_that_of_the_customer(
    project: Project, after: Instant, zone: str, broken: bool
) -> None:
    history = _history(LATE + after, zone, [_entry(0, LATE, outbound=True)])
    action = project.actions["extra"]
    assert history.breaks_limit(A_DAY, action, action.treatments["email"]) is broken


def test_the_day_of_a_group_is_that_of_the_project(project: Project) -> None:
    action = project.actions["extra"]
    for after, broken in ((HOUR - 1, True), (HOUR, False)):
        history = _history(
            LATE + after, "UTC", [_entry(0, LATE, outbound=True)], home="Europe/Helsinki"
        )
        assert history.breaks_limit(AT_HOME, action, action.treatments["email"]) is broken


def test_what_is_seen_after_midnight_is_of_that_day_and_may_be_shown_again(
    project: Project,
) -> None:
    """Decided at 23:50, seen at 00:10."""
    made, seen = LATE + 50 * MINUTE, LATE + 70 * MINUTE
    history = _history(LATE + 2 * HOUR, HELSINKI, [_entry(0, made, "tv", (seen,))])
    tv, extra = project.actions["tv"], project.actions["extra"]
    assert not history.breaks_limit(A_DAY, tv, tv.treatments["web"])
    assert history.breaks_limit(A_DAY, extra, extra.treatments["web"])
    assert history.opens(A_DAY) == LATE + HOUR + DAY
