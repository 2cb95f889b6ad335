"""Contacts and what came of them, written at the fragment of the contact."""

from collections.abc import Iterable, Sequence
from itertools import chain

from msgspec.structs import replace

from tuttu.ledger import reservations, state
from tuttu.ledger.definitions import definitions_of
from tuttu.ledger.newest import NewestContacts
from tuttu.ledger.state import Answer, ContactReport, FragmentRecord
from tuttu.vocabulary import events, facts, history, values, verdicts
from tuttu.vocabulary.project import Project


class ContactWriter:
    """What one fact changes, at one moment of the server's clock."""

    def __init__(
        self, transaction: facts.Transaction, project: Project, now: values.Instant
    ) -> None:
        self._transaction = transaction
        self._newest = NewestContacts(transaction, project)
        self._rules = definitions_of(project).rules
        self._reservations = reservations.Reservations(transaction, project, now)

    def add_contact(self, contact: verdicts.Contact) -> None:
        """One that tuttu decided. Raises Exhausted, with the name of the resource."""
        record, units = self._record(contact.fragment), {}
        if self._is_awaited(contact) or _is_late(record, contact.time, contact.action):
            record = self._newest.whole(contact.fragment, record)
        if contact.uses:
            units = {contact.id: self._reservations.claim(contact)}
        contacts = {**record.contacts, contact.id: contact}
        record = replace(record, contacts=contacts, units={**record.units, **units})
        self._newest.put(contact.fragment, record)
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
        if _is_late(record, made.time, made.action):
            record = self._newest.whole(fragment, record)
        known = {**record.external.get(part, {}), event_id: made}
        record = replace(record, external={**record.external, part: known})
        self._newest.put(fragment, record)
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
        if _reaches_back(record, contact_id, report):
            record = self._newest.whole(address.fragment, record)
        before = record.reports.get(contact_id, ())
        reports = state.inserted(before, report)
        if reports is before:
            return
        record = replace(record, reports={**record.reports, contact_id: reports})
        contact = record.contacts.get(contact_id)
        if contact is not None:
            record = self._with_units(record, contact, report)
        self._newest.put(address.fragment, record)
        if contact is not None:
            self._list_if_queued(contact, reports)

    def add_answers(
        self, fragment: events.FragmentId, answers: Iterable[tuple[history.Part, Answer]]
    ) -> None:
        record, answers = self._record(fragment), tuple(answers)
        if any(self._is_of_older(record, part, answer) for part, answer in answers):
            record = self._newest.whole(fragment, record)
        known = dict(record.answers)
        for part, answer in answers:
            known[part] = state.inserted(known.get(part, ()), answer)
        self._newest.put(fragment, replace(record, answers=known))

    def list_if_queued(self, contact: verdicts.Contact) -> None:
        """The outbox: a contact is in it until anything is reported of it."""
        if contact.state == state.QUEUED:
            fragment = contact.fragment
            record = self._transaction.get(state.FRAGMENTS, fragment) or FragmentRecord()
            if contact.id not in record.contacts:
                record = state.whole_of(self._transaction, fragment, record)
            self._list_if_queued(contact, record.reports.get(contact.id, ()))

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
        return self._newest.record(fragment)

    def _is_of_older(self, record: FragmentRecord, part: history.Part, answer: Answer) -> bool:
        """Whether it may be about a contact on the older pages, or bring one back from there."""
        older, named, rule = record.older, answer.contact_id, self._rules.get(part)
        if older is None:
            return False
        if named and named not in record.contacts:
            return True
        if older.since < answer.time:
            return False
        return bool(named) or rule is None or _may_answer(record, rule.action, answer.time)

    def _is_awaited(self, contact: verdicts.Contact) -> bool:
        """Whether something was said of it before it came: perhaps by an answer on a page."""
        return bool(state.address_of(self._transaction, contact.id).pending)


def _is_late(record: FragmentRecord, time: values.Instant, action: str | None) -> bool:
    """Whether an answer on its older pages may be about such a contact."""
    older = record.older
    return older is not None and time <= older.since and action in older.answered


def _may_answer(record: FragmentRecord, action: str, time: values.Instant) -> bool:
    """Whether there may be a contact that an event of that time answers: on a page, or in the
    record, where it may be what has ended in silence until now."""
    if record.older is not None and record.older.has_contacts_of(action):
        return True
    own = (
        min((each.time, *(report.time for report in record.reports.get(each.id, ()))))
        for each in record.contacts.values()
        if each.action == action
    )
    made = (each for found in record.external.values() for each in found.values())
    elsewhere = (each.time for each in made if each.action == action)
    return any(first <= time for first in chain(own, elsewhere))


def _reaches_back(record: FragmentRecord, contact_id: str, report: ContactReport) -> bool:
    """Whether the report may bring back what lies on older pages: it is about a contact there, or
    takes back what one beside them counted for, or when."""
    older, contact = record.older, record.contacts.get(contact_id)
    if older is None:
        return False
    if contact is None or report.outcome in (state.RELEASED, state.WITHDRAWN):
        return True
    said = record.reports.get(contact_id, ())
    if report.time <= older.since or report.time < contact.time or (said and report < said[-1]):
        return True
    return contact.state == state.QUEUED and contact.time <= older.since
