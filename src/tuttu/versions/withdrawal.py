"""Queued contacts whose action is gone: they will not be made."""

from __future__ import annotations

import msgspec

from tuttu import ledger
from tuttu.engine.house import House
from tuttu.vocabulary.events import ContactWithdrawn
from tuttu.vocabulary.facts import Fact, Unit
from tuttu.vocabulary.verdicts import Contact, Receipt

PAGE = 250
"""Contacts of one commit, for which live traffic waits."""


def withdraw_the_gone(house: House) -> list[Contact]:
    """Withdraws every queued contact for which the version has no action; returns them.

    What an older version decides to queue after that is withdrawn as it is made.
    """
    with house.store.read() as snapshot:
        queued = list(ledger.queued(snapshot))
    gone = [contact for contact in queued if ledger.withdrawal_reason(house.project, contact)]
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
        if contact.state == ledger.QUEUED and ledger.withdrawal_reason(house.project, contact)
    )
    return msgspec.structs.replace(unit, facts=(*unit.facts, *more)) if more else unit


def _unit(house: House, contact: Contact) -> Unit:
    once = b"withdrawn:" + contact.id.encode()
    return Unit(facts=(_fact(house, contact),), once=(once,))


def _fact(house: House, contact: Contact) -> Fact:
    why = ledger.withdrawal_reason(house.project, contact)
    reason = f"{why} since version {house.project.digest[:12]}"
    return house.fact(ContactWithdrawn(contact_id=contact.id, reason=reason), contact.fragment)
