"""What one event says about a customer: pure, and the same whatever came before it.

Values are converted to the declared type when they are read. JSON null clears a value: NULL is
written, with the event's time. A value that cannot be read as the type is a *slip*, and is told to
its sender. Of most traits it leaves what is known. Of those that a guard reads it writes NULL, too:
the sender has something newer to say that nobody understands, and what is missing blocks, which is
the safer side.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import UNSET

from tuttu.profile.aggregates import cell
from tuttu.profile.plan import EventAggregate, ProfilePlan, plan_of
from tuttu.profile.records import Stamped
from tuttu.profile.typed import typed
from tuttu.vocabulary import conversion, events, values
from tuttu.vocabulary.project import Project

TEXT = values.Type(values.Kind.TEXT)


class Slip(msgspec.Struct, frozen=True):
    """A value that does not fit. trait: or ``collection.field``; source: empty of an item. kept:
    what is known stays."""

    trait: str
    source: str
    value: object
    expected: str
    kept: bool


class ItemChange(msgspec.Struct, frozen=True):
    """What one event says of one item."""

    collection: str
    key: str
    fields: Mapping[str, values.Value]


class Extract(msgspec.Struct, frozen=True):
    """written: (trait, source) to value. cells: what the event adds to aggregates. step: whether
    some sequence waits for the event. slips: what of it does not fit."""

    written: Mapping[tuple[str, str], values.Value]
    items: tuple[ItemChange, ...]
    cells: tuple[tuple[EventAggregate, Stamped], ...]
    step: bool
    slips: tuple[Slip, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.written or self.items or self.cells or self.step)


def extract(plan: ProfilePlan, schema: values.Schema, event: events.Event) -> Extract:
    """schema: the project's `event_schema`. Kept with the event: intake tells of the slips, and the
    fold writes the rest."""
    known: tuple[ProfilePlan, Extract] | None = event.__dict__.get("extract")
    if known is not None and known[0] is plan:
        return known[1]
    aggregates = plan.counting.candidates(conversion.event_row(event, schema))
    slips: list[Slip] = []
    found = Extract(
        written=_written(plan, event, slips),
        items=tuple(_items(plan, event, slips)) if event.name in plan.collecting else (),
        cells=tuple(_cells(aggregates, schema, event)) if aggregates else (),
        step=event.name in plan.steps,
        slips=tuple(slips),
    )
    event.__dict__["extract"] = (plan, found)
    return found


def slips(project: Project, event: events.Event) -> tuple[Slip, ...]:
    """What a call says that does not fit the traits and collections that it writes."""
    return extract(plan_of(project), project.event_schema, event).slips


def _written(
    plan: ProfilePlan, event: events.Event, slips: list[Slip]
) -> dict[tuple[str, str], values.Value]:
    """Traits of the customer: `context.traits` of any call, `traits` of identify, and by the
    mappings of events.yaml. The traits of a group call describe the group: what the customer has of
    it, a mapping says. Where one event has a trait twice, the more specific place wins."""
    said: dict[tuple[str, str], object] = {}
    traits = event.said_context.get("traits")
    if isinstance(traits, dict):
        said |= _about_customer(plan, event, traits)
    if event.call == "identify":
        said |= _about_customer(plan, event, event.said_traits)
    for mapping in plan.mappings.get(event.name, ()):
        for trait, path in mapping.traits.items():
            value = conversion.said_at(event, path)
            if value is not UNSET:
                said[trait, mapping.source] = value
    written = {}
    for (name, source), value in said.items():
        if name in plan.types:
            converted, expected = typed(name, value, plan.types[name], plan.zone)
            if expected:
                slip = Slip(name, source, value, expected, kept=name not in plan.unknown)
                slips.append(slip)
                if slip.kept:
                    continue
            written[name, source] = converted
    return written


def _about_customer(
    plan: ProfilePlan, event: events.Event, traits: Mapping[str, object]
) -> dict[tuple[str, str], object]:
    """Every trait that is said of the customer; of objects, those that a path into them names."""
    found = {(name, event.source): value for name, value in traits.items()}
    for name in plan.nested:
        value = conversion.value_at(traits, name)
        if value is not UNSET:
            found[name, event.source] = value
    return found


def _items(plan: ProfilePlan, event: events.Event, slips: list[Slip]) -> Iterator[ItemChange]:
    """An item without a key, as its type reads one, is none; a field that the event does not name
    stays as it was."""
    for one in plan.collecting[event.name]:
        raw, declared = conversion.said_at(event, one.key), one.fields.get(one.key, TEXT)
        key = conversion.item_key(raw, declared, plan.zone)
        if key is None:
            if raw is not UNSET and raw is not None and raw != "":
                slips.append(Slip(f"{one.name}.{one.key}", "", raw, str(declared), kept=True))
            continue
        fields: dict[str, values.Value] = {}
        for name, kind in one.fields.items():
            value = UNSET if name == one.key else conversion.said_at(event, name)
            if value is UNSET:
                continue
            converted = conversion.convert(value, kind, plan.zone)
            if conversion.slipped(value, converted):
                kept = name not in one.unknown
                slip = Slip(f"{one.name}.{name}", "", value, str(kind), kept=kept)
                slips.append(slip)
                if slip.kept:
                    continue
            fields[name] = converted
        yield ItemChange(one.name, key, fields)


def _cells(
    aggregates: Sequence[EventAggregate], schema: values.Schema, event: events.Event
) -> Iterator[tuple[EventAggregate, Stamped]]:
    """Without a field, an aggregate is over the events' times."""
    row = conversion.event_row(event, schema)
    for one in aggregates:
        if one.test is None or one.test(row) is True:
            value = event.time if one.field is None else row.get(one.field)
            added = cell(one.aggregate, Stamped(value, event.time, event.id))
            if added is not None:
                yield one, added
