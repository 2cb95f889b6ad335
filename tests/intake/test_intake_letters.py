"""Dead letters: kept, listed, repaired, sent again, dropped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from tuttu import intake
from tuttu.intake import (
    Accepted,
    Context,
    KeptLetter,
    accept,
    close,
    letter,
    letters,
    repair,
)
from tuttu.storage import Store
from tuttu.vocabulary.events import DeadLetterClosed, Event
from tuttu.vocabulary.facts import Committed, Duplicate, Unit
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR

pytestmark = pytest.mark.fuzz

WRONG = {"type": "track", "userId": "maija", "messageId": "m-1", "properties": {"x": 1}}
RIGHT = {**WRONG, "event": "Opened"}


@pytest.fixture
def empty(project: Project) -> Iterator[Store]:
    """A store without letters."""
    with builders.opened(project, intake) as store:
        yield store


def body(call: object) -> bytes:
    return json.dumps(call).encode()


def later(context: Context, by: int = DAY) -> Context:
    return msgspec.structs.replace(context, now=context.now + by)


def commit(store: Store, accepted: Accepted) -> Accepted:
    store.commit(units(accepted))
    return accepted


def units(accepted: Accepted) -> list[Unit]:
    return [*accepted.everything, *([accepted.closing] if accepted.closing else [])]


def listed(store: Store, **page: Any) -> list[KeptLetter]:
    with store.read() as snapshot:
        return letters(snapshot, **page)


def only(store: Store) -> KeptLetter:
    (kept,) = listed(store)
    with store.read() as snapshot:
        assert letter(snapshot, kept.letter.id) == kept
    return kept


def refuse(store: Store, context: Context, call: object, route: str = "track") -> KeptLetter:
    accepted = commit(store, accept(route, body(call), None, context))
    assert accepted.status == 200 or accepted.refusal
    return listed(store)[-1]


def test_a_refused_call_waits(empty: Store, context: Context) -> None:
    kept = refuse(empty, context, WRONG)
    assert (kept.letter.body, kept.letter.code) == (body(WRONG), "missing_field")
    assert (kept.received, kept.status) == (context.now, "waiting")
    assert kept == only(empty)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"timestamp": "2026-02-28T23:00:00Z"},
        {"timestamp": "2026-03-01T08:00:00Z", "sentAt": "2026-03-01T10:00:00Z"},
        {"timestamp": "2099-01-01T00:00:00Z"},
        {"timestamp": "2026-03-01T20:00:00Z"},
    ],
)
def test_a_repaired_call_is_as_if_it_had_been_right_at_first(
    empty: Store, context: Context, said: dict[str, str]
) -> None:
    kept = refuse(empty, context, {**WRONG, **said})
    right = body({**RIGHT, **said})
    sent = commit(empty, repair(kept, right, later(context)))
    assert sent.units == accept("track", right, None, context).units
    assert sent.refusal is None
    assert only(empty).status == "sent"


def test_a_repaired_call_of_a_batch_is_too(empty: Store, context: Context) -> None:
    """Also when only the batch said when it was sent."""
    dated = {"timestamp": "2026-03-01T04:00:00Z"}

    def batch(call: object) -> bytes:
        return body({"batch": [call], "sentAt": "2026-03-01T05:00:00Z"})

    commit(empty, accept("batch", batch({**WRONG, **dated}), None, context))
    sent = commit(empty, repair(only(empty), body({**RIGHT, **dated}), later(context)))
    assert sent.units == accept("batch", batch({**RIGHT, **dated}), None, context).units
    assert sent.units[0].facts[0].time == context.now - HOUR


def test_a_letter_refused_again_waits_on(empty: Store, context: Context) -> None:
    kept = refuse(empty, context, WRONG)
    sent = commit(empty, repair(kept, body({**WRONG, "event": ""}), later(context)))
    assert sent.status == 400
    assert sent.refusal is not None
    assert sent.refusal.letter is None
    assert units(sent) == []
    assert only(empty) == kept


def test_sending_as_it_is_after_the_project_was_repaired(empty: Store, context: Context) -> None:
    tracking = msgspec.structs.replace(context.project.tracking, undeclared="refuse")
    strict = msgspec.structs.replace(context.project, tracking=tracking)
    kept = refuse(empty, msgspec.structs.replace(context, project=strict), RIGHT)
    assert kept.letter.code == "undeclared_event"
    sent = commit(empty, repair(kept, None, later(context)))
    assert sent.units == accept("track", body(RIGHT), None, context).units
    assert only(empty).status == "sent"


def test_sending_twice_is_sending_once(empty: Store, context: Context) -> None:
    """Also without a messageId, and when both began before either ended."""
    kept = refuse(empty, context, {"userId": "maija"})
    right = body({"userId": "maija", "event": "Opened"})
    one, other = (repair(kept, right, later(context, n)) for n in (1, 2))
    assert [type(each) for each in empty.commit(units(one))] == [Committed, Committed]
    assert [type(each) for each in empty.commit(units(other))] == [Duplicate, Duplicate]
    third = repair(only(empty), right, later(context))
    assert third.refusal is not None
    assert (third.status, third.refusal.code) == (409, "letter_closed")
    assert units(third) == []


def test_a_letter_cut_short_needs_a_whole_body(empty: Store, context: Context) -> None:
    kept = refuse(empty, context, {**RIGHT, "properties": {"x": "y" * 40_000}})
    assert kept.letter.truncated
    sent = repair(kept, None, context)
    assert sent.refusal is not None
    assert sent.refusal.code == "letter_truncated"
    assert repair(kept, body(RIGHT), context).status == 200


def test_a_repaired_batch_closes_and_its_refused_calls_wait(
    empty: Store, context: Context, events_of: Callable[[Accepted], list[Event]]
) -> None:
    kept = refuse(empty, context, {"batch": 7}, "batch")
    sent = commit(empty, repair(kept, body({"batch": [RIGHT, WRONG]}), later(context)))
    assert [event.id for event in events_of(sent)] == ["m-1"]
    states = {each.letter.route: each.status for each in listed(empty)}
    assert states == {"batch": "sent", "call": "waiting"}
    assert {each.received for each in listed(empty)} == {context.now}


def test_a_dropped_letter(empty: Store, context: Context) -> None:
    kept = refuse(empty, context, WRONG)
    unit = close(kept.letter.id, "dropped", later(context))
    assert [type(each) for each in empty.commit([unit])] == [Committed]
    assert only(empty).status == "dropped"
    assert repair(only(empty), body(RIGHT), context).status == 409
    sent = close(kept.letter.id, "sent", later(context))
    assert [type(each) for each in empty.commit([sent])] == [Duplicate]


def test_pages_are_oldest_first(empty: Store, context: Context) -> None:
    for hours in (3, 1, 2):
        refuse(empty, later(context, hours * HOUR), {**WRONG, "messageId": str(hours)})
    found = [json.loads(each.letter.body)["messageId"] for each in listed(empty)]
    assert found == ["1", "2", "3"]
    first = listed(empty)[0].letter.id
    assert [each.received for each in listed(empty, after=first, limit=1)] == [
        context.now + 2 * HOUR
    ]
    with empty.read() as snapshot:
        assert letter(snapshot, "none") is None


@given(order=st.permutations(range(4)))
def test_the_order_of_facts_does_not_matter(context: Context, order: list[int]) -> None:
    """A closing may be folded before its letter; of two closings the earliest holds."""
    refused = accept("track", body(WRONG), None, context).letters
    other = accept("track", body({}), None, context).letters
    first, second = (unit.facts[0].id for unit in (*refused, *other))
    with builders.opened(context.project, intake) as store:
        closings = [
            builders.fact(store, DeadLetterClosed(id=first, how=how), time, id=how)
            for time, how in ((1, "dropped"), (2, "sent"))
        ]
        units = [*refused, *other, *(Unit(facts=(each,)) for each in closings)]
        store.commit([units[place] for place in order])
        found = {each.letter.id: each.status for each in listed(store)}
    assert found == {first: "dropped", second: "waiting"}


_values = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=5))
_broken = st.dictionaries(st.sampled_from(["messageId", "type", "userId", "note"]), _values)


@given(calls=st.lists(_broken, min_size=1, max_size=5), hours=st.lists(st.integers(0, 9)))
def test_a_retry_makes_no_second_letter(
    context: Context, calls: list[dict[str, Any]], hours: list[int]
) -> None:
    """However often it is sent, whenever, with what time of sending: one letter for each call that
    is not another one, and each refusal names it."""
    with builders.opened(context.project, intake) as store:
        named: dict[str, set[str]] = {}
        for hour in (0, *hours):
            sent = f"2026-03-01T{hour:02d}:00:00Z"
            batch = {"batch": [{**call, "sentAt": sent} for call in calls], "sentAt": sent}
            accepted = commit(store, accept("batch", body(batch), None, later(context, hour)))
            for each in accepted.refused:
                assert each.letter is not None
                assert each.index is not None
                named.setdefault(json.dumps(calls[each.index], sort_keys=True), set()).add(
                    each.letter.id
                )
        assert [len(ids) for ids in named.values()] == [1] * len(named)
        assert sorted(each.letter.id for each in listed(store)) == sorted(
            letter_id for ids in named.values() for letter_id in ids
        )


def test_two_senders_have_letters_of_their_own(empty: Store, context: Context) -> None:
    other = msgspec.structs.replace(context, sender="another")
    ids = {refuse(empty, each, WRONG).letter.id for each in (context, other, context)}
    assert len(ids) == len(listed(empty)) == 2


def test_a_closed_letter_stays_closed_when_it_comes_again(empty: Store, context: Context) -> None:
    kept = refuse(empty, context, WRONG)
    empty.commit([close(kept.letter.id, "dropped", later(context))])
    assert refuse(empty, later(context), WRONG).status == "dropped"
