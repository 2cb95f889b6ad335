"""Bad input: one table, then a good event and a good decision, in little memory.

Each row says what is sent, the status and the reason, what is kept of it, and that the next good
call is taken as if nothing had been.
"""

from __future__ import annotations

import gzip
import json
import resource
import zlib
from typing import Any

import httpx
import msgspec
import pytest
from tests.waiting import HANG_SECONDS

MEGABYTE = 1024 * 1024


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """status and code: of the body, or of the refused event of a batch (status 200).

    letters: how many dead letters it leaves. entry: what the customer's timeline shows of it.
    """

    name: str
    body: bytes
    route: str = "track"
    encoding: str | None = None
    status: int = 400
    code: str = ""
    letters: int = 1
    entry: dict[str, Any] | None = None


def track(**more: object) -> bytes:
    call = {"type": "track", "userId": "maija", "event": "Seen", "messageId": "bad", **more}
    return json.dumps(call).encode()


def good(number: int) -> dict[str, Any]:
    return {"type": "track", "userId": "maija", "event": "Good", "messageId": f"good-{number}"}


def bomb() -> bytes:
    """One gigabyte of blanks in one megabyte of gzip."""
    packer = zlib.compressobj(9, wbits=31)
    piece = b" " * MEGABYTE
    return b"".join(packer.compress(piece) for _ in range(1024)) + packer.flush()


DEEP = 10_000
CASES = (
    Case(name="an unknown call", route="purchase", body=track(), status=404, letters=0),
    Case(name="a call of another type", body=track(type="purchase"), code="unknown_call"),
    Case(name="no identifier", body=track(userId=None), code="missing_id"),
    Case(name="an empty identifier", body=track(userId=" "), code="missing_id"),
    Case(name="no name of the event", body=track(event=None), code="missing_field"),
    Case(name="broken JSON", body=b'{"userId": "maija", ', code="not_json"),
    Case(name="nothing", body=b"", code="not_json"),
    Case(name="wrong gzip", body=b"no gzip", encoding="gzip", code="bad_gzip"),
    Case(name="half a gzip", body=gzip.compress(track())[:-9], encoding="gzip", code="bad_gzip"),
    Case(name="another packing", body=track(), encoding="br", status=415, code="unknown_encoding"),
    Case(name="a gzip bomb", body=bomb(), encoding="gzip", status=413, code="body_too_large"),
    Case(name="5 MB", body=b" " * 5 * MEGABYTE, status=413, code="body_too_large"),
    Case(
        name="an event of 33 KB",
        body=track(properties={"x": "y" * 33 * 1024}),
        status=413,
        code="event_too_large",
    ),
    Case(name="not UTF-8", body=track().replace(b"Seen", b"S\xe9en"), code="not_utf8"),
    Case(name="NaN", body=track(properties={"x": float("nan")}), code="not_json"),
    Case(name="deep nesting", body=b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}", code="too_deep"),
    Case(
        name="deep nesting in properties",
        body=track(properties={"x": "DEEP"}).replace(b'"DEEP"', b"[" * DEEP + b"]" * DEEP),
        code="too_deep",
    ),
    Case(
        name="an object of a million keys",
        body=b"{" + b",".join(b'"%x":0' % n for n in range(1_000_000)) + b"}",
        status=413,
        code="body_too_large",
    ),
    Case(
        name="more than 2,500 events",
        route="batch",
        body=json.dumps({"batch": [{"type": "track"}] * 2501}).encode(),
        status=413,
        code="too_many_events",
    ),
    Case(name="a batch without its list", route="batch", body=b"{}", code="missing_field"),
    Case(
        name="a half-good batch",
        route="batch",
        body=json.dumps({"batch": [good(0), {"type": "track", "event": "Seen"}]}).encode(),
        status=200,
        code="missing_id",
        entry={"id": "good-0"},
    ),
    Case(
        name="a time before all time",
        body=track(timestamp="1970-01-01T00:00:00Z"),
        code="too_early",
    ),
    Case(name="a time that is none", body=track(timestamp="soon"), code="bad_timestamp"),
    Case(
        name="a time far ahead",
        body=track(messageId="ahead", timestamp="2099-01-01T00:00:00Z"),
        status=200,
        letters=0,
        entry={
            "id": "ahead",
            "time": "2026-03-05T09:00:00Z",
            "claimed": "2099-01-01T00:00:00Z",
        },
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input(corner: Any, case: Case) -> None:
    headers = {"Content-Encoding": case.encoding} if case.encoding else {}
    answer = corner.client.post(f"/v1/{case.route}", content=case.body, headers=headers)
    assert answer.status_code == case.status, answer.text
    assert_told(case, answer.json())
    assert_kept(case, corner)
    assert_shown(case, corner.timeline("maija"))
    assert corner.client.post("/v1/track", json=good(1)).json() == {
        "success": True,
        "accepted": 1,
    }
    assert "good-1" in [entry["id"] for entry in corner.timeline("maija")]


def assert_told(case: Case, told: dict[str, Any]) -> None:
    """The refusal has code and message; a batch names the refused event by its index."""
    if case.status == 200:
        assert told["success"] is True
        told = (told.get("refused") or [{"code": "", "message": "-", "index": 1}])[0]
        assert told["index"] == 1
    if case.status != 404:
        assert told["code"] == case.code, told
    assert told["message"]


def assert_kept(case: Case, corner: Any) -> None:
    """The bytes wait as a dead letter, as far as the limit goes."""
    letters = corner.get("/v1/dead-letters")["dead_letters"]
    assert len(letters) == case.letters
    for letter in letters:
        assert letter["status"] == "waiting"
        assert letter["code"] == case.code
        assert letter["reason"]


def assert_shown(case: Case, entries: list[dict[str, Any]]) -> None:
    shown = [entry for entry in entries if entry["kind"] == "track"]
    if case.entry is None:
        assert shown == []
    else:
        [entry] = shown
        assert {name: entry[name] for name in case.entry} == case.entry


def test_of_a_stranger_only_a_count_is_kept(corner: Any) -> None:
    for case in CASES:
        answer = httpx.post(
            f"{corner.url}/v1/track", content=case.body, timeout=HANG_SECONDS, trust_env=False
        )
        assert answer.status_code == 401, case.name
    told = corner.get("/v1/dead-letters")
    assert (told["dead_letters"], told["unauthenticated"]) == ([], len(CASES))


def test_the_whole_table_costs_little_memory(corner: Any) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for case in CASES:
        headers = {"Content-Encoding": case.encoding} if case.encoding else {}
        corner.client.post(f"/v1/{case.route}", content=case.body, headers=headers)
    assert corner.client.post("/v1/track", json=good(2)).status_code == 200
    assert corner.decide("maija")["customer"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_a_letter_repaired_ends_where_the_right_call_would_have(corner: Any) -> None:
    opened = {"event": "Ticket Opened", "timestamp": "2026-03-04T09:00:00Z"}
    corner.client.post("/v1/track", content=track(**opened))
    [letter] = corner.get("/v1/dead-letters")["dead_letters"]
    path = f"/v1/dead-letters/{letter['id']}"
    repaired = track(**opened, properties={"ticket_id": "T1"})
    assert corner.client.put(path, content=repaired).json() == {"success": True, "accepted": 1}
    digest = corner.get("/v1/digest")
    assert corner.client.post("/v1/track", content=repaired).json()["duplicates"] == 1
    assert corner.get("/v1/digest") == digest
    assert corner.get(path)["status"] == "sent"
    assert corner.client.post(f"{path}/send").status_code == 409
