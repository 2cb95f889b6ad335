"""What the ledger keeps: its tables and their records."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
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


class ContactReport(msgspec.Struct, frozen=True, array_like=True, order=True):
    """An event that named a contact of ours and what came of it.

    action: whose condition the event satisfied: it says nothing of another action's contact;
    empty: events.yaml gives the event its meaning, whatever the action. part: whose definition
    says that it means this. why: of a withdrawal, in plain words.
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

    contact_id: as the event gave it, where it is a `ContactReport` too; empty: it gave none. item:
    the key of the item that the event names, of those that the action is about; empty: none.
    """

    time: Instant
    outcome: str
    contact_id: str = ""
    item: str = ""


class FragmentState(msgspec.Struct, frozen=True):
    """Everything of one fragment, as the present definitions read it.

    contacts: by id, as they were made. reports: by contact id, in order. answers: by action, in
    order. units: what became of a contact's resources, by contact id (see `reservations`).
    """

    contacts: Mapping[str, Contact] = {}
    reports: Mapping[str, tuple[ContactReport, ...]] = {}
    answers: Mapping[str, tuple[Answer, ...]] = {}
    units: Mapping[str, str] = {}


class ExternalContact(msgspec.Struct, frozen=True, array_like=True):
    """A contact made outside tuttu, as one event reported it; its mapping says the rest."""

    time: Instant
    action: str | None
    item: str | None
    outcome: str | None


class FragmentRecord(msgspec.Struct, frozen=True):
    """Everything of one fragment, by the parts that heard it.

    contacts: of our own making, by id. external: by mapping and event id. reports: by contact id,
    in order. answers: by outcome rule, in order. units: as in `FragmentState`.
    """

    contacts: Mapping[str, Contact] = {}
    external: Mapping[Part, Mapping[str, ExternalContact]] = msgspec.field(
        name="elsewhere", default_factory=dict
    )
    reports: Mapping[str, tuple[ContactReport, ...]] = {}
    answers: Mapping[Part, tuple[Answer, ...]] = msgspec.field(
        name="answered", default_factory=dict
    )
    units: Mapping[str, str] = {}


class QueuedContact(msgspec.Struct, frozen=True):
    """A contact that waits to be sent."""

    contact_id: str


class Address(msgspec.Struct, frozen=True):
    """Where a contact is kept. pending: reports that came before it."""

    fragment: FragmentId | None = None
    pending: tuple[ContactReport, ...] = msgspec.field(name="waiting", default=())


class Hold(msgspec.Struct, frozen=True, array_like=True):
    """Units that come free again at `expires`, unless the contact is viewed before."""

    units: int
    expires: Instant


class Use(msgspec.Struct, frozen=True):
    """One resource in one period. holds: by contact id; those that ran out go with the next claim
    and count no more before that either."""

    used: int = 0
    holds: Mapping[str, Hold] = {}

    def held(self, now: Instant) -> int:
        return sum(hold.units for hold in self.holds.values() if now < hold.expires)


class Amount(msgspec.Struct, frozen=True):
    """An amount set at a door; of two, the later (time, id) holds."""

    amount: int
    time: Instant
    id: str


FRAGMENTS = Table("ledger.fragments", FragmentRecord, personal=True)
QUEUE = Table("ledger.queue", QueuedContact, personal=True)
"""The outbox, by fragment and keyed hash of the contact id."""
ADDRESSES = Table("ledger.addresses", Address)
"""By keyed hash of the contact id: an id in an event is what a sender wrote, perhaps a name."""
USES = Table("ledger.uses", Use)
AMOUNTS = Table("ledger.amounts", Amount)

T = TypeVar("T", ContactReport, Answer)


def inserted(entries: tuple[T, ...], entry: T) -> tuple[T, ...]:
    """A sorted set with one entry more; the same object if it was there."""
    return entries if entry in entries else tuple(sorted(chain(entries, (entry,))))


def address_key(reader: Reader, contact_id: str) -> bytes:
    return reader.pseudonym("ledger.contact", contact_id)
