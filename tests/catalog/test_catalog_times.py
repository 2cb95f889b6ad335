"""Where the present may be read: sequences end, and a condition on an event has no now."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.catalog.conftest import OFFER, Faults, Write, with_traits

from tuttu import catalog
from tuttu.vocabulary.values import DAY, HOUR

STEPS = "sequence: [Ticket Opened, Order Completed]"
TIMED = (
    "opened_at > ago('7d')",
    "opened_at > AGO('1h')",
    "days_since(opened_at) < 7",
    "date(opened_at) = today()",
    "opened_at < now",
    "opened_at < now()",
    "status = 'x' AND NOT (opened_at >= now() OR opened_at IS NULL)",
    "CASE WHEN days_since(opened_at) > 1 THEN TRUE ELSE FALSE END",
)


@pytest.mark.parametrize(
    ("line", "within", "window"),
    [
        ("within: 1d", DAY, DAY),
        ("within: 1d, in: 2h", DAY, 2 * HOUR),
        ("within: 2h, in: 7d", 2 * HOUR, 7 * DAY),
        ("within: 1d, ever: true", DAY, None),
        ("within: 1d, ever: false", DAY, DAY),
        ("within: 1d, in: 2h, ever: false", DAY, 2 * HOUR),
    ],
)
def test_a_sequence_ends_unless_it_is_for_ever(
    write: Write, base: Mapping[str, str], line: str, within: int, window: int | None
) -> None:
    traits = catalog.load(write(with_traits(base, f"  a: {{{STEPS}, {line}}}\n"))).profile.traits
    assert (traits["a"].within, traits["a"].window) == (within, window)


@pytest.mark.parametrize("condition", TIMED)
def test_a_condition_on_events_reads_no_present(
    faults: Faults, base: Mapping[str, str], condition: str
) -> None:
    (fault,) = faults(with_traits(base, f'  a: {{count: events, where: "{condition}"}}\n'))
    assert fault.found.endswith("which reads the present")
    assert "`in: 7d`" in fault.expected


@pytest.mark.parametrize("condition", TIMED)
def test_one_on_items_may(faults: Faults, base: Mapping[str, str], condition: str) -> None:
    assert not faults(with_traits(base, f'  a: {{count: tickets, where: "{condition}"}}\n'))


def test_nor_does_any_other_condition_on_an_event(faults: Faults, base: Mapping[str, str]) -> None:
    text = base[OFFER] + "outcomes: {accepted: \"opened_at > ago('7d')\"}\n"
    contact = (
        "contacts: [{event: Ticket Opened, channel: call, purpose: service, "
        'when: "days_since(opened_at) < 7"}]\n'
    )
    for files in ({OFFER: text}, {"events.yaml": base["events.yaml"] + contact}):
        (fault,) = faults(files)
        assert fault.found.endswith("which reads the present")
