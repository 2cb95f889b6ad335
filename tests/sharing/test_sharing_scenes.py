"""Scenes of people who share something, told in any order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sharing.company import Company, changed

from tuttu import engine as use
from tuttu.engine import load_project
from tuttu.vocabulary.project import Project

pytestmark = pytest.mark.laws

Emptied = Callable[[Project], AbstractContextManager[Company]]
Call = dict[str, Any]
PHONE = "+358401234567"
CHANGES: dict[str, dict[str, Any]] = {
    "identity": {"namespaces": {"phone": {"limit": 5}, "anonymous_id": {"limit": 5}}},
    "policy": {"controls": {"no_marketing": "50%", "salt": "scenes"}},
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """With phones that up to five people share, and half of all customers without marketing."""
    return load_project(changed(tmp_path_factory.mktemp("scenes") / "shop", CHANGES))


def call(number: int, kind: str, *, event: str = "", **said: Any) -> Call:
    """The number is its minute, and its id."""
    fields = {"user_id": "userId", "anonymous_id": "anonymousId", "previous_id": "previousId"}
    found: Call = {"type": kind, "messageId": f"m{number}"}
    found["timestamp"] = f"2026-03-01T10:{number:02}:00Z"
    external = []
    for name, value in said.items():
        if name in fields:
            found[fields[name]] = value
        elif name in ("email", "phone"):
            external.append({"type": name, "id": value})
        else:
            found[name] = value
    if event:
        found["event"] = event
    return {**found, "context": {"externalIds": external}}


def complaint(number: int, **who: str) -> Call:
    properties = {"complaint_id": f"C{number}", "status": "open"}
    return call(number, "track", event="Complaint Opened", properties=properties, **who)


def withdrawal(number: int, **who: str) -> Call:
    properties = {"purpose": "marketing"}
    return call(number, "track", event="Consent Withdrawn", properties=properties, **who)


TABLET: Any = {"anonymous_id": "tablet"}
TWO_AT_ONE_TABLET = [
    call(1, "page", name="Home", **TABLET),
    call(2, "identify", user_id="aino", traits={"first_name": "Aino"}, **TABLET),
    complaint(3, user_id="aino", **TABLET),
    call(4, "identify", user_id="veikko", traits={"first_name": "Veikko"}, **TABLET),
    call(
        5,
        "track",
        event="Order Completed",
        user_id="veikko",
        properties={"order_id": "O1"},
        **TABLET,
    ),
]


@settings(max_examples=12)
@given(st.permutations(TWO_AT_ONE_TABLET))
def test_two_at_one_tablet_stay_two(emptied: Emptied, shop: Project, calls: list[Call]) -> None:
    with emptied(shop) as company:
        company.send(*calls)
        for user, name in (("aino", "Aino"), ("veikko", "Veikko")):
            picture = use.customer(company.engine, {"user_id": user}, "law")
            assert picture.traits["first_name"] == name
        assert company.why_not("club-card", user_id="aino")[0] == ("guard", False)
        for who in ({"user_id": "veikko"}, {"user_id": "veikko", **TABLET}):
            assert "guard" not in dict(company.why_not("club-card", **who))
        tablet = company.decide(**TABLET)
        assert tablet.shared
        assert dict(company.why_not("club-card", **TABLET))["guard"] is True


SPOUSES = [
    call(1, "identify", email="aino@x.fi", phone=PHONE, traits={"first_name": "Aino"}),
    call(2, "identify", email="veikko@x.fi", phone=PHONE, traits={"first_name": "Veikko"}),
    complaint(3, email="aino@x.fi", phone=PHONE),
    withdrawal(4, phone=PHONE),
]


@settings(max_examples=12)
@given(st.permutations(SPOUSES))
def test_spouses_differ_by_their_addresses_alone(
    emptied: Emptied, shop: Project, calls: list[Call]
) -> None:
    with emptied(shop) as company:
        company.send(*calls)
        assert not company.decide(email="aino@x.fi", phone=PHONE).shared
        assert company.decide(phone=PHONE).shared
        aino = company.why_not("club-card", email="aino@x.fi")
        veikko = company.why_not("club-card", email="veikko@x.fi")
        assert [each for each in aino if each[0] != "control_group"] == [
            ("guard", False),
            ("refused_by_customer", True),
        ]
        assert [each for each in veikko if each[0] != "control_group"] == [
            ("refused_by_customer", True)
        ]
        both = dict(company.why_not("club-card", phone=PHONE))
        assert (both["guard"], both["refused_by_customer"]) == (True, False)


FAIR = [
    call(n, "identify", email=f"v{n}@x.fi", traits={"first_name": f"V{n}"}, anonymous_id="fair")
    for n in range(1, 9)
]


@settings(max_examples=6)
@given(st.permutations([*FAIR, complaint(9, email="v1@x.fi", anonymous_id="fair")]))
def test_a_tablet_at_a_fair_is_of_a_crowd(
    emptied: Emptied, shop: Project, calls: list[Call]
) -> None:
    with emptied(shop) as company:
        company.send(*calls)
        for n in range(1, 9):
            picture = use.customer(company.engine, {"email": f"v{n}@x.fi"}, "law")
            assert picture.traits["first_name"] == f"V{n}"
            guarded = dict(company.why_not("club-card", email=f"v{n}@x.fi")).get("guard")
            assert guarded is (False if n == 1 else None)
        assert dict(company.why_not("club-card", anonymous_id="fair"))["guard"] is True


@settings(max_examples=8)
@given(st.integers(0, 10_000), st.permutations([0, 1]))
def test_a_first_login_changes_no_arm(
    emptied: Emptied, shop: Project, number: int, order: list[int]
) -> None:
    who, browser = f"u{number}", f"b{number}"
    calls = [
        call(1, "page", name="Home", anonymous_id=browser),
        call(2, "identify", user_id=who, anonymous_id=browser),
    ]
    with emptied(shop) as company:
        company.send(calls[0])
        before = company.decide(anonymous_id=browser).arm
    with emptied(shop) as company:
        company.send(*(calls[place] for place in order))
        assert company.decide(user_id=who).arm == before
        company.send(call(3, "identify", user_id="another", anonymous_id=browser))
        assert (
            company.decide(user_id=who).arm == company.decide(user_id=who, anonymous_id=browser).arm
        )


def _two_arms(company: Company) -> tuple[str, str]:
    """Users of different arms."""
    arms = {f"u{n}": company.decide(user_id=f"u{n}").arm for n in range(20)}
    first = arms["u0"]
    return "u0", next(user for user, arm in arms.items() if arm != first)


@settings(max_examples=6)
@given(st.permutations([0, 1, 2, 3]))
def test_two_arms_that_an_alias_joins_are_one_with_the_vetoes_of_both(
    emptied: Emptied, shop: Project, order: list[int]
) -> None:
    with emptied(shop) as company:
        one, other = _two_arms(company)
        calls = [
            complaint(1, user_id=one),
            withdrawal(2, user_id=other),
            call(3, "alias", user_id=other, previous_id=one),
            call(4, "identify", user_id="third", anonymous_id="b", traits={}),
        ]
        company.send(*(calls[place] for place in order))
        arms = {company.decide(user_id=user).arm for user in (one, other)}
        assert len(arms) == 1
        for user in (one, other):
            found = dict(company.why_not("club-card", user_id=user))
            assert (found["guard"], found["refused_by_customer"]) == (False, False)
