"""The ledger's part of the digest: state alone, independent of order, of `now` and of the keys of
the store."""

from __future__ import annotations

from typing import Any

import msgspec

from tuttu.ledger.state import AMOUNTS, FRAGMENTS, USES, Answer, FragmentState
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.verdicts import Contact


def canonical(reader: Reader, customer: Customer) -> dict[str, Any]:
    """Contacts, reports, answers and units of all his fragments, in a fixed order; builtins."""
    states = [reader.get(FRAGMENTS, each, watch=False) for each in customer.fragments]
    kept = [state for state in states if state is not None]
    answers = {(action, answer) for state in kept for action, answer in _answers(state)}
    return {
        "contacts": sorted(
            (_contact(contact) for state in kept for contact in state.contacts.values()),
            key=lambda contact: str(contact["id"]),
        ),
        "reports": sorted(
            [contact_id, *msgspec.to_builtins(report)]
            for state in kept
            for contact_id, reports in state.reports.items()
            for report in reports
        ),
        "answers": [[action, *msgspec.to_builtins(answer)] for action, answer in sorted(answers)],
        "units": sorted([key, units] for state in kept for key, units in state.units.items()),
    }


def canonical_resources(reader: Reader) -> dict[str, Any]:
    """What is used and held of every resource in every period, and the amounts that were set."""
    return {
        "uses": [
            [key.decode(), use.used, sorted([id_, each.units] for id_, each in use.holds.items())]
            for key, use in reader.scan(USES)
        ],
        "amounts": [[key.decode(), amount.amount] for key, amount in reader.scan(AMOUNTS)],
    }


def _contact(contact: Contact) -> dict[str, object]:
    """Without its fragment: a pseudonym differs from store to store."""
    plain: dict[str, object] = msgspec.to_builtins(contact)
    del plain["fragment"]
    plain["uses"] = sorted(contact.uses.items())
    return plain


def _answers(state: FragmentState) -> list[tuple[str, Answer]]:
    return [(action, answer) for action, answers in state.answers.items() for answer in answers]
