"""Why a queued contact cannot be made any more."""

from __future__ import annotations

from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Contact, Reason


def withdrawal_reason(project: Project, contact: Contact) -> Reason | None:
    """None if the contact can still be made by this version of the project."""
    action = project.actions.get(contact.action or "")
    values = {"action": contact.action, "version": project.digest[:12]}
    if action is None:
        return Reason("action_gone", values)
    if action.status == "retired":
        return Reason("action_retired", values)
    treatment = action.treatments.get(contact.treatment or "")
    if treatment is None:
        return Reason("treatment_gone", {**values, "treatment": contact.treatment})
    if treatment.surface != contact.surface:
        return Reason("surface_changed", {**values, "surface": contact.surface})
    return None
