"""Contacts and what came of them, written at the fragment of the contact."""

from __future__ import annotations

from collections.abc import Iterable

from tuttu.ledger.claims import GIVEN_BACK, USED, Claims
from tuttu.ledger.state import (
    ADDRESSES,
    FRAGMENTS,
    HELD,
    QUEUE,
    QUEUED,
    RELEASED,
    WITHDRAWN,
    Address,
    Answer,
    Elsewhere,
    Kept,
    Report,
    Waiting,
    add_once,
    address_key,
)
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Transaction
from tuttu.vocabulary.history import Part
from tuttu.vocabulary.verdicts import Contact


class Book:
    """What one fact changes, at one moment of our clock."""

    def __init__(self, transaction: Transaction, claims: Claims) -> None:
        self._transaction = transaction
        self._claims = claims

    def add_contact(self, contact: Contact) -> None:
        """One of our own making."""
        state = self._state(contact.fragment)
        state.contacts[contact.id] = contact
        if contact.uses:
            state.units[contact.id] = self._claims.claim(contact)
        self._put(contact.fragment, state)
        self._move_in(contact.id, contact.fragment)
        self.list_if_waiting(contact)

    def add_elsewhere(
        self, part: Part, fragment: FragmentId, event_id: str, contact_id: str, made: Elsewhere
    ) -> None:
        state = self._state(fragment)
        state.elsewhere.setdefault(part, {})[event_id] = made
        self._put(fragment, state)
        self._move_in(contact_id, fragment)

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
            self._put(address.fragment, state)
            if contact_id in state.contacts:
                self.list_if_waiting(state.contacts[contact_id])

    def add_answers(self, fragment: FragmentId, answers: Iterable[tuple[Part, Answer]]) -> None:
        state = self._state(fragment)
        for part, answer in answers:
            add_once(state.answered.setdefault(part, []), answer)
        self._put(fragment, state)

    def list_if_waiting(self, contact: Contact) -> None:
        """The outbox: a contact is in it until anything is heard of it."""
        if contact.state != QUEUED:
            return
        key = contact.fragment + address_key(self._transaction, contact.id)
        reports = self._state(contact.fragment).reports.get(contact.id, ())
        if any(report.concerns(contact) for report in reports):
            self._transaction.delete(QUEUE, key)
        else:
            self._transaction.put(QUEUE, key, Waiting(contact.id))

    def _move_in(self, contact_id: str, fragment: FragmentId) -> None:
        key = address_key(self._transaction, contact_id)
        address = self._transaction.get(ADDRESSES, key) or Address()
        self._transaction.put(ADDRESSES, key, Address(fragment))
        for report in address.waiting:
            self.add_report(contact_id, report)

    def _settle(self, state: Kept, contact_id: str, report: Report) -> None:
        """Units follow what is heard: used when it took place, given back when it will not. What
        was withdrawn and took place all the same uses them again."""
        contact, standing = state.contacts.get(contact_id), state.units.get(contact_id)
        if contact is None or standing is None or not report.concerns(contact):
            return
        outcomes = {each.outcome for each in state.reports[contact_id] if each.concerns(contact)}
        if report.outcome == RELEASED or outcomes == {WITHDRAWN}:
            if standing in (HELD, USED):
                state.units[contact_id] = self._claims.give_back(contact, standing)
        elif standing == HELD or (standing == GIVEN_BACK and RELEASED not in outcomes):
            state.units[contact_id] = self._claims.use(contact)

    def _state(self, fragment: FragmentId) -> Kept:
        return self._transaction.get(FRAGMENTS, fragment) or Kept()

    def _put(self, fragment: FragmentId, state: Kept) -> None:
        self._transaction.put(FRAGMENTS, fragment, state)
