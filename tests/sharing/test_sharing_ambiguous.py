"""Asked by an identifier that several people use: whom it may mean, and how that is settled."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sharing.company import Company

from tuttu import engine as use
from tuttu.api import (
    DecideAnswer,
    DecideRequest,
    ExplainRequest,
    PreferenceRequest,
    PreferencesRequest,
    Shows,
    TimelineQuery,
)
from tuttu.engine import Runtime
from tuttu.vocabulary import errors
from tuttu.vocabulary.values import HOUR, MINUTE

PHONE: Any = {"phone": "+358401234567"}
CHANGES: dict[str, Any] = {
    "identity": {
        "namespaces": {
            "user_id": {"unique": True, "alias_limit": 2},
            "email": {"apart": True},
            "phone": {"limit": 3},
            "anonymous_id": {"limit": 5},
        }
    },
    "traits": {
        "traits": {
            "last_name": {"type": "text"},
            "postal_code": {"type": "text"},
            "city": {"type": "text"},
        },
        "initials": ["first_name", "last_name"],
        "asks": ["city", "postal_code"],
    },
    "channels": {
        "surfaces": {"desk": {"channel": "web", "person": True}},
    },
    "actions/marketing/club/club-card": {
        "treatments": {"desk": {"surface": "desk", "message": "club-card"}},
    },
}
AINO = {"first_name": "Aino", "last_name": "Virta", "postal_code": "00100", "city": "Helsinki"}
VEIKKO = {"first_name": "Veikko", "last_name": "Virta", "postal_code": "00200", "city": "Helsinki"}


@pytest.fixture
def shop(opened: Any) -> Company:
    """Two at one phone."""
    company: Company = opened(**CHANGES)
    company.identify(AINO, user_id="aino", **PHONE)
    company.identify(VEIKKO, user_id="veikko", **PHONE)
    return company


def desk(
    shop: Company,
    who: dict[str, str] = PHONE,
    answers: dict[str, Any] | None = None,
    **more: Any,
) -> DecideAnswer:
    request = DecideRequest(who=who, surfaces=["desk"], dry_run=True, answers=answers or {})
    return use.decide(shop.engine, request, **more)


def ambiguous(shop: Company, **more: Any) -> errors.Ambiguous:
    with pytest.raises(errors.Ambiguous) as found:
        desk(shop, **more)
    return found.value


def looks(engine: Runtime, **who: str) -> list[str]:
    entries = use.timeline(engine, who, "law", TimelineQuery(limit=1_000)).entries
    return [entry.name or "" for entry in entries if entry.kind == "PersonLookedAt"]


def test_a_surface_says_that_it_decided_for_what_several_share(shop: Company) -> None:
    answer = shop.decide(**PHONE)
    assert (answer.shared, answer.known) == (True, True)
    assert answer.customer == "phone:+358401234567"
    assert not shop.decide(user_id="aino").shared
    assert not shop.decide(user_id="aino", **PHONE).shared
    kept = shop.decide(dry_run=False, **PHONE)
    assert kept.decision_id is not None
    assert use.decision_by_id(shop.engine, kept.decision_id, "anna").decision == kept


def test_where_somebody_speaks_to_a_person_it_has_to_be_one(shop: Company) -> None:
    found = ambiguous(shop)
    assert [each.initials for each in found.candidates] in (["A.V.", "V.V."], ["V.V.", "A.V."])
    assert found.asks == "postal_code"
    assert desk(shop, {"user_id": "aino", **PHONE}).customer == "user_id:aino"
    for read in (use.customer, use.preferences):
        with pytest.raises(errors.Ambiguous):
            read(shop.engine, PHONE, "anna")
    with pytest.raises(errors.Ambiguous):
        use.timeline(shop.engine, PHONE, "anna", TimelineQuery())
    with pytest.raises(errors.Ambiguous):
        use.explain(shop.engine, ExplainRequest(who=PHONE, surfaces=["desk"]), "anna")


def test_to_be_told_who_it_may_be_is_a_look_at_each(shop: Company) -> None:
    before = looks(shop.engine, user_id="veikko")
    ambiguous(shop, by="anna")
    assert looks(shop.engine, user_id="veikko") == [*before, "timeline", "candidates"]
    nobody = ambiguous(shop, by="counter", shows=Shows(addresses=False))
    assert (nobody.candidates, nobody.asks) == ((), None)
    assert looks(shop.engine, user_id="veikko")[-1] == "timeline"


def test_a_handle_names_one_of_them_to_one_key_for_a_while(shop: Company) -> None:
    found = ambiguous(shop, by="anna")
    named = {
        desk(shop, {"handle": each.handle}, by="anna").customer: each for each in found.candidates
    }
    assert named.keys() == {"user_id:aino", "user_id:veikko"}
    aino = {"handle": named["user_id:aino"].handle}
    assert named["user_id:aino"].initials == "A.V."
    assert use.customer(shop.engine, aino, "anna").customer == "user_id:aino"
    for who, by in ((aino, "pekka"), ({"handle": aino["handle"][:-4] + "AAA="}, "anna")):
        with pytest.raises(errors.BadRequest, match="a handle that names nobody"):
            desk(shop, who, by=by)
    with pytest.raises(errors.BadRequest, match="one of the two"):
        desk(shop, {**aino, **PHONE}, by="anna")
    shop.clock.set(shop.clock.now() + 15 * MINUTE - 1)
    assert desk(shop, aino, by="anna").customer == "user_id:aino"
    shop.clock.set(shop.clock.now() + 1)
    with pytest.raises(errors.BadRequest, match="a handle that names nobody"):
        desk(shop, aino, by="anna")


def test_an_answer_picks_one(shop: Company) -> None:
    assert desk(shop, answers={"postal_code": " 00200 "}).customer == "user_id:veikko"
    assert (
        desk(shop, answers={"city": "HELSINKI", "postal_code": "00100"}).customer == "user_id:aino"
    )
    for wrong in ({"postal_code": "00300"}, {"city": "Helsinki"}, {"postal_code": None}):
        ambiguous(shop, answers=wrong)
    with pytest.raises(errors.BadRequest, match="an answer to 'first_name'"):
        desk(shop, answers={"first_name": "Aino"})


def test_answers_are_tried_five_times_an_hour(shop: Company) -> None:
    for number in range(5):
        ambiguous(shop, answers={"postal_code": f"9990{number}"}, by=f"key {number}")
        shop.clock.set(shop.clock.now() + MINUTE)
    with pytest.raises(errors.TooManyAttempts):
        desk(shop, answers={"postal_code": "00100"})
    # Those that were refused do not count: an hour after the first there is room for one.
    shop.clock.set(shop.clock.now() + HOUR - 5 * MINUTE)
    assert desk(shop, answers={"postal_code": "00100"}).customer == "user_id:aino"
    with pytest.raises(errors.TooManyAttempts):
        desk(shop, answers={"postal_code": "00100"})
    shop.say("Product Viewed", {"product_id": "P"}, user_id="third", **PHONE)
    key = shop.engine.store.pseudonym("phone", PHONE["phone"])
    with shop.engine.view() as seen:
        entries = [each.fact.body for each in seen.snapshot.facts(key)]
    assert sum(getattr(each, "what", "") == "answers" for each in entries) == 6


def test_answers_are_no_attempt_where_nothing_has_to_be_settled(shop: Company) -> None:
    for _ in range(6):
        said = desk(shop, {"user_id": "aino"}, answers={"postal_code": "00200"})
        assert said.customer == "user_id:aino"


def test_answers_are_not_looked_at_where_it_need_not_be_one_person(shop: Company) -> None:
    for answer in ("99999", "00100") * 3:
        request = DecideRequest(
            who=PHONE, surfaces=["front.hero"], dry_run=True, answers={"postal_code": answer}
        )
        said = use.decide(shop.engine, request)
        assert (said.customer, said.shared) == ("phone:+358401234567", True)
    assert desk(shop, answers={"postal_code": "00100"}).customer == "user_id:aino"


def test_a_crowd_has_no_list(shop: Company) -> None:
    for user in ("third", "fourth"):
        shop.identify({"postal_code": user}, user_id=user, **PHONE)
    found = ambiguous(shop)
    assert (found.candidates, found.asks) == ((), None)
    ambiguous(shop, answers={"postal_code": "00100"})
    assert shop.decide(**PHONE).shared


def test_of_an_identifier_without_a_limit_twenty_are_listed_and_of_more_nobody(opened: Any) -> None:
    spaces = CHANGES["identity"]["namespaces"] | {"phone": {}}
    shop = opened(**CHANGES | {"identity": {"namespaces": spaces}})
    for number in range(22):
        shop.identify({"first_name": "Aino"}, user_id=f"u{number}", **PHONE)
        if number >= 19:
            listed = len(ambiguous(shop).candidates)
            assert listed == (20 if number == 19 else 0)


def test_what_nobody_differs_in_is_not_asked(opened: Any) -> None:
    shop = opened(**CHANGES)
    shop.identify({"postal_code": "00100"}, user_id="aino", **PHONE)
    shop.identify({"postal_code": "00100"}, user_id="veikko", **PHONE)
    found = ambiguous(shop)
    assert [each.initials for each in found.candidates] == ["", ""]
    assert found.asks is None


def test_a_refusal_may_be_said_for_all_of_them(shop: Company) -> None:
    no = PreferencesRequest(
        preferences=[PreferenceRequest(purpose="marketing", allowed=False, channel=None)]
    )
    use.set_preferences(shop.engine, PHONE, no, "anna")
    for user in ("aino", "veikko"):
        assert shop.why_not("club-card", user_id=user) == [("refused_by_customer", True)]


def test_somebody_nobody_knows_gets_what_an_empty_customer_would(shop: Company) -> None:
    who: Any = {"user_id": "nobody yet"}
    digest = use.digest(shop.engine).digest
    with shop.engine.view() as seen:
        before = seen.snapshot.position
    answer = shop.decide(dry_run=False, **who)
    assert (answer.known, answer.decision_id) == (False, None)
    assert [each.action for each in answer.choices] == ["club-card"]
    assert not use.customer(shop.engine, who, "anna").known
    assert not use.preferences(shop.engine, who, "anna").known
    assert not use.timeline(shop.engine, who, "anna", TimelineQuery()).known
    assert not shop.explain(**who).known
    with shop.engine.view() as seen:
        assert seen.snapshot.position == before
    assert use.digest(shop.engine).digest == digest


def test_who_may_be_new_is_kept(shop: Company) -> None:
    assert shop.decide(dry_run=False, anonymous_id="new").decision_id is not None
    assert shop.decide(dry_run=False, user_id="new", anonymous_id="x").decision_id is not None
    asked = DecideRequest(who={"user_id": "made"}, surfaces=["front.hero"], create=True)
    answer = use.decide(shop.engine, asked, idempotency=b"k")
    assert (answer.known, answer.decision_id is None) == (False, False)
    assert use.decide(shop.engine, asked, idempotency=b"k") == answer
    assert shop.decide(user_id="made").known


def test_an_empty_store_knows_nobody(opened: Any) -> None:
    shop = opened(**CHANGES)
    assert not desk(shop).known
    assert not use.customer(shop.engine, PHONE, "anna").known
