"""The records of profile state, and their tables.

Whatever an event changes, the record of its fragment in `FRAGMENTS` is written too: a decision
that watched that record conflicts if an item or a page of the same fragment has changed.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import chain
from typing import TypeVar

import msgspec

from tuttu.vocabulary import facts, history
from tuttu.vocabulary.values import Instant, Value

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

Moment = tuple[Instant, str]
"""When an event happened, and its id, which decides between events of the same microsecond."""

DefinitionId = history.Part
"""Of one definition: what state is kept under; of fixed length."""

DEFINITION_BYTES = history.PART_BYTES


class Stamped(msgspec.Struct, frozen=True, array_like=True):
    """A value with the event it came from. Time 0 and no id: it came from no single event."""

    value: Value
    time: Instant = 0
    id: str = ""

    @property
    def moment(self) -> Moment:
        return (self.time, self.id)


Cells = Mapping[Instant, Stamped]
"""A windowed aggregate's log: one cell for each microsecond in which something counted."""


class Log(msgspec.Struct, frozen=True, array_like=True):
    """Head of a log: its newest entry, and where its buckets begin, in order."""

    newest: Instant
    buckets: tuple[Instant, ...]


class Fragment(msgspec.Struct, frozen=True):
    """The state of one fragment apart from items and pages; its size has a bound.

    written: by written trait, source to the newest value. totals: aggregates without a window.
    logs: those with one. steps: by step of a sequence, the newest moments, in order. groups: by
    group, the value that the fragment is a member of. items: by order, how many items are in it.
    """

    written: Mapping[DefinitionId, Mapping[str, Stamped]] = msgspec.field(
        name="told", default_factory=dict
    )
    totals: Mapping[DefinitionId, Stamped] = {}
    logs: Mapping[DefinitionId, Log] = {}
    steps: Mapping[DefinitionId, tuple[Moment, ...]] = msgspec.field(
        name="happened", default_factory=dict
    )
    groups: Mapping[DefinitionId, str] = {}
    items: Mapping[DefinitionId, int] = {}


class ItemRank(msgspec.Struct, frozen=True, array_like=True):
    """Where an item stands in an order of items: live before closed, then the newest first."""

    closed: bool
    time: Instant


class StoredItem(msgspec.Struct, frozen=True):
    """One item, as one fragment knows it. time: of the newest event about it; None: as yet, only
    fields that were declared later have been filled. fields: newest values, by field. ranks: by
    order that counts the item, where it stands; None where the fragment has few."""

    key: str
    time: Instant | None = None
    fields: Mapping[DefinitionId, Stamped] = {}
    ranks: Mapping[DefinitionId, ItemRank | None] = {}


class OrderedItem(msgspec.Struct, frozen=True, array_like=True):
    """An item of a fragment that has many, in the order in which rules see them."""

    key: str


class Item(msgspec.Struct, frozen=True):
    """One item as it is read. time: of the newest event about it. fields: newest values."""

    collection: str
    key: str
    time: Instant
    fields: Mapping[str, Stamped] = {}


class LogPage(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of a log; see `windows`.

    splits: in the first page of a bucket, where its other pages begin, in order.
    """

    cells: Cells = {}
    splits: tuple[Instant, ...] = ()


class GroupMember(msgspec.Struct, frozen=True):
    """A fragment whose own state names a group value: the key holds everything."""


class Roll(msgspec.Struct, frozen=True):
    """How many fragments name one group value. Watched, so that a joiner is noticed."""

    members: int = 0


FRAGMENTS = facts.Table("profile.fragments", Fragment, personal=True)
"""By fragment."""
ITEMS = facts.Table("profile.items", StoredItem, personal=True)
"""By fragment, id of the collection's definition, and pseudonym of collection and item key."""
ORDERED_ITEMS = facts.Table("profile.ordered_items", OrderedItem, personal=True)
"""By fragment, pseudonym of the order and its kind (live, closed), hidden time, and pseudonym of
collection and item key. See `ordered_items`."""
PAGES = facts.Table("profile.pages", LogPage, personal=True)
"""By fragment, id of the definition, bucket, and first microsecond of the page."""
MEMBERS = facts.Table("profile.members", GroupMember)
"""By pseudonym of the group's definition and value, and fragment."""
ROLLS = facts.Table("profile.rolls", Roll)
"""By pseudonym of the group's definition and value."""


STEPS = 64
"""How many of the newest occurrences of each step of a sequence are kept."""


def newest(stamped: Iterable[Stamped]) -> Stamped:
    """The last one by (time, id); there is at least one."""
    return max(stamped, key=lambda one: one.moment)


def last_written(sources: Mapping[str, Stamped]) -> Value:
    """The newest value over all sources; one event may write under two of them, and then the
    later name has it."""
    if not sources:
        return None
    return max(sources.items(), key=lambda named: (named[1].moment, named[0]))[1].value


def recent(moments: Iterable[Moment]) -> tuple[Moment, ...]:
    """The newest occurrences of a step, in order, each once."""
    return tuple(sorted(set(moments))[-STEPS:])


def each_joined(maps: Iterable[Mapping[K, T]], joined: Callable[[list[T]], T]) -> dict[K, T]:
    """One map of several: what they have under the same key, joined."""
    found: dict[K, list[T]] = {}
    for key, value in chain.from_iterable(one.items() for one in maps):
        found.setdefault(key, []).append(value)
    return {key: joined(values) for key, values in found.items()}
