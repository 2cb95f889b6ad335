"""Each fault at its file and line, with what was expected and the nearest name, and none twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tuttu import catalog
from tuttu.vocabulary.errors import Fault, ProjectError, Where

Edit = Callable[[str, str, str], Path]
Faults = Callable[[dict[str, str | bytes | None]], list[Fault]]

OFFER = "actions/sales/tv/offer.yaml"
NEWS = "actions/service/cases/news.yaml"

# path, old, new, line, found, expected, nearest
EDITS = [
    # shapes
    ("tuttu.yaml", "zone:", "zones:", 2, "the key `zones`", "one of name, environment", "zone"),
    ("tuttu.yaml", "name: corner-shop\n", "", 1, "no `name`", "`name`: the company's name", None),
    ("tuttu.yaml", "name:", "nam:", 1, "the key `nam`", "one of name", "name"),
    ("tuttu.yaml", "corner-shop", "[1]", 1, "a list", "the company's name in one word", None),
    ("tuttu.yaml", "[en, fi]", "[]", 3, "a list", "of at least 1", None),
    ("channels.yaml", "slots: 2", "slots: 0", 3, "`0`", "a number of slots, at least 1", None),
    ("channels.yaml", "slots: 2", "slots: two", 3, "`two`", "a number of slots", None),
    ("channels.yaml", "web: in,", "web: inn,", 1, "`inn`", "one of in, out", "in"),
    ("identity.yaml", "true", "yes", 2, "`yes`", "true or false", None),
    ("consent.yaml", "basis: contract", "basis: contact", 3, "`contact`", "one of", "contract"),
    ("traits.yaml", "{type: bool}", "bool", 7, "`bool`", "a trait", None),
    ("traits.yaml", "has_tv:", "has-tv:", 7, "the name `has-tv`", "a name of letters", None),
    ("events.yaml", "total: money", "total: monney", 4, "`monney`", "a type such as", "money"),
    ("policy.yaml", "blocks:", "block:", 2, "the key `block`", "one of when", "blocks"),
    (OFFER, "value: 12 * 9.90", "value:", 4, "nothing", "an expression", None),
    (OFFER, "value: 12 * 9.90", "value: {a: 1}", 4, "a mapping", "an expression", None),
    (OFFER, "cost: 4.00", "cost: free", 10, "`free`", "an amount in currency units", None),
    (OFFER, "14d", "14 days", 10, "`14 days`", "a duration such as 30d", None),
    (OFFER, "status: live", "status: alive", 2, "`alive`", "one of draft", "live"),
    # names that refer to nothing
    ("channels.yaml", "channel: web", "channel: wep", 3, "`wep`", "a channel of", "web"),
    ("channels.yaml", "default: welcome", "default: welcom", 3, "`welcom` without content",
     "content/welcom.web.en.liquid", "content/welcome.web.en.liquid"),
    ("consent.yaml", "call: in", "cal: in", 2, "`cal`", "a channel of channels.yaml", "call"),
    ("traits.yaml", "key: home_id", "key: house_id", 13, "`house_id`", "a trait that is written",
     "home_id"),
    ("traits.yaml", "events: [Ticket Opened]", "events: [Ticket Open]", 4, "`Ticket Open`",
     "an event of events.yaml", "Ticket Opened"),
    ("traits.yaml", "use: [profiling]", "use: [profile]", 10, "`profile`", "a purpose of",
     "profiling"),
    ("traits.yaml", "count: tickets", "count: ticket", 11, "`ticket`", "events or a collection",
     "tickets"),
    ("events.yaml", "Order Completed: bought", "Order Complete: bought", 5, "`Order Complete`",
     "an event of", "Order Completed"),
    ("policy.yaml", "marketing", "markting", 2, "`markting`", "a purpose of", "marketing"),
    ("policy.yaml", "instead: news", "instead: new", 2, "`new`", "an action: news, offer", "news"),
    (OFFER, "surface: front.hero", "surface: front.her", 9, "`front.her`", "a surface of",
     "front.hero"),
    (OFFER, "minutes: 8", "minute: 8", 10, "`minute`", "a resource of", "minutes"),
    (OFFER, "message: offer}", "message: ofer}", 9, "`ofer` without content",
     "content/ofer.web.en.liquid", "content/offer.web.en.liquid"),
    (OFFER, "purpose: marketing", "purpose: sales", 3, "`sales`", "a purpose of", None),
    (OFFER, "action: offer", "action: offers", 1, "`offers`", "as the file is named", "offer"),
    (OFFER, "  call: {", "  cal: {", 10, "the treatment `cal` without a surface", "`surface`, or",
     None),
    # what does not hold together
    ("consent.yaml", ", call: in", "", 2, "a default without `call`", "in or out for every", None),
    ("tuttu.yaml", "Europe/Helsinki", "Europe/Helsinky", 2, "`Europe/Helsinky`", "a time zone",
     "Europe/Helsinki"),
    ("channels.yaml", "channel: web", "channel: email", 3, "`email`, which is outbound",
     "an inbound channel: web", None),
    ("identity.yaml", "unique: true, ", "", 2, "`alias_limit` alone", "`unique: true`", None),
    ("traits.yaml", "{type: bool}", "{use: [service]}", 7, "a trait from nowhere", "one of", None),
    ("traits.yaml", "{type: bool}", "{type: bool, in: 3d}", 7, "`in`", "nothing but use", None),
    ("traits.yaml", "income:", "now:", 8, "the name `now`", "another name: `now` is always", None),
    ("traits.yaml", "income:", "case:", 8, "the name `case`", "no other meaning", None),
    ("traits.yaml", "income:", "HAS_TV:", 8, "the name `HAS_TV`",
     "`has_tv` is declared at traits.yaml:7", None),
    ("traits.yaml", "opened_at", "open_at", 5, "`open_at`", "a property of Ticket Opened",
     "opened_at"),
    ("traits.yaml", "timestamp", "date", 5, "`opened_at` as date", "timestamp, as events.yaml",
     None),
    (OFFER, "cost: 4.00", "cost: 0.00001", 10, "`0.00001`", "at most 4 decimals", None),
    (OFFER, "answer_within: 14d", "answer_within: 0d", 10, "`0d`", "more than 0s", None),
    ("policy.yaml", "instead: news", "instead: offer", 2, "`offer`, which is for marketing",
     "an action for another purpose", None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "old", "new", "line", "found", "expected", "nearest"), EDITS)
def test_one_slip_gives_one_fault(
    edit: Edit,
    path: str,
    old: str,
    new: str,
    line: int,
    found: str,
    expected: str,
    nearest: str | None,
) -> None:
    folder = edit(path, old, new)
    faults = [fault for fault in catalog.check(folder) if fault.where.file == path]
    assert [fault.where for fault in faults] == [Where(path, line)]
    assert found in faults[0].found
    assert expected in faults[0].expected
    assert faults[0].nearest == nearest
    assert catalog.check(folder) == faults, "a fault drew others after it"


def test_the_small_company_has_no_faults(write: Callable[[], Path]) -> None:
    assert catalog.check(write()) == []


def test_load_raises_what_check_tells(edit: Edit) -> None:
    folder = edit("tuttu.yaml", "corner-shop", "Corner Shop")
    with pytest.raises(ProjectError) as raised:
        catalog.load(folder)
    assert raised.value.faults == catalog.check(folder)
    assert "tuttu.yaml:1: found `Corner Shop`" in str(raised.value)


def test_five_faults_give_five(faults: Faults, base: dict[str, str]) -> None:
    found = faults(
        {
            "tuttu.yaml": base["tuttu.yaml"].replace("zone", "zoone"),
            "traits.yaml": base["traits.yaml"].replace("{type: integer}", "{type: number}"),
            "policy.yaml": base["policy.yaml"].replace("marketing", "markting"),
            OFFER: base[OFFER].replace("minutes: 8", "hours: 8"),
            "content/offer.call.en.liquid": None,
        }
    )
    assert [str(fault.where) for fault in found] == [
        f"{OFFER}:10",
        f"{OFFER}:10",
        "policy.yaml:2",
        "traits.yaml:8",
        "tuttu.yaml:2",
    ]


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


def test_a_broken_trait_does_not_fault_what_names_it(edit: Edit) -> None:
    folder = edit("traits.yaml", "has_tv: {type: bool}", "has_tv: {type: boolean}")
    assert [str(fault.where) for fault in catalog.check(folder)] == ["traits.yaml:7"]


@pytest.mark.parametrize("kind", ["traits", "channels", "consent", "events", "identity", "tuttu"])
def test_a_file_that_cannot_be_read_draws_no_other_faults(faults: Faults, kind: str) -> None:
    found = faults({f"{kind}.yaml": "a: [b\n"})
    assert [fault.where.file for fault in found] == [f"{kind}.yaml"]


@pytest.mark.parametrize("section", ["collections", "traits", "groups"])
def test_a_misspelt_section_draws_no_other_faults(
    faults: Faults, base: dict[str, str], section: str
) -> None:
    text = base["traits.yaml"].replace(f"{section}:\n", f"{section}x:\n")
    found = faults({"traits.yaml": text})
    assert [(fault.where.file, fault.nearest) for fault in found] == [("traits.yaml", section)]


@pytest.mark.parametrize(
    ("path", "old", "new", "key"),
    [
        (OFFER, "status: live", "status: live\nbrand: budget", "`brand`"),
        ("traits.yaml", "{type: bool}", "{table: outages, by: home_id}", "`table`"),
        ("events.yaml", "sources:", "webhooks: []\nsources:", "`webhooks`"),
        ("consent.yaml", "purposes:", "retention: {}\npurposes:", "`retention`"),
        ("resources.yaml", "per: day", "per: day, source: stock", "`source`"),
    ],
)
def test_what_a_later_version_reads_is_not_supported_yet(
    edit: Edit, path: str, old: str, new: str, key: str
) -> None:
    found = catalog.check(edit(path, old, new))
    assert key in found[0].found
    assert {fault.where.file for fault in found} == {path}
    assert all("not supported yet" in fault.expected for fault in found)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("policy.yaml", "when: open_tickets > 0,", "when: COALESCE(open_tickets, 0) > 0,"),
        ("policy.yaml", "when: open_tickets > 0,", "when: open_tickets IN (1, 2),"),
        ("policy.yaml", "when: open_tickets > 0,", "when: open_tickets > 0 OR [1],"),
        ("policy.yaml", "when: open_tickets > 0,", "when: 'a' = 'b',"),
        ("traits.yaml", "where: \"status <> 'resolved'\"", "where: COALESCE(status, '') <> 'x'"),
    ],
)
def test_an_expression_in_brackets_that_breaks_is_to_be_quoted(
    edit: Edit, path: str, old: str, new: str
) -> None:
    found = catalog.check(edit(path, old, new))
    assert len(found) == 1
    assert found[0].where.file == path
    assert "quote the expression" in found[0].expected


def test_a_key_without_a_value_after_a_mapping_is_no_split_expression(edit: Edit) -> None:
    folder = edit("policy.yaml", "{when: open_tickets > 0,", "{when: {x: 1}, open_tickets,")
    assert [fault.found for fault in catalog.check(folder)] == [
        "a mapping",
        "the key `open_tickets`",
    ]
