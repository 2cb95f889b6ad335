"""What goes wrong: the refusal that the asker sees, and the line that the log keeps."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from tuttu.api import DeadLettersQuery, TimelineQuery
from tuttu.storage import StoreUnavailableError
from tuttu.vocabulary.errors import BadRequest, NotFound, Unavailable, UnknownSurface
from tuttu.web.log import JsonLines

DECIDE = {"who": {"user_id": "maija"}, "surfaces": ["front"]}


def raising(error: Exception) -> Any:
    def answer(_: str) -> object:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"),
    [
        (NotFound("no such decision"), 404, "not_found", None),
        (BadRequest("no surface", "one of: front"), 400, "bad_request", None),
        (UnknownSurface("the surface 'x'", "one of: front"), 400, "unknown_surface", None),
        (StoreUnavailableError("the database is away"), 503, "unavailable", "5"),
        (Unavailable("the disk is full"), 503, "unavailable", "5"),
    ],
)
def test_an_error_of_the_engine_is_a_problem(
    running: Any, stub: Any, error: Exception, status: int, code: str, retry_after: str | None
) -> None:
    stub.answer = raising(error)
    answer = running.client().post("/v1/decide", json=DECIDE)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get("retry-after") == retry_after
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["detail"] == problem["message"] == str(error)
    assert problem["type"] == "about:blank"


def test_an_unforeseen_error_is_told_by_number_only(
    running: Any, stub: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stub.answer = raising(ValueError("maija@example.com has the key s3cret"))
    answer = running.client().get("/v1/customers/email:maija@example.com")
    assert answer.status_code == 500
    [record] = caplog.records
    line = JsonLines().format(record)
    told = json.loads(line)
    assert told["incident"] in answer.json()["detail"]
    assert told["route"] == "/v1/customers/{id}"
    assert told["error"] == "ValueError"
    assert any("route.py" in frame and "run" in frame for frame in told["frames"])
    for secret in ("maija", "s3cret"):
        assert secret not in line
        assert secret not in answer.text


def test_a_store_that_is_away_is_logged_without_the_person(
    running: Any, stub: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stub.answer = raising(Unavailable("the disk is full"))
    running.client().get("/v1/customers/email:maija@example.com")
    [record] = caplog.records
    told = json.loads(JsonLines().format(record))
    assert (told["level"], told["status"], told["code"]) == ("warning", 503, "unavailable")
    assert "maija" not in json.dumps(told)


def test_what_the_asker_did_wrong_is_not_logged(
    running: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    running.client(None).post("/v1/decide", json=DECIDE)
    running.client().post("/v1/decide", content=b"{")
    running.client().get("/nowhere")
    assert [record for record in caplog.records if record.name.startswith("tuttu")] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b'{"who": {"user_id": "\xff"}}', "not_json"),
        (
            b'{"who": {"user_id": "maija"}, "surfaces": ["front"], "context": {"x": NaN}}',
            "not_json",
        ),
        (b"[]", "wrong_shape"),
        (b'{"who": {"user_id": 1}, "surfaces": []}', "wrong_shape"),
        (b'{"who": {}, "surfaces": [], "sorts": 1}', "wrong_shape"),
        (b'{"who": {}, "surfaces": [], "context": ' + b'{"a":' * 10_000, "too_deep"),
        (b'{"who": {}, "surfaces": [], "slots": {"a": 1e400}}', "wrong_shape"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(running: Any, body: bytes, code: str) -> None:
    answer = running.client().post("/v1/decide", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_packed_question_is_refused(running: Any) -> None:
    answer = running.client().post("/v1/decide", json=DECIDE, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (415, "packed")


TWICE = "after=1&after=2"


@pytest.mark.parametrize(
    "query",
    ["after=-1", "after=x", f"after={10**30}", "limit=0", "limit=1001", "before=1", TWICE],
)
def test_a_query_that_does_not_fit_is_refused(running: Any, query: str) -> None:
    answer = running.client().get(f"/v1/customers/maija/timeline?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_query")


def test_what_a_proxy_adds_to_a_route_without_a_query_is_ignored(running: Any) -> None:
    answer = running.client().post("/v1/decide?trace=1&trace=2", json=DECIDE)
    assert answer.is_success


def test_a_page_is_asked_for_by_query(running: Any, stub: Any) -> None:
    running.client().get("/v1/customers/maija/timeline?after=7&limit=2")
    running.client().get("/v1/dead-letters?after=letter-1")
    assert stub.asked == [
        (
            "timeline",
            {
                "who": {"user_id": "maija"},
                "by": "all",
                "query": TimelineQuery(after=7, limit=2),
                "language": "en",
            },
        ),
        ("dead_letters", {"query": DeadLettersQuery(after="letter-1", limit=100)}),
    ]


def test_the_name_of_the_own_socket_is_reserved(corner: Any) -> None:
    answer = corner.client.post("/v1/keys", json={"name": "local", "scopes": ["admin"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "reserved_name")


def test_an_idempotency_key_is_the_holders_own(running: Any, stub: Any) -> None:
    for key in ("all", "decide", "all"):
        running.client(key).post("/v1/decide", json=DECIDE, headers={"Idempotency-Key": "k1"})
    running.client().post("/v1/decide", json=DECIDE)
    first, other, again, none = (asked["idempotency"] for _, asked in stub.asked)
    assert first == again != other
    assert none is None


def test_an_idempotency_key_has_a_length(running: Any) -> None:
    for key in ("", "k" * 256):
        answer = running.client().post("/v1/decide", json=DECIDE, headers={"Idempotency-Key": key})
        assert answer.json()["code"] == "bad_idempotency_key"
