"""One person with a home and a cottage, told to a running server as a shop's or a utility's own
systems would tell it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.stories.conftest import Company, Copy, Open
else:
    Company = Copy = Open = Any

pytestmark = pytest.mark.stories

EXAMPLES = Path(__file__).parents[2] / "src" / "tuttu" / "examples"
HOME = {
    "contract_id": "home",
    "place": "Koskikatu 5",
    "product": "spot",
    "yearly_kwh": 12_000,
    "ends_on": "2026-05-01",
    "bill_status": "paid",
}
COTTAGE = {**HOME, "contract_id": "cottage", "place": "Rantatie 2", "yearly_kwh": 2_600}


@pytest.fixture
def company(opened: Open, copy: Copy) -> Company:
    return opened(copy(EXAMPLES / "utility", "u"), "2026-03-01T09:00:00Z")


def track(company: Company, event: str, minute: int, **said: object) -> None:
    time = f"2026-03-01T08:{minute:02d}:00Z"
    company.send(type="track", userId="aino", event=event, timestamp=time, properties=said)


def shown(answer: Any) -> list[tuple[str, str | None]]:
    return [(each["action"], each["item"]) for each in answer["choices"]]


def test_each_place_is_judged_and_told_by_itself(company: Company) -> None:
    for minute, contract in enumerate((HOME, COTTAGE)):
        track(company, "Contract Signed", minute, **contract)
    kept = company.decide("aino", "front.page", dry_run=False)
    assert shown(kept) == [("fixed-price", "home"), ("fixed-price", "cottage")]
    assert "Koskikatu 5" in kept["choices"][0]["content"]

    track(company, "Bill Disputed", 10, contract_id="cottage", bill_status="disputed")
    assert shown(company.decide("aino", "front.page")) == [
        ("fixed-price", "home"),  # an offer that was shown is kept
        ("bill-help", "cottage"),
    ]
    question = {"who": {"user_id": "aino"}, "surfaces": ["front.page"]}
    refused = company.ask("POST", "/v1/explain", question)["refused"]
    stopped = [
        (each["item"], each["stage"], each["reason"])
        for each in refused
        if each["action"] == "fixed-price"
    ]
    assert stopped == [
        ("cottage", "guards", "stopped by: disputed bill stops selling to that contract")
    ]

    contacts = company.customer("aino")["contacts"]
    assert {each["item"] for each in contacts} == {"home", "cottage"}
    decided = company.ask("GET", f"/v1/decisions/{kept['decision_id']}")
    assert decided["read_of_items"]["contracts"]["home"]["item.yearly_kwh"] == 12_000

    told = company.command("explain", "user_id:aino", "--surface", "front.page")
    assert "front.page slot 2: bill-help about cottage (web)" in told
    assert "fixed-price about cottage" in told
    counted = company.ask("GET", "/v1/funnel")
    lines = {line["action"]: line for line in counted["lines"] if line["treatment"] is None}
    assert (counted["customers"], lines["fixed-price"]["about"]) == (1, "contracts")
    assert lines["fixed-price"]["stages"][0]["entered"] == 2
    assert lines["fixed-price"]["chosen"] == 1


def test_three_reports_then_silence_then_a_reaction(company: Company) -> None:
    track(company, "Contract Signed", 0, **{**HOME, "ends_on": None})
    for minute in (1, 2, 3):
        track(company, "Consumption Report Viewed", minute, contract_id="home", month="2026-02")
    for day in (1, 5):
        company.set_clock(f"2026-03-{day:02d}T10:00:00Z")
        kept = company.decide("aino", "front.page", dry_run=False)
        assert shown(kept) == [("energy-advice", "home")]
        contact = {"contact_id": kept["choices"][0]["contact_id"]}
        company.send(type="track", userId="aino", event="Promotion Viewed", properties=contact)
    company.set_clock("2026-03-09T10:00:00Z")
    silent = company.decide("aino", "front.page")
    assert shown(silent) == []
    assert ("energy-advice", "left alone after: silent twice") in {
        (each["action"], each["reason"]) for each in silent["refused"]
    }
    company.send(type="track", userId="aino", event="Promotion Clicked", properties=contact)
    assert shown(company.decide("aino", "front.page")) == [("energy-advice", "home")]
