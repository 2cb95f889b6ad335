"""Which identifiers a Segment call carries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tuttu.identity import IdentifierError, identifiers_of, nobodies_of
from tuttu.vocabulary.company import Namespace

Rules = Callable[..., dict[str, Namespace]]


@pytest.fixture
def rules(namespaces: Rules) -> dict[str, Namespace]:
    return namespaces(
        crm_id={"fields": ("properties.crm", "context.externalIds.salesforce")},
        user_id={"unique": True, "blocked": frozenset({"unknown"})},
        anonymous_id={},
        email={
            "fields": ("traits.email", "context.traits.email", "properties.email"),
            "normalise": ("trim", "lower"),
        },
        phone={"normalise": ("phone",)},
    )


def found(call: dict[str, Any], rules: dict[str, Namespace]) -> list[str]:
    return [f"{each.namespace}:{each.value}" for each in identifiers_of(call, rules)]


def test_highest_priority_first(rules: dict[str, Namespace]) -> None:
    call = {
        "type": "track",
        "anonymousId": "a1",
        "userId": 7,
        "properties": {"email": " M@X.fi", "crm": "C9"},
    }
    expected = ["crm_id:C9", "user_id:7", "anonymous_id:a1", "email:m@x.fi"]
    assert found(call, rules) == expected


def test_alias_names_the_new_user_before_the_previous_one(rules: dict[str, Namespace]) -> None:
    call = {"type": "alias", "previousId": "aaa", "userId": "zzz", "anonymousId": "a1"}
    assert found(call, rules) == ["user_id:zzz", "user_id:aaa", "anonymous_id:a1"]
    assert found({**call, "type": "track"}, rules) == ["user_id:zzz", "anonymous_id:a1"]


@pytest.mark.parametrize("nobody", [None, "", "  ", "unknown", "Unknown", [], {}, False])
def test_what_names_nobody_is_left_out(rules: dict[str, Namespace], nobody: object) -> None:
    assert found({"type": "track", "userId": nobody, "anonymousId": "a1"}, rules) == [
        "anonymous_id:a1"
    ]


def test_the_traits_of_a_group_call_are_the_groups(rules: dict[str, Namespace]) -> None:
    call = {
        "type": "group",
        "userId": "u",
        "traits": {"email": "office@x.fi"},
        "context": {"traits": {"email": "me@x.fi"}},
    }
    assert found(call, rules) == ["user_id:u", "email:me@x.fi"]
    assert found({**call, "type": "identify"}, rules) == [
        "user_id:u",
        "email:office@x.fi",
        "email:me@x.fi",
    ]


def test_external_ids_of_people_by_their_type(rules: dict[str, Namespace]) -> None:
    listed = [
        {"id": "+358 40 1234567", "type": "phone", "collection": "users", "encoding": "none"},
        {"id": "C1", "type": "salesforce"},
        {"id": "x", "type": "undeclared"},
        {"id": "h", "type": "email", "encoding": "sha256"},
        {"id": "acme", "type": "crm_id", "collection": "accounts"},
        {"id": "y", "type": ["crm_id"]},
        "not an object",
    ]
    call = {"type": "track", "context": {"externalIds": listed}}
    assert found(call, rules) == ["crm_id:C1", "phone:+358401234567"]
    assert found({"type": "track", "context": {"externalIds": "x"}}, rules) == []


@pytest.mark.parametrize("odd", [None, "text", 7, [], [{"email": "m@x.fi"}]])
def test_odd_shapes_hold_no_identifier(rules: dict[str, Namespace], odd: object) -> None:
    call = {"type": "track", "context": odd, "traits": odd, "properties": odd}
    assert found(call, rules) == []


def test_the_same_one_twice_is_one(rules: dict[str, Namespace]) -> None:
    call = {"type": "identify", "traits": {"email": "m@x.fi"}, "properties": {"email": "M@X.FI"}}
    assert found(call, rules) == ["email:m@x.fi"]


def test_too_many_and_too_long_are_errors(rules: dict[str, Namespace]) -> None:
    listed = [{"id": f"p{number}", "type": "crm_id"} for number in range(51)]
    with pytest.raises(IdentifierError, match=r"found 51 identifiers in one call; .* at most 50"):
        identifiers_of({"type": "track", "context": {"externalIds": listed}}, rules)
    with pytest.raises(IdentifierError, match="user_id: found an identifier of 600 characters"):
        identifiers_of({"type": "track", "userId": "u" * 600}, rules)


HOME = {"compounds": (("traits.born", "traits.home.postcode"),), "limit": 5}


def test_a_compound_has_all_its_parts_or_is_none(namespaces: Rules) -> None:
    rules = namespaces(user_id={}, home=HOME)
    whole = {"born": "1980-01-01", "home": {"postcode": " 00100 "}}
    call: dict[str, Any] = {"type": "identify", "userId": "u"}
    assert found({**call, "traits": whole}, rules) == ["user_id:u", "home:1980-01-01|00100"]
    for traits in (
        {"born": "1980-01-01"},
        {**whole, "born": None},
        {**whole, "born": "unknown"},
        {**whole, "born": ["1980-01-01"]},
        {**whole, "home": "00100"},
    ):
        assert found({**call, "traits": traits}, rules) == ["user_id:u"], traits
    assert found({**call, "type": "group", "traits": whole}, rules) == ["user_id:u"]


def test_alternatives_stay_alternatives(namespaces: Rules) -> None:
    rules = namespaces(email={"fields": ("traits.email", "properties.email")})
    call = {"type": "track", "properties": {"email": "a@x.fi"}, "traits": {"email": "b@x.fi"}}
    assert found(call, rules) == ["email:b@x.fi", "email:a@x.fi"]


def test_a_compound_of_external_ids_needs_one_of_each(namespaces: Rules) -> None:
    rules = namespaces(user_id={}, pair={"compounds": (("context.externalIds.a", "traits.born"),)})
    ids = [{"type": "a", "id": "1"}]
    call: dict[str, Any] = {"type": "identify", "userId": "u", "traits": {"born": "x"}}
    assert found({**call, "context": {"externalIds": ids}}, rules) == ["user_id:u", "pair:1|x"]
    assert found({**call, "context": {"externalIds": ids * 2}}, rules) == ["user_id:u"]


def test_what_named_nobody_can_be_shown(rules: dict[str, Namespace]) -> None:
    call = {
        "type": "track",
        "userId": "undefined",
        "anonymousId": None,
        "traits": {"email": "unknown"},
        "properties": {"email": "unknown", "crm": 0},
    }
    assert identifiers_of(call, rules) == ()
    assert nobodies_of(call, rules) == (
        ("user_id", "undefined"),
        ("crm_id", 0),
        ("email", "unknown"),
    )
