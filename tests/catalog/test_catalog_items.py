"""`about: <collection>`: what rules, messages and stories may name of an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tuttu import catalog, content
from tuttu.catalog import read_scenarios
from tuttu.vocabulary.errors import Fault
from tuttu.vocabulary.values import Row

Write = Callable[..., Path]
OFFER = "actions/sales/tv/offer.yaml"
GROUP = "actions/sales/tv/_group.yaml"
ITEM_COLLECTION = "  item: {key: ticket_id, events: [Ticket Opened], keep: {status: text}}\n"


@pytest.fixture
def offer(base: Mapping[str, str]) -> Callable[..., dict[str, str]]:
    """offer(condition, about=…): the offer with one condition more."""

    def make(condition: str = "NOT has_tv", about: str = "about: tickets\n") -> dict[str, str]:
        text = base[OFFER].replace("  has no TV: NOT has_tv\n", f"  has no TV: {condition}\n")
        return {OFFER: text.replace("value:", f"{about}value:")}

    return make


def said(found: list[Fault]) -> list[tuple[str, str, str, str | None]]:
    return [(str(fault.where), fault.found, fault.expected, fault.nearest) for fault in found]


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
    write: Write, offer: Callable[..., dict[str, str]], condition: str, expected: bool | None
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


def test_it_is_inherited_from_the_group(write: Write, offer: Callable[..., dict[str, str]]) -> None:
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
    offer: Callable[..., dict[str, str]],
    condition: str,
    about: str,
    expected: tuple[str, str, str | None],
) -> None:
    [(where, found, wanted, near)] = said(catalog.check(write(offer(condition, about))))
    line = 4 if "tickts" in about else 7 + bool(about)
    assert where == f"{OFFER}:{line}"
    assert found.startswith(expected[0])
    assert expected[1] in wanted
    if expected[2] is not None:
        assert near == expected[2]


def test_a_guard_without_about_has_no_item(write: Write) -> None:
    text = "guards:\n  open case: {when: item.status = 'open', blocks: marketing}\n"
    [fault] = catalog.check(write({"policy.yaml": text}))
    assert fault.found.startswith("the field 'status' of an item")
    assert str(fault.where) == "policy.yaml:2"


def test_an_outcome_is_asked_of_an_event_not_of_an_item(
    write: Write, offer: Callable[..., dict[str, str]]
) -> None:
    files = offer()
    files[OFFER] += "outcomes:\n  accepted: event = 'Ticket Opened' AND item.status = 'open'\n"
    [fault] = catalog.check(write(files))
    assert fault.found.startswith("the field 'status' of an item")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (
            "traits.yaml",
            "  has_tv: {type: bool}\n",
            "  item: {type: bool}\n  has_tv: {type: bool}\n",
        ),
        ("traits.yaml", "  tickets:\n", f"{ITEM_COLLECTION}  tickets:\n"),
        ("events.yaml", "Order Completed: bought", "Order Completed: item"),
    ],
)
def test_nothing_else_is_called_item(
    edit: Callable[[str, str, str], Path], path: str, old: str, new: str
) -> None:
    [fault] = catalog.check(edit(path, old, new))
    assert "`item`" in fault.found
    assert "another name" in fault.expected


@pytest.mark.parametrize(
    ("template", "about", "expected"),
    [
        ("{{ item.status }} {{ item.ticket_id }}", "about: tickets\n", []),
        ("{% for item in tickets %}{{ item.status }}{% endfor %}", "", []),
        ("{{ item.statsu }}", "about: tickets\n", [("the name 'item.statsu'", "item.status")]),
        ("{{ item.status }}", "", [("the name 'item.status'", None)]),
    ],
)
def test_a_message_names_the_item_of_the_actions_that_show_it(
    write: Write,
    offer: Callable[..., dict[str, str]],
    template: str,
    about: str,
    expected: list[tuple[str, str | None]],
) -> None:
    files = {**offer(about=about), "content/offer.web.en.liquid": template}
    found = content.check(catalog.load(write(files)))
    assert [(fault.found, fault.nearest) for fault in found] == expected
    assert all(str(fault.where) == "content/offer.web.en.liquid:1" for fault in found)


def test_a_message_of_two_actions_names_what_both_have(
    write: Write, base: Mapping[str, str], offer: Callable[..., dict[str, str]]
) -> None:
    news = base["actions/service/cases/news.yaml"].replace("message: news", "message: offer")
    files = {**offer(), "actions/service/cases/news.yaml": news}
    files["content/offer.web.en.liquid"] = "{{ item.status }}"
    [fault] = content.check(catalog.load(write(files)))
    assert fault.found == "the name 'item.status'"


STORY = """\
scenario: of one ticket
given:
  - {at: 2026-03-01T09:00, who: {user_id: maija}, outcome: viewed, action: offer, item: T1}
expect:
  - {at: 2026-03-02T09:00, who: {user_id: maija}, surface: front.hero, chosen: offer, item: T1}
  - {at: 2026-03-02T09:00, who: {user_id: maija}, surface: front.hero, not_chosen: offer, item: 7}
"""


def test_a_story_names_the_item(write: Write, offer: Callable[..., dict[str, str]]) -> None:
    folder = write({**offer(), "scenarios/one.yaml": STORY})
    [scenario] = read_scenarios(folder)
    assert scenario.given[0].item == "T1"
    assert [one.item for one in scenario.expect] == ["T1", "7"]


def test_a_story_names_no_item_of_what_is_about_none(write: Write) -> None:
    found = catalog.check(write({"scenarios/one.yaml": STORY}))
    assert [(fault.where.line, fault.found) for fault in found] == [
        (3, "`item`"),
        (5, "`item`"),
        (6, "`item`"),
    ]
    assert all("`about: …` in the action `offer`" in fault.expected for fault in found)


def test_an_item_alone_expects_nothing(write: Write, offer: Callable[..., dict[str, str]]) -> None:
    empty = STORY.replace("chosen: offer, item: T1", "empty: true, item: T1")
    [fault] = catalog.check(write({**offer(), "scenarios/one.yaml": empty}))
    assert (fault.where.line, fault.found) == (5, "`item`")
