"""Vetoes of those who share an identifier: nobody's are lost, and nobody gets another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.sharing.company import GUARD, Company

from tuttu import engine as use
from tuttu.api import ExplainRequest, ShownRefusal

Open = Any


def complain(shop: Company, **who: str) -> None:
    shop.say("Complaint Opened", {"complaint_id": "C1", "status": "open"}, **who)


def withdraw(shop: Company, **who: str) -> None:
    shop.say("Consent Withdrawn", {"purpose": "marketing"}, **who)


def order(shop: Company, number: int, **who: str) -> None:
    shop.say("Order Completed", {"order_id": f"O{number}", "total": 20}, **who)


def test_a_sixth_guest_order_takes_away_no_veto(shop: Company) -> None:
    complain(shop, email="m@x.fi", anonymous_id="b1")
    withdraw(shop, email="m@x.fi", anonymous_id="b1")
    for number in range(1, 7):
        order(shop, number, email="m@x.fi", anonymous_id=f"b{number}")
        for browser in range(1, number + 1):
            why = shop.why_not("club-card", anonymous_id=f"b{browser}")
            assert {"guard", "refused_by_customer"} <= {code for code, _ in why}


def test_a_browser_of_two_keeps_the_vetoes_of_both(shop: Company) -> None:
    complain(shop, user_id="aino", anonymous_id="laptop")
    assert [code for code, _ in shop.why_not("club-card", anonymous_id="laptop")] == ["guard"]
    order(shop, 1, user_id="veikko", anonymous_id="laptop")
    assert shop.why_not("club-card", anonymous_id="laptop") == [("guard", True)]
    assert shop.why_not("club-card", user_id="aino") == [("guard", False)]
    assert shop.why_not("club-card", user_id="veikko") == []
    assert shop.why_not("club-card", user_id="veikko", anonymous_id="laptop") == []


def test_what_was_refused_at_a_shared_browser_is_everyones_refusal(shop: Company) -> None:
    order(shop, 1, user_id="aino", anonymous_id="laptop")
    order(shop, 2, user_id="veikko", anonymous_id="laptop")
    withdraw(shop, anonymous_id="laptop")
    for user in ("aino", "veikko"):
        assert shop.why_not("club-card", user_id=user) == [("refused_by_customer", True)]
    shop.say("Consent Given", {"purpose": "marketing"}, anonymous_id="laptop")
    assert shop.why_not("club-card", user_id="aino") == []


def test_what_was_allowed_at_a_shared_browser_is_nobodys_permit(opened: Open) -> None:
    shop = opened(consent={"purposes": {"marketing": {"basis": "consent", "default": "out"}}})
    order(shop, 1, user_id="aino", anonymous_id="laptop")
    shop.say("Consent Given", {"purpose": "marketing"}, anonymous_id="laptop")
    assert shop.why_not("club-card", anonymous_id="laptop") == []
    order(shop, 2, user_id="veikko", anonymous_id="laptop")
    for who in ({"user_id": "aino"}, {"user_id": "veikko"}, {"anonymous_id": "laptop"}):
        assert shop.why_not("club-card", **who) == [("not_consented", False)]
    shop.say("Consent Given", {"purpose": "marketing"}, user_id="aino")
    assert shop.why_not("club-card", user_id="aino") == []


def test_who_allows_it_anew_is_believed(shop: Company) -> None:
    withdraw(shop, anonymous_id="laptop")
    order(shop, 1, user_id="aino", anonymous_id="laptop")
    order(shop, 2, user_id="veikko", anonymous_id="laptop")
    assert shop.why_not("club-card", user_id="aino") == [("refused_by_customer", True)]
    shop.say("Consent Given", {"purpose": "marketing"}, user_id="aino")
    assert shop.why_not("club-card", user_id="aino") == []
    assert shop.why_not("club-card", user_id="veikko") == [("refused_by_customer", True)]


def test_nothing_stands_in_for_what_others_block(shop: Company) -> None:
    order(shop, 1, user_id="aino", anonymous_id="laptop")
    order(shop, 2, user_id="veikko", anonymous_id="laptop")
    complain(shop, anonymous_id="laptop")
    assert shop.why_not("club-card", user_id="aino") == [("guard", True)]
    assert shop.chosen(user_id="aino") == []
    assert shop.chosen(anonymous_id="laptop") == ["complaint-news"]


def test_nothing_stands_in_for_what_others_block_though_it_could(opened: Open) -> None:
    """Anybody can be shown what stands in; without a guard it comes last."""
    on_front = {"surface": "front.hero", "message": "complaint-news"}
    always = {"has looked at shoes": "TRUE", "has not told a size": "TRUE"}
    shop = opened(
        **{
            "actions/service/orders/complaint-news": {
                "applicable": {"has an open complaint": "TRUE"},
                "value": 0.01,
            },
            "actions/service/orders/size-question": {
                "applicable": always,
                "treatments": {"web": on_front},
            },
        },
    )
    order(shop, 1, user_id="aino", anonymous_id="laptop")
    order(shop, 2, user_id="veikko", anonymous_id="laptop")
    complain(shop, anonymous_id="laptop")
    assert shop.why_not("club-card", user_id="aino") == [("guard", True)]
    assert shop.chosen(user_id="aino") == ["size-question"]
    assert shop.chosen(anonymous_id="laptop") == ["complaint-news"]


def test_nobody_allows_what_another_refused(shop: Company) -> None:
    """A browser, an address and a login that share it may all be one: none speaks for another."""
    withdraw(shop, anonymous_id="laptop")
    order(shop, 1, user_id="aino", anonymous_id="laptop")
    order(shop, 2, user_id="veikko", anonymous_id="laptop")
    order(shop, 3, email="m@x.fi", anonymous_id="laptop")
    shop.say("Consent Given", {"purpose": "marketing"}, email="m@x.fi")
    assert shop.why_not("club-card", email="m@x.fi") == []
    assert shop.why_not("club-card", user_id="aino") == [("refused_by_customer", True)]


def test_contacts_at_a_shared_browser_count_for_all_who_use_it(opened: Open) -> None:
    shop = opened(
        policy={
            "contact_limits": {"one a week": {"purpose": "marketing", "at_most": 1, "in": "7d"}}
        }
    )
    for user in ("aino", "veikko"):
        order(shop, 1, user_id=user, anonymous_id="laptop")
    answer = shop.decide(dry_run=False, anonymous_id="laptop")
    contact = answer.choices[0].contact_id
    shop.say("Promotion Viewed", {"contact_id": contact}, anonymous_id="laptop")
    for user in ("aino", "veikko"):
        why = shop.why_not("shoe-ad", user_id=user)
        assert ("contact_limit", True) in why
    assert ("contact_limit", False) in shop.why_not("shoe-ad", anonymous_id="laptop")


def test_a_receipt_is_explained_again_by_what_the_shade_said(shop: Company) -> None:
    order(shop, 1, user_id="aino", anonymous_id="laptop")
    order(shop, 2, user_id="veikko", anonymous_id="laptop")
    complain(shop, anonymous_id="laptop")
    withdraw(shop, anonymous_id="laptop")
    decided = shop.decide(dry_run=False, user_id="aino")
    before = shop.explain(user_id="aino")
    assert decided.decision_id is not None
    shop.say("Complaint Solved", {"complaint_id": "C1", "status": "solved"}, anonymous_id="laptop")
    again = use.explain(shop.engine, ExplainRequest(decision=decided.decision_id), "anna")
    assert again.refused == before.refused
    refused = next(each for each in again.refused if each.action == "club-card")
    assert refused.code == "guard"
    assert refused.values == {"guard": GUARD, "shared": True}
    assert [each.code for each in refused.also] == ["refused_by_customer"]


def test_too_many_may_be_the_customer(shop: Company) -> None:
    order(shop, 0, user_id="aino", anonymous_id="tablet")
    for number in range(1, 40):
        order(shop, number, user_id=f"u{number}", anonymous_id="tablet")
    assert shop.why_not("club-card", user_id="aino") == []
    assert shop.why_not("club-card", anonymous_id="tablet") == []
    for number in range(40, 120):
        order(shop, number, user_id=f"u{number}", anonymous_id="tablet")
    assert shop.why_not("club-card", user_id="aino") == []
    answer = shop.explain(anonymous_id="tablet")
    refused = next(each for each in answer.refused if each.action == "club-card")
    assert (refused.code, refused.values) == ("unsettled", {"namespace": "anonymous_id"})
    assert refused.reason == "settle who uses the anonymous_id: too many share it"


def racing(shop: Company, meanwhile: Callable[[], None]) -> Company:
    """What happens between the reading and the commit of the next decision."""
    commit = shop.engine.commit

    def late(units: Any) -> Any:
        shop.engine.commit = commit  # type: ignore[method-assign]
        meanwhile()
        return commit(units)

    shop.engine.commit = late  # type: ignore[method-assign]
    return shop


@pytest.mark.parametrize("speaks", [complain, withdraw])
def test_whose_shade_says_something_meanwhile_is_decided_again(
    shop: Company, speaks: Callable[..., None]
) -> None:
    order(shop, 1, user_id="aino", anonymous_id="laptop")
    order(shop, 2, user_id="veikko", anonymous_id="laptop")
    assert shop.chosen(user_id="aino") == ["club-card"]
    late = racing(shop, lambda: speaks(shop, anonymous_id="laptop"))
    assert late.decide(dry_run=False, user_id="aino").choices == []


def test_whose_shade_grows_meanwhile_is_decided_again(shop: Company) -> None:
    """Nobody writes under a fragment of theirs: one more is named at the browser they share."""
    order(shop, 1, user_id="aino", anonymous_id="laptop")
    order(shop, 2, user_id="veikko", anonymous_id="laptop")
    order(shop, 3, email="m@x.fi", anonymous_id="laptop")
    complain(shop, user_id="pekka")
    assert shop.chosen(email="m@x.fi") == ["club-card"]
    late = racing(shop, lambda: order(shop, 4, user_id="pekka", anonymous_id="laptop"))
    assert late.decide(dry_run=False, email="m@x.fi").choices == []


def test_what_would_turn_a_veto_of_others(shop: Company) -> None:
    """Time does, where a guard cools down; nobody else's case is supposed to be closed."""
    order(shop, 1, user_id="aino", anonymous_id="laptop")
    order(shop, 2, user_id="veikko", anonymous_id="laptop")
    complain(shop, anonymous_id="laptop")

    def refused() -> ShownRefusal:
        answer = shop.explain(user_id="aino")
        return next(each for each in answer.refused if each.action == "club-card")

    assert (refused().would_pass_if, bool(refused().no_change)) == ([], True)
    solved = {"complaint_id": "C1", "status": "solved", "solved_at": "2026-03-01T12:00:00Z"}
    shop.say("Complaint Solved", solved, anonymous_id="laptop")
    change = refused()
    assert [(part.kind, part.would_be) for part in change.would_pass_if] == [
        ("time", "2026-03-04T12:00:00.000001Z")
    ]
    withdraw(shop, anonymous_id="laptop")
    assert {part.kind for part in refused().would_pass_if} == {"time", "consent"}


def test_an_own_veto_is_turned_in_the_shade_too(shop: Company) -> None:
    order(shop, 1, user_id="aino", anonymous_id="laptop")
    order(shop, 2, user_id="veikko", anonymous_id="laptop")
    withdraw(shop, user_id="aino")
    answer = shop.explain(user_id="aino")
    refused = next(each for each in answer.refused if each.action == "club-card")
    assert [part.kind for part in refused.would_pass_if] == ["consent"]
