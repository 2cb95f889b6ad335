"""Aggregates, items and sequences against a computation by hand from the list of events."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu.profile import read
from tuttu.storage import Snapshot
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Value

pytestmark = pytest.mark.laws

WINDOW = 10
Order = tuple[int, str, int | None]
"""(time, message id, amount in whole units)."""


def _expected(orders: list[Order], suffix: str) -> dict[str, Value]:
    said = sorted((time, mid, amount) for time, mid, amount in orders if amount is not None)
    amounts = [amount * 10_000 for _, _, amount in said]
    times = [time for time, _, _ in orders]
    expected: dict[str, Value] = {
        "orders": len(orders),
        "priced": len(said),
        "spent": sum(amounts) if amounts else None,
        "first": amounts[0] if amounts else None,
        "last": amounts[-1] if amounts else None,
        "max": max(amounts, default=None),
        "min": min(amounts, default=None),
        "ordered_at": max(times, default=None),
    }
    return {name + suffix: value for name, value in expected.items()}


AMOUNTS = st.none() | st.integers(-3, 3)
STEP = st.integers(0, 8)


@given(
    drawn=st.lists(st.tuples(STEP, AMOUNTS, st.booleans()), max_size=80),
    shuffle=st.randoms(use_true_random=False),
    later=st.integers(0, 25),
)
def test_windows_and_totals_are_exact(
    drawn: list[tuple[int, int | None, bool]],
    shuffle: random.Random,
    later: int,
    project: Project,
    call: Callable[..., Event],
    heard: Callable[..., AbstractContextManager[Snapshot]],
    person: Callable[..., Customer],
) -> None:
    """At every present from the newest event on; among events that do not count."""
    orders: list[Order] = []
    events: list[Event] = []
    time = 0
    for number, (step, amount, counts) in enumerate(drawn):
        time += step
        name = "Order" if counts else "Visit"
        events.append(call(f"m{number:02}", time, name, amount=amount))
        if counts:
            orders.append((time, f"m{number:02}", amount))
    shuffle.shuffle(events)
    now = time + later
    young = [order for order in orders if now - WINDOW <= order[0] <= now]
    expected = _expected(orders, "") | _expected(young, "_10")
    with heard(project, events) as snapshot:
        row = read(snapshot, person(snapshot, "maija"), project, now, profiling=True)
    assert {name: row[name] for name in expected} == expected


TICKET = st.tuples(
    st.integers(0, 9),
    st.sampled_from("AB"),
    st.dictionaries(st.sampled_from(["status", "fee"]), st.sampled_from([None, 1, 2]), max_size=2),
)


@given(drawn=st.lists(TICKET, max_size=20))
def test_items_are_the_last_of_each_field(
    drawn: list[tuple[int, str, dict[str, int | None]]],
    project: Project,
    call: Callable[..., Event],
    heard: Callable[..., AbstractContextManager[Snapshot]],
    person: Callable[..., Customer],
) -> None:
    numbered = [(time, f"m{at:02}", key, said) for at, (time, key, said) in enumerate(drawn)]
    expected: dict[str, dict[str, Value]] = {}
    for _, _, key, said in sorted(numbered, key=lambda one: one[:2]):
        item = expected.setdefault(key, {"ticket_id": key, "status": None, "fee": None})
        if "status" in said:
            item["status"] = None if said["status"] is None else str(said["status"])
        if "fee" in said:
            item["fee"] = None if said["fee"] is None else said["fee"] * 10_000
    events = [
        call(mid, time, "Ticket Opened", ticket_id=key, **said) for time, mid, key, said in numbered
    ]
    with heard(project, events) as snapshot:
        row = read(snapshot, person(snapshot, "maija"), project, 10, profiling=True)
    items = [expected[key] for key in sorted(expected)]
    fees = [item["fee"] for item in items if isinstance(item["fee"], int)]
    assert row["tickets"] == items
    assert row["fees"] == (sum(fees) if fees else None)
    assert row["open_tickets"] == len(items)


@given(
    drawn=st.lists(st.tuples(st.integers(0, 90), st.sampled_from("RC")), max_size=12),
    now=st.integers(0, 90),
)
def test_sequence_is_found_where_any_events_make_one(
    drawn: list[tuple[int, str]],
    now: int,
    project: Project,
    call: Callable[..., Event],
    heard: Callable[..., AbstractContextManager[Snapshot]],
    person: Callable[..., Customer],
) -> None:
    numbered = [(time, f"m{at:02}", kind) for at, (time, kind) in enumerate(drawn)]
    reports = [(time, mid) for time, mid, kind in numbered if kind == "R" and time <= now]
    contracts = [(time, mid) for time, mid, kind in numbered if kind == "C" and time <= now]
    expected = any(
        report < contract and contract[0] - report[0] <= 30
        for report in reports
        for contract in contracts
    )
    lately = any(
        report < one < last and last[0] - report[0] <= 30 and now - 20 <= last[0]
        for report in reports
        for one in contracts
        for last in contracts
    )
    names = {"R": "Report Viewed", "C": "Contract Viewed"}
    events = [call(mid, time, names[kind]) for time, mid, kind in numbered]
    with heard(project, events) as snapshot:
        row = read(snapshot, person(snapshot, "maija"), project, now, profiling=True)
    assert row["left_report"] is expected
    assert row["left_lately"] is lately
