"""What a slip does by default, and what can never happen and so is a fault."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.catalog.conftest import OFFER, Faults, Write, with_traits

from tuttu import catalog

GUARDED = (
    "guards:\n"
    "  open case: {when: open_tickets > 0, blocks: marketing, "
    'through: "3d after max(tickets.opened_at)"}\n'
    "  poor: {when: is_poor, blocks: marketing}\n"
)
MORE = (
    "  is_poor: {expression: income < 10 OR crm.debt > 0}\n"
    "  debt: {type: money}\n"
    "  kept: {type: integer, slip: keep}\n"
    "  lost: {type: integer, slip: unknown}\n"
    "  size: {first_known: [told.size, bought.size]}\n"
)


def test_what_guards_read_becomes_unknown_and_all_else_is_kept(
    write: Write, base: Mapping[str, str]
) -> None:
    events = (
        base["events.yaml"]
        + "writes: [{event: Ticket Opened, source: crm, traits: {debt: status}}]\n"
    )
    files = {**with_traits(base, MORE), "policy.yaml": GUARDED, "events.yaml": events}
    profile = catalog.load(write(files)).profile
    slips = {name: trait.slip for name, trait in profile.traits.items() if trait.written}
    assert slips == {
        "has_tv": "keep",
        "income": "unknown",
        "home_id": "keep",
        "risk": "keep",
        "debt": "unknown",
        "kept": "keep",
        "lost": "unknown",
        "size": "keep",
    }
    assert profile.collections["tickets"].unknown == {"status", "opened_at"}


def test_a_trait_may_keep_what_a_guard_reads(write: Write, base: Mapping[str, str]) -> None:
    lines = "  is_poor: {expression: income < 10}\n"
    traits = with_traits(base, lines)["traits.yaml"].replace(
        "income: {type: integer}", "income: {type: integer, slip: keep}"
    )
    policy = "guards:\n  poor: {when: is_poor, blocks: marketing}\n"
    profile = catalog.load(write({"traits.yaml": traits, "policy.yaml": policy})).profile
    assert profile.traits["income"].slip == "keep"
    assert profile.collections["tickets"].unknown == frozenset()


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("  best: {max: total, slip: keep}\n", "`slip`"),
        ("  best: {expression: income, slip: keep}\n", "`slip`"),
        ("  best: {first_known: [income, income], slip: keep}\n", "`slip`"),
        ("  best: {type: integer, slip: lose}\n", "`lose`"),
    ],
)
def test_only_what_is_written_slips(
    faults: Faults, base: Mapping[str, str], lines: str, found: str
) -> None:
    (fault,) = faults(with_traits(base, lines))
    assert fault.found == found


@pytest.mark.parametrize(
    ("event", "trait", "path", "found"),
    [
        ("Order Completed", "home_id", "products", "which is a list of objects"),
        ("Order Completed", "home_id", "products.category", "`products` is a list of objects"),
        ("Order Completed", "home_id", "total.amount", "`total` is money"),
        ("Order Completed", "has_tv", "total", "`total`, which is money"),
        ("Order Completed", "tags", "total", "`total`, which is money"),
        ("Order Completed", "income", "properties.totl", "`properties.totl`"),
        ("Ticket Opened", "income", "opened_at", "`opened_at`, which is timestamp"),
    ],
)
def test_a_write_that_can_never_happen(
    faults: Faults, base: Mapping[str, str], event: str, trait: str, path: str, found: str
) -> None:
    lines = f"writes: [{{event: {event}, source: crm, traits: {{{trait}: {path}}}}}]\n"
    files = with_traits(base, "  tags: {type: [text]}\n")
    (fault,) = faults({**files, "events.yaml": base["events.yaml"] + lines})
    assert found in fault.found


@pytest.mark.parametrize(
    ("event", "trait", "path"),
    [
        ("Identify", "home_id", "address.city"),
        ("Identify", "home_id", "town"),
        ("Group", "home_id", "name"),
        ("Order Completed", "home_id", "address.city"),
        ("Order Completed", "home_id", "context.campaign.source"),
        ("Order Completed", "home_id", "properties.total"),
        ("Ticket Opened", "income", "status"),
        ("Ticket Opened", "address.city", "status"),
    ],
)
def test_a_write_that_may_happen(
    faults: Faults, base: Mapping[str, str], event: str, trait: str, path: str
) -> None:
    lines = f"writes: [{{event: {event}, source: crm, traits: {{{trait}: {path}}}}}]\n"
    files = with_traits(base, "  address.city: {type: text}\n")
    assert not faults({**files, "events.yaml": base["events.yaml"] + lines})


@pytest.mark.parametrize(
    ("field", "found", "nearest"),
    [
        ("traits.emial", "`traits.emial`", "email"),
        ("traits.hoem_id", "`traits.hoem_id`", "home_id"),
        ("properties.tiket_di", "`properties.tiket_di`", "ticket_id"),
        ("traits.has_tv", "`traits.has_tv`, which is bool", None),
        ("properties.products", "where `products` is not an object", None),
        ("properties.products.sku", "where `products` is not an object", None),
        ("properties.status.of", "where `status` is not an object", None),
    ],
)
def test_a_field_that_nobody_sends(
    faults: Faults, base: Mapping[str, str], field: str, found: str, nearest: str | None
) -> None:
    lines = f"  email: {{fields: [traits.email, properties.email, {field}]}}\n"
    (fault,) = faults({"identity.yaml": base["identity.yaml"] + lines})
    assert found in fault.found
    assert fault.nearest == nearest


@pytest.mark.parametrize(
    "field", ["traits.email2", "traits.card_no", "properties.status", "context.traits.emial"]
)
def test_a_field_that_somebody_may_send(
    faults: Faults, base: Mapping[str, str], field: str
) -> None:
    lines = f"  email: {{fields: [traits.email, {field}]}}\n"
    assert not faults({"identity.yaml": base["identity.yaml"] + lines})


def test_a_plan_that_refuses_all_others_says_what_is_sent(
    faults: Faults, base: Mapping[str, str]
) -> None:
    identity = base["identity.yaml"] + "  card: {fields: [properties.card_no]}\n"
    assert not faults({"identity.yaml": identity})
    events = base["events.yaml"] + "undeclared: refuse\n"
    (fault,) = faults({"identity.yaml": identity, "events.yaml": events})
    assert fault.found == "`properties.card_no`"


@pytest.mark.parametrize("written", ["3", "-0.1", "1.01", "2 * 0.6", "30 / 10", "1 / 0"])
def test_a_propensity_is_a_probability(
    faults: Faults, base: Mapping[str, str], written: str
) -> None:
    text = base[OFFER].replace("propensity: 0.03", f"propensity: {written}")
    (fault,) = faults({OFFER: text})
    assert "a probability, from 0 to 1" in fault.expected


@pytest.mark.parametrize("written", ["0", "1", "0.5", "3 / 100", "income", "income / 2"])
def test_a_propensity_that_may_be_one(
    faults: Faults, base: Mapping[str, str], written: str
) -> None:
    text = base[OFFER].replace("propensity: 0.03", f"propensity: {written}")
    assert not faults({OFFER: text})


@pytest.mark.parametrize("name", ["bought.home", "tickets.status", "item.status", "income.of"])
def test_a_path_begins_with_no_other_word(
    faults: Faults, base: Mapping[str, str], name: str
) -> None:
    (fault,) = faults(with_traits(base, f"  {name}: {{type: text}}\n"))
    assert f"the name `{name}`" in fault.found


STORY = "scenario: codes\ngiven:\n  - {{at: 2026-03-01T09:00, who: {{user_id: 0042}}, {given}}}\n"
EXPECT = "expect:\n  - {{at: 2026-03-01T10:00, who: {{user_id: a}}, traits: {{{trait}}}}}\n"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("traits: {home_id: 0123}", 3),
        ("traits: {home_id: 12.50}", 3),
        ("traits: {home_id: 1e3}", 3),
        ("traits: {home_id: 0x1F}", 3),
        ("traits: {home_id: True}", 3),
        ("traits: {tags: [1, 007]}", 3),
        ("traits: {income: 0123}", 3),
        ("event: Ticket Opened, properties: {status: +5}", 3),
        ("event: Order Completed, properties: {products: [{category: 00100}]}", 3),
    ],
)
def test_a_bare_code_is_a_fault(
    faults: Faults, base: Mapping[str, str], given: str, line: int
) -> None:
    story = STORY.format(given=given) + EXPECT.format(trait="home_id: x")
    files = with_traits(base, "  tags: {type: [text]}\n")
    (fault,) = faults({**files, "scenarios/codes.yaml": story})
    assert (fault.where.file, fault.where.line) == ("scenarios/codes.yaml", line)
    assert "without quotes" in fault.found
    assert "a code in quotes" in fault.expected


@pytest.mark.parametrize(
    "given",
    [
        'traits: {home_id: "0123"}',
        "traits: {home_id: 123}",
        "traits: {home_id: NO}",
        "traits: {home_id: 1_000}",
        "traits: {home_id: null}",
        "traits: {income: 1e3}",
        "traits: {risk: 0.50}",
        "event: Order Completed, properties: {total: 9.90, weight: 1e3}",
    ],
)
def test_what_means_what_it_says_may_be_bare(
    faults: Faults, base: Mapping[str, str], given: str
) -> None:
    story = STORY.format(given=given) + EXPECT.format(trait="home_id: x")
    assert not faults({"scenarios/codes.yaml": story})


def test_a_bare_code_that_is_expected_is_a_fault(faults: Faults, base: Mapping[str, str]) -> None:
    story = STORY.format(given="traits: {home_id: x}") + EXPECT.format(trait="home_id: 0123")
    (fault,) = faults({"scenarios/codes.yaml": story})
    assert "`0123` without quotes" in fault.found
