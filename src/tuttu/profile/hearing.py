"""What one event says about a customer: pure, and the same whatever came before it.

Values are converted to the declared type when they are heard. JSON null clears a value: NULL is
written, with the event's time. A value that cannot be read as the type writes NULL too: somebody
said something newer that we do not understand, and to go on with the older value would be to
decide on what we know to be superseded. What is missing refuses; that is the safer doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from tuttu.profile.aggregates import cell
from tuttu.profile.plan import Plan, Tally
from tuttu.profile.records import Stamped
from tuttu.vocabulary.company import Collection
from tuttu.vocabulary.conversion import convert, event_row, item_key, value_at
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.values import Instant, Kind, Row, Schema, Type, Value

TEXT = Type(Kind.TEXT)
GROUP_ID = "group_id"
"""The written trait that takes the `groupId` of a group call, where a company declares it."""

Said = Mapping[str, object]
"""A decoded JSON object."""


class _Context(msgspec.Struct):
    """The one part of a call's context that is heard; the rest is skipped undecoded."""

    traits: Any = None


_CONTEXT = msgspec.json.Decoder(_Context)


class Entry(msgspec.Struct, frozen=True):
    """What one event adds to one aggregate."""

    tally: Tally
    time: Instant
    cell: Stamped


class HeardItem(msgspec.Struct, frozen=True):
    """What one event says of one item."""

    collection: str
    key: str
    fields: Mapping[str, Value]


class Heard(msgspec.Struct, frozen=True):
    """written: (trait, source) to value. step: whether some sequence waits for the event."""

    written: Mapping[tuple[str, str], Value]
    items: tuple[HeardItem, ...]
    entries: tuple[Entry, ...]
    step: bool

    def __bool__(self) -> bool:
        return bool(self.written or self.items or self.entries or self.step)


def hear(plan: Plan, schema: Schema, event: Event) -> Heard:
    """schema: the project's `event_schema`."""
    return Heard(
        written=_written(plan, event),
        items=tuple(_items(plan, event)),
        entries=tuple(_entries(plan, schema, event)),
        step=event.name in plan.steps,
    )


def _written(plan: Plan, event: Event) -> dict[tuple[str, str], Value]:
    """Where one event says a trait twice, the more particular place has the last word."""
    said: dict[tuple[str, str], object] = {}
    for traits in _traits(event):
        said |= {(name, event.source): value for name, value in traits.items()}
    said |= _mapped(plan, event)
    return {
        (name, source): convert(value, plan.written[name])
        for (name, source), value in said.items()
        if name in plan.written
    }


def _traits(event: Event) -> Iterator[Said]:
    """Of the person: `context.traits` of any call, `traits` of identify. Those of a group call
    describe the group; of it, the person has the group's id."""
    yield _object(_CONTEXT.decode(event.context).traits)
    if event.call == "identify":
        yield _object(_decode(event.traits))
    if event.call == "group" and event.group_id is not None:
        yield {GROUP_ID: event.group_id}


def _mapped(plan: Plan, event: Event) -> dict[tuple[str, str], object]:
    writes = plan.writes.get(event.name, ())
    said = _object(_decode(event.properties)) if writes else {}
    found = (
        ((trait, write.source), value_at(said, path))
        for write in writes
        for trait, path in write.traits.items()
    )
    return {place: value for place, value in found if value is not UNSET}


def _items(plan: Plan, event: Event) -> Iterator[HeardItem]:
    """An item without a key, as its type reads one, is none; a field that the event does not name
    stays as it was."""
    collections = plan.collecting.get(event.name, ())
    said = _object(_decode(event.properties)) if collections else {}
    for collection in collections:
        key = item_key(value_at(said, collection.key), collection.fields.get(collection.key, TEXT))
        if key is not None:
            yield HeardItem(collection.name, key, _fields(collection, said))


def _fields(collection: Collection, said: Said) -> dict[str, Value]:
    found = ((name, declared, value_at(said, name)) for name, declared in collection.fields.items())
    return {
        name: convert(value, declared)
        for name, declared, value in found
        if value is not UNSET and name != collection.key
    }


def _entries(plan: Plan, schema: Schema, event: Event) -> Iterator[Entry]:
    row = event_row(event, schema) if plan.tallies else {}
    for tally in plan.tallies.values():
        if tally.test is None or tally.test(row) is True:
            heard = Stamped(_counted(tally, row, event), event.time, event.id)
            added = cell(tally.aggregate, heard)
            if added is not None:
                yield Entry(tally, event.time, added)


def _counted(tally: Tally, row: Row, event: Event) -> Value:
    """Without a field, an aggregate is over the events' times."""
    return event.time if tally.field is None else row.get(tally.field)


def _decode(raw: bytes) -> object:
    decoded: object = msgspec.json.decode(raw)
    return decoded


def _object(value: object) -> Said:
    return value if isinstance(value, dict) else {}
