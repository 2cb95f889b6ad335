"""What the ledger keeps: its tables and their records."""

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import chain
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from tuttu.vocabulary import events, facts, history, values, verdicts

HELD = "held"
QUEUED = "queued"
COUNTED = "counted"
RELEASED = "released"

VIEWED = "viewed"
SENT = "sent"
WITHDRAWN = "withdrawn"
CLICKED = "clicked"
IGNORED = "ignored"

HOLD = 30 * values.MINUTE
"""How long an inbound contact waits to be viewed, and how long a view may follow a decision."""

NO_ANSWER = frozenset({VIEWED, SENT})
"""Outcomes that say the contact took place, not what the customer thought of it."""


class ContactReport(msgspec.Struct, frozen=True, array_like=True, order=True):
    """An event that named a contact of ours and what came of it.

    action: whose condition the event satisfied: it says nothing of another action's contact;
    empty: events.yaml gives the event its meaning, whatever the action. part: whose definition
    says that it means this. why: of a withdrawal, a `Reason` packed; words, where it
    is from before reasons were data.
    """

    time: values.Instant
    outcome: str
    action: str = ""
    part: history.Part = b""
    why: str = ""

    def concerns(self, contact: verdicts.Contact) -> bool:
        return self.action in ("", contact.action)


class Answer(msgspec.Struct, frozen=True, array_like=True, order=True):
    """An event that satisfied an action's outcome; whose contact it answers is found on reading.

    contact_id: as the event gave it, where it is a `ContactReport` too; empty: it gave none. item:
    the key of the item that the event names, of those that the action is about; empty: none.
    """

    time: values.Instant
    outcome: str
    contact_id: str = ""
    item: str = ""


class FragmentState(msgspec.Struct, frozen=True):
    """The whole state of one fragment, as the current definitions read it.

    contacts: by id, as they were made. reports: by contact id, in order. answers: by action, in
    order. units: what became of a contact's resources, by contact id (see `reservations`).
    """

    contacts: Mapping[str, verdicts.Contact] = {}
    reports: Mapping[str, tuple[ContactReport, ...]] = {}
    answers: Mapping[str, tuple[Answer, ...]] = {}
    units: Mapping[str, str] = {}


class ExternalContact(msgspec.Struct, frozen=True, array_like=True):
    """A contact made outside tuttu, as one event reported it; its mapping says the rest."""

    time: values.Instant
    action: str | None
    item: str | None
    outcome: str | None


class OlderContacts(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a fragment's contacts and answers that lie on pages of their own.

    part: by whose rules decisions do without them. since: nothing on the pages, nor beside them
    when they were laid out, is later. kept: how many stayed beside them. pages: how many. last: how
    many contacts and answers are on the last one. actions: whose contacts or answers they are.
    answered: actions of the answers. named: some answer names a contact that is not the fragment's.
    alone: actions of answers without any contact of theirs.
    """

    part: history.Part
    since: values.Instant
    kept: int
    pages: int = 0
    last: int = 0
    actions: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    named: bool = False
    alone: tuple[str, ...] = ()

    def has_contacts_of(self, action: str) -> bool:
        return action in self.actions and action not in self.alone


class FragmentRecord(msgspec.Struct, frozen=True):
    """The state of one fragment, by part: all of it where there are no older pages.

    contacts: of our own making, by id. external: by mapping and event id. reports: by contact id,
    in order. answers: by outcome rule, in order. units: as in `FragmentState`. laid_out: unset: it
    was never too large.
    """

    contacts: Mapping[str, verdicts.Contact] = {}
    external: Mapping[history.Part, Mapping[str, ExternalContact]] = msgspec.field(
        name="elsewhere", default_factory=dict
    )
    reports: Mapping[str, tuple[ContactReport, ...]] = {}
    answers: Mapping[history.Part, tuple[Answer, ...]] = msgspec.field(
        name="answered", default_factory=dict
    )
    units: Mapping[str, str] = {}
    # Of a record that was never laid out the stored bytes are as they were before there were pages.
    laid_out: OlderContacts | msgspec.UnsetType = msgspec.field(name="older", default=msgspec.UNSET)

    @property
    def older(self) -> OlderContacts | None:
        return None if self.laid_out is msgspec.UNSET else self.laid_out

    @property
    def size(self) -> int:
        """Of contacts and answers."""
        external = sum(map(len, self.external.values()))
        return len(self.contacts) + external + sum(map(len, self.answers.values()))


class QueuedContact(msgspec.Struct, frozen=True):
    """A contact that waits to be sent."""

    contact_id: str


class Address(msgspec.Struct, frozen=True):
    """Where a contact is kept. pending: reports that came before it."""

    fragment: events.FragmentId | None = None
    pending: tuple[ContactReport, ...] = msgspec.field(name="waiting", default=())


class Hold(msgspec.Struct, frozen=True, array_like=True):
    """Units that come free again at `expires`, unless the contact is viewed before. owed: they are
    for what is owed. contact_id: empty: it is the key."""

    units: int
    expires: values.Instant
    owed: bool = False
    contact_id: str = ""


class Use(msgspec.Struct, frozen=True):
    """One resource in one period. owed: of the used units, those for what is owed. held,
    owed_held: units of the records in `HOLDS`, of those for what is owed; none of them runs out
    before `ends`. holds: by contact id, as all holds were kept once; they become records when
    something is claimed.

    Holds that ran out go with the next claim and count no more before that either.
    """

    used: int = 0
    holds: Mapping[str, Hold] = {}
    owed: int = 0
    held: int = 0
    owed_held: int = 0
    ends: values.Instant = values.INTEGER_MAX


class Amount(msgspec.Struct, frozen=True):
    """An amount set through the API; the last one by (time, id) holds."""

    amount: int
    time: values.Instant
    id: str


FRAGMENTS = facts.Table("ledger.fragments", FragmentRecord, personal=True)
OLDER = facts.Table("ledger.older", FragmentRecord, personal=True)
"""Pages, by fragment and number. What a record and its pages hold together is the whole."""
QUEUE = facts.Table("ledger.queue", QueuedContact, personal=True)
"""The outbox, by fragment and keyed hash of the contact id."""
ADDRESSES = facts.Table("ledger.addresses", Address)
"""By keyed hash of the contact id: an id in an event is what a sender wrote, perhaps a name."""
USES = facts.Table("ledger.uses", Use)
HOLDS = facts.Table("ledger.holds", Hold)
"""By resource and period, when they run out, and keyed hash of the contact id."""
AMOUNTS = facts.Table("ledger.amounts", Amount)

T = TypeVar("T", ContactReport, Answer)


def inserted(entries: tuple[T, ...], entry: T) -> tuple[T, ...]:
    """A sorted set with one entry more; the same object if it was there."""
    return entries if entry in entries else tuple(sorted(chain(entries, (entry,))))


def address_key(reader: facts.Reader, contact_id: str) -> bytes:
    return reader.pseudonym("ledger.contact", contact_id)


def address_of(reader: facts.Reader, contact_id: str) -> Address:
    """As the present transaction, or snapshot, has it; not watched."""
    return reader.get(ADDRESSES, address_key(reader, contact_id), watch=False) or Address()


def whole_of(
    reader: facts.Reader, fragment: events.FragmentId, record: FragmentRecord
) -> FragmentRecord:
    """With all that its older pages hold."""
    if record.older is None:
        return record
    pages = [page for _, page in reader.scan(OLDER, fragment)]
    return replace(reduce(_joined, pages, record), laid_out=msgspec.UNSET)


def joined(pages: Sequence[FragmentRecord]) -> FragmentRecord:
    """One page of several."""
    return reduce(_joined, pages, FragmentRecord())


def _joined(record: FragmentRecord, page: FragmentRecord) -> FragmentRecord:
    made, answers = dict(record.external), dict(record.answers)
    for part, found in page.external.items():
        made[part] = {**found, **made.get(part, {})}
    for part, said in page.answers.items():
        answers[part] = tuple(sorted({*answers.get(part, ()), *said}))
    return replace(
        record,
        contacts={**page.contacts, **record.contacts},
        external=made,
        reports={**page.reports, **record.reports},
        answers=answers,
        units={**page.units, **record.units},
    )
