"""Hostile input: accept never raises, answers 200 or 4xx, and keeps what it refuses."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu.intake import ANY_CALL, BATCH, CALLS, Accepted, Context, accept, write_key_of
from tuttu.vocabulary.events import Event

pytestmark = pytest.mark.fuzz
Send = Callable[..., Accepted]

ROUTES = st.sampled_from([*CALLS, BATCH, ANY_CALL, "else"])
TEXTS = st.text(max_size=8) | st.sampled_from(["", " ", "unknown", "maija", "\ud800", "\x00"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "type", "messageId", "userId", "anonymousId", "previousId", "groupId", "event", "name",
        "timestamp", "originalTimestamp", "sentAt", "properties", "traits", "context",
        "integrations", "batch", "writeKey", "receivedAt",
    ]
)  # fmt: skip
GOOD = {"type": "track", "event": "Order Completed", "userId": "maija", "messageId": "m"}
CALL = st.builds(
    lambda changed: {**GOOD, "properties": {"order_id": "o"}, **changed},
    st.dictionaries(FIELDS, VALUES, max_size=3),
)
BODIES = st.one_of(
    CALL,
    VALUES,
    st.fixed_dictionaries(
        {"batch": st.lists(CALL | VALUES, max_size=4)}, optional={"sentAt": VALUES}
    ),
).map(lambda value: json.dumps(value).encode())


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A body with a slice replaced by other bytes."""
    body = draw(BODIES)
    start = draw(st.integers(0, len(body)))
    other = draw(
        st.binary(max_size=4) | st.sampled_from([b"[" * 500, b'"', b"\\", b"NaN", b"1e999"])
    )
    return body[:start] + other + body[start + draw(st.integers(0, 3)) :]


ENCODED = st.one_of(
    st.tuples(BODIES | broken() | st.binary(max_size=64), st.none()),
    st.tuples(BODIES.map(lambda body: gzip.compress(body, mtime=0)), st.just("gzip")),
    st.tuples(broken(), st.sampled_from(["gzip", "br", ""])),
    st.tuples(
        st.tuples(BODIES, st.integers(0, 200)).map(
            lambda pair: gzip.compress(pair[0], mtime=0)[: pair[1]]
        ),
        st.just("gzip"),
    ),
)


@given(route=ROUTES, encoded=ENCODED)
def test_accept_never_raises(
    context: Context, route: str, encoded: tuple[bytes, str | None]
) -> None:
    body, encoding = encoded
    accepted = accept(route, body, encoding, context)
    assert accepted.status in {200, 400, 413, 415}
    assert (accepted.status == 200) == (accepted.refusal is None)
    refusals = [*accepted.refused, *([accepted.refusal] if accepted.refusal else [])]
    assert len(accepted.letters) == len(refusals)
    for refusal in refusals:
        assert refusal.message
        assert refusal.letter is not None
        refusal.message.encode()
    if accepted.refusal:
        assert not accepted.units
        assert not accepted.refused
    key = write_key_of(body, encoding)
    assert key is None or isinstance(key, str)


@given(route=ROUTES, body=BODIES | broken())
def test_what_is_accepted_can_be_read_for_ever(
    context: Context, events_of: Callable[[Accepted], list[Event]], route: str, body: bytes
) -> None:
    for event in events_of(accept(route, body, None, context)):
        assert event.identifiers
        assert all(each.value.strip() for each in event.identifiers)
        assert event.time <= event.received
        (event.id + event.name + (event.group_id or "") + (event.label or "")).encode()
        for part in (event.properties, event.traits, event.context, event.integrations):
            said = json.loads(part.decode("utf-8"))
            assert isinstance(said, dict)
            json.dumps(said, ensure_ascii=False, allow_nan=False).encode()


@given(calls=st.lists(CALL | VALUES, max_size=6))
def test_a_batch_is_its_calls(context: Context, calls: list[object]) -> None:
    """Each call of a batch is accepted or refused as it would be alone."""
    texts = [json.dumps(call) for call in calls]
    readable = [text for text in texts if "NaN" not in text and "Infinity" not in text]
    readable = [text for text in readable if "\\ud800" not in text]
    body = f'{{"batch":[{",".join(readable)}]}}'.encode()
    together = accept(BATCH, body, None, context)
    assert together.refusal is None
    alone = [accept(ANY_CALL, text.encode(), None, context) for text in readable]
    codes = {index: each.refusal.code for index, each in enumerate(alone) if each.refusal}
    assert {each.index: each.code for each in together.refused} == codes
    ids = [unit.facts[0].id for unit in together.units]
    expected = [unit.facts[0].id for each in alone for unit in each.units]
    assert [each for each in ids if not each.startswith("new-")] == [
        each for each in expected if not each.startswith("new-")
    ]
