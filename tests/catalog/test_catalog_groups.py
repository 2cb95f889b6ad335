"""What may be worked out of a group, and what a group may rest on."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.catalog.conftest import Faults, Write, with_traits

from tuttu import catalog

AT_HOME = "  at_home: {count: tickets, group: household}\n"


def _traits(base: dict[str, str], lines: str, key: str = "home_id") -> dict[str, str]:
    """The lines are from line 9 of traits.yaml on."""
    text = with_traits(base, f"  cases: {{count: tickets}}\n{lines}")["traits.yaml"]
    groups = f"  household: {{key: {key}}}\n  firm: {{key: home_id}}\n"
    return {"traits.yaml": text.replace("  household: {key: home_id}\n", groups)}


@pytest.mark.parametrize(
    "lines",
    [
        "  at_home: {count: tickets, group: household}\n",
        "  at_home: {type: integer, group: household}\n",
        "  at_home: {expression: cases > 1, group: household}\n  busy: {expression: NOT at_home}\n",
        "  at_home: {first_known: [cases, visits], group: household}\n  visits: {count: events}\n",
    ],
)
def test_a_trait_of_a_group_comes_about_in_any_way(
    base: dict[str, str], write: Write, lines: str
) -> None:
    project = catalog.load(write(_traits(base, lines)))
    assert project.profile.traits["at_home"].group == "household"
    assert project.profile.traits["cases"].group is None


@pytest.mark.parametrize(
    ("lines", "line", "found"),
    [
        ("  at_home: {count: tickets, group: houshold}\n", 9, "`houshold`"),
        (
            AT_HOME + "  at_firm: {expression: at_home > 1, group: firm}\n",
            10,
            "`at_home`, which is of the group `household`",
        ),
        (
            AT_HOME
            + "  midway: {expression: at_home > 1}\n"
            + "  again: {expression: midway OR has_tv, group: household}\n",
            11,
            "`at_home`, which is of the group `household`",
        ),
        (
            "  at_home: {expression: \"contacted('offer', '7d')\", group: household}\n",
            9,
            "`contacted.offer`, asked of a group",
        ),
    ],
)
def test_a_trait_of_a_group_rests_on_the_members_own(
    base: dict[str, str], faults: Faults, lines: str, line: int, found: str
) -> None:
    (fault,) = faults(_traits(base, lines))
    assert str(fault.where) == f"traits.yaml:{line}"
    assert found in fault.found


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ("", "cases"),
        ("  at_home: {type: text, group: firm}\n", "at_home"),
        ("  best: {first_known: [cases, visits]}\n  visits: {count: events}\n", "best"),
        ("  known: {expression: \"COALESCE(home_id, 'none')\"}\n", "known"),
    ],
)
def test_a_key_is_written_or_the_first_known_of_written_ones(
    base: dict[str, str], faults: Faults, lines: str, key: str
) -> None:
    (fault,) = faults(_traits(base, lines, key))
    assert f"`{key}`" in fault.found
    assert "written" in fault.expected


@pytest.mark.parametrize(
    ("guard", "found"),
    [
        ("{when: cases > 0, blocks: marketing, of: houshold}", "`houshold`"),
        (
            "{when: at_firm > 0, blocks: marketing, of: household}",
            "`at_firm`, which is of the group",
        ),
        (
            "{when: \"contacted('offer', '7d')\", blocks: marketing, of: household}",
            "`contacted.offer`, asked of a group",
        ),
        (
            "{when: has_tv, until: 1d after last_contact('web'), blocks: marketing, of: household}",
            "`last_contact.web`, asked of a group",
        ),
        (
            "{when: has_tv, blocks: marketing, of: household, about: tickets}",
            "both `about` and `of`",
        ),
    ],
)
def test_a_guard_of_a_group_asks_what_members_have(
    base: dict[str, str], faults: Faults, guard: str, found: str
) -> None:
    traits = _traits(base, "  at_firm: {count: tickets, group: firm}\n")
    (fault,) = faults({**traits, "policy.yaml": f"guards:\n  a guard: {guard}\n"})
    assert str(fault.where) == "policy.yaml:2"
    assert found in fault.found


def test_a_guard_may_read_the_traits_of_its_own_group(base: dict[str, str], write: Write) -> None:
    traits = _traits(base, "  at_home: {count: tickets, group: household}\n")
    text = "guards:\n  a guard: {when: at_home + cases > 0, blocks: marketing, of: household}\n"
    project = catalog.load(write({**traits, "policy.yaml": text}))
    assert project.policy.guards[0].group == "household"


def test_the_example_asks_of_a_household() -> None:
    operator = Path(catalog.__file__).parents[1] / "examples" / "operator"
    project = catalog.load(operator)
    assert {each.group for each in project.policy.guards} == {None, "household"}
