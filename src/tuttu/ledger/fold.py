"""The ledger's one fold: receipts, events and new amounts into state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tuttu.ledger.claims import USED, Claims
from tuttu.ledger.elsewhere import contacts_elsewhere
from tuttu.ledger.questions import Questions
from tuttu.ledger.state import (
    ADDRESSES,
    AMOUNTS,
    FRAGMENTS,
    HELD,
    RELEASED,
    Address,
    Amount,
    Answer,
    FragmentState,
    Report,
    add_once,
    address_key,
)
from tuttu.vocabulary.conversion import event_row
from tuttu.vocabulary.events import Event, FragmentId, ResourceSet
from tuttu.vocabulary.facts import Fact, Fold, Logged, Transaction
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Contact, Receipt


def make_fold(project: Project) -> Fold:
    """Raises Exhausted, with the resource's name, for a receipt whose claim does not fit."""
    questions = Questions(project)

    def fold(transaction: Transaction, logged: Logged) -> None:
        fact = logged.fact
        match fact.body:
            case Receipt() as receipt:
                book = _Book(transaction, Claims(transaction, project, fact.time))
                for contact in receipt.contacts:
                    book.add_contact(contact)
            case Event() as event if fact.fragment is not None:
                book = _Book(transaction, Claims(transaction, project, fact.received))
                _fold_event(book, project, questions, event, fact.fragment)
            case ResourceSet() as change:
                _set_amount(transaction, change, fact)

    return fold


def _fold_event(
    book: _Book, project: Project, questions: Questions, event: Event, fragment: FragmentId
) -> None:
    if not questions.concern(event):
        return
    said = msgspec.json.decode(event.properties)
    row = event_row(event, project.event_schema)
    for contact, report in contacts_elsewhere(project, event, fragment, row, said):
        book.add_contact(contact)
        if report is not None:
            book.add_report(contact.id, report)
    contact_id = _contact_id(said)
    outcome = project.tracking.outcomes.get(event.name)
    if contact_id and outcome is not None:
        book.add_report(contact_id, Report(event.time, outcome))
    answers = [
        (action, Answer(event.time, name, contact_id)) for action, name in questions.answered(row)
    ]
    book.add_answers(fragment, answers)
    for action, answer in answers if contact_id else ():
        book.add_report(contact_id, Report(event.time, answer.outcome, action))


def _contact_id(said: Mapping[str, object]) -> str:
    named = said.get("contact_id")
    return named if isinstance(named, str) else ""


def _set_amount(transaction: Transaction, change: ResourceSet, fact: Fact) -> None:
    key = change.name.encode()
    before = transaction.get(AMOUNTS, key)
    if before is None or (before.time, before.id) < (fact.time, fact.id):
        transaction.put(AMOUNTS, key, Amount(change.amount, fact.time, fact.id))


class _Book:
    """Writes contacts and what came of them, each at the fragment of the contact."""

    def __init__(self, transaction: Transaction, claims: Claims) -> None:
        self._transaction = transaction
        self._claims = claims

    def add_contact(self, contact: Contact) -> None:
        key = address_key(self._transaction, contact.id)
        address = self._transaction.get(ADDRESSES, key) or Address()
        state = self._state(contact.fragment)
        state.contacts[contact.id] = contact
        if contact.uses:
            state.units[contact.id] = self._claims.claim(contact)
        self._transaction.put(FRAGMENTS, contact.fragment, state)
        self._transaction.put(ADDRESSES, key, Address(contact.fragment))
        for report in address.waiting:
            self.add_report(contact.id, report)

    def add_report(self, contact_id: str, report: Report) -> None:
        """On the contact, whoever's event it was; it waits if there is no such contact yet."""
        key = address_key(self._transaction, contact_id)
        address = self._transaction.get(ADDRESSES, key) or Address()
        if address.fragment is None:
            if add_once(address.waiting, report):
                self._transaction.put(ADDRESSES, key, address)
            return
        state = self._state(address.fragment)
        if add_once(state.reports.setdefault(contact_id, []), report):
            self._settle(state, contact_id, report)
            self._transaction.put(FRAGMENTS, address.fragment, state)

    def add_answers(self, fragment: FragmentId, answers: Sequence[tuple[str, Answer]]) -> None:
        if not answers:
            return
        state = self._state(fragment)
        for action, answer in answers:
            add_once(state.answers.setdefault(action, []), answer)
        self._transaction.put(FRAGMENTS, fragment, state)

    def _settle(self, state: FragmentState, contact_id: str, report: Report) -> None:
        standing = state.units.get(contact_id)
        contact = state.contacts[contact_id]
        if standing not in (HELD, USED) or not report.concerns(contact):
            return
        if report.outcome == RELEASED:
            state.units[contact_id] = self._claims.give_back(contact, standing)
        elif standing == HELD:
            state.units[contact_id] = self._claims.use(contact)

    def _state(self, fragment: FragmentId) -> FragmentState:
        return self._transaction.get(FRAGMENTS, fragment) or FragmentState()
