"""Paths and methods: whom a path names, and what a path does not take."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from tests.waiting import HANG_SECONDS


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("maija", {"user_id": "maija"}),
        ("user_id:maija", {"user_id": "maija"}),
        ("email:maija%40example.com", {"email": "maija@example.com"}),
        ("email%3Amaija@example.com", {"email": "maija@example.com"}),
        ("phone:123", {"user_id": "phone:123"}),
        ("a%2Fb", {"user_id": "a/b"}),
        ("a%2Ftimeline", {"user_id": "a/timeline"}),
        ("a%252Fb", {"user_id": "a%2Fb"}),
        ("%C3%A4iti%20%F0%9F%99%82", {"user_id": "äiti 🙂"}),
        ("anon=ABCD", {"user_id": "anon=ABCD"}),
        ("a:b:c", {"user_id": "a:b:c"}),
        ("email:a:b", {"email": "a:b"}),
        ("a+b", {"user_id": "a+b"}),
        ("%7Bid%7D", {"user_id": "{id}"}),
    ],
)
def test_a_path_names_a_customer(running: Any, stub: Any, path: str, who: dict[str, str]) -> None:
    assert running.client().get(f"/v1/customers/{path}").status_code == 204
    assert stub.asked == [("customer", {"who": who, "by": "all", "language": "en"})]


@pytest.mark.parametrize("path", ["mail:ulla@x.example", "user:maija", "usr_id:maija"])
def test_a_slip_in_the_namespace_names_nobody(running: Any, stub: Any, path: str) -> None:
    """Another person's picture would be shown without a word."""
    answer = running.client().get(f"/v1/customers/{path}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert f"user_id:{path}" in answer.json()["detail"]
    assert stub.asked == []


def test_a_path_that_is_not_utf8_names_nobody(running: Any, stub: Any) -> None:
    answer = running.client().get("/v1/customers/%ff")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_path")
    assert stub.asked == []


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/decide/", "/v1//decide", "/v2/decide", "/v1/customers/", "/docs"]
)
def test_no_such_path(running: Any, path: str) -> None:
    answer = running.client().get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_path")


def test_an_unknown_call_says_code_and_message(running: Any) -> None:
    problem = running.client().post("/v1/purchase", json={"userId": "maija"}).json()
    assert problem["status"] == 404
    assert problem["code"] == "no_such_path"
    assert problem["message"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/decide", "OPTIONS, POST"),
        ("PATCH", "/v1/clock", "GET, HEAD, OPTIONS, PUT"),
        ("TRACE", "/v1/clock", "GET, HEAD, OPTIONS, PUT"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_a_path_does_not_take(
    running: Any, method: str, path: str, allow: str
) -> None:
    answer = running.client().request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "no_such_method")
    assert answer.headers["allow"] == allow


def test_options_tells_the_methods_and_opens_no_origin(running: Any, stub: Any) -> None:
    headers = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    answer = running.client(None).options("/v1/decide", headers=headers)
    assert (answer.status_code, answer.headers["allow"]) == (204, "OPTIONS, POST")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert stub.asked == []


def test_head_is_get_without_its_body(running: Any) -> None:
    got, head = running.client().get("/healthz"), running.client().head("/healthz")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(got.content))
    assert running.client(None).head("/v1/digest").status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/v1/digest"])
def test_every_answer_tells_browsers_to_keep_off(running: Any, path: str) -> None:
    headers = running.client().get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_braces_are_no_more_than_a_name(running: Any, stub: Any) -> None:
    """Sent raw, as no client library does: the pattern itself is a path like any other."""
    with socket.create_connection(running.address, timeout=HANG_SECONDS) as connection:
        connection.sendall(
            b"GET /v1/customers/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer all\r\n"
            b"Connection: close\r\n\r\n"
        )
        assert connection.recv(65536).split(b" ")[1] in {b"204", b"400"}
