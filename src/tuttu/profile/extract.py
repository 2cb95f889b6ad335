"""What one event says about a customer: pure, and the same whatever came before it.

Values are converted to the declared type when they are read. JSON null clears a value: NULL is
written, with the event's time. A value that cannot be read as the type writes NULL too: the sender
sent something newer that cannot be understood, and to keep the older value would be to decide on
what is known to be superseded. What is missing refuses, which is the safer side.
"""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import UNSET

from tuttu.profile.aggregates import cell
from tuttu.profile.plan import EventAggregate, ProfilePlan
from tuttu.profile.records import Stamped
from tuttu.vocabulary import conversion, events, values

TEXT = values.Type(values.Kind.TEXT)
GROUP_ID = "group_id"
"""The written trait that takes the `groupId` of a group call, where a company declares it."""


class ItemChange(msgspec.Struct, frozen=True):
    """What one event says of one item."""

    collection: str
    key: str
    fields: Mapping[str, values.Value]


class Extract(msgspec.Struct, frozen=True):
    """written: (trait, source) to value. cells: what the event adds to aggregates. step: whether
    some sequence waits for the event."""

    written: Mapping[tuple[str, str], values.Value]
    items: tuple[ItemChange, ...]
    cells: tuple[tuple[EventAggregate, Stamped], ...]
    step: bool

    def __bool__(self) -> bool:
        return bool(self.written or self.items or self.cells or self.step)


def extract(plan: ProfilePlan, schema: values.Schema, event: events.Event) -> Extract:
    """schema: the project's `event_schema`."""
    aggregates = plan.of_events.get(event.name, plan.of_any)
    return Extract(
        written=_written(plan, event),
        items=tuple(_items(plan, event)) if event.name in plan.collecting else (),
        cells=tuple(_cells(aggregates, schema, event)) if aggregates else (),
        step=event.name in plan.steps,
    )


def _written(plan: ProfilePlan, event: events.Event) -> dict[tuple[str, str], values.Value]:
    """Traits of the customer: `context.traits` of any call, `traits` of identify, and by the
    mappings of events.yaml. The traits of a group call describe the group; of it, the customer has
    the group's id. Where one event has a trait twice, the more specific place wins."""
    said: dict[tuple[str, str], object] = {}
    traits = event.said_context.get("traits")
    if isinstance(traits, dict):
        said |= {(name, event.source): value for name, value in traits.items()}
    if event.call == "identify":
        said |= {(name, event.source): value for name, value in event.said_traits.items()}
    if event.call == "group" and event.group_id is not None:
        said[GROUP_ID, event.source] = event.group_id
    for mapping in plan.mappings.get(event.name, ()):
        for trait, path in mapping.traits.items():
            value = conversion.value_at(event.said, path)
            if value is not UNSET:
                said[trait, mapping.source] = value
    return {
        (name, source): conversion.convert(value, plan.types[name])
        for (name, source), value in said.items()
        if name in plan.types
    }


def _items(plan: ProfilePlan, event: events.Event) -> Iterator[ItemChange]:
    """An item without a key, as its type reads one, is none; a field that the event does not name
    stays as it was."""
    said = event.said
    for one in plan.collecting[event.name]:
        key = conversion.item_key(conversion.value_at(said, one.key), one.fields.get(one.key, TEXT))
        if key is not None:
            found = {
                name: conversion.value_at(said, name) for name in one.fields if name != one.key
            }
            fields = {
                name: conversion.convert(value, one.fields[name])
                for name, value in found.items()
                if value is not UNSET
            }
            yield ItemChange(one.name, key, fields)


def _cells(
    aggregates: tuple[EventAggregate, ...], schema: values.Schema, event: events.Event
) -> Iterator[tuple[EventAggregate, Stamped]]:
    """Without a field, an aggregate is over the events' times."""
    row = conversion.event_row(event, schema)
    for one in aggregates:
        if one.test is None or one.test(row) is True:
            value = event.time if one.field is None else row.get(one.field)
            added = cell(one.aggregate, Stamped(value, event.time, event.id))
            if added is not None:
                yield one, added
