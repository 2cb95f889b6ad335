"""consent.yaml."""

from __future__ import annotations

import pytest
from tests.catalog.conftest import DESIGN, Edit, Slip, Write, assert_one_fault

from tuttu import catalog
from tuttu.vocabulary.company import Purpose
from tuttu.vocabulary.errors import Where


def defaults(purpose: Purpose) -> dict[str, bool]:
    """Of who chose nothing, by channel; the same for every kind of person."""
    (terms,) = purpose.terms.values()
    return {channel: each.allowed for channel, each in terms.items()}


def test_consent_is_complete_over_channels(write: Write) -> None:
    purposes = catalog.load(write()).purposes
    assert defaults(purposes["marketing"]) == {"web": True, "email": False, "call": True}
    assert defaults(purposes["service"]) == {"web": True, "email": True, "call": True}
    assert purposes["marketing"].where == Where("consent.yaml", 2)


def test_it_loads() -> None:
    project = catalog.load(DESIGN)
    assert project.channels["web"].outbound is False
    assert project.channels["letter"].outbound is True
    assert project.purposes["service"].terms_in("email").allowed is True
    assert project.purposes["marketing"].terms_in("email").allowed is False


SLIPS: list[Slip] = [
    ("consent.yaml", "basis: contract", "basis: contact", 3, "`contact`", "one of", "contract"),
    ("consent.yaml", "call: in", "cal: in", 2, "`cal`", "a channel of channels.yaml", "call"),
    ("consent.yaml", ", call: in", "", 2, "a default without `call`", "in or out for every", None),
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_gives_one_fault(edit: Edit, slip: Slip) -> None:
    assert_one_fault(edit, slip)
