"""Contacts that wait to be sent, and which of them can no longer be made."""

from collections.abc import Iterator

from tuttu.ledger.state import FRAGMENTS, QUEUE, whole_of
from tuttu.vocabulary import events, facts, verdicts
from tuttu.vocabulary.project import Project


def queued(reader: facts.Reader) -> Iterator[verdicts.Contact]:
    """Contacts that wait to be sent, by fragment."""
    for key, waiting in reader.scan(QUEUE):
        fragment = key[: events.FRAGMENT_BYTES]
        record = reader.get(FRAGMENTS, fragment, watch=False)
        if record is not None and waiting.contact_id not in record.contacts:
            record = whole_of(reader, fragment, record)
        if record is not None and waiting.contact_id in record.contacts:
            yield record.contacts[waiting.contact_id]


def withdrawal_reason(project: Project, contact: verdicts.Contact) -> verdicts.Reason | None:
    """Why this version of the project cannot make the contact; None if it can."""
    action = project.actions.get(contact.action or "")
    values = {"action": contact.action, "version": project.digest[:12]}
    if action is None:
        return verdicts.Reason("action_gone", values)
    if action.status == "retired":
        return verdicts.Reason("action_retired", values)
    treatment = action.treatments.get(contact.treatment or "")
    if treatment is None:
        return verdicts.Reason("treatment_gone", {**values, "treatment": contact.treatment})
    if treatment.surface != contact.surface:
        return verdicts.Reason("surface_changed", {**values, "surface": contact.surface})
    return None
