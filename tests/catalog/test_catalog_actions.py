"""actions/: what an action is, inherits, and may name, of an item too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.catalog.conftest import (
    GROUP,
    OFFER,
    Edit,
    Faults,
    Offer,
    Slip,
    Write,
    assert_one_fault,
    local,
    places,
)

from tuttu import catalog
from tuttu.vocabulary.values import DAY, Row


def test_an_action_with_what_its_group_lets_it_inherit(operator: Path) -> None:
    action = catalog.load(operator).actions["tv-package"]
    assert (action.owner, action.issue_group) == ("sales", "cross-sell")
    assert (action.status, action.purpose) == ("live", "marketing")
    assert [condition.name for condition in action.eligible] == [
        "has our broadband",
        "has no TV from us",
    ]
    assert action.value({"now": 0}) == pytest.approx(118.8)
    assert action.propensity is not None
    assert action.propensity.text == "0.06"
    assert action.valid_from == local(2026, 1, 1)
    assert action.valid_until == local(2031, 1, 1)
    web, call, letter = (action.treatments[name] for name in ("web", "call", "letter"))
    assert (web.surface, web.channel, web.message) == ("front.hero", "web", "tv-package")
    assert (web.cost, web.answer_within) == (0, 3 * DAY)
    assert (call.surface, call.cost, call.uses) == ("call", 4.0, {"call_minutes": 8})
    assert (letter.cost, letter.holds) == (0.9, 30 * DAY)
    assert action.treatments["email"].cost == 0.005
    assert set(action.outcomes) == {"accepted", "declined"}
    assert action.where.file == "actions/sales/cross-sell/tv-package.yaml"


def test_a_treatment_of_a_group_is_none_by_itself(operator: Path) -> None:
    actions = catalog.load(operator).actions
    assert set(actions["mobile-bundle"].treatments) == {"web", "app", "sms"}


@pytest.mark.parametrize(
    ("old", "new", "line", "found"),
    [
        ("status: live\n", "", 1, "no `status`"),
        ("propensity: 0.03\n", "", 1, "no `propensity`"),
        ("value: 12 * 9.90\n", "", 1, "no `value`"),
        ("purpose: marketing\n", "", 1, "no `purpose`"),
        ("value: 12 * 9.90", "value: has_tv", 4, "`has_tv`, which is bool"),
        ("value: 12 * 9.90", "value: 12 *", 4, "12 *"),
        ("propensity: 0.03", "propensity: {modle: x}", 5, "a mapping"),
        ("NOT has_tv", "income", 7, "income"),
        ("NOT has_tv", "has_tv = 'yes'", 7, "has_tv = 'yes'"),
        ("propensity: 0.03", "propensity: 0.03\nvalid: {from: 2026-02-01, until: 2026-01-01}", 6,
         "a period that ends before it begins"),
        ("propensity: 0.03", "propensity: 0.03\nvalid: {through: 2026-01-31, until: 2026-01-01}", 6,
         "both `through` and `until`"),
        ("propensity: 0.03", "propensity: 0.03\noutcomes: {ignored: event = 'Order Completed'}", 6,
         "the outcome `ignored`"),
        ("propensity: 0.03", "propensity: 0.03\noutcomes:\n  sold: event = 'Order'", 7, "`Order`"),
        ("propensity: 0.03", "propensity: 0.03\noutcomes:\n  sold: has_tv", 7, "has_tv"),
    ],
)  # fmt: skip
def test_actions_that_do_not_hold(
    faults: Faults, base: Mapping[str, str], old: str, new: str, line: int, found: str
) -> None:
    (fault,) = faults({OFFER: base[OFFER].replace(old, new)})
    assert str(fault.where) == f"{OFFER}:{line}"
    assert found in fault.found


def test_a_period_of_one_day_holds(write: Write, base: Mapping[str, str]) -> None:
    text = base[OFFER] + "valid: {from: 2026-02-01, through: 2026-02-01}\n"
    action = catalog.load(write({OFFER: text})).actions["offer"]
    assert action.valid_from is not None
    assert action.valid_until is not None
    assert action.valid_until - action.valid_from == 24 * 3600 * 1_000_000


def test_one_name_is_one_action(faults: Faults, base: Mapping[str, str]) -> None:
    twin = "actions/service/cases/offer.yaml"
    (fault,) = faults({twin: base[OFFER]})
    assert str(fault.where) == f"{twin}:1"
    assert OFFER in fault.expected


def test_actions(base: Mapping[str, str], faults: Faults) -> None:
    action = base["actions/service/cases/news.yaml"].replace("action: news", "action: News")
    (found,) = faults({"actions/service/other/News.yaml": action})
    assert "`News` again" in found.found
    assert "actions/service/cases/news.yaml" in found.expected


def test_an_expression_over_lines_is_faulted_on_its_own_line(
    faults: Faults, base: Mapping[str, str]
) -> None:
    text = base[OFFER].replace(
        "  has no TV: NOT has_tv", "  has no TV: |\n    NOT has_tv\n    AND incme > 3"
    )
    (fault,) = faults({OFFER: text})
    assert (str(fault.where), fault.nearest) == (f"{OFFER}:9", "income")


def test_what_a_group_gives_may_be_left_out(write: Write, base: Mapping[str, str]) -> None:
    group = (
        "status: paused\npurpose: marketing\n"
        "eligible: {earns: income > 0, has no TV: has_tv}\n"
        "treatments: {call: {cost: 9, holds: 1d}, letter: {cost: 1}}\n"
    )
    offer = (
        base[OFFER].replace("status: live\npurpose: marketing\n", "").replace(" cost: 4.00,", "")
    )
    action = catalog.load(write({GROUP: group, OFFER: offer})).actions["offer"]
    assert (action.status, action.purpose) == ("paused", "marketing")
    assert [(one.name, one.test.text) for one in action.eligible] == [
        ("earns", "income > 0"),
        ("has no TV", "NOT has_tv"),
    ]
    assert (action.treatments["call"].cost, action.treatments["call"].uses) == (
        9.0,
        {"minutes": 8},
    )
    assert set(action.treatments) == {"web", "call"}


def test_a_fault_in_a_group_is_one_fault_in_its_file(
    faults: Faults, base: Mapping[str, str]
) -> None:
    second = base[OFFER].replace("action: offer", "action: other")
    group = "eligible: {earns: incme > 0}\npurpose: [1]\n"
    found = faults({GROUP: group, "actions/sales/tv/other.yaml": second})
    assert places(found) == [(f"{GROUP}:1", found[0].found), (f"{GROUP}:2", "a list")]


def test_a_group_that_cannot_be_read_hides_what_its_actions_lack(
    faults: Faults, base: Mapping[str, str]
) -> None:
    found = faults({GROUP: "status: [live\n", OFFER: base[OFFER].replace("status: live\n", "")})
    assert [fault.where.file for fault in found] == [GROUP]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("item.status = 'open'", True),
        ("item.ticket_id <> 'T1'", False),
        ("item.opened_at IS NULL AND open_tickets > 0", True),
        ("days_since(item.opened_at) > 3", None),
        ("any(tickets, status = item.status AND ticket_id <> item.ticket_id)", True),
        ("NOT contacted(action, '3d')", True),
    ],
)
def test_a_rule_about_an_item_names_its_fields(
    write: Write, offer: Offer, condition: str, expected: bool | None
) -> None:
    project = catalog.load(write(offer(condition)))
    assert project.actions["offer"].about == "tickets"
    assert project.actions["news"].about is None
    row: Row = {
        "item.status": "open",
        "item.ticket_id": "T1",
        "item.opened_at": None,
        "open_tickets": 1,
        "tickets": [{"ticket_id": "T1", "status": "open"}, {"ticket_id": "T2", "status": "open"}],
        "now": 0,
    }
    assert project.actions["offer"].eligible[0].test(row) is expected
    assert not any(name.startswith("item.") for name in project.row_schema.columns)


def test_it_is_inherited_from_the_group(write: Write, offer: Offer) -> None:
    files = {GROUP: "about: tickets\n", **offer("item.status = 'open'", about="")}
    assert catalog.load(write(files)).actions["offer"].about == "tickets"


def test_formulas_and_guards_name_it_too(write: Write, base: Mapping[str, str]) -> None:
    guard = (
        "guards:\n"
        "  open case:\n"
        "    about: tickets\n"
        "    when: item.status = 'open'\n"
        "    blocks: marketing\n"
        "    until: 3d after item.opened_at\n"
    )
    value = base[OFFER].replace("value: 12 * 9.90", "about: tickets\nvalue: length(item.status)")
    project = catalog.load(write({"policy.yaml": guard, OFFER: value}))
    [found] = project.policy.guards
    assert found.about == "tickets"
    assert found.when({"item.status": "open", "now": 0}) is True
    assert found.after is not None
    assert found.after({"item.opened_at": 7, "now": 0}) == 7
    assert project.actions["offer"].value({"item.status": "open", "now": 0}) == 4


@pytest.mark.parametrize(
    ("condition", "about", "expected"),
    [
        (
            "NOT has_tv",
            "about: tickts\n",
            ("`tickts`", "a collection of traits.yaml: tickets", "tickets"),
        ),
        ("item.status = 'open'", "about: tickts\n", ("`tickts`", "a collection", "tickets")),
        (
            "item.statsu = 'open'",
            "about: tickets\n",
            ("the unknown field of the item 'item.statsu'", "a declared field of", "item.status"),
        ),
        (
            "item.status = 'open'",
            "",
            ("the field 'status' of an item", "`about` a collection (say `about: tickets`)", None),
        ),
        ("item.colour = 'red'", "", ("the field 'colour' of an item", "`about` a coll", None)),
        ("item = 'open'", "about: tickets\n", ("the unknown name 'item'", "a declared name", None)),
    ],
)
def test_what_does_not_hold_is_a_fault_in_its_place(
    write: Write,
    offer: Offer,
    condition: str,
    about: str,
    expected: tuple[str, str, str | None],
) -> None:
    [fault] = catalog.check(write(offer(condition, about)))
    line = 4 if "tickts" in about else 7 + bool(about)
    assert str(fault.where) == f"{OFFER}:{line}"
    assert fault.found.startswith(expected[0])
    assert expected[1] in fault.expected
    if expected[2] is not None:
        assert fault.nearest == expected[2]


def test_an_outcome_is_asked_of_an_event_not_of_an_item(write: Write, offer: Offer) -> None:
    files = offer()
    files[OFFER] += "outcomes:\n  accepted: event = 'Ticket Opened' AND item.status = 'open'\n"
    [fault] = catalog.check(write(files))
    assert fault.found.startswith("the field 'status' of an item")


def test_five_faults_in_one_file_give_five(faults: Faults, base: dict[str, str]) -> None:
    text = (
        base[OFFER]
        .replace("status: live", "status: alive")
        .replace("purpose: marketing", "purpose: marketin")
        .replace("value: 12 * 9.90", "value: 12 * incme")
        .replace("cost: 4.00", "cots: 4.00")
        .replace("surface: front.hero", "surface: front.her")
    )
    assert [fault.where.line for fault in faults({OFFER: text})] == [2, 3, 4, 9, 10]


SLIPS: list[Slip] = [
    (OFFER, "value: 12 * 9.90", "value:", 4, "nothing", "an expression", None),
    (OFFER, "value: 12 * 9.90", "value: {a: 1}", 4, "a mapping", "an expression", None),
    (OFFER, "cost: 4.00", "cost: free", 10, "`free`", "an amount in currency units", None),
    (OFFER, "14d", "14 days", 10, "`14 days`", "a duration such as 30d", None),
    (OFFER, "status: live", "status: alive", 2, "`alive`", "one of draft", "live"),
    (OFFER, "surface: front.hero", "surface: front.her", 9, "`front.her`", "a surface of",
     "front.hero"),
    (OFFER, "minutes: 8", "minute: 8", 10, "`minute`", "a resource of", "minutes"),
    (OFFER, "message: offer}", "message: ofer}", 9, "`ofer` without content",
     "content/ofer.web.en.liquid", "content/offer.web.en.liquid"),
    (OFFER, "purpose: marketing", "purpose: sales", 3, "`sales`", "a purpose of", None),
    (OFFER, "action: offer", "action: offers", 1, "`offers`", "as the file is named", "offer"),
    (OFFER, "  call: {", "  cal: {", 10, "the treatment `cal` without a surface", "`surface`, or",
     None),
    (OFFER, "answer_within: 14d", "answer_within: 0d", 10, "`0d`", "more than 0s", None),
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_gives_one_fault(edit: Edit, slip: Slip) -> None:
    assert_one_fault(edit, slip)
