"""What is kept, and in which tables.

Whatever an event changes, the record of its fragment in `FRAGMENTS` is written too: a decision
that watched that record is void if an item or a page of the same fragment has changed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

import msgspec

from tuttu.vocabulary.facts import Table
from tuttu.vocabulary.history import PART_BYTES, Part
from tuttu.vocabulary.values import Instant, Value

K = TypeVar("K", bound=Hashable)

Moment = tuple[Instant, str]
"""When an event happened, and its id, which decides between events of the same microsecond."""

Slot = Part
"""What one definition keeps, under a name of fixed length."""

SLOT_BYTES = PART_BYTES


class Stamped(msgspec.Struct, frozen=True, array_like=True):
    """A value with the event it came from. Time 0 and no id: it came from no single event."""

    value: Value
    time: Instant = 0
    id: str = ""

    @property
    def moment(self) -> Moment:
        return (self.time, self.id)


Cells = dict[Instant, Stamped]
"""A windowed aggregate's log: one cell for each microsecond in which something counted."""


class Log(msgspec.Struct, array_like=True):
    """Where a log stands: its newest entry, and where its buckets begin, in order."""

    newest: Instant
    buckets: list[Instant]


class Fragment(msgspec.Struct):
    """The state of one fragment apart from items and pages; its size has a bound.

    told: by written trait, source to the newest value. totals: aggregates without a window. logs:
    those with one. happened: by step of a sequence, the newest moments, in order. groups: by
    group, the value that the fragment is a member of.
    """

    told: dict[Slot, dict[str, Stamped]] = {}
    totals: dict[Slot, Stamped] = {}
    logs: dict[Slot, Log] = {}
    happened: dict[Slot, list[Moment]] = {}
    groups: dict[Slot, str] = {}


class KeptItem(msgspec.Struct):
    """One item, as one fragment heard of it. time: of the newest event about it; None: as yet,
    only fields that were declared later have been filled. fields: newest values, by field."""

    key: str
    time: Instant | None = None
    fields: dict[Slot, Stamped] = {}


class Item(msgspec.Struct):
    """One item as it is read. time: of the newest event about it. fields: newest values."""

    collection: str
    key: str
    time: Instant
    fields: dict[str, Stamped] = {}


class Page(msgspec.Struct, array_like=True):
    """A stretch of a log; see `windows`.

    splits: in the first page of a bucket, where its other pages begin, in order.
    """

    cells: Cells = {}
    splits: list[Instant] = []


class Member(msgspec.Struct):
    """A fragment whose own state names a group value: the key says all."""


class Roll(msgspec.Struct):
    """How many fragments name one group value. Watched, so that a joiner is noticed."""

    members: int = 0


FRAGMENTS = Table("profile.fragments", Fragment, personal=True)
"""By fragment."""
ITEMS = Table("profile.items", KeptItem, personal=True)
"""By fragment, slot of the collection, and pseudonym of collection and item key."""
PAGES = Table("profile.pages", Page, personal=True)
"""By fragment, slot, bucket, and first microsecond of the page."""
MEMBERS = Table("profile.members", Member)
"""By pseudonym of the group's slot and value, and fragment."""
ROLLS = Table("profile.rolls", Roll)
"""By pseudonym of the group's slot and value."""


STEPS = 64
"""How many of the newest happenings of each step of a sequence are kept."""


def newest(stamped: list[Stamped]) -> Stamped:
    """The last one by (time, id); the list is not empty."""
    return max(stamped, key=lambda one: one.moment)


def write(values: dict[K, Stamped], name: K, stamped: Stamped) -> None:
    """Keeps what was written last by (time, id), in whatever order it arrives."""
    there = values.get(name)
    values[name] = stamped if there is None else newest([there, stamped])


def last_written(sources: Mapping[str, Stamped]) -> Value:
    """The newest value over all sources; one event may write under two of them, and then the
    later name has it."""
    if not sources:
        return None
    return max(sources.items(), key=lambda named: (named[1].moment, named[0]))[1].value


def recent(moments: Iterable[Moment]) -> list[Moment]:
    """The newest happenings of a step, in order, each once."""
    return sorted(set(moments))[-STEPS:]
