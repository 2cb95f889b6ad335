"""Columns that rooms contribute to the customer's row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tuttu import catalog
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Room
from tuttu.vocabulary.values import Kind, Type

STEP = Type(Kind.TEXT)
SINCE = Type(Kind.TIMESTAMP)
OFFER = "actions/sales/tv/offer.yaml"
NAMED = "visits_step = 'paid'"


def _columns(project: Project) -> Mapping[str, Type]:
    """As many as there are surfaces: what a room may read of the project is there."""
    return {"visits_step": STEP, **{f"seen_{name[:5]}": SINCE for name in project.surfaces}}


VISITS = Room(name="visits", columns=_columns)


def test_expressions_may_name_the_columns_of_a_room(
    edit: Callable[[str, str, str], Path], write: Callable[..., Path]
) -> None:
    folder = edit(OFFER, "NOT has_tv", f"{NAMED} AND seen_front < now()")
    project = catalog.load(folder, (VISITS,))
    assert project.row_schema.columns["visits_step"] == STEP
    (condition,) = project.actions["offer"].eligible
    assert condition.test.columns == {"visits_step", "seen_front"}
    assert catalog.check(folder, (VISITS,)) == []
    assert catalog.survey(folder, (VISITS,)).faults == []
    without = catalog.load(write())
    assert "visits_step" not in without.row_schema.columns
    assert without.digest == catalog.load(write(), (VISITS,)).digest


def test_what_no_room_contributes_is_not_there(edit: Callable[[str, str, str], Path]) -> None:
    (fault,) = catalog.check(edit(OFFER, "NOT has_tv", NAMED))
    assert "visits_step" in fault.found


def test_a_derived_trait_and_a_scenario_may_read_them(
    write: Callable[..., Path], base: Mapping[str, str]
) -> None:
    traits = base["traits.yaml"].replace(
        "groups:", f'  has_paid: {{expression: "{NAMED}"}}\ngroups:'
    )
    story = (
        "scenario: paid\ngiven: []\nexpect:\n"
        "  - {at: 2026-03-01T09:00, who: {user_id: maija}, traits: {visits_step: paid}}\n"
    )
    folder = write({"traits.yaml": traits, "scenarios/paid.yaml": story})
    assert catalog.load(folder, (VISITS,)).profile.derived_order == ("has_paid",)
    (scenario,) = catalog.read_scenarios(folder, (VISITS,))
    assert scenario.expect[0].action == "visits_step"
    assert {fault.where.file for fault in catalog.check(folder)} == {
        "traits.yaml",
        "scenarios/paid.yaml",
    }


def test_before_expressions_a_room_sees_what_is_declared_without_them(
    write: Callable[..., Path],
) -> None:
    asked: list[Project] = []

    def columns(project: Project) -> Mapping[str, Type]:
        asked.append(project)
        return {}

    whole = catalog.load(write(), (Room(name="curious", columns=columns),))
    (seen,) = asked
    for part in ("company", "channels", "surfaces", "resources", "namespaces", "purposes"):
        assert getattr(seen, part) == getattr(whole, part) != {}
    assert seen.messages == whole.messages
    assert (seen.actions, seen.profile.traits, seen.policy.guards) == ({}, {}, ())


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("has_tv: {type: bool}", "visits_step: {type: text}", 7),
        ("has_tv: {type: bool}", "VISITS_step: {type: text}", 7),
        ("has_tv: {type: bool}", "visits_step: {expression: income > 1}", 7),
        ("groups:", "segments: {visits_step: income > 1}\ngroups:", 12),
        ("  tickets:", "  visits_step:", 2),
    ],
)
def test_a_trait_of_the_same_name_is_a_fault_that_names_the_room(
    old: str, new: str, line: int, write: Callable[..., Path], base: Mapping[str, str]
) -> None:
    folder = write({"traits.yaml": base["traits.yaml"].replace(old, new)})
    found = [
        (fault.where.line, fault.expected)
        for fault in catalog.check(folder, (VISITS,))
        if fault.where.file == "traits.yaml" and "the room" in fault.expected
    ]
    assert found == [(line, "another name: `visits_step` is a column of the room visits")]


def test_a_folder_without_readable_traits_has_the_columns_all_the_same(
    write: Callable[..., Path],
) -> None:
    survey = catalog.survey(write({"traits.yaml": "traits: [\n"}), (VISITS,))
    assert survey.project.row_schema.columns["visits_step"] == STEP


@pytest.mark.parametrize("name", ["visits_step", "Visits_Step", "now", "item"])
def test_two_rooms_with_the_same_column_are_a_mistake_of_the_house(
    name: str, write: Callable[..., Path]
) -> None:
    other = Room(name="other", columns=lambda _project: {name: STEP})
    with pytest.raises(ValueError, match=f"the column {name} of other"):
        catalog.load(write(), (VISITS, other))
