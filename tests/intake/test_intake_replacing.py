"""A corrected event under a known id: told, and taken as a later fact where that is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from tuttu import intake
from tuttu.intake import Context, accept, different
from tuttu.storage import Store
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.facts import Committed, Duplicate
from tuttu.vocabulary.project import Project

CALL = {
    "type": "track",
    "event": "Case Opened",
    "userId": "ella",
    "messageId": "crm-7",
    "timestamp": "2026-02-01T09:00:00Z",
}


@pytest.fixture
def empty(project: Project) -> Iterator[Store]:
    with builders.opened(project, intake) as store:
        yield store


def send(store: Store, context: Context, call: dict[str, Any]) -> tuple[bool, str | None]:
    """Whether it was taken; if not, the id under which it would replace what is known."""
    accepted = accept("track", json.dumps(call).encode(), None, context)
    (unit,) = accepted.units
    (result,) = store.commit([unit])
    if isinstance(result, Committed):
        return True, None
    assert isinstance(result, Duplicate)
    with store.read() as snapshot:
        found = dict(different(snapshot, [(("it", unit), result)]))
    return False, found.get("it")


def take(store: Store, context: Context, call: dict[str, Any]) -> str:
    """Sends it, and replaces what is known where it differs; under which id it stands."""
    taken, other = send(store, context, call)
    if taken or other is None:
        return str(call["messageId"]) if taken else "nothing"
    assert send(store, context, {**call, "messageId": other}) == (True, None)
    return other


@pytest.mark.parametrize(
    "corrected",
    [
        {"properties": {"topic": "tv"}},
        {"traits": {"size": 41}},
        {"event": "Case Closed"},
        {"userId": "olli"},
        {"context": {"externalIds": [{"type": "email", "id": "e@shop.example"}]}},
    ],
)
@pytest.mark.parametrize("timed", [True, False])
def test_what_differs_is_told(
    empty: Store, context: Context, corrected: dict[str, Any], timed: bool
) -> None:
    call = CALL if timed else {name: CALL[name] for name in CALL if name != "timestamp"}
    assert send(empty, context, call) == (True, None)
    assert send(empty, context, {**call, "sentAt": "2026-02-01T09:00:03Z"}) == (False, None)
    assert send(empty, context, {**call, **corrected}) == (False, "crm-7~0002")


def test_the_order_of_properties_is_no_difference(empty: Store, context: Context) -> None:
    said = {"a": 1, "b": [1, {"c": None}]}
    send(empty, context, {**CALL, "properties": said})
    turned = {"b": [1.0, {"c": None}], "a": 1}
    assert send(empty, context, {**CALL, "properties": turned}) == (False, None)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=8))
def test_the_last_one_said_holds_and_nothing_is_taken_twice(
    context: Context, said: list[int]
) -> None:
    """Also one that goes back to what was said at first."""
    with builders.opened(context.project, intake) as store:
        for size in said:
            call = {**CALL, "properties": {"size": size}}
            take(store, context, call)
            assert take(store, context, call) == "nothing"
        with store.read() as snapshot:
            kept = [each.fact for each in snapshot.facts()]
    taken = sorted(
        (fact.time, fact.id, fact.body.said["size"])
        for fact in kept
        if isinstance(fact.body, Event)
    )
    changes = [said[0], *(now for before, now in pairwise(said) if now != before)]
    assert [size for _, _, size in taken] == changes
