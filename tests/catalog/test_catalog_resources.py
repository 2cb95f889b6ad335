"""resources.yaml."""

from __future__ import annotations

import pytest
from tests.catalog.conftest import Edit, Slip, Write, assert_one_fault

from tuttu import catalog
from tuttu.vocabulary.errors import Where

FILE = "resources.yaml"
SLIPS: list[Slip] = [
    (FILE, "amount: 100", "amount: -1", 1, "`-1`", "a number of units, at least 0", None),
    (FILE, "amount: 100, ", "", 1, "no `amount`", "`amount`: a number of units", None),
    (FILE, "per: day", "per: dai", 1, "`dai`", "one of day, week, month", "day"),
]  # fmt: skip


def test_an_amount_is_for_a_period_or_once_and_for_all(write: Write) -> None:
    text = "minutes: {amount: 100, per: day}\nletters: {amount: 7}\n"
    found = catalog.load(write({FILE: text})).resources
    assert [(one.name, one.amount, one.per) for one in found.values()] == [
        ("minutes", 100, "day"),
        ("letters", 7, None),
    ]
    assert found["letters"].where == Where(FILE, 2)


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_gives_one_fault(edit: Edit, slip: Slip) -> None:
    assert_one_fault(edit, slip)
