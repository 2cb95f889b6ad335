"""The operator's customers over either store: a sale, a refusal, a consent, a merge."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tests.laws.saying import send

from tuttu import engine as use
from tuttu.api import (
    DecideAnswer,
    DecideRequest,
    ExplainRequest,
    PreferenceRequest,
    PreferencesRequest,
    ShownPreference,
)
from tuttu.engine import Runtime, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.values import MINUTE

OPERATOR = Path(str(files("tuttu"))) / "examples" / "operator"
START = 1_772_366_400 * 1_000_000
"""2026-03-01T12:00:00Z."""
BROADBAND = [{"sku": "bb-100", "category": "broadband", "price": 29.90}]
SLOW = {"has_broadband": True, "line_mbps": 100, "line_limit_mbps": 1000}
OFFER = "faster-broadband"


class Operator:
    """One engine; every call comes a minute after the one before."""

    def __init__(self, engine: Runtime, clock: ManualClock) -> None:
        self.engine = engine
        self._clock = clock
        self._said = 0

    def say(self, call: str, who: dict[str, str], **said: Any) -> None:
        self._clock.set(self._clock.now() + MINUTE)
        self._said += 1
        body = {
            "type": call,
            "messageId": f"m{self._said}",
            "timestamp": format_instant(self._clock.now()),
            **who,
            **said,
        }
        assert send(self.engine, call, body) == 1

    def buy(self, user: str, order: str, **more: Any) -> None:
        properties = {"order_id": order, "products": BROADBAND, **more}
        self.say("track", {"userId": user}, event="Order Completed", properties=properties)

    def choose(self, user: str, *, allowed: bool) -> None:
        self._clock.set(self._clock.now() + MINUTE)
        choice = PreferenceRequest(purpose="marketing", channel="email", allowed=allowed)
        request = PreferencesRequest(preferences=[choice])
        use.set_preferences(self.engine, {"user_id": user}, request, "anna")

    def decide(self, user: str, *, dry_run: bool = True) -> DecideAnswer:
        request = DecideRequest(who={"user_id": user}, surfaces=["email"], dry_run=dry_run)
        return use.decide(self.engine, request)

    def answer(self, user: str) -> str:
        """The basis of the offer, or the code of why it is refused."""
        found = self.decide(user)
        bases = [str(each.basis) for each in found.choices if each.action == OFFER]
        return (bases or [each.code for each in found.refused if each.action == OFFER])[0]

    def preference(self, user: str) -> ShownPreference:
        found = use.preferences(self.engine, {"user_id": user}, "anna").preferences
        (cell,) = (e for e in found if (e.purpose, e.channel) == ("marketing", "email"))
        return cell


@pytest.fixture
def operator(storage_url: str, tmp_path: Path) -> Iterator[Operator]:
    folder = shutil.copytree(OPERATOR, tmp_path / "operator")
    clock = ManualClock(START)
    with closing(open_engine(folder, clock=clock, storage=storage_url)) as engine:
        yield Operator(engine, clock)


def test_a_sale_a_refusal_and_a_consent(operator: Operator) -> None:
    who = {"userId": "maija"}
    operator.say("identify", who, traits={"email": "maija@operator.example", **SLOW})
    assert operator.answer("maija") == "kind_not_known"
    operator.say("identify", who, traits={"customer_type": "consumer"})
    assert operator.answer("maija") == "no_sale"
    operator.buy("maija", "O1")
    assert operator.answer("maija") == "refusal_not_offered"
    operator.buy("maija", "O2", refusal_offered=True)
    assert operator.answer("maija") == "soft_opt_in"
    cell = operator.preference("maija")
    assert (cell.allowed, cell.chosen, cell.basis, cell.after_sale) == (
        False, False, "consent", True,
    )  # fmt: skip
    operator.choose("maija", allowed=False)
    operator.buy("maija", "O3", refusal_offered=True)
    assert operator.answer("maija") == "refused_by_customer"
    assert operator.preference("maija").after_sale is False
    operator.choose("maija", allowed=True)
    assert operator.answer("maija") == "consent"
    found = use.verify(operator.engine)
    assert found.agree, found.differences


def test_what_was_decided_says_on_what_basis(operator: Operator) -> None:
    """Also later, when the customer has refused it: the receipt keeps what it rested on."""
    traits = {"email": "maija@operator.example", "customer_type": "consumer", **SLOW}
    operator.say("identify", {"userId": "maija"}, traits=traits)
    operator.buy("maija", "O1", refusal_offered=True)
    kept = operator.decide("maija", dry_run=False)
    assert kept.decision_id is not None
    operator.choose("maija", allowed=False)
    again = use.decision_by_id(operator.engine, kept.decision_id, "anna")
    (choice,) = again.decision.choices
    assert (choice.basis, choice.kind_of_person) == ("soft_opt_in", "consumer")
    request = ExplainRequest(decision=kept.decision_id)
    explained = use.explain(operator.engine, request, "anna")
    assert [each.basis for each in explained.choices] == ["soft_opt_in"]


def test_a_refusal_of_one_holds_when_two_become_one(operator: Operator) -> None:
    """Though the other one bought something, and whichever way they are asked for."""
    traits = {"email": "maija@operator.example", "customer_type": "consumer", **SLOW}
    operator.say("identify", {"userId": "maija"}, traits=traits)
    operator.buy("maija", "O1", refusal_offered=True)
    refused = {"purpose": "marketing", "channel": "email"}
    device = {"anonymousId": "tablet"}
    operator.say("track", device, event="Consent Withdrawn", properties=refused)
    assert operator.answer("maija") == "soft_opt_in"
    operator.say("identify", {"userId": "maija", "anonymousId": "tablet"}, traits={})
    assert operator.answer("maija") == "refused_by_customer"
    operator.choose("maija", allowed=True)
    assert operator.answer("maija") == "consent"
