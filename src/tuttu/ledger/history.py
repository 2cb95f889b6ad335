"""A customer's contacts as one decision sees them, and what they forbid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

import msgspec

from tuttu.ledger.periods import local_date
from tuttu.ledger.showings import NEW, Key, concerns, keys_within
from tuttu.ledger.silence import silences
from tuttu.ledger.standing import Entry, entries_of
from tuttu.ledger.state import (
    CLICKED,
    COUNTED,
    FRAGMENTS,
    HELD,
    HOLD,
    IGNORED,
    NO_ANSWER,
    FragmentState,
)
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.library import Action, ContactLimit, Suppression, Treatment
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import (
    Instant,
    Value,
    answered_column,
    contacted_column,
    last_contact_column,
)
from tuttu.vocabulary.verdicts import Contact, Outcome

REPEATABLE = NO_ANSWER | {CLICKED, IGNORED}
"""After any other outcome an offer was answered, and showing it again is another contact."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Against what contacts are read. outbound: by declared channel."""

    now: Instant
    zone: str
    outbound: Mapping[str, bool]


def read(
    reader: Reader,
    customer: Customer,
    project: Project,
    now: Instant,
    groups: Mapping[str, tuple[FragmentId, ...]],
) -> History:
    """The customer's contacts and those of each group's members; every read is watched.

    groups: name to the fragments of its members, the customer's own with or without.
    """
    outbound = {name: channel.outbound for name, channel in project.channels.items()}
    scene = Scene(now=now, zone=project.company.zone, outbound=outbound)
    own = [_state(reader, fragment) for fragment in customer.fragments]
    members = {fragment for group in groups.values() for fragment in group}
    others = {
        fragment: entries_of([_state(reader, fragment)], outbound, now)
        for fragment in sorted(members - set(customer.fragments))
    }
    return History(scene, entries_of(own, outbound, now), others, groups)


def _state(reader: Reader, fragment: FragmentId) -> FragmentState:
    return reader.get(FRAGMENTS, fragment) or FragmentState()


def outcomes_of(history: History, contact_ids: Iterable[str]) -> tuple[Outcome, ...]:
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
    """Immutable. `entries`: by (time, id)."""

    def __init__(
        self,
        scene: Scene,
        entries: tuple[Entry, ...],
        others: Mapping[FragmentId, tuple[Entry, ...]],
        groups: Mapping[str, tuple[FragmentId, ...]],
    ) -> None:
        self.scene = scene
        self.entries = entries
        self._others = others
        self._groups = groups
        self._limits: dict[str, frozenset[Key]] = {}
        self._silences: dict[str, dict[str, Instant]] = {}

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """As they stand now, by (time, id)."""
        return tuple(entry.contact for entry in self.entries)

    def outcomes(self) -> dict[str, str]:
        """Contact id to the last outcome, ``ignored`` included; without those that have none."""
        return {
            entry.contact.id: entry.outcomes[-1].name for entry in self.entries if entry.outcomes
        }

    def columns(self, names: Iterable[str] | None = None) -> dict[str, Value]:
        """The ledger's columns of the wide row: those that are not NULL, or just `names`."""
        found: dict[str, Value] = dict(self._newest)
        return found if names is None else {name: found.get(name) for name in names}

    @cached_property
    def _newest(self) -> dict[str, Instant]:
        newest: dict[str, Instant] = {}
        for entry in self.entries:
            contact = entry.contact
            if entry.counts:
                newest[last_contact_column(contact.channel)] = contact.time
            if contact.action is not None:
                if entry.counts:
                    newest[contacted_column(contact.action)] = contact.time
                for outcome in entry.outcomes:
                    name = answered_column(contact.action, outcome.name)
                    newest[name] = max(outcome.time, newest.get(name, outcome.time))
        return newest

    def limit_breach(self, limit: ContactLimit, action: Action, treatment: Treatment) -> str | None:
        """The limit's name, if one more contact of this kind would break it.

        Showing again what counts already (a live hold, or the same action on the same day) adds
        nothing.
        """
        if not concerns(limit, action.purpose, treatment.channel, action.name, action.issue_group):
            return None
        keys = self._keys(limit)
        more = any(key not in keys for key in self._added(action, treatment))
        return limit.name if len(keys) + more > limit.at_most else None

    def _added(self, action: Action, treatment: Treatment) -> tuple[Key, ...]:
        """What showing or sending it now can add: one of these. What was seen before and is shown
        again just before midnight may be seen on either day."""
        if self.scene.outbound.get(treatment.channel, True):
            return (NEW,)
        held = self.held(action, treatment)
        if held is None:
            return ((b"", action.name, self._days[0]),)
        days = () if held.state == HELD else self._days
        return tuple((b"", action.name, day) for day in days)

    @cached_property
    def _days(self) -> tuple[int, int]:
        """The days on which something decided now can be seen."""
        now, zone = self.scene.now, self.scene.zone
        return local_date(now, zone).toordinal(), local_date(now + HOLD, zone).toordinal()

    def _keys(self, limit: ContactLimit) -> frozenset[Key]:
        if limit.name not in self._limits:
            people = {b"": self.entries}
            for fragment in self._groups.get(limit.group, ()) if limit.group else ():
                people[fragment] = self._others.get(fragment, ())
            self._limits[limit.name] = frozenset(
                key
                for person, entries in people.items()
                for key in keys_within(entries, limit, person, self.scene.now, self.scene.zone)
            )
        return self._limits[limit.name]

    def suppressed_by(self, suppression: Suppression, action: Action) -> str | None:
        """The suppression's name, while it holds for the action's scope."""
        if suppression.name not in self._silences:
            self._silences[suppression.name] = silences(self.entries, suppression)
        until = self._silences[suppression.name].get(scope_of(suppression, action))
        return suppression.name if until is not None and self.scene.now < until else None

    def held(self, action: Action, treatment: Treatment) -> Contact | None:
        """The contact that showing this again would reuse, with nothing new reserved.

        One made less than the time of a hold ago, seen or not; or an offer with `holds` that was
        shown and not answered. Units that were lost are never reused.
        """
        return next(
            (
                entry.contact
                for entry in self._offers(action, treatment)
                if self._in_hold(entry.contact) or self._is_kept(entry.contact, treatment)
            ),
            None,
        )

    def kept(self, action: Action, treatment: Treatment) -> Contact | None:
        """The shown offer whose declared `holds` time still runs: it keeps its slot."""
        return next(
            (
                entry.contact
                for entry in self._offers(action, treatment)
                if self._is_kept(entry.contact, treatment)
            ),
            None,
        )

    def adding(self, contact: Contact) -> History:
        """This history and one contact more, as the next slot of the same request sees it."""
        entry = Entry(
            contact=contact,
            reserved=contact.time,
            inbound=not self.scene.outbound.get(contact.channel, True),
        )
        return History(self.scene, (*self.entries, entry), self._others, self._groups)

    def _offers(self, action: Action, treatment: Treatment) -> tuple[Entry, ...]:
        return self._open_offers.get((action.name, treatment.name, treatment.surface), ())

    @cached_property
    def _open_offers(self) -> dict[tuple[str | None, str | None, str | None], tuple[Entry, ...]]:
        """Inbound contacts of ours that were not answered, newest first."""
        found: dict[tuple[str | None, str | None, str | None], list[Entry]] = defaultdict(list)
        for entry in reversed(self.entries):
            contact = entry.contact
            if _is_open(entry):
                found[contact.action, contact.treatment, contact.surface].append(entry)
        return {key: tuple(entries) for key, entries in found.items()}

    def _in_hold(self, contact: Contact) -> bool:
        return contact.held_until is not None and self.scene.now < contact.held_until

    def _is_kept(self, contact: Contact, treatment: Treatment) -> bool:
        return treatment.holds is not None and self.scene.now < contact.time + treatment.holds


def _is_open(entry: Entry) -> bool:
    contact = entry.contact
    return (
        contact.decision_id is not None
        and contact.held_until is not None
        and contact.state in (HELD, COUNTED)
        and not entry.lost
        and all(outcome.name in REPEATABLE for outcome in entry.outcomes)
    )


def scope_of(suppression: Suppression, action: Action) -> str:
    match suppression.scope:
        case "action":
            return action.name
        case "issue_group":
            return action.issue_group
        case "owner":
            return action.owner
        case "purpose":
            return action.purpose
