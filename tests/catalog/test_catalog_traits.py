"""traits.yaml: collections, traits, segments and groups."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.catalog.conftest import (
    DESIGN,
    OFFER,
    Edit,
    Faults,
    Slip,
    Write,
    assert_one_fault,
    places,
    with_traits,
)

from tuttu import catalog
from tuttu.vocabulary.values import DAY, MINUTE, Kind, Type

ITEM_COLLECTION = "  item: {key: ticket_id, events: [Ticket Opened], keep: {status: text}}\n"


def test_written_traits_are_columns_of_every_source(write: Write) -> None:
    schema = catalog.load(write()).row_schema
    assert schema.columns["has_tv"] == Type(Kind.BOOL)
    assert schema.columns["told.has_tv"] == schema.columns["bought.has_tv"] == Type(Kind.BOOL)
    assert "told.open_tickets" not in schema.columns
    assert schema.collections["tickets"] == {
        "ticket_id": Type(Kind.TEXT),
        "status": Type(Kind.TEXT),
        "opened_at": Type(Kind.TIMESTAMP),
    }
    assert schema.actions == {"offer", "news"}
    assert schema.channels == {"web", "email", "call"}
    assert schema.outcomes == {"viewed", "clicked", "accepted", "declined", "ignored"}
    assert schema.zone == "Europe/Helsinki"


def test_the_ways_a_trait_comes_about(operator: Path) -> None:
    profile = catalog.load(operator).profile
    traits = profile.traits
    assert traits["has_tv"].written
    assert (traits["open_tickets"].aggregate, traits["open_tickets"].over) == ("count", "tickets")
    assert traits["open_tickets"].type == Type(Kind.INTEGER)
    spend = traits["spend_90d"]
    assert (spend.aggregate, spend.over, spend.field) == ("sum", "events", "total")
    assert (spend.type, spend.window) == (Type(Kind.MONEY), 90 * DAY)
    resolved = traits["last_resolved_at"]
    assert (resolved.aggregate, resolved.over, resolved.field) == ("max", "tickets", "resolved_at")
    assert resolved.type == Type(Kind.TIMESTAMP)
    assert traits["left_report"].sequence == ("Usage Report Viewed", "Contract Viewed")
    assert (traits["left_report"].type, traits["left_report"].window) == (
        Type(Kind.BOOL),
        30 * MINUTE,
    )
    home = traits["home_postal_code"]
    assert home.first_known == ("told.postal_code", "crm.postal_code", "bought.postal_code")
    assert home.type == Type(Kind.TEXT)
    assert traits["keen_reader"].segment
    assert traits["keen_reader"].uses == {"profiling"}
    assert traits["years_with_us"].type == Type(Kind.REAL)
    order = profile.derived_order
    assert order.index("years_with_us") < order.index("loyal")
    assert profile.groups["household"].key == "household_id"


def test_told_goes_before_bought_under_one_name() -> None:
    project = catalog.load(DESIGN)
    size = project.profile.traits["shoe_size"]
    assert size.written
    assert size.first_known == ("told.shoe_size", "bought.shoe_size")
    assert project.row_schema.columns["bought.shoe_size"] == Type(Kind.TEXT)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "  a: {expression: b + 1}\n  b: {expression: c + 1}\n  c: {expression: a + 1}\n",
            [("traits.yaml:8", "traits that read each other: a → b → c → a")],
        ),
        (
            "  a: {expression: a + 1}\n",
            [("traits.yaml:8", "traits that read each other: a → a")],
        ),
        (
            ("  a: {expression: b + 1}\n  b: {expression: a + 1}\n  d: {expression: a + 2}\n"
            "  x: {first_known: [y, income]}\n  y: {first_known: [x, income]}\n"),
            [
                ("traits.yaml:8", "traits that read each other: a → b → a"),
                ("traits.yaml:11", "traits that read each other: x → y → x"),
            ],
        ),
        (
            "  a: {first_known: [income, has_tv]}\n",
            [("traits.yaml:8", "`has_tv`, which is bool")],
        ),
        ("  a: {first_known: [told.income, sold.income]}\n", [("traits.yaml:8", "`sold.income`")]),
        ("  a: {sum: weight, of: events}\n", [("traits.yaml:8", "`weight`, real")]),
        ("  a: {sum: wait}\n", [("traits.yaml:8", "`wait`")]),
        ("  a: {max: products}\n", [("traits.yaml:8", "`products`")]),
        ("  a: {last: state, of: tickets}\n", [("traits.yaml:8", "`state`")]),
        ("  a: {count: events, of: tickets}\n", [("traits.yaml:8", "`of`")]),
        ("  a: {type: bool, count: tickets}\n", [("traits.yaml:8", "`count`")]),
        ("  a: {sequence: [Ticket Opened, Order Completed]}\n", [("traits.yaml:8", "no `within`")]),
        ("  a: {sequence: [Ticket Opened], within: 1d}\n", [("traits.yaml:8", "a list")]),
        ("  a: {sequence: [Ticket Opened, Sold], within: 1d}\n", [("traits.yaml:8", "`Sold`")]),
        (
            "  a: {sequence: [Ticket Opened, Order Completed], within: 1d, in: 2d, ever: true}\n",
            [("traits.yaml:8", "`ever: true` beside `in`")],
        ),
        ("  a: {count: events, ever: true}\n", [("traits.yaml:8", "`ever`")]),
        (
            "  a: {count: events, where: \"event = 'Ticket Open'\"}\n",
            [("traits.yaml:8", "`Ticket Open`")],
        ),
        ("  tickets: {type: bool}\n", [("traits.yaml:8", "the name `tickets`")]),
    ],
)  # fmt: skip
def test_traits_that_cannot_be(
    faults: Faults, base: Mapping[str, str], lines: str, expected: list[tuple[str, str]]
) -> None:
    assert places(faults(with_traits(base, lines))) == expected


def test_traits_may_read_each_other_in_any_order(write: Write, base: Mapping[str, str]) -> None:
    lines = (
        "  rich: {expression: best > 10}\n"
        "  best: {first_known: [guess, income]}\n"
        "  guess: {expression: 2 * told.income}\n"
        "  spent: {sum: total, of: events, in: 30d}\n"
        "  state: {first: status, of: tickets, in: 7d}\n"
    )
    profile = catalog.load(write(with_traits(base, lines))).profile
    order = profile.derived_order
    assert order.index("guess") < order.index("best") < order.index("rich")
    assert profile.traits["best"].type == Type(Kind.INTEGER)
    assert profile.traits["spent"].type == Type(Kind.MONEY)
    assert profile.traits["state"].type == Type(Kind.TEXT)


def test_a_segment_is_a_condition_with_a_name_of_its_own(
    faults: Faults, base: Mapping[str, str]
) -> None:
    segments = "segments:\n  has_tv: income > 3\n  poor: income\n  odd: {expression: incme > 3}\n"
    found = faults({"traits.yaml": base["traits.yaml"] + segments})
    assert [(where, what[:20]) for where, what in places(found)][:1] == [
        ("traits.yaml:15", "the name `has_tv`")
    ]
    assert [str(fault.where) for fault in found] == [
        "traits.yaml:15",
        "traits.yaml:16",
        "traits.yaml:17",
    ]
    assert found[2].nearest == "income"


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("[marketing]", []),
        ("[service, marketing]", []),
        ("[profiling]", []),
        ("[service, profiling]", []),
        ("[]", []),
        ("[service]", ["`income`, which is for service, in a rule for marketing"]),
    ],
)
def test_a_rule_reads_traits_that_are_for_its_purpose(
    faults: Faults, base: Mapping[str, str], use: str, expected: list[str]
) -> None:
    traits = base["traits.yaml"].replace("{type: integer}", f"{{type: integer, use: {use}}}")
    traits += "segments: {rich: income > 10}\n"
    offer = base[OFFER].replace("NOT has_tv", "NOT has_tv AND rich")
    found = faults({"traits.yaml": traits, OFFER: offer})
    assert [fault.found for fault in found] == expected
    assert all(fault.where.file == OFFER and fault.where.line == 7 for fault in found)


def test_fields_of_a_collection(base: Mapping[str, str], faults: Faults) -> None:
    traits = base["traits.yaml"].replace(
        "keep: {status: text, opened_at: timestamp}",
        "keep: {status: text, Status: text, opened_at: timestamp}",
    )
    events = base["events.yaml"].replace(
        "Ticket Opened: {properties: {ticket_id: text, status: text, opened_at: timestamp}}",
        "Ticket Opened: {}",
    )
    (found,) = faults({"traits.yaml": traits, "events.yaml": events})
    assert "`Status`" in found.found
    assert "`status` is declared beside it" in found.expected


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
def test_nothing_else_is_called_item(edit: Edit, path: str, old: str, new: str) -> None:
    [fault] = catalog.check(edit(path, old, new))
    assert "`item`" in fault.found
    assert "another name" in fault.expected


def test_a_broken_trait_does_not_fault_what_names_it(edit: Edit) -> None:
    folder = edit("traits.yaml", "has_tv: {type: bool}", "has_tv: {type: boolean}")
    assert [str(fault.where) for fault in catalog.check(folder)] == ["traits.yaml:7"]


@pytest.mark.parametrize("section", ["collections", "traits", "groups"])
def test_a_misspelt_section_draws_no_other_faults(
    faults: Faults, base: dict[str, str], section: str
) -> None:
    text = base["traits.yaml"].replace(f"{section}:\n", f"{section}x:\n")
    found = faults({"traits.yaml": text})
    assert [(fault.where.file, fault.nearest) for fault in found] == [("traits.yaml", section)]


SLIPS: list[Slip] = [
    ("traits.yaml", "{type: bool}", "bool", 7, "`bool`", "a trait", None),
    ("traits.yaml", "has_tv:", "has-tv:", 7, "the name `has-tv`", "a name of letters", None),
    ("traits.yaml", "key: home_id", "key: house_id", 13, "`house_id`", "a trait that is written",
     "home_id"),
    ("traits.yaml", "events: [Ticket Opened]", "events: [Ticket Open]", 4, "`Ticket Open`",
     "an event of events.yaml", "Ticket Opened"),
    ("traits.yaml", "use: [profiling]", "use: [profile]", 10, "`profile`", "a purpose of",
     "profiling"),
    ("traits.yaml", "count: tickets", "count: ticket", 11, "`ticket`", "events or a collection",
     "tickets"),
    ("traits.yaml", "{type: bool}", "{use: [service]}", 7, "a trait from nowhere", "one of", None),
    ("traits.yaml", "{type: bool}", "{type: bool, in: 3d}", 7, "`in`", "but group, slip", None),
    ("traits.yaml", "income:", "now:", 8, "the name `now`", "another name: `now` is always", None),
    ("traits.yaml", "income:", "case:", 8, "the name `case`", "no other meaning", None),
    ("traits.yaml", "income:", "HAS_TV:", 8, "the name `HAS_TV`",
     "`has_tv` is declared at traits.yaml:7", None),
    ("traits.yaml", "opened_at", "open_at", 5, "`open_at`", "a property of Ticket Opened",
     "opened_at"),
    ("traits.yaml", "timestamp", "date", 5, "`opened_at` as date", "timestamp, as events.yaml",
     None),
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_gives_one_fault(edit: Edit, slip: Slip) -> None:
    assert_one_fault(edit, slip)
