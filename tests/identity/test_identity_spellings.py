"""Identifiers that facts name in an earlier spelling than that of the present rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import identifier

from tuttu import identity
from tuttu.vocabulary.events import Event, Unmerge
from tuttu.vocabulary.facts import Fact

if TYPE_CHECKING:
    from tests.identity.conftest import World
else:
    World = Any

MakeWorld = Callable[..., World]
RULES = {
    "user_id": {"unique": True, "normalise": ("lower",)},
    "phone": {"normalise": ("lower",), "blocked": frozenset({"none"})},
    "anonymous_id": {},
}


@pytest.fixture
def world(make_world: MakeWorld, namespaces: Callable[..., Mapping[str, Any]]) -> World:
    return make_world(namespaces(**RULES))


def _key(world: World, name: str) -> bytes:
    one = identifier(name)
    return world.store.pseudonym(one.namespace, one.value)


def _fragments(world: World, *names: str) -> set[bytes]:
    return {_key(world, name) for name in names}


def test_spellings_of_a_unique_value_are_one_customer(world: World) -> None:
    world.tell(
        world.event("user_id:Maija", "anonymous_id:a"),
        world.event("user_id:MAIJA", "anonymous_id:b"),
        world.event("anonymous_id:b"),
    )
    (customer,) = world.people()
    assert {each.value for each in customer.identifiers} == {"maija", "a", "b"}
    everything = _fragments(
        world, *(f"user_id:{each}" for each in ("maija", "Maija", "MAIJA")), "anonymous_id:a",
        "anonymous_id:b",
    )  # fmt: skip
    assert set(customer.fragments) == everything
    assert world.customer("user_id:Maija") == customer


def test_what_was_known_by_its_fragment_only_gets_its_customer(world: World) -> None:
    """A fact about a fragment may come before the first that says whose it is."""
    fact = world.preference("user_id:MAIJA", 3)
    body = msgspec.structs.replace(fact.body, who=None)
    world.tell(msgspec.structs.replace(fact, body=body))
    world.tell(world.event("user_id:MAIJA", "anonymous_id:a"))
    (customer,) = world.people()
    assert _key(world, "user_id:MAIJA") in customer.fragments
    assert {each.value for each in customer.identifiers} == {"maija", "a"}


def test_an_unmerge_from_one_spelling_is_from_all(world: World) -> None:
    world.tell(
        world.unmerge("user_id:Maija", "anonymous_id:a"),
        world.unmerge("user_id:Maija", "user_id:MAIJA"),
        world.event("user_id:MAIJA", "anonymous_id:a"),
        world.event("anonymous_id:a"),
    )
    assert world.names() == {frozenset({"user_id:maija"}), frozenset({"anonymous_id:a"})}


def test_an_arm_is_drawn_by_the_first_spelling(world: World) -> None:
    world.tell(world.event("user_id:Maija", time=1), world.event("user_id:maija", time=2))
    customer = world.customer("user_id:maija")
    with world.store.read() as snapshot:
        anchor = identity.anchor_of(snapshot, world.project, customer)
    assert anchor == _key(world, "user_id:Maija")


def test_what_lies_under_an_earlier_spelling_of_what_is_shared_counts(world: World) -> None:
    world.tell(
        world.event("user_id:maija", "phone:HOME"),
        world.event("user_id:matti", "phone:home"),
        world.event("phone:HOME"),
    )
    with world.store.read() as snapshot:
        shade = identity.shade(snapshot, world.project, world.customer("user_id:maija"))
    assert shade is not None
    assert shade.shared == _fragments(world, "phone:home", "phone:HOME")
    assert set(shade.customer.fragments) == {*shade.shared, _key(world, "user_id:maija")}


USERS = ["user_id:Maija", "user_id:maija", "user_id:matti", "user_id:MATTI"]
PHONES = ["phone:HOME", "phone:home", "phone:None"]
NAMES = st.sampled_from([*USERS, *PHONES, "anonymous_id:a", "anonymous_id:A"])
CALLS = st.lists(
    st.tuples(st.lists(NAMES, min_size=1, max_size=3, unique=True), st.integers(0, 4)), max_size=8
)


@pytest.mark.laws
@given(calls=CALLS, parted=st.lists(st.tuples(NAMES, NAMES), max_size=2), order=st.randoms())
def test_who_is_who_is_that_of_the_present_spellings(
    make_world: MakeWorld,
    namespaces: Callable[..., Mapping[str, Any]],
    calls: list[tuple[list[str], int]],
    parted: list[tuple[str, str]],
    order: Any,
) -> None:
    """As if all had always been spelled so, and nobody ever been named by what names nobody."""
    with (
        closing(make_world(namespaces(**RULES))) as old,
        closing(make_world(namespaces(**RULES))) as new,
    ):
        present = identity.rules_of(old.project).present
        for world in (old, new):
            facts = [world.event(*sorted(names, reverse=True), time=time) for names, time in calls]
            facts += [world.unmerge(*pair) for pair in parted]
            order.shuffle(facts)
            for fact in facts:
                told = fact if world is old else _respelled(world, fact)
                if told is not None:
                    world.tell(told)
        every = (present(identifier(each)) for names, _ in calls for each in names)
        known = set(filter(None, every))
        assert old.partition(known) == new.partition(known)


def _respelled(world: World, fact: Fact) -> Fact | None:
    """None: it names nobody."""
    present, body = identity.rules_of(world.project).present, fact.body
    if isinstance(body, Unmerge):
        one, other = present(body.one), present(body.other)
        return world.unmerge_of(one, other, fact.id) if one and other else None
    assert isinstance(body, Event)
    named = tuple(dict.fromkeys(filter(None, map(present, body.identifiers))))
    return world.fact_of(msgspec.structs.replace(body, identifiers=named)) if named else None
