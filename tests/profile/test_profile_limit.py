"""What rules see of a collection with more items than its limit, against a slow computation."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders
from tests.builders import BOOL, HandWritten

from tuttu import profile
from tuttu.profile import beyond_limits, group_row, own_row, state_of
from tuttu.profile.records import FRAGMENTS, ITEMS, ORDERED_ITEMS
from tuttu.storage import Snapshot, Store, open_store
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.facts import Table
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Row, Value

Call = Callable[..., Event]
Heard = Callable[..., AbstractContextManager[Snapshot]]
Person = Callable[..., Customer]

LIMIT = 3
PEOPLE = ("maija", "anonymous", "matti")
IS_CLOSED = HandWritten(
    "status = 'resolved' AND fee IS NOT NULL",
    BOOL,
    lambda item: item["status"] == "resolved" and item["fee"] is not None,
    frozenset({"status", "fee"}),
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from([None, "open", "resolved", "resolved"]),
        "fee": st.sampled_from([None, 1, 2]),
    },
)
TOLD = st.tuples(st.integers(-3, 9), st.sampled_from(PEOPLE), st.integers(0, 9), SAID)
Told = tuple[int, str, int, dict[str, Value]]
"""When, by whom, about which ticket, and what."""


def _limited(project: Project, limit: int) -> Project:
    tickets = msgspec.structs.replace(
        project.profile.collections["tickets"], closed=IS_CLOSED, limit=limit
    )
    kept = msgspec.structs.replace(project.profile, collections={"tickets": tickets})
    return msgspec.structs.replace(project, profile=kept)


@pytest.fixture(scope="module")
def limited(project: Project) -> Project:
    return _limited(project, LIMIT)


def _expected(told: list[Told], limit: int) -> tuple[list[Row], int]:
    """The items that are seen, in the order of keys, and how many are not: the events in order,
    each item as the last one left it, then the live ones and the closed ones, newest first."""
    items: dict[str, dict[str, Value]] = {}
    times: dict[str, int] = {}
    for time, _, (_, _, number, said) in sorted(
        ((one[0], place, one) for place, one in enumerate(told)), key=lambda each: each[:2]
    ):
        key = f"T{number}"
        item = items.setdefault(key, {"ticket_id": key, "status": None, "fee": None})
        item |= {name: _kept(value) for name, value in said.items()}
        times[key] = time
    live = [key for key, item in items.items() if not IS_CLOSED(item)]
    newest = sorted(items, key=lambda key: (times[key], key), reverse=True)
    seen = [key for key in newest if key in live] + [key for key in newest if key not in live]
    return [items[key] for key in sorted(seen[:limit])], max(0, len(items) - limit)


def _kept(value: Value) -> Value:
    return value * 10_000 if isinstance(value, int) else value


def _calls(call: Call, told: list[Told], who: str | None = None) -> list[Event]:
    return [
        call(f"m{at:04}", time, "Ticket Opened", who=who or by, ticket_id=f"T{number}", **said)
        for at, (time, by, number, said) in enumerate(told)
    ]


def _seen(snapshot: Snapshot, customer: Customer, project: Project) -> tuple[Value, int]:
    state = state_of(snapshot, customer, project)
    row = own_row(project, state, 10, profiling=True)
    return row["tickets"], beyond_limits(project, state).get("tickets", 0)


@pytest.mark.laws
@given(
    told=st.lists(TOLD, max_size=30),
    shuffle=st.randoms(use_true_random=False),
    cut=st.integers(0, 30),
)
def test_the_newest_live_ones_are_seen_and_then_the_newest_closed_ones(
    told: list[Told],
    shuffle: random.Random,
    cut: int,
    limited: Project,
    call: Call,
    heard: Heard,
    person: Person,
) -> None:
    """In any order of arrival, under one identifier or several, as a customer or as a group."""
    events = _calls(call, told)
    shuffled = shuffle.sample(events, len(events))
    expected = _expected(told, LIMIT)
    with heard(limited, shuffled[:cut], shuffled[cut:]) as apart:
        assert _seen(apart, person(apart, *PEOPLE), limited) == expected
        alone = [one for one in told if one[1] == "maija"]
        assert _seen(apart, person(apart, "maija"), limited) == _expected(alone, LIMIT)
        members = [
            profile.ProfiledMember(state_of(apart, person(apart, each), limited), profiling=True)
            for each in PEOPLE
        ]
        assert group_row(limited, members, 10)["tickets"] == expected[0]
    with heard(limited, _calls(call, told, "maija")) as together:
        assert _seen(together, person(together, "maija"), limited) == expected


@pytest.fixture
def store(storage_url: str, tmp_path: Path, limited: Project) -> Iterator[Store]:
    with closing(open_store(storage_url, tmp_path)) as store:
        store.register([profile.ROOM.live_folds(limited)])
        yield store


def _many(chance: random.Random, count: int, keys: int, people: Sequence[str]) -> list[Told]:
    """Most under the first one's identifier; times are often equal."""
    statuses: list[Value] = ["open", "resolved", "resolved", None]
    weights = [10, *[1] * (len(people) - 1)]
    return [
        (
            chance.randrange(keys // 4),
            chance.choices(people, weights)[0],
            chance.randrange(keys),
            {"status": chance.choice(statuses), "fee": chance.choice([1, None])},
        )
        for _ in range(count)
    ]


@pytest.mark.laws
@given(chance=st.randoms(use_true_random=False), limit=st.sampled_from([1, 3, 20, 65, 150, 400]))
def test_many_items_are_seen_as_few_are(
    chance: random.Random,
    limit: int,
    project: Project,
    call: Call,
    heard: Heard,
    person: Person,
) -> None:
    """In whatever order they come, and record by record."""
    told = _many(chance, chance.choice([90, 250, 400]), chance.choice([64, 120, 300]), PEOPLE)
    events, limited = _calls(call, told), _limited(project, limit)
    shuffled, cut = chance.sample(events, len(events)), chance.randrange(len(events))
    with (
        heard(limited, shuffled[:cut], shuffled[cut:]) as one,
        heard(limited, events) as other,
    ):
        tables: tuple[Table[Any], ...] = (FRAGMENTS, ITEMS, ORDERED_ITEMS)
        for table in tables:
            assert list(one.scan(table)) == list(other.scan(table))
        assert _seen(one, person(one, *PEOPLE), limited) == _expected(told, limit)


def test_either_store_shows_the_same(
    seed: int, store: Store, limited: Project, call: Call, person: Person
) -> None:
    chance = random.Random(seed)
    told = _many(chance, 1_500, 400, PEOPLE)
    events = _calls(call, told)
    chance.shuffle(events)
    builders.commit(store, *(builders.fact(store, event) for event in events))
    customer = person(store, *PEOPLE)
    for limit in (1, 100, 1_000):
        with store.read() as snapshot:
            assert _seen(snapshot, customer, _limited(limited, limit)) == _expected(told, limit)


def test_a_ticket_that_closes_makes_room_for_an_older_one(
    limited: Project, call: Call, heard: Heard, person: Person
) -> None:
    told: list[Told] = [(time, "maija", time, {"status": "open", "fee": 1}) for time in range(5)]
    closing_one: Told = (9, "maija", 4, {"status": "resolved"})
    for after, seen in (([], ["T2", "T3", "T4"]), ([closing_one], ["T1", "T2", "T3"])):
        with heard(limited, _calls(call, [*told, *after])) as snapshot:
            row = own_row(
                limited, state_of(snapshot, person(snapshot, "maija"), limited), 10, profiling=True
            )
        assert isinstance(row["tickets"], list)
        assert [item["ticket_id"] for item in row["tickets"]] == seen
        assert (row["open_tickets"], row["tickets_10"]) == (3, 3)
