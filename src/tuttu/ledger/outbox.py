"""Contacts that wait to be sent, and which of them cannot be made any more."""

from __future__ import annotations

from collections.abc import Iterator

from tuttu.ledger.state import FRAGMENTS, QUEUE
from tuttu.vocabulary import facts, verdicts
from tuttu.vocabulary.project import Project

FRAGMENT_BYTES = 16


def queued(reader: facts.Reader) -> Iterator[verdicts.Contact]:
    """Contacts that wait to be sent, by fragment."""
    for key, waiting in reader.scan(QUEUE):
        record = reader.get(FRAGMENTS, key[:FRAGMENT_BYTES], watch=False)
        if record is not None and waiting.contact_id in record.contacts:
            yield record.contacts[waiting.contact_id]


def withdrawal_reason(project: Project, contact: verdicts.Contact) -> str:
    """Why the contact cannot be made any more, in plain words; empty if it can."""
    action = project.actions.get(contact.action or "")
    if action is None:
        return f"the action {contact.action} is gone"
    if action.status == "retired":
        return f"the action {contact.action} is retired"
    treatment = action.treatments.get(contact.treatment or "")
    if treatment is None:
        return f"the treatment {contact.treatment} of {contact.action} is gone"
    if treatment.surface != contact.surface:
        return f"{contact.action} is no more for the surface {contact.surface}"
    return ""
