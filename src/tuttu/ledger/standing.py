"""How a contact stands now: a pure function of what was made, what was reported, and the time.

Ends exclude their last instant: a hold lives while ``now < held_until``, an answer is within while
``time < contact + answer_within``, and from that instant on silence is *ignored*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from tuttu.ledger.claims import LOST
from tuttu.ledger.state import (
    COUNTED,
    HELD,
    IGNORED,
    NO_ANSWER,
    QUEUED,
    RELEASED,
    SENT,
    VIEWED,
    WITHDRAWN,
    Answer,
    FragmentState,
    Report,
)
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Contact, Outcome


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One contact as it stands now.

    contact: `state` and `time` are those of now (an expired hold is ``released``). reserved: when
    it was made. inbound: it counts by showings, one a day and action. views: when it was seen,
    in order. outcomes: each name once, by time: the first view, and of the others the last.
    lost: seen so late that its resources were gone. withdrawn: when and why it was decided that it
    will not be made.
    """

    contact: Contact
    reserved: Instant
    inbound: bool = False
    views: tuple[Instant, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    lost: bool = False
    withdrawn: Report | None = None

    @property
    def counts(self) -> bool:
        """It took place, or will: what is queued is sent."""
        return self.contact.state in (COUNTED, QUEUED)

    @property
    def answered(self) -> bool:
        return any(outcome.name not in NO_ANSWER for outcome in self.outcomes)


def may_be_about(contact: Contact, item: str | None) -> bool:
    """Whether the contact concerns the item: it is about that one, or nobody knows about which. A
    question about no item in particular concerns all."""
    return item is None or contact.item is None or contact.item == item


def entries_of(
    states: Sequence[FragmentState], outbound: Mapping[str, bool], now: Instant
) -> tuple[Entry, ...]:
    """All contacts of the fragments together, by (time, id).

    outbound: by channel; one that is not declared any more is taken as outbound.
    """
    told, withdrawn = _reports(states), _withdrawals(states)
    entries = [
        _withdrawn(_entry(contact, told[contact.id], outbound, now), withdrawn.get(contact.id))
        for state in states
        for contact in state.contacts.values()
    ]
    entries.sort(key=lambda entry: (entry.contact.time, entry.contact.id))
    for contact_id, answer in _attributed(states, entries):
        told[contact_id].append(Report(answer.time, answer.outcome))
    lost = {key for state in states for key, units in state.units.items() if units == LOST}
    return tuple(
        msgspec.structs.replace(
            entry,
            outcomes=_outcomes(entry, told[entry.contact.id], now),
            lost=entry.contact.id in lost,
        )
        for entry in entries
    )


def _reports(states: Sequence[FragmentState]) -> dict[str, list[Report]]:
    """What was said of each contact by name, in order."""
    told: dict[str, list[Report]] = defaultdict(list)
    for state in states:
        for contact_id, reports in state.reports.items():
            contact = state.contacts[contact_id]
            told[contact_id] = [
                report
                for report in reports
                if report.concerns(contact) and report.outcome != WITHDRAWN
            ]
    return told


def _withdrawals(states: Sequence[FragmentState]) -> dict[str, Report]:
    """By contact id; of two the first one."""
    return {
        contact_id: report
        for state in states
        for contact_id, reports in state.reports.items()
        for report in reversed(reports)
        if report.outcome == WITHDRAWN
    }


def _entry(
    contact: Contact, reports: Sequence[Report], outbound: Mapping[str, bool], now: Instant
) -> Entry:
    return Entry(
        contact=_as_of(contact, reports, now),
        reserved=contact.time,
        inbound=not outbound.get(contact.channel, True),
        views=tuple(report.time for report in reports if report.outcome == VIEWED),
    )


def _withdrawn(entry: Entry, report: Report | None) -> Entry:
    """What was withdrawn while it waited is released; what took place all the same is not."""
    if report is None or entry.contact.state != QUEUED:
        return entry
    contact = msgspec.structs.replace(entry.contact, state=RELEASED)
    return msgspec.structs.replace(entry, contact=contact, withdrawn=report)


def _as_of(contact: Contact, reports: Sequence[Report], now: Instant) -> Contact:
    """Any report proves that an inbound contact was seen, from the first one on."""
    if any(report.outcome == RELEASED for report in reports):
        return msgspec.structs.replace(contact, state=RELEASED)
    if contact.state == HELD:
        if reports:
            seen = max(contact.time, reports[0].time)
            return msgspec.structs.replace(contact, state=COUNTED, time=seen)
        until = contact.held_until
        expired = until is not None and until <= now
        return msgspec.structs.replace(contact, state=RELEASED) if expired else contact
    if contact.state == QUEUED and reports:
        sent = next((report.time for report in reports if report.outcome == SENT), contact.time)
        return msgspec.structs.replace(contact, state=COUNTED, time=sent)
    return contact


def _attributed(
    states: Sequence[FragmentState], entries: Sequence[Entry]
) -> Iterator[tuple[str, Answer]]:
    """(contact id, answer) for the events that did not name a contact of the customer's: the
    newest contact that was in time, of those about the item that the event names, if any."""
    known = {entry.contact.id for entry in entries}
    shown: dict[str | None, list[Contact]] = defaultdict(list)
    for entry in entries:
        if entry.counts:
            shown[entry.contact.action].append(entry.contact)
    for state in states:
        for action, answers in state.answers.items():
            for answer in answers:
                found = None if answer.contact_id in known else _newest(shown[action], answer)
                if found is not None:
                    yield found.id, answer


def _newest(shown: Sequence[Contact], answer: Answer) -> Contact | None:
    """The newest contact about its item that the answer is not before, and within."""
    for contact in reversed(shown):
        if not may_be_about(contact, answer.item or None):
            continue
        within = contact.answer_within
        if contact.time <= answer.time and (within is None or answer.time < contact.time + within):
            return contact
    return None


def _outcomes(entry: Entry, reports: Iterable[Report], now: Instant) -> tuple[Outcome, ...]:
    contact = entry.contact
    told = sorted(reports)
    last = {report.outcome: report.time for report in told if report.outcome != RELEASED}
    if entry.views:
        last[VIEWED] = entry.views[0]
    silent_from = _ignored(contact, told, now)
    if silent_from is not None:
        last.setdefault(IGNORED, silent_from)
    return tuple(
        Outcome(contact_id=contact.id, name=name, time=time)
        for time, name in sorted((time, name) for name, time in last.items())
    )


def _ignored(contact: Contact, told: Sequence[Report], now: Instant) -> Instant | None:
    if contact.state != COUNTED or contact.answer_within is None:
        return None
    until = contact.time + contact.answer_within
    spoke = any(report.time < until and report.outcome not in NO_ANSWER for report in told)
    return None if spoke or now < until else until


def later(entry: Entry, now: Instant) -> Entry:
    """The entry as it will stand at a later moment, if nothing more is heard of it: a hold runs
    out, silence becomes *ignored*."""
    contact = entry.contact
    if contact.state == HELD and contact.held_until is not None and contact.held_until <= now:
        gone = msgspec.structs.replace(contact, state=RELEASED)
        return msgspec.structs.replace(entry, contact=gone)
    told = [Report(each.time, each.name) for each in entry.outcomes]
    silent_from = _ignored(contact, told, now)
    if silent_from is None or any(each.name == IGNORED for each in entry.outcomes):
        return entry
    ignored = Outcome(contact_id=contact.id, name=IGNORED, time=silent_from)
    known = sorted((*entry.outcomes, ignored), key=lambda each: (each.time, each.name))
    return msgspec.structs.replace(entry, outcomes=tuple(known))
