"""Who may do what: one table, and every route tried with every scope and without a key."""

from __future__ import annotations

from typing import Any

import pytest

from tuttu.access import ALL_SCOPES
from tuttu.web import ROUTES

ALLOWED = {
    ("POST", "/v1/identify"): "ingest",
    ("POST", "/v1/track"): "ingest",
    ("POST", "/v1/page"): "ingest",
    ("POST", "/v1/screen"): "ingest",
    ("POST", "/v1/group"): "ingest",
    ("POST", "/v1/alias"): "ingest",
    ("POST", "/v1/batch"): "ingest",
    ("POST", "/v1/decide"): "decide",
    ("POST", "/v1/explain"): "read-person",
    ("GET", "/v1/decisions/{id}"): "read-person",
    ("GET", "/v1/customers/{id}"): "read-person",
    ("GET", "/v1/customers/{id}/timeline"): "read-person",
    ("GET", "/v1/customers/{id}/preferences"): "read-person",
    ("PUT", "/v1/customers/{id}/preferences"): "write-person",
    ("POST", "/v1/unmerge"): "write-person",
    ("GET", "/v1/links"): "admin",
    ("DELETE", "/v1/links/{name}"): "write-person",
    ("POST", "/v1/links/{name}/runs"): "write-person",
    ("POST", "/v1/links/{name}/runs/{run}"): "write-person",
    ("POST", "/v1/links/{name}/runs/{run}/close"): "write-person",
    ("GET", "/v1/resources"): "admin",
    ("GET", "/v1/resources/{name}"): "admin",
    ("PUT", "/v1/resources/{name}"): "admin",
    ("GET", "/v1/dead-letters"): "admin",
    ("GET", "/v1/slips"): "admin",
    ("GET", "/v1/dead-letters/{id}"): "admin",
    ("PUT", "/v1/dead-letters/{id}"): "admin",
    ("DELETE", "/v1/dead-letters/{id}"): "admin",
    ("POST", "/v1/dead-letters/{id}/send"): "admin",
    ("GET", "/v1/keys"): "admin",
    ("POST", "/v1/keys"): "admin",
    ("DELETE", "/v1/keys/{name}"): "admin",
    ("GET", "/v1/project"): "admin",
    ("GET", "/v1/project/reload"): "admin",
    ("POST", "/v1/project/reload"): "admin",
    ("GET", "/v1/digest"): "admin",
    ("GET", "/v1/replay"): "admin",
    ("GET", "/v1/verify"): "admin",
    ("GET", "/v1/funnel"): "admin",
    ("GET", "/v1/clock"): "clock",
    ("PUT", "/v1/clock"): "clock",
    ("GET", "/v1/openapi.json"): None,
    ("GET", "/healthz"): None,
    ("GET", "/readyz"): None,
}

BODIES: dict[tuple[str, str], object] = {
    ("POST", "/v1/decide"): {"who": {"user_id": "maija"}, "surfaces": ["front"]},
    ("POST", "/v1/explain"): {"who": {"user_id": "maija"}, "surfaces": ["front"]},
    ("PUT", "/v1/customers/{id}/preferences"): {"preferences": []},
    ("POST", "/v1/unmerge"): {"one": {"user_id": "a"}, "other": {"user_id": "b"}},
    ("PUT", "/v1/resources/{name}"): {"amount": 3},
    ("POST", "/v1/links/{name}/runs/{run}"): {"through": 1, "links": []},
    ("POST", "/v1/keys"): {"name": "shop", "scopes": ["ingest"]},
    ("PUT", "/v1/clock"): {"now": "2026-03-01T09:00:00Z"},
}


def test_the_table_names_every_route_once() -> None:
    routes = [(route.method, route.path) for route in ROUTES]
    assert len(routes) == len(set(routes))
    assert dict(zip(routes, (route.scope for route in ROUTES), strict=True)) == ALLOWED


@pytest.mark.parametrize(("method", "path"), ALLOWED, ids=lambda part: part.strip("/"))
def test_a_route_opens_to_its_scope_alone(method: str, path: str, running: Any, stub: Any) -> None:
    for key in [None, "no such key", *sorted(ALL_SCOPES)]:
        stub.asked.clear()
        client = running.client(key)
        answer = client.request(method, _url(path), json=BODIES.get((method, path), {}))
        assert answer.status_code in _expected(ALLOWED[method, path], key), key
        if answer.status_code in {401, 403}:
            assert stub.asked == []


def _url(path: str) -> str:
    return path.replace("{id}", "maija").replace("{name}", "letters")


def _expected(scope: str | None, key: str | None) -> set[int]:
    if scope is None or key == scope:
        return {200, 204}
    return {403} if key in ALL_SCOPES else {401}


def test_the_projects_own_socket_needs_no_key(running: Any, stub: Any) -> None:
    client = running.local_client()
    for method, path in ALLOWED:
        answer = client.request(method, _url(path), json=BODIES.get((method, path), {}))
        assert answer.status_code in {200, 204}, (method, path)
    assert {asked["by"] for name, asked in stub.asked if name == "accept_in_slices"} == {"local"}


def test_a_call_may_carry_its_key_in_the_body(running: Any, stub: Any) -> None:
    client = running.client(None)
    assert client.post("/v1/track", json={"writeKey": "ingest"}).status_code == 200
    assert client.post("/v1/track", json={"writeKey": "decide"}).status_code == 403
    assert client.post("/v1/track", json={"writeKey": "nobody"}).status_code == 401
    assert client.post("/v1/decide", json={"writeKey": "decide"}).status_code == 401
    assert stub.unauthenticated == 1


def test_a_key_in_the_header_is_not_made_good_by_one_in_the_body(running: Any) -> None:
    client = running.client(None)
    for header in ("Bearer nobody", "Basic ???", "Digest x", ""):
        answer = client.post(
            "/v1/track", json={"writeKey": "ingest"}, headers={"Authorization": header}
        )
        assert answer.status_code == 401, header
        assert "WWW-Authenticate" in answer.headers
