"""Why a queued contact cannot be made any more."""

from __future__ import annotations

from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Contact


def withdrawal_reason(project: Project, contact: Contact) -> str:
    """In plain words; empty if the contact can still be made."""
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
