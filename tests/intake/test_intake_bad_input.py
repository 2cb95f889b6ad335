"""Bad input: one row for each case, with the status, the code, and what is kept of it."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
import pytest

from tuttu.intake import Accepted, Context, accept, write_key_of
from tuttu.vocabulary.company import Limits
from tuttu.vocabulary.events import DeadLetter, Event

GOOD = {"type": "track", "event": "Opened", "userId": "maija", "messageId": "m-1"}
KB = 1024
MB = KB * KB


def text(**changed: Any) -> bytes:
    """A good call with some fields replaced."""
    return json.dumps({**GOOD, **changed}).encode()


def batch(*calls: bytes, rest: bytes = b"") -> bytes:
    return b'{"batch":[' + b",".join(calls) + b"]" + rest + b"}"


def deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def inside(field: bytes, value: bytes) -> bytes:
    return text()[:-1] + b',"' + field + b'":' + value + b"}"


@cache
def zeros(size: int) -> bytes:
    """Gzip of so many zeros, made without holding them."""
    packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    block = bytes(MB)
    return b"".join(packer.compress(block) for _ in range(size // MB)) + packer.flush()


@dataclass(frozen=True)
class Case:
    """route, body and content encoding; status and code.

    kept: what the dead letter holds, where that is not the body as it came.
    """

    name: str
    route: str
    body: bytes
    status: int
    code: str
    kept: bytes | None = None
    encoding: str | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def letter(self) -> bytes:
        return self.body if self.kept is None else self.kept


BIG = text(properties={"x": "y" * 33 * KB})
MILLION = b'{"x":{' + b",".join(b'"%d":1' % n for n in range(1_000_000)) + b"}}"
PACKED = gzip.compress(text(), mtime=0)

CASES = [
    Case("unknown route", "purchase", text(), 400, "unknown_call"),
    Case("unknown type", "track", text(type="purchase"), 400, "unknown_call"),
    Case("type of another route", "page", text(), 400, "unknown_call"),
    Case("type is a number", "track", text(type=7), 400, "unknown_call"),
    Case("missing id", "track", b'{"event":"Opened"}', 400, "missing_id"),
    Case("null id", "track", text(userId=None), 400, "missing_id"),
    Case("empty id", "track", text(userId=" "), 400, "missing_id"),
    Case("blocked id", "track", text(userId="unknown"), 400, "missing_id"),
    Case("word of a program for an id", "track", text(userId="NaN"), 400, "missing_id"),
    Case("rounded id", "track", text(userId=9007199254740993.0), 400, "bad_id"),
    Case("rounded messageId", "track", text(messageId=1.7e18), 400, "bad_id"),
    Case("rounded groupId", "group", b'{"userId":"maija","groupId":1e16}', 400, "bad_id"),
    Case("rounded address", "track", text(traits={"email": 1e16}), 400, "bad_id"),
    Case("id is a list", "track", text(userId=["maija"]), 400, "wrong_type"),
    Case("id is true", "track", text(userId=True), 400, "wrong_type"),
    Case("id too long", "track", text(userId="x" * 600), 400, "bad_id"),
    Case("messageId too long", "track", text(messageId="x" * 257), 400, "wrong_type"),
    Case("no event", "track", b'{"userId":"maija"}', 400, "missing_field"),
    Case("empty event", "track", text(event="  "), 400, "missing_field"),
    Case("event is a number", "track", text(event=1), 400, "wrong_type"),
    Case("group without groupId", "group", b'{"userId":"maija"}', 400, "missing_field"),
    Case("alias without previousId", "alias", b'{"userId":"maija"}', 400, "missing_field"),
    Case("alias without userId", "alias", b'{"previousId":"maija"}', 400, "missing_field"),
    Case("properties are a list", "track", text(properties=[1]), 400, "wrong_type"),
    Case("traits are text", "track", text(traits="x"), 400, "wrong_type"),
    Case("context is false", "track", text(context=False), 400, "wrong_type"),
    Case("unreadable timestamp", "track", text(timestamp="yesterday"), 400, "bad_timestamp"),
    Case("epoch seconds", "track", text(timestamp=1772355600), 400, "bad_timestamp"),
    Case("unreadable sentAt", "track", text(sentAt={}), 400, "bad_timestamp"),
    Case("year 1970", "track", text(timestamp="1970-01-01T00:00:00Z"), 400, "too_early"),
    Case("empty body", "track", b"", 400, "not_json"),
    Case("broken JSON", "track", text()[:-1], 400, "not_json"),
    Case("two values", "track", text() + text(), 400, "not_json"),
    Case("a list", "track", b"[" + text() + b"]", 400, "wrong_type"),
    Case("byte order mark", "track", b"\xef\xbb\xbf" + text(), 400, "not_json"),
    Case("NaN", "track", inside(b"properties", b'{"x":NaN}'), 400, "not_json"),
    Case("-Infinity", "track", inside(b"properties", b'{"x":-Infinity}'), 400, "not_json"),
    Case("NaN in an unknown field", "track", inside(b"else", b"NaN"), 400, "not_json"),
    Case("1e999", "track", inside(b"properties", b'{"x":1e999}'), 400, "bad_number"),
    Case("half a pair", "track", inside(b"properties", b'{"x":"\\ud800"}'), 400, "not_json"),
    Case("other half", "track", inside(b"properties", b'{"x":"\\udc00"}'), 400, "not_json"),
    Case("not UTF-8", "track", inside(b"properties", b'{"x":"\xff"}'), 400, "not_utf8"),
    Case("Latin-1 in an unknown field", "track", inside(b"else", b'"\xe4"'), 400, "not_utf8"),
    Case("surrogates in UTF-8", "track", inside(b"else", b'"\xed\xa0\x80"'), 400, "not_utf8"),
    Case("65 levels", "track", inside(b"properties", deep(64)), 400, "too_deep"),
    Case("10,000 levels", "track", deep(10_000), 400, "too_deep"),
    Case(
        "10,000 levels in properties", "track", inside(b"properties", deep(10_000)), 400, "too_deep"
    ),
    Case(
        "10,000 levels in an unknown field", "track", inside(b"else", deep(10_000)), 400, "too_deep"
    ),
    Case("10,000 levels, never closed", "track", b'{"a":' * 6_000, 400, "too_deep"),
    Case("2,000,000 levels in a batch", "batch", batch(deep(2_000_000)), 400, "too_deep"),
    Case("33 KB event", "track", BIG, 413, "event_too_large", BIG[: 32 * KB]),
    Case("million keys", "track", MILLION, 413, "body_too_large", MILLION[: 32 * KB]),
    Case("over 4 MB", "batch", b" " * (4 * MB + 1), 413, "body_too_large", b" " * 4 * MB),
    Case("2,501 calls", "batch", batch(*[b"0"] * 2_501), 413, "too_many_events"),
    Case("2,000,000 calls", "batch", batch(*[b"0"] * 2_000_000), 413, "too_many_events"),
    Case("no batch", "batch", text(), 400, "missing_field"),
    Case("batch is an object", "batch", b'{"batch":{}}', 400, "wrong_type"),
    Case("sentAt of a batch", "batch", batch(text(), rest=b',"sentAt":5'), 400, "bad_timestamp"),
    Case("unknown encoding", "track", text(), 415, "unknown_encoding", encoding="br"),
    Case("two encodings", "track", text(), 415, "unknown_encoding", encoding="gzip, gzip"),
    Case("plain text as gzip", "track", text(), 400, "bad_gzip", encoding="gzip"),
    Case("gzip cut off", "track", PACKED[:-9], 400, "bad_gzip", text(), encoding="gzip"),
    Case(
        "wrong checksum", "track", PACKED[:-8] + b"x" * 8, 400, "bad_gzip", text(), encoding="gzip"
    ),
    Case("gzip and more", "track", PACKED + b"x", 400, "bad_gzip", text(), encoding="gzip"),
    Case("1 GB bomb", "batch", zeros(KB * MB), 413, "body_too_large", bytes(4 * MB), "gzip"),
]


@pytest.mark.fuzz
@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_input_is_refused_and_kept(case: Case, context: Context) -> None:
    accepted = accept(case.route, case.body, case.encoding, context)
    refusal = accepted.refusal
    assert refusal is not None
    assert (accepted.status, refusal.code) == (case.status, case.code)
    assert accepted.units == ()
    assert (
        "expected" in refusal.message or "send" in refusal.message or "flatten" in refusal.message
    )
    letter = refusal.letter
    assert letter is not None
    assert letter.body == case.letter
    assert letter.truncated == (case.kept is not None)
    assert (letter.route, letter.code) == (case.route, case.code)
    assert letter.sender == "shop-server"
    (unit,) = accepted.letters
    assert [fact.body for fact in unit.facts] == [letter]


def test_no_bad_input_is_sent_again_for_ever() -> None:
    assert {case.status for case in CASES} <= {400, 413, 415}


@pytest.mark.fuzz
def test_hostile_bodies_take_little_memory(context: Context) -> None:
    tracemalloc.start()
    try:
        for case in CASES:
            accept(case.route, case.body, case.encoding, context)
            write_key_of(case.body, case.encoding)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * MB


@pytest.mark.fuzz
def test_after_all_of_it_a_good_call_works(
    context: Context, event_of: Callable[[Accepted], Event]
) -> None:
    for case in CASES:
        accept(case.route, case.body, case.encoding, context)
    assert event_of(accept("track", text(), None, context)).name == "Opened"


def test_half_good_batch(context: Context, events_of: Callable[[Accepted], list[Event]]) -> None:
    calls = [
        text(messageId="a"),
        text(type="purchase"),
        text(messageId="b"),
        text(properties={"x": "y" * 33 * KB}),
        inside(b"properties", deep(100)),
        b"null",
        b'{"event":"Opened","userId":"maija"}',
        text(userId=""),
        text(messageId="c"),
    ]
    accepted = accept("batch", batch(*calls), None, context)
    assert accepted.status == 200
    assert accepted.refusal is None
    assert [event.id for event in events_of(accepted)] == ["a", "b", "c"]
    assert [(each.index, each.code) for each in accepted.refused] == [
        (1, "unknown_call"),
        (3, "event_too_large"),
        (4, "too_deep"),
        (5, "wrong_type"),
        (6, "unknown_call"),
        (7, "missing_id"),
    ]
    letters = [fact.body for unit in accepted.letters for fact in unit.facts]
    assert letters == [each.letter for each in accepted.refused]
    kept = [letter.body for letter in letters if isinstance(letter, DeadLetter)]
    assert kept == [calls[1], calls[3][: 32 * KB], *calls[4:8]]
    assert accepted.everything == accepted.units + accepted.letters


def test_a_message_says_found_expected_and_what_to_do(context: Context) -> None:
    refusal = accept("track", text(userId=["maija"]), None, context).refusal
    assert refusal is not None
    assert refusal.message == "found a list in `userId`; expected text or a number"
    nan = accept("track", inside(b"properties", b'{"x":NaN}'), None, context).refusal
    assert nan is not None
    assert "NaN at byte 93 is no JSON number" in nan.message


@pytest.mark.parametrize("cut", [None, -2])
def test_a_write_key_is_never_stored(context: Context, cut: int | None) -> None:
    body = (b'{"writeKey" : "s3c\\"ret", "event":"x", "writeKey":"s3c' + b"ret")[:cut]
    accepted = accept("track", body, None, context)
    assert accepted.refusal is not None
    assert accepted.refusal.letter is not None
    assert accepted.refusal.letter.body == b'{"writeKey" : "", "event":"x", "writeKey":""'
    good = accept("track", text(writeKey="s3cret"), None, context)
    assert b"s3c" not in repr(good).encode()


@pytest.mark.parametrize(
    ("body", "encoding", "found"),
    [
        (b'{"writeKey":"k","batch":[]}', None, "k"),
        (gzip.compress(b'{"writeKey":"k"}', mtime=0), "gzip", "k"),
        (b'{"writeKey":"a","writeKey":"b"}', None, "b"),
        (b'{"writeKey":""}', None, None),
        (b'{"writeKey":7}', None, None),
        (b'{"writeKey":"' + b"k" * 1_025 + b'"}', None, None),
        (b'{"properties":{"writeKey":"k"}}', None, None),
        (b'[{"writeKey":"k"}]', None, None),
        (b'{"writeKey":"k"', None, None),
        (b'{"x":' + deep(10_000) + b',"writeKey":"k"}', None, None),
        (b'{"writeKey":"\xff"}', None, None),
        (b'{"writeKey":"k"}', "gzip", None),
        (b'{"writeKey":"k"}', "br", None),
        (zeros(KB * MB), "gzip", None),
        (b" " * 5 * MB + b'{"writeKey":"k"}', None, None),
    ],
)
def test_write_key_of_a_body(body: bytes, encoding: str | None, found: str | None) -> None:
    assert write_key_of(body, encoding) == found


def test_a_body_with_more_evidence_than_allowed_is_taken_as_far_as_that_goes(
    context: Context,
) -> None:
    """What names one only is taken all the same, and a letter holds what is to be sent again."""
    company = msgspec.structs.replace(context.project.company, limits=Limits(evidence_pairs=3))
    project = msgspec.structs.replace(context.project, company=company)
    context = msgspec.structs.replace(context, project=project)
    two: dict[str, Any] = {"anonymousId": "a"}
    three = {**two, "type": "identify", "traits": {"email": "m@x.example"}}
    calls = [text(messageId=f"m-{n}", **more) for n, more in enumerate([two, three, two, {}])]
    accepted = accept("batch", batch(*calls), None, context)
    assert [unit.facts[0].id for unit in accepted.units] == ["m-0", "m-1", "m-3"]
    (refusal,) = accepted.refused
    assert (refusal.index, refusal.code, refusal.status) == (2, "too_much_evidence", 413)
    assert "leaves 0" in refusal.message
    assert refusal.letter is not None
    assert accept("call", refusal.letter.body, None, context).units
