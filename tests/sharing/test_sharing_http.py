"""Shared identifiers over HTTP: problems, scopes, and keys."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from tests.sharing.company import Company
from tests.sharing.test_sharing_ambiguous import AINO, CHANGES, PHONE, VEIKKO
from tests.waiting import HANG_SECONDS

from tuttu.web import create_app


@pytest.fixture
def shop(opened: Any) -> Company:
    company: Company = opened(**CHANGES)
    company.identify(AINO, user_id="aino", **PHONE)
    company.identify(VEIKKO, user_id="veikko", **PHONE)
    return company


class Client:
    """Asks the application in this process, a request at a time."""

    def __init__(self, shop: Company) -> None:
        self._transport = httpx.ASGITransport(create_app(shop.engine))

    def get(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        return self._ask("GET", path, headers)

    def post(self, path: str, json: object, headers: Mapping[str, str]) -> httpx.Response:
        return self._ask("POST", path, headers, json)

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: object = None
    ) -> httpx.Response:
        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://tuttu", timeout=HANG_SECONDS
            ) as client:
                return await client.request(method, path, json=body, headers=dict(headers))

        return asyncio.run(asked())


@pytest.fixture
def client(shop: Company) -> Client:
    return Client(shop)


def key(shop: Company, name: str, *scopes: str) -> dict[str, str]:
    secret = shop.engine.keyring.issue(name, scopes)
    return {"Authorization": f"Bearer {secret}"}


DESK: dict[str, Any] = {"who": PHONE, "surfaces": ["desk"]}


def test_who_may_read_people_is_told_whom_it_may_mean(shop: Company, client: Client) -> None:
    agent = key(shop, "agent", "decide", "read-person")
    answer = client.post("/v1/decide", json=DESK, headers=agent)
    problem = answer.json()
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["asks"]) == ("ambiguous", "postal_code")
    assert sorted(each["initials"] for each in problem["candidates"]) == ["A.V.", "V.V."]
    handle = problem["candidates"][0]["handle"]
    picture = client.get(f"/v1/customers/handle:{handle}", headers=agent)
    assert picture.status_code == 200
    assert picture.json()["customer"] in {"user_id:aino", "user_id:veikko"}
    other = key(shop, "another", "read-person")
    assert client.get(f"/v1/customers/handle:{handle}", headers=other).status_code == 400
    ambiguous = client.get("/v1/customers/phone:+358401234567", headers=agent)
    assert (ambiguous.status_code, ambiguous.json()["code"]) == (409, "ambiguous")


def test_who_may_only_ask_for_decisions_is_told_nothing(shop: Company, client: Client) -> None:
    counter = key(shop, "counter", "decide")
    problem = client.post("/v1/decide", json=DESK, headers=counter).json()
    assert problem["code"] == "ambiguous"
    assert problem.keys().isdisjoint({"candidates", "asks"})
    asked = {**DESK, "answers": {"postal_code": "00200"}}
    assert client.post("/v1/decide", json=asked, headers=counter).json()["customer"] == (
        "user_id:veikko"
    )
    for _ in range(4):
        client.post("/v1/decide", json=asked, headers=counter)
    refused = client.post("/v1/decide", json=asked, headers=counter)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    assert refused.headers["retry-after"] == "3600"


@pytest.mark.parametrize("said", ["", "x", "=", "ä", base64.urlsafe_b64encode(bytes(40)).decode()])
def test_what_is_no_handle_names_nobody(shop: Company, client: Client, said: str) -> None:
    agent = key(shop, "agent", "decide", "read-person")
    asked = {"who": {"handle": said}, "surfaces": ["desk"]}
    answer = client.post("/v1/decide", json=asked, headers=agent)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_the_same_key_gives_the_same_answer_about_what_is_shared(
    shop: Company, client: Client
) -> None:
    agent = {**key(shop, "agent", "decide"), "Idempotency-Key": "k"}
    asked = {"who": PHONE, "surfaces": ["front.hero"]}
    first = client.post("/v1/decide", json=asked, headers=agent).json()
    assert first["shared"] is True
    assert client.post("/v1/decide", json=asked, headers=agent).json() == first
