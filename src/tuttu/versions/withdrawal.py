"""Queued contacts that a version has no action for: they will not be made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tuttu import ledger
from tuttu.vocabulary.events import ContactWithdrawn
from tuttu.vocabulary.facts import Fact, Result, Unit
from tuttu.vocabulary.ids import new_id
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Contact, Reason, Receipt

PAGE = 250
"""Contacts of one commit, for which live traffic waits."""

Commit = Callable[[Sequence[Unit]], list[Result]]


def withdraw(
    project: Project, queued: Sequence[Contact], commit: Commit, now: Instant
) -> list[Contact]:
    """Withdraws those of the queued contacts that cannot be made any more; returns them.

    What an older version decides to queue after that is withdrawn as it is made.
    """
    asked = ((contact, ledger.withdrawal_reason(project, contact)) for contact in queued)
    gone = [(contact, reason) for contact, reason in asked if reason is not None]
    for start in range(0, len(gone), PAGE):
        commit([_unit(contact, reason, now) for contact, reason in gone[start : start + PAGE]])
    return [contact for contact, _ in gone]


def with_withdrawals(project: Project, unit: Unit, now: Instant) -> Unit:
    """A unit as the version takes it: a contact that another version decided to queue is withdrawn
    with it, if it cannot be made."""
    more: list[Fact] = []
    for fact in unit.facts:
        receipt = fact.body
        if isinstance(receipt, Receipt) and receipt.project_digest != project.digest:
            for contact in receipt.contacts:
                reason = ledger.withdrawal_reason(project, contact)
                if contact.state == ledger.QUEUED and reason is not None:
                    more.append(_fact(contact, reason, now))
    return msgspec.structs.replace(unit, facts=(*unit.facts, *more)) if more else unit


def _unit(contact: Contact, reason: Reason, now: Instant) -> Unit:
    key = b"withdrawn:" + contact.id.encode()
    return Unit(facts=(_fact(contact, reason, now),), dedupe_keys=(key,))


def _fact(contact: Contact, reason: Reason, now: Instant) -> Fact:
    body = ContactWithdrawn(contact_id=contact.id, code=reason.code, values=reason.values)
    return Fact(id=new_id(), fragment=contact.fragment, time=now, received=now, body=body)
