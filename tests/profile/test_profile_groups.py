"""Who shares a household: the index follows the newest value of each fragment's own state."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from tuttu.profile.records import MEMBERS, ROLLS
from tuttu.storage import Snapshot
from tuttu.vocabulary.company import CustomerGroup
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project

Call = Callable[..., Event]
Heard = Callable[..., AbstractContextManager[Snapshot]]
Person = Callable[..., Customer]
Members = Callable[..., set[str]]

PEOPLE = ("maija", "matti", "pekka", "phone")


@pytest.fixture
def moves(call: Call) -> Callable[..., Event]:
    """moves(time, who, home): an identify call that says where somebody lives."""

    def said(time: int, who: str, home: object) -> Event:
        name = f"{who}{time}{home}"
        return call(name, time, "Identify", kind="identify", who=who, traits={"home": home})

    return said


def _names(
    snapshot: Snapshot, person: Person, project: Project, *names: str, group: str = "household"
) -> set[str]:
    """Whom a customer shares their household with, by user id."""
    others = builders.other_members(snapshot, project, person(snapshot, *names), group)
    known = {snapshot.pseudonym("user_id", name): name for name in PEOPLE}
    return {*names, *(known[fragment] for other in others for fragment in other.fragments)}


def test_members_share_the_newest_value(
    project: Project, moves: Call, heard: Heard, person: Person
) -> None:
    events = [
        moves(1, "maija", "Kuja 1"),
        moves(2, "matti", "Kuja 1"),
        moves(5, "pekka", "Kuja 2"),
        moves(3, "pekka", "Kuja 1"),
        moves(4, "matti", "Kuja 2"),
    ]
    with heard(project, events) as snapshot:
        assert _names(snapshot, person, project, "maija") == {"maija"}
        assert _names(snapshot, person, project, "matti") == {"matti", "pekka"}


def test_without_a_value_a_customer_is_alone_with_his_fragments(
    project: Project, moves: Call, heard: Heard, person: Person
) -> None:
    events = [moves(1, "maija", "Kuja 1"), moves(2, "maija", None), moves(1, "matti", "Kuja 1")]
    with heard(project, events) as snapshot:
        assert _names(snapshot, person, project, "maija", "phone") == {"maija", "phone"}
        assert _names(snapshot, person, project, "matti") == {"matti"}
        assert len(list(snapshot.scan(MEMBERS))) == 1


def test_a_merged_customer_brings_all_his_fragments(
    project: Project, moves: Call, heard: Heard, person: Person
) -> None:
    events = [moves(1, "phone", "Kuja 1"), moves(2, "maija", "Kuja 2"), moves(1, "matti", "Kuja 2")]
    with heard(project, events) as snapshot:
        assert _names(snapshot, person, project, "phone", "maija") == {"phone", "maija", "matti"}


def test_key_may_be_the_first_known_of_written_traits(
    project: Project, call: Call, heard: Heard, person: Person
) -> None:
    group = CustomerGroup(
        name="feet", key="known_size", where=project.profile.groups["household"].where
    )
    profile = msgspec.structs.replace(project.profile, groups={"feet": group})
    changed = msgspec.structs.replace(project, profile=profile)
    events = [
        call("a", 1, "Identify", kind="identify", who="maija", traits={"size": 38}),
        call("b", 2, "Order", who="maija", shoe={"size": 42}),
        call("c", 3, "Order", who="matti", shoe={"size": 38}),
        call("d", 3, "Order", who="pekka", shoe={"size": 42}),
    ]
    with heard(changed, events) as snapshot:
        assert _names(snapshot, person, changed, "maija", group="feet") == {"maija", "matti"}


def test_a_joiner_voids_a_decision_that_read_the_members(
    project: Project, moves: Call, heard: Heard, person: Person
) -> None:
    """Nobody of the read household has changed, only its roll."""
    first = [moves(1, "maija", "Kuja 1")]
    joins = [moves(1, "matti", "Kuja 1")]
    elsewhere = [moves(1, "matti", "Kuja 2")]
    watched = []
    for later in ([], elsewhere, joins):
        with heard(project, first, later) as snapshot:
            _names(snapshot, person, project, "maija")
            watched.append(snapshot.reads)
    assert watched[0] == watched[1]
    assert watched[0] != watched[2]


HOMES = st.sampled_from([None, "Kuja 1", "Kuja 2", "Kuja 3"])
MOVES = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(PEOPLE), HOMES), max_size=30, unique=True
)


@pytest.mark.laws
@given(drawn=MOVES)
def test_index_is_what_the_newest_values_say(
    drawn: list[tuple[int, str, str | None]],
    project: Project,
    moves: Call,
    heard: Heard,
    person: Person,
) -> None:
    ordered = sorted(drawn, key=lambda one: (one[0], f"{one[1]}{one[0]}{one[2]}"))
    newest = {who: home for _, who, home in ordered}
    with heard(project, [moves(*one) for one in drawn]) as snapshot:
        for who in PEOPLE:
            home = newest.get(who)
            same = {other for other in PEOPLE if home is not None and newest.get(other) == home}
            assert _names(snapshot, person, project, who) == {who} | same
        homes = {home for home in newest.values() if home is not None}
        assert len(list(snapshot.scan(ROLLS))) == len(homes)
        rolls = sum(roll.members for _, roll in snapshot.scan(ROLLS))
        assert rolls == len(list(snapshot.scan(MEMBERS)))
