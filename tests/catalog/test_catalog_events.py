"""events.yaml: the plan, and what events do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.catalog.conftest import Edit, Faults, Slip, Write, assert_one_fault

from tuttu import catalog
from tuttu.vocabulary.values import Kind, Type


def test_events_give_the_columns_of_conditions_on_events(write: Write) -> None:
    project = catalog.load(write())
    columns = project.event_schema.columns
    assert columns["total"] == Type(Kind.MONEY)
    assert columns["opened_at"] == Type(Kind.TIMESTAMP)
    assert {"event", "call", "source", "path", "url", "title"} <= columns.keys()
    assert project.event_schema.collections == {
        "products": {"category": Type(Kind.TEXT), "price": Type(Kind.MONEY)}
    }
    planned = project.tracking.plan["Order Completed"]
    assert set(planned.properties) == {"total", "weight"}
    assert set(planned.items) == {"products"}
    assert project.tracking.sources == {"identify": "told", "Order Completed": "bought"}


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("writes: [{event: Ticket Opened, traits: {income: status}}]\n", "without a source"),
        ("writes: [{event: Order Completed, traits: {incme: total}}]\n", "`incme`"),
        ("writes: [{event: Order Completed, traits: {income: totl}}]\n", "`totl`"),
        ("writes: [{event: Order Completed, traits: {open_tickets: total}}]\n", "`open_tickets`"),
        ("contacts: [{event: Order Completed, channel: fax, purpose: service}]\n", "`fax`"),
        ("contacts: [{event: Order Completed, channel: call, purpose: sale}]\n", "`sale`"),
        ("contacts: [{event: Order Completed, channel: call, purpose: service, action: ofer}]\n",
         "`ofer`"),
        (("contacts: [{event: Order Completed, channel: call, purpose: service, action: offer, "
         "action_from: total}]\n"), "both `action` and `action_from`"),
        (("contacts: [{event: Order Completed, channel: call, purpose: service, "
         "outcome_map: {a: accepted}}]\n"), "`outcome_map`"),
        (("contacts: [{event: Order Completed, channel: call, purpose: service, "
         "outcome_from: total, outcome_map: {a: bought}}]\n"), "`bought`"),
        (("contacts: [{event: Order Completed, channel: call, purpose: service, "
         "when: total}]\n"), "total"),
        ("consent: [{event: Yes Said, allowed: true}]\n", "`Yes Said`"),
        ("consent: [{event: Ticket Opened, allowed: true, purpose: sale}]\n", "`sale`"),
        ("outcomes: {Ticket Opened: seen}\n", "`seen`"),
        ("outcomes: {Ticket Closed: viewed}\n", "`Ticket Closed`"),
        ("undeclared: drop\n", "`drop`"),
        ("writes: [{event: Ticket Opened, source: contacted, traits: {home_id: ticket_id}}]\n",
         "`contacted`"),
    ],
)  # fmt: skip
def test_what_events_do_must_refer_to_something(
    faults: Faults, base: Mapping[str, str], lines: str, found: str
) -> None:
    (fault,) = faults({"events.yaml": base["events.yaml"] + lines})
    assert str(fault.where) == "events.yaml:6"
    assert found in fault.found


def test_a_property_has_one_type_in_all_events(faults: Faults, base: Mapping[str, str]) -> None:
    (fault,) = faults(
        {"events.yaml": base["events.yaml"].replace("weight: real", "status: integer")}
    )
    assert str(fault.where) == "events.yaml:4"
    assert fault.expected == "the type it has at events.yaml:2"


def test_a_property_that_is_required_is_declared(faults: Faults, base: Mapping[str, str]) -> None:
    text = base["events.yaml"].replace(
        "opened_at: timestamp}}", "opened_at: timestamp}, required: [id]}"
    )
    (fault,) = faults({"events.yaml": text})
    assert (str(fault.where), fault.found) == ("events.yaml:2", "`id`")


SLIPS: list[Slip] = [
    ("events.yaml", "total: money", "total: monney", 4, "`monney`", "a type such as", "money"),
    ("events.yaml", "Order Completed: bought", "Order Complete: bought", 5, "`Order Complete`",
     "an event of", "Order Completed"),
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_gives_one_fault(edit: Edit, slip: Slip) -> None:
    assert_one_fault(edit, slip)
