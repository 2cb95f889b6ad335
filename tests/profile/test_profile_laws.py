"""State is a function of the set of events, and a merge of fragments is a fold: as laws."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from tuttu import profile
from tuttu.profile import merge, read
from tuttu.profile.canonical import canonical, of_state
from tuttu.profile.plan import plan_of
from tuttu.profile.records import FRAGMENTS, ITEMS, MEMBERS, ORDERED_ITEMS, PAGES, ROLLS
from tuttu.storage import Snapshot
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.facts import Table
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Value

pytestmark = pytest.mark.laws

Call = Callable[..., Event]
Heard = Callable[..., AbstractContextManager[Snapshot]]
Person = Callable[..., Customer]
Told = dict[str, object]

PEOPLE = ("maija", "anonymous", "matti")
TIMES = st.integers(min_value=-5, max_value=60)
NUMBERS = st.sampled_from([None, 0, 1, 2.5, -3, 7, "8", "many", 900_000_000_000_000])
REALS = st.sampled_from([None, 0.0, -0.0, 1, -1.5, "x"])
HOMES = st.sampled_from([None, "Oulu", "Turku", 5])


def _orders() -> st.SearchStrategy[Told]:
    shoes = st.sampled_from([None, {}, {"size": 38}, {"size": None}, {"size": "?"}])
    return st.fixed_dictionaries(
        {"name": st.just("Order"), "amount": NUMBERS, "ratio": REALS, "shoe": shoes}
    )


def _tickets() -> st.SearchStrategy[Told]:
    statuses = st.sampled_from([None, "open", "resolved"])
    return st.fixed_dictionaries(
        {
            "name": st.sampled_from(["Ticket Opened", "Ticket Resolved"]),
            "ticket_id": st.sampled_from(["T1", "T2", 7, "", None]),
        },
        optional={"status": statuses, "fee": NUMBERS},
    )


def _identifies() -> st.SearchStrategy[Told]:
    traits = st.fixed_dictionaries(
        {}, optional={"size": NUMBERS, "home": HOMES, "secret": NUMBERS, "orders": NUMBERS}
    )
    return st.fixed_dictionaries(
        {
            "name": st.just("Identify"),
            "kind": st.just("identify"),
            "traits": traits,
            "context": traits,
            "source": st.sampled_from(["told", "bought", "crm"]),
        }
    )


def _views() -> st.SearchStrategy[Told]:
    names = st.sampled_from(["Report Viewed", "Contract Viewed", "Page Viewed"])
    return st.fixed_dictionaries({"name": names})


EVENTS = st.lists(
    st.tuples(TIMES, st.sampled_from(PEOPLE), _orders() | _tickets() | _identifies() | _views()),
    max_size=60,
)
"""(time, person, what was said); the place in the list makes the message id."""
Drawn = list[tuple[int, str, Told]]


def _calls(call: Call, drawn: Drawn, *, who: str | None = None) -> list[Event]:
    return [
        call(f"m{number:03}", time, who=who or person, **told)
        for number, (time, person, told) in enumerate(drawn)
    ]


def _everything(snapshot: Snapshot) -> list[tuple[str, bytes, object]]:
    """All records of the room, as they are stored."""
    tables: tuple[Table[Any], ...] = (FRAGMENTS, ITEMS, ORDERED_ITEMS, PAGES, MEMBERS, ROLLS)
    return [(table.name, key, record) for table in tables for key, record in snapshot.scan(table)]


def _row(snapshot: Snapshot, customer: Customer, project: Project, now: int) -> dict[str, Value]:
    return read(snapshot, customer, project, now, profiling=True)


@given(drawn=EVENTS, shuffle=st.randoms(use_true_random=False), cut=st.integers(0, 60))
def test_order_of_arrival_leaves_no_trace(
    drawn: Drawn,
    shuffle: random.Random,
    cut: int,
    project: Project,
    call: Call,
    heard: Heard,
) -> None:
    """Record by record, and however arrivals are cut into commits."""
    events = _calls(call, drawn)
    shuffled = shuffle.sample(events, len(events))
    with (
        heard(project, events) as one,
        heard(project, shuffled[:cut], shuffled[cut:]) as other,
    ):
        assert _everything(one) == _everything(other)


@given(drawn=EVENTS, order=st.permutations(PEOPLE), now=TIMES)
def test_merged_fragments_are_as_one_fragment_with_all_events(
    drawn: Drawn,
    order: Sequence[str],
    now: int,
    project: Project,
    call: Call,
    heard: Heard,
    person: Person,
) -> None:
    split, whole = _calls(call, drawn), _calls(call, drawn, who="maija")
    with heard(project, split) as apart, heard(project, whole) as together:
        several, single = person(apart, *order), person(together, "maija")
        assert canonical(apart, several, project) == canonical(together, single, project)
        present = max([now, *(time for time, _, _ in drawn)])
        mine = _row(apart, several, project, present)
        assert repr(mine) == repr(_row(together, single, project, present))


@given(drawn=EVENTS, order=st.permutations(PEOPLE))
def test_merge_is_commutative_and_associative_and_changes_nothing(
    drawn: Drawn,
    order: Sequence[str],
    project: Project,
    call: Call,
    heard: Heard,
    person: Person,
) -> None:
    plan = plan_of(project)
    with heard(project, _calls(call, drawn)) as snapshot:
        before = _everything(snapshot)
        a, b, c = (
            merge.of_fragment(snapshot, plan, fragment)
            for fragment in person(snapshot, *order).fragments
        )
        flat = merge.merge(plan, [a, b, c])
        left = merge.merge(plan, [merge.merge(plan, [a, b]), c])
        right = merge.merge(plan, [a, merge.merge(plan, [c, b])])
        assert of_state(plan, flat) == of_state(plan, left) == of_state(plan, right)
        assert _everything(snapshot) == before


@given(drawn=EVENTS)
def test_replay_of_the_log_gives_the_same_state(
    drawn: Drawn, project: Project, call: Call, heard: Heard
) -> None:
    with heard(project, _calls(call, drawn)) as first, builders.opened(project, profile) as again:
        for logged in first.facts():
            builders.commit(again, logged.fact)
        with again.read() as second:
            assert _everything(first) == _everything(second)


@given(drawn=EVENTS, now=TIMES)
def test_refused_profiling_never_changes_what_is_free_of_it(
    drawn: Drawn, now: int, project: Project, call: Call, heard: Heard, person: Person
) -> None:
    hidden = {"secret", "told.secret", "bought.secret", "echo"}
    with heard(project, _calls(call, drawn)) as snapshot:
        customer = person(snapshot, *PEOPLE)
        allowed = read(snapshot, customer, project, now, profiling=True)
        refused = read(snapshot, customer, project, now, profiling=False)
    assert dict.fromkeys(hidden) == {name: refused[name] for name in hidden}
    assert all(allowed[name] == refused[name] for name in set(allowed) - hidden)
