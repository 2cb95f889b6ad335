"""A customer's contacts as one decision sees them, and what they forbid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from tuttu.ledger.periods import local_date
from tuttu.ledger.showings import NEW, Key, concerns, keys_within, leaving
from tuttu.ledger.silence import Told, silent_until, told
from tuttu.ledger.standing import Entry, entries_of, later, may_be_about
from tuttu.ledger.state import (
    CLICKED,
    COUNTED,
    HELD,
    HOLD,
    IGNORED,
    NO_ANSWER,
)
from tuttu.ledger.viewing import state_of
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.library import Action, ContactLimit, Suppression, Treatment
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import (
    INTEGER_MAX,
    Instant,
    Value,
    answered_column,
    contacted_column,
    last_contact_column,
)
from tuttu.vocabulary.verdicts import Contact, LimitState, Outcome, Reason, unpacked

REPEATABLE = NO_ANSWER | {CLICKED, IGNORED}
"""After any other outcome an offer was answered, and showing it again is another contact."""


Offer = tuple[str | None, str | None, str | None, str | None]
"""(action, treatment, surface, item) of a contact: what makes another one the same offer."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Against what contacts are read. outbound: by declared channel."""

    now: Instant
    zone: str
    outbound: Mapping[str, bool]


def scene_of(project: Project, now: Instant) -> Scene:
    outbound = {name: channel.outbound for name, channel in project.channels.items()}
    return Scene(now=now, zone=project.company.zone, outbound=outbound)


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
    scene = scene_of(project, now)
    outbound = scene.outbound
    own = [state_of(reader, project, fragment) for fragment in customer.fragments]
    members = {fragment for group in groups.values() for fragment in group}
    others = {
        fragment: entries_of([state_of(reader, project, fragment)], outbound, now)
        for fragment in sorted(members - set(customer.fragments))
    }
    return History(scene, entries_of(own, outbound, now), others, groups)


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
        self._told: dict[str, Mapping[str, Sequence[Told]]] = {}

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """As they stand now, by (time, id)."""
        return tuple(entry.contact for entry in self.entries)

    def outcomes(self) -> dict[str, str]:
        """Contact id to the last outcome, ``ignored`` included; without those that have none."""
        return {
            entry.contact.id: entry.outcomes[-1].name for entry in self.entries if entry.outcomes
        }

    def withdrawn(self) -> dict[str, tuple[Instant, Reason]]:
        """Contact id to when and why it was withdrawn while it waited to be made."""
        found = ((entry.contact.id, entry.withdrawn) for entry in self.entries)
        return {n: (said.time, unpacked(said.why)) for n, said in found if said is not None}

    def columns(self, names: Iterable[str] | None = None) -> dict[str, Value]:
        """The ledger's columns of the wide row: those that are not NULL, or just `names`."""
        found: dict[str, Value] = dict(self._newest)
        return found if names is None else {name: found.get(name) for name in names}

    def columns_about(self, item: str, actions: Collection[str]) -> dict[str, Value]:
        """The columns of actions that are about such items, as a rule about this one sees them:
        other items' contacts do not count, and a column that only they filled is NULL."""
        of_all = _of_actions(entry for entry in self.entries if entry.contact.action in actions)
        of_item = _of_actions(
            entry
            for entry in self.entries
            if entry.contact.action in actions and may_be_about(entry.contact, item)
        )
        return {name: of_item.get(name) for name in of_all}

    @cached_property
    def _newest(self) -> dict[str, Instant]:
        channels = {
            last_contact_column(entry.contact.channel): entry.contact.time
            for entry in self.entries
            if entry.counts
        }
        return channels | _of_actions(self.entries)

    def limit_breach(
        self, limit: ContactLimit, action: Action, treatment: Treatment, item: str | None = None
    ) -> str | None:
        """The limit's name, if one more contact of this kind would break it.

        Showing again what counts already (a live hold, or the same action about the same item on
        the same day) adds nothing. A limit counts contacts, whatever they are about: two items
        are two.
        """
        if not concerns(limit, action.purpose, treatment.channel, action.name, action.issue_group):
            return None
        keys = self.keys(limit)
        more = any(key not in keys for key in self._added(action, treatment, item))
        return limit.name if len(keys) + more > limit.at_most else None

    def _added(self, action: Action, treatment: Treatment, item: str | None) -> tuple[Key, ...]:
        """What showing or sending it now can add: one of these. What was seen before and is shown
        again just before midnight may be seen on either day."""
        if self.scene.outbound.get(treatment.channel, True):
            return (NEW,)
        held = self.held(action, treatment, item)
        if held is None:
            return ((b"", action.name, item, self._days[0]),)
        days = () if held.state == HELD else self._days
        return tuple((b"", action.name, item, day) for day in days)

    @cached_property
    def _days(self) -> tuple[int, int]:
        """The days on which something decided now can be seen."""
        now, zone = self.scene.now, self.scene.zone
        return local_date(now, zone).toordinal(), local_date(now + HOLD, zone).toordinal()

    def keys(self, limit: ContactLimit) -> frozenset[Key]:
        """The showings that the limit counts now."""
        if limit.name not in self._limits:
            self._limits[limit.name] = frozenset(
                key
                for person, entries in self._people(limit).items()
                for key in keys_within(entries, limit, person, self.scene.now, self.scene.zone)
            )
        return self._limits[limit.name]

    def _people(self, limit: ContactLimit) -> dict[FragmentId, tuple[Entry, ...]]:
        """Whose contacts the limit counts, the customer himself under the empty name."""
        people = {b"": self.entries}
        for fragment in self._groups.get(limit.group, ()) if limit.group else ():
            people[fragment] = self._others.get(fragment, ())
        return people

    def state(self, limit: ContactLimit) -> LimitState | None:
        """What the limit counts now, for a receipt; None: nothing."""
        keys = self.keys(limit)
        if not keys:
            return None
        today = [key[1:] for key in keys if not key[0] and key[3] in self._days]
        shown = tuple(sorted(today, key=lambda each: (each[0], each[1] or "", each[2])))
        opens = self.opens(limit) if len(keys) >= limit.at_most else None
        return LimitState(
            rule=limit.name, at_most=limit.at_most, counted=len(keys), opens=opens, shown=shown
        )

    def opens(self, limit: ContactLimit) -> Instant | None:
        """From when on time alone will have made room for one contact more; None: it never will."""
        ends: dict[Key, Instant] = {}
        for person, entries in self._people(limit).items():
            for key, instant in leaving(entries, limit, person, self.scene.now, self.scene.zone):
                end = INTEGER_MAX if instant is None else instant
                ends[key] = max(ends.get(key, end), end)
        place = len(ends) - limit.at_most
        opening = sorted(ends.values())[place] if 0 <= place < len(ends) else INTEGER_MAX
        return None if opening == INTEGER_MAX else opening

    def suppressed_by(
        self, suppression: Suppression, action: Action, item: str | None = None
    ) -> str | None:
        """The suppression's name, while it holds for the action's scope; one of the scope `action`
        for the action about this item."""
        until = self.silent_until(suppression, action, item)
        return suppression.name if until is not None and self.scene.now < until else None

    def silent_until(
        self, suppression: Suppression, action: Action, item: str | None = None
    ) -> Instant | None:
        """The instant from which the suppression allows the action again; None: it never held."""
        if suppression.name not in self._told:
            self._told[suppression.name] = told(self.entries, suppression)
        answers = self._told[suppression.name].get(scope_of(suppression, action), ())
        return silent_until(answers, suppression, item)

    def held(self, action: Action, treatment: Treatment, item: str | None = None) -> Contact | None:
        """The contact that showing this again would reuse, with nothing new reserved.

        One made less than the time of a hold ago, seen or not; or an offer with `holds` that was
        shown and not answered. Units that were lost are never reused.
        """
        return next(
            (
                entry.contact
                for entry in self._offers(action, treatment, item)
                if self._in_hold(entry.contact) or self._is_kept(entry.contact, treatment)
            ),
            None,
        )

    def kept(self, action: Action, treatment: Treatment, item: str | None = None) -> Contact | None:
        """The shown offer whose declared `holds` time still runs: it keeps its slot."""
        return next(
            (
                entry.contact
                for entry in self._offers(action, treatment, item)
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

    def at(self, now: Instant) -> History:
        """This history at a later moment, if nothing more is heard until then."""
        others = {
            fragment: tuple(later(entry, now) for entry in entries)
            for fragment, entries in self._others.items()
        }
        entries = tuple(later(entry, now) for entry in self.entries)
        scene = msgspec.structs.replace(self.scene, now=now)
        return History(scene, entries, others, self._groups)

    def _offers(self, action: Action, treatment: Treatment, item: str | None) -> tuple[Entry, ...]:
        return self._open_offers.get((action.name, treatment.name, treatment.surface, item), ())

    @cached_property
    def _open_offers(self) -> dict[Offer, tuple[Entry, ...]]:
        """Inbound contacts of ours that were not answered, newest first."""
        found: dict[Offer, list[Entry]] = defaultdict(list)
        for entry in reversed(self.entries):
            contact = entry.contact
            if _is_open(entry):
                offer = (contact.action, contact.treatment, contact.surface, contact.item)
                found[offer].append(entry)
        return {key: tuple(entries) for key, entries in found.items()}

    def _in_hold(self, contact: Contact) -> bool:
        return contact.held_until is not None and self.scene.now < contact.held_until

    def _is_kept(self, contact: Contact, treatment: Treatment) -> bool:
        return treatment.holds is not None and self.scene.now < contact.time + treatment.holds


def _of_actions(entries: Iterable[Entry]) -> dict[str, Instant]:
    """The newest contact of each action, and the newest of each of its outcomes."""
    newest: dict[str, Instant] = {}
    for entry in entries:
        contact = entry.contact
        if contact.action is not None:
            if entry.counts:
                newest[contacted_column(contact.action)] = contact.time
            for outcome in entry.outcomes:
                name = answered_column(contact.action, outcome.name)
                newest[name] = max(outcome.time, newest.get(name, outcome.time))
    return newest


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
