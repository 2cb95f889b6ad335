"""What the ledger keeps: its tables and their records."""

from __future__ import annotations

from bisect import insort
from typing import TypeVar

import msgspec

from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader, Table
from tuttu.vocabulary.history import Part
from tuttu.vocabulary.values import MINUTE, Instant
from tuttu.vocabulary.verdicts import Contact

HELD = "held"
QUEUED = "queued"
COUNTED = "counted"
RELEASED = "released"

VIEWED = "viewed"
SENT = "sent"
WITHDRAWN = "withdrawn"
CLICKED = "clicked"
IGNORED = "ignored"

HOLD = 30 * MINUTE
"""How long an inbound contact waits to be viewed, and how long a view may follow a decision."""

NO_ANSWER = frozenset({VIEWED, SENT})
"""Outcomes that say the contact took place, not what the customer thought of it."""


class Report(msgspec.Struct, frozen=True, array_like=True, order=True):
    """An event that named a contact of ours and what came of it.

    action: whose condition the event satisfied: it says nothing of another action's contact;
    empty: events.yaml gives the event its meaning, whatever the action. part: whose definition
    says that it means this. why: of a withdrawal, a `Reason` packed; words, where it
    is from before reasons were data.
    """

    time: Instant
    outcome: str
    action: str = ""
    part: Part = b""
    why: str = ""

    def concerns(self, contact: Contact) -> bool:
        return self.action in ("", contact.action)


class Answer(msgspec.Struct, frozen=True, array_like=True, order=True):
    """An event that satisfied an action's outcome; whose contact it answers is found on reading.

    contact_id: as the event gave it, where it is a `Report` too; empty: it gave none. item: the
    key of the item that the event names, of those that the action is about; empty: none.
    """

    time: Instant
    outcome: str
    contact_id: str = ""
    item: str = ""


class FragmentState(msgspec.Struct):
    """Everything of one fragment, as the present definitions read it.

    contacts: by id, as they were made. reports: by contact id, in order. answers: by action, in
    order. units: what became of a contact's resources, by contact id (see `claims`).
    """

    contacts: dict[str, Contact] = msgspec.field(default_factory=dict)
    reports: dict[str, list[Report]] = msgspec.field(default_factory=dict)
    answers: dict[str, list[Answer]] = msgspec.field(default_factory=dict)
    units: dict[str, str] = msgspec.field(default_factory=dict)


class Elsewhere(msgspec.Struct, frozen=True, array_like=True):
    """A contact made outside tuttu, as one event told of it; its mapping says the rest."""

    time: Instant
    action: str | None
    item: str | None
    outcome: str | None


class Kept(msgspec.Struct):
    """Everything of one fragment, by the parts that heard it.

    contacts: of our own making, by id. elsewhere: by mapping and event id. reports: by contact id,
    in order. answered: by question, in order. units: as in `FragmentState`.
    """

    contacts: dict[str, Contact] = msgspec.field(default_factory=dict)
    elsewhere: dict[Part, dict[str, Elsewhere]] = msgspec.field(default_factory=dict)
    reports: dict[str, list[Report]] = msgspec.field(default_factory=dict)
    answered: dict[Part, list[Answer]] = msgspec.field(default_factory=dict)
    units: dict[str, str] = msgspec.field(default_factory=dict)


class Waiting(msgspec.Struct, frozen=True):
    """A contact that waits to be sent."""

    contact_id: str


class Address(msgspec.Struct):
    """Where a contact is kept. waiting: reports that came before it."""

    fragment: FragmentId | None = None
    waiting: list[Report] = msgspec.field(default_factory=list)


class Hold(msgspec.Struct, frozen=True, array_like=True):
    """Units that come free again at `expires`, unless the contact is viewed before."""

    units: int
    expires: Instant


class Use(msgspec.Struct):
    """One resource in one period. holds: by contact id; those that ran out go with the next claim
    and count no more before that either."""

    used: int = 0
    holds: dict[str, Hold] = msgspec.field(default_factory=dict)

    def held(self, now: Instant) -> int:
        return sum(hold.units for hold in self.holds.values() if now < hold.expires)

    def taken(self, now: Instant) -> int:
        return self.used + self.held(now)


class Amount(msgspec.Struct, frozen=True):
    """An amount set at a door; of two, the later (time, id) holds."""

    amount: int
    time: Instant
    id: str


FRAGMENTS = Table("ledger.fragments", Kept, personal=True)
QUEUE = Table("ledger.queue", Waiting, personal=True)
"""The outbox, by fragment and keyed hash of the contact id."""
ADDRESSES = Table("ledger.addresses", Address)
"""By keyed hash of the contact id: an id in an event is what a sender wrote, perhaps a name."""
USES = Table("ledger.uses", Use)
AMOUNTS = Table("ledger.amounts", Amount)

T = TypeVar("T", Report, Answer)


def add_once(entries: list[T], entry: T) -> bool:
    """Keeps the list a sorted set; False if it was there."""
    if entry in entries:
        return False
    insort(entries, entry)
    return True


def address_key(reader: Reader, contact_id: str) -> bytes:
    return reader.pseudonym("ledger.contact", contact_id)
