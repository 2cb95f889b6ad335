"""Which items of a collection are closed, and how many of it rules see."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.catalog.conftest import Faults, Write

from tuttu import catalog
from tuttu.vocabulary.company import ITEMS_SHOWN

KEPT = "    keep: {status: text, opened_at: timestamp}\n"


def _with(base: Mapping[str, str], *lines: str) -> dict[str, str]:
    """The tickets with more keys, from line 6 of traits.yaml on."""
    more = "".join(f"    {line}\n" for line in lines)
    return {"traits.yaml": base["traits.yaml"].replace(KEPT, KEPT + more)}


def test_a_thousand_live_items_are_seen_unless_it_says_otherwise(
    write: Write, base: Mapping[str, str]
) -> None:
    tickets = catalog.load(write()).profile.collections["tickets"]
    assert (tickets.closed, tickets.limit) == (None, ITEMS_SHOWN)
    assert ITEMS_SHOWN == 1_000
    files = _with(base, "closed: status = 'resolved' AND ticket_id <> '7'", "limit: 5")
    tickets = catalog.load(write(files)).profile.collections["tickets"]
    assert tickets.closed is not None
    assert tickets.closed({"status": "resolved", "ticket_id": "8"}) is True
    assert tickets.closed({"status": "resolved", "ticket_id": "7"}) is False
    assert tickets.closed({"status": None, "ticket_id": "8"}) is None
    assert tickets.limit == 5


@pytest.mark.parametrize(
    "condition", ["opened_at < ago('30d')", "days_since(opened_at) > 30", "opened_at < now"]
)
def test_time_that_passes_closes_no_item(
    faults: Faults, base: Mapping[str, str], condition: str
) -> None:
    (fault,) = faults(_with(base, f"closed: {condition}"))
    assert (fault.where.file, fault.where.line) == ("traits.yaml", 6)
    assert fault.found.endswith("which reads the present")
    assert "let an event close it" in fault.expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("closed: stauts = 'resolved'", "status"),
        ("closed: has_tv", "a declared name"),
        ("closed: status", "condition"),
        ("limit: 0", "1"),
        ("limit: -1", "1"),
        ("limit: 10001", "10000"),
        ("limit: many", "number"),
        ("limit: 2.5", "number"),
    ],
)
def test_what_cannot_be_is_a_fault(
    faults: Faults, base: Mapping[str, str], line: str, expected: str
) -> None:
    (fault,) = faults(_with(base, line))
    assert fault.where.line == 6
    assert expected in f"{fault.expected} {fault.nearest}", fault


def test_what_has_a_fault_already_is_not_missed(faults: Faults, base: Mapping[str, str]) -> None:
    text = base["traits.yaml"].replace("status: text, opened", "status: txt, opened")
    files = {"traits.yaml": text.replace("    keep:", "    closed: status = 'x'\n    keep:")}
    (fault,) = faults(files)
    assert "txt" in fault.found
