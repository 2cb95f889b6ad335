"""The state of a contact: a pure function of the contact, the reports about it, and the time.

Ends exclude their last instant: a hold lives while ``now < held_until``, an answer is within while
``time < contact + answer_within``, and from that instant on a contact without one is *ignored*.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from tuttu.ledger import state as s
from tuttu.ledger.reservations import LOST
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Contact, Outcome


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One contact in its current state.

    contact: `state` and `time` are current (an expired hold is ``released``). reserved: when
    it was made. inbound: it counts by showings, one a day and action. views: when it was seen,
    in order. outcomes: each name once, by time: the first view, and of the others the last.
    lost: seen so late that its resources were gone. withdrawn: when and why it was decided that it
    will not be made. silent_from: from when on it is *ignored*, if it is not answered until then;
    None: it was, or no answer is waited for.
    """

    contact: Contact
    reserved: Instant
    inbound: bool = False
    views: tuple[Instant, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    lost: bool = False
    withdrawn: s.ContactReport | None = None
    silent_from: Instant | None = None

    @property
    def counts(self) -> bool:
        """It took place, or will: what is queued is sent."""
        return self.contact.state in (s.COUNTED, s.QUEUED)


def may_be_about(contact: Contact, item: str | None) -> bool:
    """Whether the contact concerns the item: it is about that one, or its item is not known.
    item None: every contact does."""
    return item is None or contact.item is None or contact.item == item


def entries_of(
    states: Sequence[s.FragmentState], outbound: Mapping[str, bool], now: Instant
) -> tuple[HistoryEntry, ...]:
    """All contacts of the fragments together, by (time, id).

    outbound: by channel; one that is not declared any more is taken as outbound.
    """
    reports: dict[str, list[s.ContactReport]] = defaultdict(list)
    entries = []
    for state in states:
        for contact in state.contacts.values():
            all_reports = state.reports.get(contact.id)
            if not all_reports:
                entries.append(_entry(contact, (), (), outbound, now))
                continue
            withdrawals = [each for each in all_reports if each.outcome == s.WITHDRAWN]
            reports[contact.id] = [
                each
                for each in all_reports
                if each.outcome != s.WITHDRAWN and each.concerns(contact)
            ]
            entries.append(_entry(contact, reports[contact.id], withdrawals, outbound, now))
    entries.sort(key=lambda entry: (entry.contact.time, entry.contact.id))
    for contact_id, _, answer in attributed(states, entries):
        reports[contact_id].append(s.ContactReport(answer.time, answer.outcome))
    lost = {key for state in states for key, units in state.units.items() if units == LOST}
    return tuple(
        _with_outcomes(entry, reports.get(entry.contact.id, ()), now, lost=entry.contact.id in lost)
        for entry in entries
    )


def _with_outcomes(
    entry: HistoryEntry, reports: Sequence[s.ContactReport], now: Instant, *, lost: bool
) -> HistoryEntry:
    if not (reports or lost or entry.contact.answer_within):
        return entry
    entry = replace(entry, lost=lost, silent_from=_silent_from(entry.contact, reports))
    return replace(entry, outcomes=_outcomes(entry, sorted(reports), now))


def _entry(
    contact: Contact,
    reports: Sequence[s.ContactReport],
    withdrawals: Sequence[s.ContactReport],
    outbound: Mapping[str, bool],
    now: Instant,
) -> HistoryEntry:
    """Any report proves that an inbound contact was seen, from the first one on. What was withdrawn
    while it waited is released; what took place all the same is not."""
    state, time, withdrawn = contact.state, contact.time, None
    if any(report.outcome == s.RELEASED for report in reports):
        state = s.RELEASED
    elif state == s.HELD and reports:
        state, time = s.COUNTED, max(time, reports[0].time)
    elif state == s.HELD:
        expired = contact.held_until is not None and contact.held_until <= now
        state = s.RELEASED if expired else s.HELD
    elif state == s.QUEUED and reports:
        sent = (report.time for report in reports if report.outcome == s.SENT)
        state, time = s.COUNTED, next(sent, time)
    elif state == s.QUEUED and withdrawals:
        state, withdrawn = s.RELEASED, withdrawals[0]
    unchanged = state == contact.state and time == contact.time
    return HistoryEntry(
        contact=contact if unchanged else replace(contact, state=state, time=time),
        reserved=contact.time,
        inbound=not outbound.get(contact.channel, True),
        views=tuple([report.time for report in reports if report.outcome == s.VIEWED]),
        withdrawn=withdrawn,
    )


def attributed(
    states: Sequence[s.FragmentState], entries: Sequence[HistoryEntry]
) -> Iterator[tuple[str, str, s.Answer]]:
    """(contact id, action, answer) for the events that did not name a contact of the customer's:
    the newest contact that was in time, of those about the item that the event names, if any."""
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
                    yield found.id, action, answer


def _newest(shown: Sequence[Contact], answer: s.Answer) -> Contact | None:
    """The newest contact about its item such that the answer is neither before it nor too late."""
    for contact in reversed(shown):
        if not may_be_about(contact, answer.item or None):
            continue
        within = contact.answer_within
        if contact.time <= answer.time and (within is None or answer.time < contact.time + within):
            return contact
    return None


def _outcomes(
    entry: HistoryEntry, reports: Sequence[s.ContactReport], now: Instant
) -> tuple[Outcome, ...]:
    """reports: in order."""
    last = {report.outcome: report.time for report in reports if report.outcome != s.RELEASED}
    if entry.views:
        last[s.VIEWED] = entry.views[0]
    if entry.silent_from is not None and entry.silent_from <= now:
        last.setdefault(s.IGNORED, entry.silent_from)
    return tuple(
        Outcome(contact_id=entry.contact.id, name=name, time=time)
        for time, name in sorted((time, name) for name, time in last.items())
    )


def _silent_from(contact: Contact, reports: Sequence[s.ContactReport]) -> Instant | None:
    if contact.state != s.COUNTED or contact.answer_within is None:
        return None
    until = contact.time + contact.answer_within
    spoke = any(each.time < until and each.outcome not in s.NO_ANSWER for each in reports)
    return None if spoke else until


def entry_at(entry: HistoryEntry, now: Instant) -> HistoryEntry:
    """The entry at a later moment, if nothing more is reported about it: a hold expires, a missing
    answer becomes *ignored*."""
    contact = entry.contact
    if contact.state == s.HELD and contact.held_until is not None and contact.held_until <= now:
        return replace(entry, contact=replace(contact, state=s.RELEASED))
    silent_from = entry.silent_from
    if silent_from is None or now < silent_from:
        return entry
    if any(each.name == s.IGNORED for each in entry.outcomes):
        return entry
    ignored = Outcome(contact_id=contact.id, name=s.IGNORED, time=silent_from)
    outcomes = sorted((*entry.outcomes, ignored), key=lambda each: (each.time, each.name))
    return replace(entry, outcomes=tuple(outcomes))
