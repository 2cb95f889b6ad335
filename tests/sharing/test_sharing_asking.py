"""A question's own identifiers: what several people use, or nobody knows, takes away no veto."""

from __future__ import annotations

import pytest
from tests.sharing.company import Company

from tuttu import engine as use
from tuttu.api import DecideRequest, UnmergeRequest
from tuttu.vocabulary.errors import BadRequest

OF_OTHERS = [("guard", True)]
LAPTOP = {"anonymous_id": "laptop"}


def complain(shop: Company, **who: str) -> None:
    shop.say("Complaint Opened", {"complaint_id": "C1", "status": "open"}, **who)


def order(shop: Company, number: int, **who: str) -> None:
    shop.say("Order Completed", {"order_id": f"O{number}", "total": 20}, **who)


def say(shop: Company, what: str, **who: str) -> None:
    shop.say(f"Consent {what}", {"purpose": "marketing"}, **who)


@pytest.fixture
def laptop(shop: Company) -> Company:
    """A shop in which Aino and Veikko use one browser."""
    order(shop, 1, user_id="aino", **LAPTOP)
    order(shop, 2, user_id="veikko", **LAPTOP)
    return shop


def test_an_unknown_one_beside_a_shared_one_has_the_vetoes_of_all(laptop: Company) -> None:
    complain(laptop, user_id="aino")
    assert laptop.why_not("club-card", **LAPTOP) == OF_OTHERS
    assert laptop.why_not("club-card", user_id="new-one", **LAPTOP) == OF_OTHERS
    assert laptop.why_not("club-card", user_id="new-one") == []


def test_nothing_of_the_question_is_kept(laptop: Company) -> None:
    complain(laptop, user_id="aino")

    def position() -> int:
        with laptop.engine.store.read() as snapshot:
            return snapshot.position

    before, who = position(), {"user_id": "new-one", "email": "k@x.fi"}
    order(laptop, 3, user_id="aino", email="k@x.fi")
    order(laptop, 4, user_id="veikko", email="k@x.fi")
    told = position()
    answer = use.decide(laptop.engine, DecideRequest(who=who, surfaces=["front.hero"]))
    assert (answer.known, answer.decision_id, position()) == (False, None, told)
    assert before < told
    assert laptop.why_not("club-card", user_id="new-one") == []


def test_a_shared_one_that_nothing_links_to_them_counts_in_the_question(laptop: Company) -> None:
    """Aino's own case is hers: the login of the question is not Aino's. What was said at the
    browser itself may be anybody's."""
    order(laptop, 3, user_id="pekka")
    complain(laptop, user_id="aino")
    assert laptop.why_not("club-card", user_id="pekka", **LAPTOP) == []
    complain(laptop, **LAPTOP)
    assert laptop.why_not("club-card", user_id="pekka") == []
    assert laptop.why_not("club-card", user_id="pekka", **LAPTOP) == OF_OTHERS


def test_no_earlier_yes_lifts_what_was_refused_there(laptop: Company) -> None:
    """The two are named together by the question, later than anything that was said."""
    say(laptop, "Withdrawn", **LAPTOP)
    say(laptop, "Given", user_id="pekka")
    assert laptop.why_not("club-card", user_id="pekka") == []
    found = laptop.why_not("club-card", user_id="pekka", **LAPTOP)
    assert found == [("refused_by_customer", True)]


def test_an_unknown_one_does_not_hide_who_another_names(shop: Company) -> None:
    order(shop, 1, user_id="aino", email="aino@x.fi")
    complain(shop, user_id="aino")
    assert shop.why_not("club-card", email="aino@x.fi") == [("guard", False)]
    assert shop.why_not("club-card", user_id="new-one", email="aino@x.fi") == OF_OTHERS


def test_who_was_unmerged_from_them_is_none_of_theirs(laptop: Company) -> None:
    order(laptop, 3, user_id="pekka")
    complain(laptop, **LAPTOP)
    answer = use.unmerge(
        laptop.engine, UnmergeRequest(one={"user_id": "pekka"}, other=LAPTOP), "anna"
    )
    assert not answer.were_one
    assert laptop.why_not("club-card", user_id="pekka", **LAPTOP) == []


def test_a_placeholder_is_nobody_at_every_door(shop: Company) -> None:
    who = {"user_id": "undefined", "anonymous_id": "b1"}
    order(shop, 1, **who)
    answer = shop.decide(dry_run=False, **who)
    said = (answer.customer, answer.known, answer.nobodies)
    assert said == ("anonymous_id:b1", True, ["user_id"])
    kept = use.decision_by_id(shop.engine, answer.decision_id or "", "anna").decision
    assert kept == answer
    assert shop.explain(**who).nobodies == ["user_id"]
    assert shop.decide(anonymous_id="b1").nobodies == []
    with pytest.raises(BadRequest, match="user_id 'undefined'"):
        shop.decide(user_id="undefined")
