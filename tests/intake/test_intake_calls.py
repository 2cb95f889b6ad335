"""What Segment's calls become: events with their bytes, names, sources and identifiers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tuttu.intake import Accepted, Context, accept, dedupe_key
from tuttu.storage import Store
from tuttu.vocabulary.company import Tracking
from tuttu.vocabulary.conversion import event_row
from tuttu.vocabulary.events import Event, Identifier
from tuttu.vocabulary.facts import Committed, Duplicate
from tuttu.vocabulary.values import Kind, Schema, Type

Send = Callable[..., Accepted]
EventOf = Callable[[Accepted], Event]

TRACK: dict[str, Any] = {"type": "track", "event": "Opened", "userId": "maija", "messageId": "m-1"}


def tracked(context: Context, **tracking: Any) -> Context:
    project = msgspec.structs.replace(context.project, tracking=Tracking(**tracking))
    return msgspec.structs.replace(context, project=project)


def test_a_track_call_is_an_event(send: Send, event_of: EventOf, context: Context) -> None:
    accepted = send("track", {**TRACK, "anonymousId": "a-1", "properties": {"x": 1}})
    assert event_of(accepted) == Event(
        id="m-1",
        call="track",
        name="Opened",
        identifiers=(Identifier("user_id", "maija"), Identifier("anonymous_id", "a-1")),
        time=context.now,
        received=context.now,
        properties=b'{"x": 1}',
    )
    (unit,) = accepted.units
    (fact,) = unit.facts
    assert fact.fragment == context.pseudonym("user_id", "maija")
    assert (fact.id, fact.time, fact.received) == ("m-1", context.now, context.now)
    assert unit.dedupe_keys == (dedupe_key("m-1", None),)
    assert (accepted.status, accepted.letters, accepted.refused) == (200, (), ())


@pytest.mark.parametrize("part", ["properties", "traits", "context", "integrations"])
def test_objects_keep_their_bytes(context: Context, event_of: EventOf, part: str) -> None:
    said = '{ "ä":"\\u00e4", "n": 1.50 ,"big":123456789012345678901234567890, "a":1,"a":2 }'
    body = f'{{"event":"x","userId":"m","{part}" : {said} }}'.encode()
    event = event_of(accept("track", body, None, context))
    assert getattr(event, part) == said.encode()


@pytest.mark.parametrize("absent", [b"", b',"properties":null'])
def test_absent_and_null_objects_are_empty(
    context: Context, event_of: EventOf, absent: bytes
) -> None:
    event = event_of(accept("track", b'{"event":"x","userId":"m"' + absent + b"}", None, context))
    assert event.properties == b"{}"


@pytest.mark.parametrize(
    ("said", "kept"),
    [(7, "7"), (7.0, "7"), (1.5, "1.5"), ("  maija ", "maija"), (10**30, "1" + "0" * 30)],
)
def test_an_id_may_be_a_number(send: Send, event_of: EventOf, said: object, kept: str) -> None:
    event = event_of(send("track", {**TRACK, "userId": said, "groupId": said}))
    assert event.identifiers == (Identifier("user_id", kept),)


def test_a_number_is_an_id_but_0_is_nobodys(send: Send, event_of: EventOf) -> None:
    event = event_of(send("alias", {"userId": 7, "previousId": 7.0}))
    assert event.identifiers == (Identifier("user_id", "7"),)
    event = event_of(send("alias", {"userId": 7, "previousId": 0.0}))
    assert event.identifiers == (Identifier("user_id", "7"),)
    assert event_of(send("group", {"userId": "m", "groupId": 0})).group_id == "0"


def test_duplicate_keys_last_wins(context: Context, event_of: EventOf) -> None:
    body = b'{"event":"a","userId":"m","event":"b","properties":{"x":1},"properties":{"x":2}}'
    event = event_of(accept("track", body, None, context))
    assert (event.name, event.properties) == ("b", b'{"x":2}')


def test_a_call_without_message_id_gets_a_fresh_one(send: Send, event_of: EventOf) -> None:
    call = {key: value for key, value in TRACK.items() if key != "messageId"}
    first, second = event_of(send("track", call)), event_of(send("track", call))
    assert [first.id, second.id] == ["new-1", "new-2"]


def test_names_of_calls_come_from_the_project(context: Context, event_of: EventOf) -> None:
    here = tracked(context, names={"page": "Seen", "identify": "Told"})
    body = b'{"userId":"m","name":"Home","groupId":7,"previousId":"p"}'
    events = {
        route: event_of(accept(route, body, None, here))
        for route in ("identify", "page", "screen", "group", "alias")
    }
    assert {route: event.name for route, event in events.items()} == {
        "identify": "Told",
        "page": "Seen",
        "screen": "Screen Viewed",
        "group": "Group",
        "alias": "Alias",
    }
    assert events["page"].label == "Home"
    assert events["group"].group_id == "7"
    assert events["alias"].identifiers == (Identifier("user_id", "m"), Identifier("user_id", "p"))


def test_the_source_is_the_events_or_the_calls(context: Context, event_of: EventOf) -> None:
    here = tracked(context, sources={"Order Completed": "bought", "identify": "crm"})
    body = b'{"userId":"m","event":"Order Completed"}'
    assert event_of(accept("track", body, None, here)).source == "bought"
    assert event_of(accept("identify", body, None, here)).source == "crm"
    assert event_of(accept("page", body, None, here)).source == "told"


def test_an_event_name_is_composed(send: Send, event_of: EventOf) -> None:
    assert event_of(send("track", {**TRACK, "event": "Ma\u0308ra\u0308"})).name == "Märä"


def test_gzip(send: Send, event_of: EventOf) -> None:
    body = gzip.compress(json.dumps(TRACK).encode())
    for encoding in ("gzip", "GZIP", " x-gzip "):
        assert event_of(send("track", body, encoding)).id == "m-1"


def test_64_levels_are_taken(send: Send, event_of: EventOf) -> None:
    nested: object = 1
    for _ in range(62):
        nested = [nested]
    assert event_of(send("track", {**TRACK, "properties": {"x": nested}})).name == "Opened"


def test_brackets_in_text_are_no_nesting(send: Send, event_of: EventOf) -> None:
    said = {"x": '[[[{"\\' * 100, "\\": "{" * 100}
    event = event_of(send("track", {**TRACK, "properties": said}))
    assert json.loads(event.properties) == said


def test_a_batch_of_2500_is_taken(send: Send, events_of: Callable[[Accepted], list[Event]]) -> None:
    calls = [{**TRACK, "messageId": f"m-{n}"} for n in range(2_500)]
    accepted = send("batch", {"batch": calls, "context": {"ignored": 1}})
    assert [event.id for event in events_of(accepted)] == [f"m-{n}" for n in range(2_500)]


def test_an_empty_batch_is_taken(send: Send) -> None:
    assert send("batch", {"batch": []}) == Accepted()


def test_segment_call_files_alone_and_in_a_batch(
    context: Context, store: Store, data: Path, events_of: Callable[[Accepted], list[Event]]
) -> None:
    files = sorted((data / "segment_calls").glob("*.json"))
    texts = [file.read_text().replace("{{id}}", file.stem) for file in files]
    calls = [{**json.loads(text), "messageId": f"call-{n}"} for n, text in enumerate(texts)]
    bodies = [json.dumps(call).encode() for call in calls]
    alone = [
        accept(call["type"], body, None, context) for call, body in zip(calls, bodies, strict=True)
    ]
    together = accept("batch", b'{"batch":[' + b",".join(bodies) + b"]}", None, context)
    singles = [event for accepted in alone for event in events_of(accepted)]
    assert len(singles) == 11
    assert events_of(together) == singles
    assert together.refused == ()
    for call, event in zip(calls, singles, strict=True):
        assert event.call == call["type"]
        for part in ("properties", "traits", "context", "integrations"):
            assert json.loads(getattr(event, part)) == call.get(part, {})
    first = store.commit([unit for accepted in alone for unit in accepted.units])
    second = store.commit(together.units)
    assert [type(result) for result in first] == [Committed] * 11
    assert [type(result) for result in second] == [Duplicate] * 11


def test_dedupe_keys_lie_by_the_hour_of_the_senders_time() -> None:
    hour = 3_600_000_000
    assert dedupe_key("a", None)[:8] == bytes(8)
    same_hour = dedupe_key("a", 2 * hour)[:8], dedupe_key("b", 3 * hour - 1)[:8]
    assert set(same_hour) == {bytes([0] * 7 + [2])}
    assert dedupe_key("a", hour) != dedupe_key("b", hour)
    assert dedupe_key("a", hour) != dedupe_key("a", 2 * hour)
    assert dedupe_key("ä" * 256, -1)[:8] == b"\xff" * 8
    assert len(dedupe_key("a", hour)) == 24


def test_an_event_leaves_the_border_decoded(send: Send, event_of: EventOf) -> None:
    """Byte for byte as it came, and beside it the objects; its row is made once for a schema."""
    call = {**TRACK, "properties": {"amount": 1.0, "big": 2**60}, "context": {"ip": "::1"}}
    event = event_of(send("track", call))
    decoded = {name: vars(event)[name] for name in ("said", "said_traits", "said_context")}
    assert decoded == {"said": call["properties"], "said_traits": {}, "said_context": {"ip": "::1"}}
    schema = Schema(columns={"amount": Type(Kind.MONEY), "none": Type(Kind.TEXT)})
    row = event_row(event, schema)
    assert (row["amount"], row["none"], row.get("elsewhere")) == (10_000, None, None)
    assert event_row(event, schema) is row
    assert event_row(event, Schema()) is not row
    assert set(row) == {"event", "call", "source", "now", "amount", "none"}
