"""Queued contacts whose action is gone: they will not be made."""

from __future__ import annotations

import msgspec

from tuttu import ledger
from tuttu.engine.house import House
from tuttu.vocabulary.events import ContactWithdrawn
from tuttu.vocabulary.facts import Fact, Unit
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Contact, Receipt

PAGE = 250
"""Contacts of one commit, for which live traffic waits."""


def withdraw_the_gone(house: House) -> list[Contact]:
    """Withdraws every queued contact for which the version has no action; returns them.

    What an older version decides to queue after that is withdrawn as it is made.
    """
    with house.store.read() as snapshot:
        queued = list(ledger.queued(snapshot))
    gone = [contact for contact in queued if why_gone(house.project, contact)]
    for start in range(0, len(gone), PAGE):
        house.commit([_unit(house, contact) for contact in gone[start : start + PAGE]])
    return gone


def withdrawing_the_gone(house: House, unit: Unit) -> Unit:
    """A unit as the version takes it: a contact that another one decided to queue is withdrawn
    with it, if its action is gone."""
    more = tuple(
        _fact(house, contact)
        for fact in unit.facts
        if isinstance(fact.body, Receipt) and fact.body.project_digest != house.project.digest
        for contact in fact.body.contacts
        if contact.state == ledger.QUEUED and why_gone(house.project, contact)
    )
    return msgspec.structs.replace(unit, facts=(*unit.facts, *more)) if more else unit


def why_gone(project: Project, contact: Contact) -> str:
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


def _unit(house: House, contact: Contact) -> Unit:
    once = b"withdrawn:" + contact.id.encode()
    return Unit(facts=(_fact(house, contact),), once=(once,))


def _fact(house: House, contact: Contact) -> Fact:
    why = f"{why_gone(house.project, contact)} since version {house.project.digest[:12]}"
    return house.fact(ContactWithdrawn(contact_id=contact.id, reason=why), contact.fragment)
