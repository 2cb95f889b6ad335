"""tuttu.yaml."""

from __future__ import annotations

import pytest
from tests.catalog.conftest import Edit, Slip, Write, assert_one_fault, local

from tuttu import catalog
from tuttu.vocabulary.company import Limits


def test_company_defaults_and_settings(write: Write) -> None:
    text = (
        "name: x\nzone: Europe/Helsinki\nearliest_event: 2012-06-01\nbrands: [a, b]\n"
        "languages: [en]\nlimits: {event_bytes: 100}\n"
    )
    company = catalog.load(write({"tuttu.yaml": text})).company
    assert company.environment == "dev"
    assert company.currency == "EUR"
    assert company.storage == "sqlite:.tuttu/store.db"
    assert company.earliest_event == local(2012, 6, 1)
    assert company.brands == ("a", "b")
    assert company.limits == Limits(event_bytes=100)


SLIPS: list[Slip] = [
    ("tuttu.yaml", "zone:", "zones:", 2, "the key `zones`", "one of name, environment", "zone"),
    ("tuttu.yaml", "name: corner-shop\n", "", 1, "no `name`", "`name`: the company's name", None),
    ("tuttu.yaml", "name:", "nam:", 1, "the key `nam`", "one of name", "name"),
    ("tuttu.yaml", "corner-shop", "[1]", 1, "a list", "the company's name in one word", None),
    ("tuttu.yaml", "[en, fi]", "[]", 3, "a list", "of at least 1", None),
    ("tuttu.yaml", "Europe/Helsinki", "Europe/Helsinky", 2, "`Europe/Helsinky`", "a time zone",
     "Europe/Helsinki"),
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_gives_one_fault(edit: Edit, slip: Slip) -> None:
    assert_one_fault(edit, slip)
