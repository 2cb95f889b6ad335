"""The ledger's part of the digest: state only, independent of order, of `now`, and of the store's
keys."""

from collections.abc import Iterator
from typing import Any

import msgspec

from tuttu.ledger.contacts import as_read, records_of
from tuttu.ledger.resources import holds_in
from tuttu.ledger.state import AMOUNTS, USES, Answer, ContactReport, Use, whole_of
from tuttu.vocabulary import facts, people, verdicts
from tuttu.vocabulary.project import Project


def canonical(reader: facts.Reader, customer: people.Customer, project: Project) -> dict[str, Any]:
    """Contacts, reports, answers and units of all their fragments, in a fixed order; builtins.

    Only current definitions: state of dropped ones is left out.
    """
    records = records_of(reader, customer.fragments, watch=False)
    states = [
        as_read(project, each, whole_of(reader, each, record)) for each, record in records.items()
    ]
    answers = {
        (action, answer)
        for state in states
        for action, answers in state.answers.items()
        for answer in answers
    }
    return {
        "contacts": sorted(
            (_contact(contact) for state in states for contact in state.contacts.values()),
            key=lambda contact: str(contact["id"]),
        ),
        "reports": sorted(
            [contact_id, *report]
            for state in states
            for contact_id, reports in state.reports.items()
            for report in {_report(report) for report in reports}
        ),
        "answers": [[action, *_answer(answer)] for action, answer in sorted(answers)],
        "units": sorted([key, units] for state in states for key, units in state.units.items()),
    }


def whole(reader: facts.Reader, project: Project) -> dict[str, Any]:
    """What is used and held of every declared resource in every period, and the amounts that were
    set."""
    return {
        "uses": [
            [key.decode(), use.used, sorted(_holds(reader, key, use))]
            for key, use in reader.scan(USES)
            if key.partition(b"\x00")[0].decode() in project.resources
        ],
        "amounts": [[key.decode(), amount.amount] for key, amount in reader.scan(AMOUNTS)],
    }


def _holds(reader: facts.Reader, key: bytes, use: Use) -> Iterator[list[object]]:
    yield from ([contact_id, hold.units] for contact_id, hold in use.holds.items())
    yield from ([hold.contact_id, hold.units] for hold in holds_in(reader, key))


def _contact(contact: verdicts.Contact) -> dict[str, object]:
    """Without its fragment: a pseudonym differs from store to store. The item and the due only
    if there are any, so that contacts from before there were keep their digest."""
    plain: dict[str, object] = msgspec.to_builtins(contact)
    del plain["fragment"]
    for name in ("item", "due"):
        if plain[name] is None:
            del plain[name]
    plain["uses"] = sorted(contact.uses.items())
    return plain


def _report(report: ContactReport) -> tuple[object, ...]:
    """Its content, without the definition it comes from; of a withdrawal also the reason."""
    said = (report.time, report.outcome, report.action)
    return (*said, report.why) if report.why else said


def _answer(answer: Answer) -> list[object]:
    plain: list[object] = msgspec.to_builtins(answer)
    return plain if answer.item else plain[:-1]
