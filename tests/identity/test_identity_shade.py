"""Whose vetoes count beside a customer's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identity.test_identity_laws import Log, facts, logs, opened

from tuttu import identity
from tuttu.vocabulary.company import Namespace
from tuttu.vocabulary.values import INTEGER_MAX

if TYPE_CHECKING:
    from tests.identity.conftest import World
else:
    World = Any

__all__ = ["opened"]

Open = Callable[[Any], Any]


@pytest.fixture
def rules(namespaces: Any) -> Mapping[str, Namespace]:
    found: Mapping[str, Namespace] = namespaces(
        user_id={"unique": True}, email={"apart": True}, phone={"limit": 2}, anonymous_id={}
    )
    return found


@pytest.fixture
def world(make_world: Any, rules: Any) -> World:
    made: World = make_world(rules)
    return made


def shade_of(world: World, name: str) -> identity.Shade | None:
    customer = world.customer(name)
    with world.store.read() as snapshot:
        return identity.shade(snapshot, world.project, customer)


def names(world: World, name: str) -> set[str]:
    found = shade_of(world, name)
    if found is None:
        return set()
    with world.store.read() as snapshot:
        known = [
            identity.identifier_of(snapshot, world.project, each)
            for each in found.customer.fragments
        ]
    return {f"{each.namespace}:{each.value}" for each in known if each is not None}


def test_who_shares_nothing_has_none(world: World) -> None:
    world.tell(world.event("user_id:a", "phone:1"), world.event("user_id:b", "phone:2"))
    assert shade_of(world, "user_id:a") is None
    assert shade_of(world, "phone:9") is None


def test_it_holds_what_they_share_and_nobody_who_differs(world: World) -> None:
    world.tell(
        world.event("user_id:a", "phone:1"),
        world.event("user_id:b", "phone:1"),
        world.event("user_id:b", "anonymous_id:x"),
        world.event("email:m", "phone:1"),
    )
    assert names(world, "user_id:a") == {"user_id:a", "phone:1", "email:m"}
    everybody = {"user_id:a", "user_id:b", "anonymous_id:x", "phone:1", "email:m"}
    assert names(world, "email:m") == names(world, "phone:1") == everybody


def test_one_shared_thing_leads_to_the_next(world: World) -> None:
    world.tell(
        world.event("user_id:a", "phone:1"),
        world.event("user_id:b", "phone:1"),
        world.event("user_id:b", "phone:2"),
        world.event("user_id:c", "phone:2"),
    )
    assert names(world, "phone:1") == {"user_id:a", "user_id:b", "user_id:c", "phone:1", "phone:2"}
    assert names(world, "user_id:a") == {"user_id:a", "phone:1"}


def test_who_was_unmerged_from_them_is_not_in_it(world: World) -> None:
    world.tell(
        world.event("user_id:a", "phone:1"),
        world.event("user_id:b", "phone:1"),
        world.event("email:m", "phone:1"),
        world.unmerge("email:m", "user_id:a"),
    )
    assert "email:m" not in names(world, "user_id:a")
    assert "user_id:a" not in names(world, "email:m")
    assert "user_id:b" in names(world, "email:m")


@pytest.mark.parametrize(
    ("fragments", "partners", "whole"), [(6, 9, True), (6, 6, True), (5, 9, False), (6, 5, False)]
)
def test_it_is_whole_up_to_a_bound(
    world: World, monkeypatch: pytest.MonkeyPatch, fragments: int, partners: int, whole: bool
) -> None:
    """A phone of six; the fragments of others count, and so does who is named with it."""
    module = sys.modules["tuttu.identity.shade"]
    monkeypatch.setattr(module, "MOST_FRAGMENTS", fragments)
    monkeypatch.setattr(module, "MOST_PARTNERS", partners)
    world.tell(*(world.event(f"user_id:u{number}", "phone:1") for number in range(6)))
    found = shade_of(world, "phone:1")
    assert found is not None
    assert found.whole is whole
    assert found.namespace == "phone"
    assert len(found.customer.fragments) <= 1 + fragments
    assert (found.customer.joined_at == INTEGER_MAX) is not whole


def test_whom_one_of_too_many_identifiers_may_be_is_not_known(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["tuttu.identity.shade"], "MOST_PARTNERS", 4)
    world.tell(*(world.event("user_id:u0", f"anonymous_id:a{number}") for number in range(5)))
    world.tell(world.event("user_id:u0", "phone:1"), world.event("user_id:u1", "phone:1"))
    found = shade_of(world, "phone:1")
    assert found is not None
    assert not found.whole


def test_whoever_is_asked_with_was_joined_later_than_anything(world: World) -> None:
    world.tell(world.event("user_id:u0", "phone:1"), world.event("user_id:u1", "phone:2"))
    customer = world.customer("user_id:u0")
    with world.store.read() as snapshot:
        beside = [snapshot.pseudonym("phone", "2")]
        found = identity.shade(snapshot, world.project, customer, beside)
    assert found is not None
    assert (found.whole, found.customer.joined_at) == (True, INTEGER_MAX)


def found_in(world: World, log: Log, order: Sequence[Any]) -> dict[str, tuple[Any, ...]]:
    world.tell(*order)
    found = {}
    for each in log.identifiers():
        name = f"{each.namespace}:{each.value}"
        shade = shade_of(world, name)
        if shade is not None:
            who = shade.customer
            found[name] = (frozenset(who.fragments), shade.shared, who.joined_at, shade.whole)
            assert world.customer(name).contested
    return found


@pytest.mark.laws
@given(logs(), st.randoms(use_true_random=False))
def test_it_does_not_depend_on_the_order_and_only_who_is_contested_has_one(
    opened: Open, log: Log, random: Any
) -> None:
    with opened(log.settings) as world:
        straight = found_in(world, log, facts(world, log))
    with opened(log.settings) as world:
        said = facts(world, log)
        assert found_in(world, log, random.sample(said, len(said))) == straight
