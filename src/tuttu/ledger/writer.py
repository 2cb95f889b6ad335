"""Contacts and what came of them, written at the fragment of the contact."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from tuttu.ledger import reservations, state
from tuttu.ledger.state import Answer, ContactReport, FragmentRecord
from tuttu.vocabulary import events, facts, history, values, verdicts
from tuttu.vocabulary.project import Project


class ContactWriter:
    """What one fact changes, at one moment of the server's clock."""

    def __init__(
        self, transaction: facts.Transaction, project: Project, now: values.Instant
    ) -> None:
        self._transaction = transaction
        self._reservations = reservations.Reservations(transaction, project, now)

    def add_contact(self, contact: verdicts.Contact) -> None:
        """One that tuttu decided. Raises Exhausted, with the name of the resource."""
        record, units = self._record(contact.fragment), {}
        if contact.uses:
            units = {contact.id: self._reservations.claim(contact)}
        contacts = {**record.contacts, contact.id: contact}
        record = replace(record, contacts=contacts, units={**record.units, **units})
        self._transaction.put(state.FRAGMENTS, contact.fragment, record)
        self._add_address(contact.id, contact.fragment)
        self.list_if_queued(contact)

    def add_external(
        self,
        part: history.Part,
        fragment: events.FragmentId,
        event_id: str,
        contact_id: str,
        made: state.ExternalContact,
    ) -> None:
        record = self._record(fragment)
        known = {**record.external.get(part, {}), event_id: made}
        record = replace(record, external={**record.external, part: known})
        self._transaction.put(state.FRAGMENTS, fragment, record)
        self._add_address(contact_id, fragment)

    def add_report(self, contact_id: str, report: ContactReport) -> None:
        """At the fragment of the contact, whatever the event's own fragment; pending until there is
        such a contact."""
        key = state.address_key(self._transaction, contact_id)
        address = self._transaction.get(state.ADDRESSES, key) or state.Address()
        if address.fragment is None:
            pending = state.inserted(address.pending, report)
            if pending is not address.pending:
                self._transaction.put(state.ADDRESSES, key, state.Address(pending=pending))
            return
        record = self._record(address.fragment)
        before = record.reports.get(contact_id, ())
        reports = state.inserted(before, report)
        if reports is before:
            return
        record = replace(record, reports={**record.reports, contact_id: reports})
        contact = record.contacts.get(contact_id)
        if contact is not None:
            record = self._with_units(record, contact, report)
        self._transaction.put(state.FRAGMENTS, address.fragment, record)
        if contact is not None:
            self._list_if_queued(contact, reports)

    def add_answers(
        self, fragment: events.FragmentId, answers: Iterable[tuple[history.Part, Answer]]
    ) -> None:
        record = self._record(fragment)
        known = dict(record.answers)
        for part, answer in answers:
            known[part] = state.inserted(known.get(part, ()), answer)
        self._transaction.put(state.FRAGMENTS, fragment, replace(record, answers=known))

    def list_if_queued(self, contact: verdicts.Contact) -> None:
        """The outbox: a contact is in it until anything is reported of it."""
        if contact.state == state.QUEUED:
            reports = self._record(contact.fragment).reports.get(contact.id, ())
            self._list_if_queued(contact, reports)

    def _list_if_queued(self, contact: verdicts.Contact, reports: Sequence[ContactReport]) -> None:
        if contact.state != state.QUEUED:
            return
        key = contact.fragment + state.address_key(self._transaction, contact.id)
        if any(report.concerns(contact) for report in reports):
            self._transaction.delete(state.QUEUE, key)
        else:
            self._transaction.put(state.QUEUE, key, state.QueuedContact(contact.id))

    def _add_address(self, contact_id: str, fragment: events.FragmentId) -> None:
        key = state.address_key(self._transaction, contact_id)
        address = self._transaction.get(state.ADDRESSES, key) or state.Address()
        self._transaction.put(state.ADDRESSES, key, state.Address(fragment))
        for report in address.pending:
            self.add_report(contact_id, report)

    def _with_units(
        self, record: FragmentRecord, contact: verdicts.Contact, report: ContactReport
    ) -> FragmentRecord:
        """Units follow the reports: used when the contact took place, given back when it will not.
        A withdrawn contact that took place nevertheless uses them again."""
        units = record.units.get(contact.id)
        if units is None or not report.concerns(contact):
            return record
        reports = record.reports[contact.id]
        outcomes = {each.outcome for each in reports if each.concerns(contact)}
        if report.outcome == state.RELEASED or outcomes == {state.WITHDRAWN}:
            if units in (state.HELD, reservations.USED):
                units = self._reservations.give_back(contact, units)
        elif units == state.HELD or (
            units == reservations.GIVEN_BACK and state.RELEASED not in outcomes
        ):
            units = self._reservations.use(contact)
        return replace(record, units={**record.units, contact.id: units})

    def _record(self, fragment: events.FragmentId) -> FragmentRecord:
        return self._transaction.get(state.FRAGMENTS, fragment) or FragmentRecord()
