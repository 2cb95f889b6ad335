"""A customer's contacts as one decision sees them, and what they forbid."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from tuttu.ledger import external, limits, state, suppressions
from tuttu.ledger.definitions import definitions_of
from tuttu.ledger.lifecycle import HistoryEntry, entries_of, entry_at, may_be_about
from tuttu.vocabulary import events, facts, library, values, verdicts
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project, cached

REPEATABLE = state.NO_ANSWER | {state.CLICKED, state.IGNORED}
"""After any other outcome an offer was answered, and showing it again is another contact."""

OfferKey = tuple[str | None, str | None, str | None, str | None]
"""(action, treatment, surface, item) of a contact: what makes another one the same offer."""


class AsOf(msgspec.Struct, frozen=True, kw_only=True):
    """What the reading of contacts depends on. zone: the project's. own_zone: the customer's.
    outbound: by declared channel. fulfilling: of each owed action, the treatments by which a
    contact fulfils it."""

    now: values.Instant
    zone: str
    own_zone: str
    outbound: Mapping[str, bool]
    fulfilling: Mapping[str, frozenset[str]] = {}

    def fulfils(self, contact: verdicts.Contact) -> bool:
        """Whether the contact, once it took place, is what was owed; one made elsewhere is."""
        ways = self.fulfilling.get(contact.action or "")
        elsewhere = contact.decision_id is None
        return ways is not None and (elsewhere or contact.treatment in ways)

    def zone_for(self, limit: library.ContactLimit) -> str:
        """Whose days it counts by: the customer's, where it is a limit per day of them alone."""
        per_day = limit.window is None and limit.group is None
        return self.own_zone if per_day else self.zone


def as_of(project: Project, now: values.Instant, own_zone: str | None) -> AsOf:
    outbound = {name: channel.outbound for name, channel in project.channels.items()}
    zone = project.company.zone
    return AsOf(
        now=now,
        zone=zone,
        own_zone=own_zone or zone,
        outbound=outbound,
        fulfilling=_fulfilling(project),
    )


@cached
def _fulfilling(project: Project) -> Mapping[str, frozenset[str]]:
    return {
        action.name: frozenset(each.name for each in action.treatments.values() if each.fulfils)
        for action in project.actions.values()
        if action.purpose in project.purposes and project.purposes[action.purpose].owed
    }


def read(
    reader: facts.Reader,
    customer: Customer,
    project: Project,
    now: values.Instant,
    groups: Mapping[str, Collection[Customer]],
    own_zone: str | None = None,
) -> "History":
    """The customer's contacts and those of each group's members; every read is watched.

    groups: name to its other members. own_zone: the customer's time zone; None: the project's.
    """
    moment = as_of(project, now, own_zone)

    def entries(one: Customer) -> tuple[HistoryEntry, ...]:
        states = [state_of(reader, project, fragment) for fragment in one.fragments]
        return entries_of(states, moment.outbound, now)

    people = {each.oldest: each for group in groups.values() for each in group}
    return History(
        moment,
        entries(customer),
        {oldest: entries(each) for oldest, each in sorted(people.items())},
        {name: tuple(each.oldest for each in group) for name, group in groups.items()},
    )


def state_of(
    reader: facts.Reader, project: Project, fragment: events.FragmentId, *, watch: bool = True
) -> state.FragmentState:
    """What is kept of a fragment, as the present definitions read it: what is declared no more, or
    differently, is not in it."""
    record = reader.get(state.FRAGMENTS, fragment, watch=watch)
    if record is None:
        return state.FragmentState()
    definitions = definitions_of(project)
    read = definitions.saying
    contacts = {key: each for key, each in record.contacts.items() if each.decision_id is not None}
    reports = {
        key: tuple(report for report in record.reports.get(key, ()) if report.part in read)
        for key in contacts
    }
    for part, mapped in definitions.mappings.items():
        for event_id, made in record.external.get(part, {}).items():
            contact = external.contact_of(project, mapped, fragment, event_id, made)
            own = external.report_of(part, made)
            others = [each for each in record.reports.get(contact.id, ()) if each.part in read]
            contacts[contact.id] = contact
            reports[contact.id] = tuple(sorted([*others, own] if own else others))
    answers: dict[str, set[state.Answer]] = {}
    for part, told in record.answers.items():
        if part in definitions.rules:
            answers.setdefault(definitions.rules[part].action, set()).update(told)
    return state.FragmentState(
        contacts=contacts,
        reports={key: found for key, found in reports.items() if found},
        answers={action: tuple(sorted(found)) for action, found in answers.items()},
        units=record.units,
    )


def outcomes_of(history: "History", contact_ids: Iterable[str]) -> tuple[verdicts.Outcome, ...]:
    """All that came of some contacts, ``ignored`` included, by (time, contact id, name)."""
    wanted = set(contact_ids)
    found = [
        outcome
        for entry in history.entries
        if entry.contact.id in wanted
        for outcome in entry.outcomes
    ]
    return tuple(sorted(found, key=lambda each: (each.time, each.contact_id, each.name)))


class History:
    """Immutable. `entries`: by (time, id). others: the same of other customers, by their oldest
    fragment. groups: name to those of them who are its members."""

    def __init__(
        self,
        moment: AsOf,
        entries: tuple[HistoryEntry, ...],
        others: Mapping[events.FragmentId, tuple[HistoryEntry, ...]],
        groups: Mapping[str, tuple[events.FragmentId, ...]],
    ) -> None:
        self.moment = moment
        self.entries = entries
        self._others = others
        self._groups = groups
        self._showings: dict[str, Mapping[limits.Key, values.Instant]] = {}
        self._answers: dict[str, Mapping[str, Sequence[suppressions.ContactAnswer]]] = {}

    @property
    def contacts(self) -> tuple[verdicts.Contact, ...]:
        """In their current state, by (time, id)."""
        return tuple(entry.contact for entry in self.entries)

    @cached_property
    def actions(self) -> frozenset[str]:
        """Names of all that were contacts."""
        named = (entry.contact.action for entry in self.entries)
        return frozenset(name for name in named if name is not None)

    def outcomes(self) -> dict[str, str]:
        """Contact id to the last outcome, ``ignored`` included; without those that have none."""
        return {
            entry.contact.id: entry.outcomes[-1].name for entry in self.entries if entry.outcomes
        }

    def withdrawn(self) -> dict[str, tuple[values.Instant, verdicts.Reason]]:
        """Contact id to when and why it was withdrawn while it waited to be made."""
        found = ((entry.contact.id, entry.withdrawn) for entry in self.entries)
        return {
            n: (said.time, verdicts.unpacked(said.why)) for n, said in found if said is not None
        }

    # Columns of the row

    def columns(self, names: Iterable[str] | None = None) -> dict[str, values.Value]:
        """The ledger's columns of the wide row: those that are not NULL, or just `names`."""
        found: dict[str, values.Value] = dict(self._columns)
        return found if names is None else {name: found.get(name) for name in names}

    @cached_property
    def _columns(self) -> Mapping[str, values.Instant]:
        """The newest contact by each channel, of each action, the newest of each action's
        outcomes, and for what due each owed action was fulfilled last."""
        channels = {
            values.last_contact_column(entry.contact.channel): entry.contact.time
            for entry in self.entries
            if entry.counts
        }
        return channels | _of_actions(self.entries, self.moment)

    def columns_about(self, item: str, actions: Collection[str]) -> dict[str, values.Value]:
        """The columns of actions that are about such items, as a rule about this one sees them:
        other items' contacts do not count, and a column that only they filled is NULL."""
        of_all = [entry for entry in self.entries if entry.contact.action in actions]
        about = [entry for entry in of_all if may_be_about(entry.contact, item)]
        of_item = _of_actions(about, self.moment)
        return {name: of_item.get(name) for name in _of_actions(of_all, self.moment)}

    # Contact limits

    def breaks_limit(
        self,
        limit: library.ContactLimit,
        action: library.Action,
        treatment: library.Treatment,
        item: str | None = None,
    ) -> bool:
        """Whether one more contact of this kind would break the limit.

        Showing again what counts already (a live hold, or the same action about the same item on
        the same day) adds nothing. A limit counts contacts, whatever they are about: two items
        are two.
        """
        channel = treatment.channel
        if not limits.concerns(limit, action.purpose, channel, action.name, action.issue_group):
            return False
        keys = self.keys(limit)
        more = any(key not in keys for key in self._added(limit, action, treatment, item))
        return len(keys) + more > limit.at_most

    def room_in(self, limit: library.ContactLimit) -> int:
        """How many new contacts the limit still allows; below 0: it is exceeded already."""
        return limit.at_most - len(self.keys(limit))

    def may_be_shown(self, limit: library.ContactLimit) -> Collection[str]:
        """Actions that may count already: showing any other would be another contact."""
        held = (action for action, *_ in self._open_offers if action is not None)
        return {key[1] for key in self.keys(limit)}.union(held)

    def _added(
        self,
        limit: library.ContactLimit,
        action: library.Action,
        treatment: library.Treatment,
        item: str | None,
    ) -> tuple[limits.Key, ...]:
        """What showing or sending it now can add: one of these. What was seen before and is shown
        again just before midnight may be seen on either day; a limit per day counts but one."""
        if self.moment.outbound[treatment.channel]:
            return (limits.NEW,)
        held, days = self.held(action, treatment, item), self._days(limit)
        if held is None:
            days = days[:1]
        elif held.state == state.HELD:
            days = ()
        return tuple((b"", action.name, item, day) for day in days)

    def _days(self, limit: library.ContactLimit) -> tuple[int, ...]:
        """The days that the limit counts on which something decided now can be seen."""
        now, zone = self.moment.now, self.moment.zone_for(limit)
        last = now if limit.window is None else now + state.HOLD
        return tuple(dict.fromkeys(limits.day_of(each, zone) for each in (now, last)))

    def keys(self, limit: library.ContactLimit) -> Mapping[limits.Key, values.Instant]:
        """The showings that the limit counts now; see `limits.counted`."""
        if limit.name not in self._showings:
            people = {b"": self.entries}
            for fragment in self._groups.get(limit.group, ()) if limit.group else ():
                people[fragment] = self._others.get(fragment, ())
            now, zone = self.moment.now, self.moment.zone_for(limit)
            self._showings[limit.name] = limits.counted(people, limit, now, zone)
        return self._showings[limit.name]

    def state(self, limit: library.ContactLimit) -> verdicts.LimitState | None:
        """What the limit counts now, for a receipt; None: nothing."""
        keys = self.keys(limit)
        if not keys:
            return None
        days = self._days(limit)
        today = [key[1:] for key in keys if not key[0] and key[3] in days]
        shown = tuple(sorted(today, key=lambda each: (each[0], each[1] or "", each[2])))
        opens = self.opens(limit) if len(keys) >= limit.at_most else None
        return verdicts.LimitState(
            rule=limit.name, at_most=limit.at_most, counted=len(keys), opens=opens, shown=shown
        )

    def opens(self, limit: library.ContactLimit) -> values.Instant | None:
        """From when on time alone will have made room for one contact more; None: it never will."""
        return limits.opening(self.keys(limit), limit)

    # Suppressions

    def is_suppressed(
        self, suppression: library.Suppression, action: library.Action, item: str | None = None
    ) -> bool:
        """Whether the suppression holds for the action's scope; one of the scope `action`: for the
        action about this item."""
        until = self.silent_until(suppression, action, item)
        return until is not None and self.moment.now < until

    def silent_until(
        self, suppression: library.Suppression, action: library.Action, item: str | None = None
    ) -> values.Instant | None:
        """When the suppression allows the action again; None: it never applied."""
        scope = suppression.scope
        value: str = action.name if scope == "action" else getattr(action, scope)
        answers = self._answers_to(suppression).get(value, ())
        return suppressions.silent_until(answers, suppression, item) if answers else None

    def may_be_silent(self, suppression: library.Suppression) -> tuple[str, Collection[str]]:
        """A scope and its values: the suppression can hold for no action of another value."""
        return suppression.scope, self._answers_to(suppression)

    def _answers_to(
        self, suppression: library.Suppression
    ) -> Mapping[str, Sequence[suppressions.ContactAnswer]]:
        if suppression.name not in self._answers:
            by_scope = suppressions.answers_by_scope(self.entries, suppression)
            self._answers[suppression.name] = by_scope
        return self._answers[suppression.name]

    # What is owed

    def underway(
        self, action: library.Action, item: str | None, *, reminder: bool
    ) -> verdicts.Contact | None:
        """The newest contact of an owed action that is held or waits to be sent, about this item:
        beside it no other is made. reminder: one that fulfils nothing counts too."""
        for entry in reversed(self.entries):
            contact = entry.contact
            if (
                contact.state in (state.HELD, state.QUEUED)
                and (contact.action, contact.item) == (action.name, item)
                and (reminder or self.moment.fulfils(contact))
            ):
                return contact
        return None

    # What showing it again would reuse

    def held(
        self, action: library.Action, treatment: library.Treatment, item: str | None = None
    ) -> verdicts.Contact | None:
        """The contact that showing this again would reuse, with nothing new reserved.

        One made less than the time of a hold ago, seen or not; or an offer with `holds` that was
        shown and not answered. Units that were lost are never reused.
        """
        offer = (action.name, treatment.name, treatment.surface, item)
        for contact in self._open_offers.get(offer, ()):
            in_hold = contact.held_until is not None and self.moment.now < contact.held_until
            if in_hold or self._is_kept(contact, treatment):
                return contact
        return None

    def kept(
        self, action: library.Action, treatment: library.Treatment, item: str | None = None
    ) -> verdicts.Contact | None:
        """The shown offer whose declared `holds` time still runs: it keeps its slot."""
        offer = (action.name, treatment.name, treatment.surface, item)
        offers = self._open_offers.get(offer, ())
        return next((each for each in offers if self._is_kept(each, treatment)), None)

    def _is_kept(self, contact: verdicts.Contact, treatment: library.Treatment) -> bool:
        return treatment.holds is not None and self.moment.now < contact.time + treatment.holds

    @cached_property
    def _open_offers(self) -> Mapping[OfferKey, Sequence[verdicts.Contact]]:
        """Inbound contacts of ours that were not answered, newest first."""
        found: dict[OfferKey, list[verdicts.Contact]] = defaultdict(list)
        for entry in reversed(self.entries):
            contact = entry.contact
            if (
                contact.decision_id is not None
                and contact.held_until is not None
                and contact.state in (state.HELD, state.COUNTED)
                and not entry.lost
                and all(outcome.name in REPEATABLE for outcome in entry.outcomes)
            ):
                offer = (contact.action, contact.treatment, contact.surface, contact.item)
                found[offer].append(contact)
        return found

    # Other histories

    def adding(self, contact: verdicts.Contact) -> "History":
        """This history and one contact more, as the next slot of the same request sees it."""
        entries = (*self.entries, self._entry(contact))
        return History(self.moment, entries, self._others, self._groups)

    def _entry(self, contact: verdicts.Contact) -> HistoryEntry:
        # An offer that is kept may be of a channel that is declared no more.
        inbound = not self.moment.outbound.get(contact.channel, True)
        return HistoryEntry(contact=contact, reserved=contact.time, inbound=inbound)

    def at(self, now: values.Instant) -> "History":
        """This history at a later moment, if no further fact is added until then."""
        others = {
            fragment: tuple(entry_at(entry, now) for entry in entries)
            for fragment, entries in self._others.items()
        }
        entries = tuple(entry_at(entry, now) for entry in self.entries)
        moment = msgspec.structs.replace(self.moment, now=now)
        return History(moment, entries, others, self._groups)


def _of_actions(entries: Iterable[HistoryEntry], moment: AsOf) -> dict[str, values.Instant]:
    """entries: by time."""
    found: dict[str, values.Instant] = {}
    for entry in entries:
        contact = entry.contact
        if contact.action is not None:
            if entry.counts:
                found[values.contacted_column(contact.action)] = contact.time
            if contact.state == state.COUNTED and moment.fulfils(contact):
                due = contact.time if contact.due is None else contact.due
                found[values.fulfilled_column(contact.action)] = due
            for outcome in entry.outcomes:
                name = values.answered_column(contact.action, outcome.name)
                found[name] = max(outcome.time, found.get(name, outcome.time))
    return found
