"""Segment's own sample calls make four customers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from tuttu.identity import identifiers_of
from tuttu.vocabulary.verdicts import Reason

if TYPE_CHECKING:
    from tests.identity.conftest import MakeWorld, World
else:
    MakeWorld = World = Any

SENDER = "NTI3ODQ3ZmUtODgxNC00MjhiLTk0YjctM2JlNGQ5OGFlNGE3"
FOUR = {
    frozenset({"user_id:prateek"}),
    frozenset({f"user_id:{SENDER}", "anonymous_id:903875325897329587"}),
    frozenset({"user_id:nhi", "anonymous_id:anon=ABCD", "anonymous_id:anon100"}),
    frozenset({"user_id:currentUser", "user_id:prevUser", "anonymous_id:anon29"}),
}


def calls(data: Path) -> list[tuple[str, dict[str, Any]]]:
    folder = data / "segment_calls"
    return [
        (path.stem, json.loads(path.read_text().replace("{{id}}", path.stem)))
        for path in sorted(folder.glob("*.json"))
    ]


def sent(world: World, name: str, call: dict[str, Any], time: int) -> None:
    who = identifiers_of(call, world.project.namespaces)
    event = builders.event(name, time, id=name, call=call["type"], identifiers=who, received=99)
    world.tell(world.fact_of(event))


def send(world: World, said: list[tuple[str, dict[str, Any]]], first: str = "identify") -> None:
    """first: the call that came first in time."""
    for number, (name, call) in enumerate(said):
        sent(world, name, call, 0 if name == first else 10 + number)


def test_segment_calls_are_four_customers(world: World, data: Path) -> None:
    said = calls(data)
    assert len(said) == 11
    send(world, said)
    assert world.names() == FOUR
    for name in (SENDER, "prateek"):
        (link,) = world.refused(f"user_id:{name}")
        assert (link.one.value, link.other.value) == (name, "peter@initech.com")
        assert link.reason == Reason("link_of_several", {"namespace": "email"})


def test_the_shared_email_is_nobodys_whoever_was_first(world: World, data: Path) -> None:
    send(world, calls(data), first="advance-identify")
    assert world.names() == FOUR


@given(order=st.permutations(range(11)))
def test_segment_calls_in_any_order(
    make_world: MakeWorld, segment_rules: Any, data: Path, order: list[int]
) -> None:
    said = calls(data)
    world = make_world(segment_rules)
    for number in order:
        name, call = said[number]
        sent(world, name, call, 0 if name == "identify" else 10)
    assert world.names() == FOUR
    world.close()


@pytest.mark.parametrize(("alias_limit", "customers"), [(1, 5), (2, 4)])
def test_alias_alone_may_pass_the_limit_of_one(
    make_world: MakeWorld, namespaces: Any, data: Path, alias_limit: int, customers: int
) -> None:
    rules = namespaces(
        user_id={"unique": True, "alias_limit": alias_limit},
        anonymous_id={},
        email={"fields": ("traits.email",), "limit": 5},
    )
    world = make_world(rules)
    send(world, calls(data))
    world.tell(world.event("user_id:prevUser"))
    assert len(world.names()) == customers
