"""Events that come late, in the wrong order, or with a wrong time, in the operator's company."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.stories.conftest import Company, Copy, Open
else:
    Company = Copy = Open = Any

pytestmark = pytest.mark.stories

Right = Callable[..., str]

START = "2026-03-01T07:00:00Z"
OFFER = "tv-package"
GUARD = "stopped by: open case stops marketing"
MAIJA = {
    "type": "identify",
    "messageId": "maija",
    "userId": "maija",
    "timestamp": "2026-03-01T07:00:00Z",
    "traits": {"has_broadband": True, "has_tv": False, "churn_risk": 0.1},
}
OPENED = {
    "type": "track",
    "messageId": "opened",
    "userId": "maija",
    "timestamp": "2026-03-05T07:12:00Z",
    "event": "Ticket Opened",
    "properties": {"ticket_id": "T1", "status": "open", "topic": "no connection"},
}
RESOLVED = {
    "type": "track",
    "messageId": "resolved",
    "userId": "maija",
    "timestamp": "2026-03-07T08:00:00Z",
    "event": "Ticket Resolved",
    "properties": {"ticket_id": "T1", "status": "resolved", "resolved_at": "2026-03-07T08:00:00Z"},
}
SECOND = {
    **OPENED,
    "messageId": "second",
    "timestamp": "2026-03-06T09:00:00Z",
    "properties": {"ticket_id": "T2", "status": "open"},
}


@pytest.fixture
def operator(copy: Copy, opened: Open, examples: Path) -> Any:
    """Starts the operator's company under a name, knowing maija."""

    def starting(name: str) -> Company:
        company = opened(copy(examples / "operator", name), START)
        company.send(**MAIJA)
        return company

    return starting


@pytest.fixture(scope="module")
def right(copy: Copy, shared: Open, examples: Path) -> Right:
    """The digest of a company that heard of each call when it happened."""
    digests: dict[tuple[str, ...], str] = {}

    def digest(*calls: dict[str, Any]) -> str:
        names = tuple(call["messageId"] for call in calls)
        if names not in digests:
            company = shared(copy(examples / "operator", "right"), START)
            company.send(**MAIJA)
            digests[names] = in_order(company, *calls).digest()
        return digests[names]

    return digest


def why_not(company: Company) -> str | None:
    """The reason why maija is not offered TV; None if she is."""
    answer = company.decide("maija", "front.hero")
    if OFFER in {choice["action"] for choice in answer["choices"]}:
        return None
    [reason] = {no["reason"] for no in answer["refused"] if no["action"] == OFFER}
    return str(reason)


def ticket(company: Company, name: str) -> Any:
    items = company.customer("maija")["collections"]["tickets"]
    return next(item for item in items if item["ticket_id"] == name)


def in_order(company: Company, *calls: dict[str, Any]) -> Company:
    """Each call arrives when it happened."""
    for call in calls:
        company.set_clock(call["timestamp"])
        company.send(**call)
    return company


def entry(company: Company, name: str) -> dict[str, Any]:
    [found] = [each for each in company.timeline("maija") if each["id"] == name]
    return found


def test_resolved_arrives_before_opened(operator: Any, right: Right) -> None:
    company = operator("swapped")
    company.set_clock("2026-03-07T08:05:00Z")
    company.send(**RESOLVED)
    assert ticket(company, "T1")["status"] == "resolved"
    assert why_not(company) == GUARD, "it cools down for three days"
    company.send(**OPENED)
    after = {"ticket_id": "T1", "status": "resolved", "topic": "no connection"}
    assert ticket(company, "T1") == {**after, "resolved_at": "2026-03-07T08:00:00Z"}
    assert company.customer("maija")["traits"]["open_tickets"] == 0
    assert [each["id"] for each in company.timeline("maija")] == ["maija", "opened", "resolved"]
    company.set_clock("2026-03-10T08:00:00Z")
    assert why_not(company) == GUARD
    company.set_clock("2026-03-10T08:00:01Z")
    assert why_not(company) is None
    assert company.digest() == right(OPENED, RESOLVED)


def test_what_comes_late_counts_from_when_it_comes(operator: Any, right: Right) -> None:
    company = in_order(operator("late"), OPENED, RESOLVED)
    company.set_clock("2026-03-12T09:00:00Z")
    assert why_not(company) is None
    company.send(**SECOND)
    assert why_not(company) == GUARD
    assert ticket(company, "T2")["status"] == "open"
    late = entry(company, "second")
    assert (late["time"], late["received"]) == ("2026-03-06T09:00:00Z", "2026-03-12T09:00:00Z")
    company.send(**SECOND)
    assert len(company.timeline("maija")) == 4
    assert company.digest() == right(OPENED, SECOND, RESOLVED)


def test_what_is_older_than_what_is_known_changes_nothing_it_must_not(operator: Any) -> None:
    """An old word on a ticket that has been closed since, and an old trait."""
    company = in_order(operator("old"), OPENED, RESOLVED)
    old = {"ticket_id": "T1", "status": "open", "topic": "noise on the line"}
    updated = {"event": "Ticket Updated", "timestamp": "2026-03-06T08:00:00Z", "properties": old}
    company.send(**{**OPENED, **updated, "messageId": "updated"})
    assert ticket(company, "T1")["status"] == "resolved"
    assert ticket(company, "T1")["topic"] == "noise on the line", "said last of the topic"
    before = {"timestamp": "2026-02-01T07:00:00Z", "traits": {"has_tv": True, "has_mobile": True}}
    company.send(**{**MAIJA, **before, "messageId": "before"})
    traits = company.customer("maija")["traits"]
    assert (traits["has_tv"], traits["has_mobile"]) == (False, True)


def test_an_event_of_the_year_2099_is_kept_at_its_receipt(operator: Any, right: Right) -> None:
    company = operator("future")
    company.set_clock(OPENED["timestamp"])
    company.send(**{**OPENED, "timestamp": "2099-01-01T00:00:00Z"})
    kept = entry(company, "opened")
    assert kept["time"] == kept["received"] == OPENED["timestamp"]
    assert kept["claimed"] == "2099-01-01T00:00:00Z"
    assert why_not(company) == GUARD
    in_order(company, RESOLVED)
    assert ticket(company, "T1")["status"] == "resolved", "what came later holds, not 2099"
    assert "claimed" not in entry(company, "resolved")
    assert company.digest() == right(OPENED, RESOLVED)


def test_a_little_ahead_is_now(operator: Any) -> None:
    """Up to an hour a sender's clock may be wrong without a word; past it, the word is kept."""
    company = operator("ahead")
    company.send(**{**OPENED, "timestamp": "2026-03-01T08:00:00Z"})
    ahead = {**SECOND, "timestamp": "2026-03-01T08:00:00.000001Z"}
    company.send(**ahead)
    hour, more = entry(company, "opened"), entry(company, "second")
    assert hour["time"] == more["time"] == START
    assert "claimed" not in hour
    assert more["claimed"] == "2026-03-01T08:00:00.000001Z"


def test_an_event_of_1970_waits_until_it_is_repaired(operator: Any, right: Right) -> None:
    """Repaired when other things have happened, it is as if it had been right at first."""
    company = operator("repaired")
    company.set_clock(OPENED["timestamp"])
    wrong = {**OPENED, "timestamp": "1970-01-01T00:00:00Z"}
    answer = company.client.post("/v1/track", content=json.dumps(wrong))
    assert answer.status_code == 400
    assert answer.json()["code"] == "too_early"
    assert "1970-01-01" in answer.json()["message"]
    assert company.customer("maija")["traits"]["open_tickets"] == 0
    assert why_not(company) is None
    in_order(company, SECOND)
    [letter] = company.ask("GET", "/v1/dead-letters")["dead_letters"]
    assert json.loads(letter["body"]) == wrong
    assert (letter["status"], letter["received"]) == ("waiting", OPENED["timestamp"])
    company.set_clock("2026-03-06T20:00:00Z")
    company.ask("PUT", f"/v1/dead-letters/{letter['id']}", OPENED)
    assert company.ask("GET", f"/v1/dead-letters/{letter['id']}")["status"] == "sent"
    assert company.customer("maija")["traits"]["open_tickets"] == 2
    in_order(company, RESOLVED)
    assert company.digest() == right(OPENED, SECOND, RESOLVED)


def test_an_event_of_1970_repaired_by_leaving_its_time_out(operator: Any, right: Right) -> None:
    """Without a time of its own it is of the time at which it first came."""
    company = operator("timeless")
    company.set_clock(OPENED["timestamp"])
    wrong = {**OPENED, "timestamp": "1970-01-01T00:00:00Z"}
    file = company.folder.with_name("repaired.json")
    file.write_text(json.dumps({key: OPENED[key] for key in OPENED if key != "timestamp"}))
    assert company.client.post("/v1/track", content=json.dumps(wrong)).status_code == 400
    [letter] = json.loads(company.command("dead-letters", "list", "--json"))
    company.set_clock(RESOLVED["timestamp"])
    company.command("dead-letters", "repair", letter["id"], str(file))
    company.send(**RESOLVED)
    assert company.digest() == right(OPENED, RESOLVED)
