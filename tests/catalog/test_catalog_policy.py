"""policy.yaml."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from tests.catalog.conftest import Edit, Faults, Slip, Write, assert_one_fault, local

from tuttu import catalog
from tuttu.vocabulary.values import DAY, Kind, Type


def test_policy_in_the_order_of_the_file(operator: Path) -> None:
    policy = catalog.load(operator).policy
    guard = policy.guards[0]
    assert (guard.name, guard.blocks, guard.instead) == (
        "open case stops marketing",
        "marketing",
        "case-news",
    )
    assert (guard.cooling, guard.inclusive) == (3 * DAY, True)
    assert guard.after is not None
    assert guard.after.type == Type(Kind.TIMESTAMP)
    home = policy.contact_limits[1]
    assert (home.name, home.group, home.channel) == ("one sales call a home", "household", "call")
    assert (home.at_most, home.window) == (1, 30 * DAY)
    assert [(one.outcome, one.times, one.scope) for one in policy.suppressions] == [
        ("declined", 1, "action"),
        ("ignored", 3, "issue_group"),
        ("accepted", 1, "action"),
    ]
    lever = policy.levers[0]
    assert (lever.action, lever.times, lever.by) == ("tv-package", 1.3, "anna")
    assert lever.valid_until == local(2026, 11, 1)


def test_controls_are_shares_of_one(write: Write) -> None:
    text = (
        "controls: {no_marketing: 2%, random_choice: 0.01, propensity_only: 1.5%}\nexploration: 5%"
    )
    controls = catalog.load(write({"policy.yaml": text})).policy.controls
    assert {name: (arm.start, arm.share) for name, arm in controls.arms.items()} == {
        "no_marketing": (0, Fraction(2, 100)),
        "random_choice": (Fraction(1, 2), Fraction(1, 100)),
        "propensity_only": (Fraction(3, 4), Fraction(15, 1000)),
    }
    assert (controls.exploration, controls.salt) == (0.05, "tuttu")


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("guards:\n  g: {when: income, blocks: marketing}\n", 2, "income"),
        ("guards:\n  g: {when: has_tv, blocks: marketing, through: soon}\n", 2, "soon"),
        ("guards:\n  g: {when: has_tv, blocks: marketing, through: 3d after income}\n", 2,
         "`income`, which is integer"),
        ("guards:\n  g: {when: has_tv, blocks: marketing, until: 3d after max(ticket.opened_at)}\n",
         2, "ticket"),
        (("guards:\n  g:\n    when: has_tv\n    blocks: marketing\n"
         "    until: 3d after max(tickets.opened_at)\n    through: 1d after now\n"),
         5, "both `through` and `until`"),
        ("contact_limits:\n  x: {at_most: 1, in: 1d, of: family}\n", 2, "`family`"),
        ("contact_limits:\n  x: {at_most: 1, in: 1d, channel: fax}\n", 2, "`fax`"),
        ("contact_limits:\n  x: {at_most: 1, in: 1d, issue_group: tvs}\n", 2, "`tvs`"),
        ("contact_limits:\n  x: {at_most: -1, in: 1d}\n", 2, "`-1`"),
        ("contact_limits:\n  x: {at_most: 1}\n", 2, "a limit over no time"),
        ("contact_limits:\n  x:\n    at_most: 1\n    in: 1d\n    per: day\n", 5,
         "both `in` and `per`"),
        ("contact_limits:\n  x: {at_most: 1, per: week}\n", 2, "`week`"),
        ("suppressions:\n  x: {after: sulked, for: 1d}\n", 2, "`sulked`"),
        ("suppressions:\n  x: {after: declined, for: 1d, scope: all}\n", 2, "`all`"),
        ("levers:\n  x: {times: 2, by: a, why: b, until: 2026-01-01}\n", 2, "a lever on nothing"),
        ("levers:\n  x: {action: news, owner: sales, times: 2, by: a, why: b, until: 2026-01-01}\n",
         2, "`action` and `owner`"),
        ("levers:\n  x: {owner: sle, times: 2, by: a, why: b, until: 2026-01-01}\n", 2, "`sle`"),
        ("levers:\n  x: {owner: sales, times: 2, by: a, why: b}\n", 2, "a lever without an end"),
        ("levers:\n  x: {owner: sales, times: 2, by: a, why: b, until: 2026-02-30}\n", 2,
         "`2026-02-30`"),
        ("controls: {no_marketing: 60%, random_choice: 0.5}\n", 1,
         "`random_choice` from 0.5 to 1 of the circle, which meets `no_marketing` from 0 to 0.6"),
        ("controls: {no_marketing: {share: 3%, start: 98%}, random_choice: {share: 1, start: 0}}\n",
         1, "`random_choice` from 0 to 1 of the circle, which meets `no_marketing`"),
        ("controls: {no_marketing: 101%}\n", 1, "101%"),
        ("controls:\n  no_marketing:\n    share: 1%\n    start: 120%\n", 4, "the start `120%`"),
        ("controls: {no_marketing: {start: 50%}}\n", 1, "a mapping"),
        ("controls: {no_marketing: 2}\n", 1, "`2`"),
        ("controls: {no_marketing: lots}\n", 1, "`lots`"),
        ("exploration: 120%\n", 1, "120%"),
    ],
)  # fmt: skip
def test_policy_that_does_not_hold(faults: Faults, text: str, line: int, found: str) -> None:
    (fault,) = faults({"policy.yaml": text})
    assert str(fault.where) == f"policy.yaml:{line}"
    assert found in fault.found


def test_a_guard_without_about_has_no_item(write: Write) -> None:
    text = "guards:\n  open case: {when: item.status = 'open', blocks: marketing}\n"
    [fault] = catalog.check(write({"policy.yaml": text}))
    assert fault.found.startswith("the field 'status' of an item")
    assert str(fault.where) == "policy.yaml:2"


def test_a_key_without_a_value_after_a_mapping_is_no_split_expression(edit: Edit) -> None:
    folder = edit("policy.yaml", "{when: open_tickets > 0,", "{when: {x: 1}, open_tickets,")
    assert [fault.found for fault in catalog.check(folder)] == [
        "a mapping",
        "the key `open_tickets`",
    ]


SLIPS: list[Slip] = [
    ("policy.yaml", "blocks:", "block:", 2, "the key `block`", "one of when", "blocks"),
    ("policy.yaml", "marketing", "markting", 2, "`markting`", "a purpose of", "marketing"),
    ("policy.yaml", "instead: news", "instead: new", 2, "`new`", "an action: news, offer", "news"),
    ("policy.yaml", "instead: news", "instead: offer", 2, "`offer`, which is for marketing",
     "an action for another purpose", None),
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_gives_one_fault(edit: Edit, slip: Slip) -> None:
    assert_one_fault(edit, slip)
