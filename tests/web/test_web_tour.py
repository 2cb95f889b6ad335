"""Every route asked once for real: it answers 2xx, and as the published document says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import jsonschema
import msgspec

from tuttu.web import ROUTES, openapi_document

MAIJA = {"user_id": "maija"}
QUESTION = {"who": MAIJA, "surfaces": ["front"], "refused": True}


class Tour:
    """Asks routes by their pattern, remembers which, and checks each answer by its schema."""

    def __init__(self, client: httpx.Client) -> None:
        self.seen: set[tuple[str, str]] = set()
        self._client = client
        self._document: dict[str, Any] = msgspec.json.decode(openapi_document())

    def __call__(self, method: str, path: str, body: object = None, **names: str) -> Any:
        self.seen.add((method, path))
        answer = self._client.request(
            method,
            path.format(**names),
            content=None if body is None else msgspec.json.encode(body),
        )
        assert answer.is_success, answer.text
        responses = self._document["paths"][path][method.lower()]["responses"]
        assert str(answer.status_code) in responses
        if answer.status_code == 204:
            assert answer.content == b""
            return None
        schema = responses["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": self._document["components"]}
        jsonschema.Draft202012Validator(whole).validate(answer.json())
        return answer.json()


def test_every_route_answers_as_published(reopened: Any, corner_folder: Path) -> None:
    with reopened() as corner:
        tour = Tour(corner.client)
        everything(tour)
    plan = corner_folder / "events.yaml"
    plan.write_text(plan.read_text().replace(", required: [ticket_id]", ""))
    with reopened() as corner:
        again = Tour(corner.client)
        sent_again(again)
    assert tour.seen | again.seen == {(route.method, route.path) for route in ROUTES}


def everything(tour: Tour) -> None:
    tour("POST", "/v1/identify", {"userId": "maija", "traits": {"has_tv": False}})
    tour("POST", "/v1/page", {"userId": "maija", "name": "Home"})
    tour("POST", "/v1/screen", {"userId": "maija", "name": "Home"})
    tour("POST", "/v1/group", {"userId": "maija", "groupId": "home"})
    tour("POST", "/v1/alias", {"userId": "maija", "previousId": "anonymous"})
    tour("POST", "/v1/batch", {"batch": [{"type": "identify", "anonymousId": "a", "userId": "m"}]})
    asked_and_answered(tour)
    refused_and_repaired(tour)
    the_rest(tour)


def asked_and_answered(tour: Tour) -> None:
    decided = tour("POST", "/v1/decide", QUESTION)
    assert [choice["action"] for choice in decided["choices"]] == ["tv-package"]
    shown = {"contact_id": decided["choices"][0]["contact_id"]}
    tour("POST", "/v1/track", {"userId": "maija", "event": "Offer Clicked", "properties": shown})
    kept = tour("GET", "/v1/decisions/{id}", id=decided["decision_id"])
    assert kept["decision"] == decided
    assert [outcome["outcome"] for outcome in kept["outcomes"]] == ["clicked"]
    tour("POST", "/v1/explain", QUESTION)
    tour("GET", "/v1/customers/{id}", id="maija")
    tour("GET", "/v1/customers/{id}/timeline", id="maija")
    wish = {"preferences": [{"purpose": "marketing", "allowed": False}]}
    tour("PUT", "/v1/customers/{id}/preferences", wish, id="maija")
    cells = tour("GET", "/v1/customers/{id}/preferences", id="maija")["preferences"]
    assert {cell["allowed"] for cell in cells if cell["purpose"] == "marketing"} == {False}
    assert tour("POST", "/v1/decide", QUESTION)["choices"] == []
    tour("POST", "/v1/unmerge", {"one": {"user_id": "m"}, "other": {"anonymous_id": "a"}})


def refused_and_repaired(tour: Tour) -> None:
    broken = {"type": "track", "userId": "maija", "event": "Ticket Opened"}
    bad = [{**broken, "messageId": f"broken-{number}"} for number in range(3)]
    answer = tour("POST", "/v1/batch", {"batch": bad})
    first, second, third = (each["dead_letter"] for each in answer["refused"])
    unfit = {"userId": "unfit", "traits": {"has_tv": "perhaps"}}
    assert tour("POST", "/v1/identify", unfit)["refused_traits"][0]["trait"] == "has_tv"
    assert tour("GET", "/v1/slips")["slips"][0]["count"] == 1
    assert tour("GET", "/v1/dead-letters")["dead_letters"][0]["id"] in {first, second, third}
    tour("GET", "/v1/dead-letters/{id}", id=first)
    tour("PUT", "/v1/dead-letters/{id}", {**bad[0], "properties": {"ticket_id": "T"}}, id=first)
    tour("DELETE", "/v1/dead-letters/{id}", id=second)


def links_of_others(tour: Tour) -> None:
    run = tour("POST", "/v1/links/{name}/runs", {}, name="crm")["run"]
    claimed = {"one": MAIJA, "other": {"email": "maija@example.com"}}
    body = {"through": 1, "links": [claimed]}
    assert tour("POST", "/v1/links/{name}/runs/{run}", body, name="crm", run=run)["claimed"] == 1
    assert tour("POST", "/v1/links/{name}/runs/{run}/close", name="crm", run=run)["pairs"] == 1
    assert [each["set"] for each in tour("GET", "/v1/links")] == ["crm"]
    assert tour("DELETE", "/v1/links/{name}", name="crm")["pairs"] == 0


def the_rest(tour: Tour) -> None:
    tour("PUT", "/v1/resources/{name}", {"amount": 5}, name="vouchers")
    assert tour("GET", "/v1/resources/{name}", name="vouchers")["free"] == 5
    assert [each["name"] for each in tour("GET", "/v1/resources")] == ["vouchers"]
    links_of_others(tour)
    issued = tour("POST", "/v1/keys", {"name": "shop", "scopes": ["ingest"]})
    assert issued["key"] not in str(tour("GET", "/v1/keys"))
    tour("DELETE", "/v1/keys/{name}", name="shop")
    tour("PUT", "/v1/clock", {"now": "2026-03-06T09:00:00Z"})
    shown = {"now": "2026-03-06T09:00:00Z", "manual": True, "ahead": 0.0}
    assert tour("GET", "/v1/clock") == shown
    assert not tour("GET", "/v1/project/reload")["changed"]
    assert not tour("POST", "/v1/project/reload")["changed"]
    assert tour("GET", "/v1/project")["by"] == "opening"
    again = tour("GET", "/v1/replay")
    assert again["live"] == again["replayed"] == tour("GET", "/v1/digest")["digest"]
    assert tour("GET", "/v1/verify")["agree"]
    tour("GET", "/v1/funnel")
    assert "tv-package" in str(tour("GET", "/v1/funnel"))
    tour("GET", "/healthz")
    tour("GET", "/readyz")
    tour("GET", "/v1/openapi.json")


def sent_again(tour: Tour) -> None:
    """What was refused is taken as it is, now that the tracking plan is milder."""
    letters = tour("GET", "/v1/dead-letters")["dead_letters"]
    [waiting] = [letter["id"] for letter in letters if letter["status"] == "waiting"]
    assert tour("POST", "/v1/dead-letters/{id}/send", id=waiting)["accepted"] == 1
    assert tour("GET", "/v1/dead-letters/{id}", id=waiting)["status"] == "sent"


def test_one_idempotency_key_is_one_decision(corner: Any) -> None:
    corner.client.post("/v1/identify", json={"userId": "maija", "traits": {"has_tv": False}})
    other = {"Authorization": f"Bearer {corner.issue('other', 'decide')}"}

    def decided(**headers: str) -> Any:
        return corner.client.post("/v1/decide", json=QUESTION, headers=headers).json()

    first = decided(**{"Idempotency-Key": "k"})
    assert decided(**{"Idempotency-Key": "k"}) == first
    finnish = decided(**{"Idempotency-Key": "k", "Accept-Language": "sv;q=0.1, fi-FI"})
    assert finnish["decision_id"] == first["decision_id"]
    for mine, said in zip(finnish["refused"], first["refused"], strict=True):
        assert (mine["code"], mine["values"]) == (said["code"], said["values"])
        assert mine["reason"] != said["reason"]
    assert decided(**{"Idempotency-Key": "l"})["decision_id"] != first["decision_id"]
    assert decided(**other, **{"Idempotency-Key": "k"})["decision_id"] != first["decision_id"]


def test_a_decision_sees_what_was_acknowledged_before_it(corner: Any) -> None:
    corner.client.post("/v1/identify", json={"userId": "maija", "traits": {"has_tv": False}})
    assert [each["action"] for each in corner.decide("maija")["choices"]] == ["tv-package"]
    ticket = {"event": "Ticket Opened", "properties": {"ticket_id": "T1", "status": "open"}}
    corner.client.post("/v1/track", json={"userId": "maija", **ticket})
    answer = corner.decide("maija")
    assert [each["action"] for each in answer["choices"]] == ["case-news"]
    [refused] = [each for each in answer["refused"] if each["action"] == "tv-package"]
    assert (refused["stage"], refused["reason"]) == (
        "guards",
        "stopped by: an open case stops marketing",
    )
