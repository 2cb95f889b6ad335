"""A project's profile, worked out once: what each event may change, and how a row is built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeVar

import msgspec

from tuttu.profile import slots
from tuttu.profile.records import Slot
from tuttu.vocabulary.company import Aggregate, Collection, Profile, Trait, TraitWrite
from tuttu.vocabulary.project import Project, remembered
from tuttu.vocabulary.values import Duration, Expression, Type

T = TypeVar("T")


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """One aggregate over events. window None: over all of them."""

    name: str
    slot: Slot
    aggregate: Aggregate
    field: str | None
    test: Expression | None
    window: Duration | None


class Source(msgspec.Struct, frozen=True):
    """The column ``told.shoe_size``: what one source wrote into one trait."""

    column: str
    source: str
    trait: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """writes, collecting: by event name. stored: traits that state alone yields. late: those made
    of other columns, each after what it reads. of_ledger: those of `late` that rest on what the
    ledger knows. profiling: those that read NULL where profiling is
    refused.

    told, steps, items, fields, groups: the slots of written traits, of the steps of sequences (by
    event name), of collections, of their fields, and of groups. places: the slot under which a
    collection's items lie, whether or not it is one of `items`. whole: not only a part.
    """

    written: Mapping[str, Type]
    writes: Mapping[str, tuple[TraitWrite, ...]]
    collections: Mapping[str, Collection]
    collecting: Mapping[str, tuple[Collection, ...]]
    tallies: Mapping[str, Tally]
    sources: tuple[Source, ...]
    stored: tuple[Trait, ...]
    late: tuple[Trait, ...]
    of_ledger: tuple[Trait, ...]
    profiling: frozenset[str]
    told: Mapping[str, Slot]
    steps: Mapping[str, Slot]
    items: Mapping[str, Slot]
    fields: Mapping[str, Mapping[str, Slot]]
    groups: Mapping[str, Slot]
    places: Mapping[str, Slot]
    whole: bool = True

    @property
    def slots(self) -> frozenset[Slot]:
        """Everything that state is kept under."""
        tallies = (tally.slot for tally in self.tallies.values())
        named = (self.told, self.steps, self.items, self.groups, *self.fields.values())
        return frozenset(chain(tallies, *(each.values() for each in named)))


def part_of(plan: Plan, wanted: frozenset[Slot]) -> Plan:
    """What keeps these slots and no others: for history that the rest has heard already."""
    told = _kept(plan.told, wanted)
    items = _kept(plan.items, wanted)
    fields = {name: _kept(named, wanted) for name, named in plan.fields.items()}
    collections = {
        name: _with_fields(collection, fields[name])
        for name, collection in plan.collections.items()
        if name in items or fields[name]
    }
    return msgspec.structs.replace(
        plan,
        written={name: plan.written[name] for name in told},
        collections=collections,
        collecting=_collecting(collections),
        tallies={name: tally for name, tally in plan.tallies.items() if tally.slot in wanted},
        told=told,
        steps=_kept(plan.steps, wanted),
        items=items,
        fields=fields,
        groups=_kept(plan.groups, wanted),
        whole=False,
    )


def _kept(named: Mapping[str, Slot], wanted: frozenset[Slot]) -> dict[str, Slot]:
    return {name: slot for name, slot in named.items() if slot in wanted}


def _with_fields(collection: Collection, named: Mapping[str, Slot]) -> Collection:
    kept = {*named, collection.key}
    fields = {name: declared for name, declared in collection.fields.items() if name in kept}
    return msgspec.structs.replace(collection, fields=fields)


@remembered
def plan_of(project: Project) -> Plan:
    profile, traits = project.profile, project.profile.traits
    late = tuple(_late(profile))
    names = {trait.name for trait in late}
    written = {name: trait for name, trait in traits.items() if trait.written}
    steps = {event for trait in traits.values() for event in trait.sequence}
    collections = profile.collections
    places = {name: slots.items(one) for name, one in collections.items()}
    return Plan(
        written={name: trait.type for name, trait in written.items()},
        writes=_by_event((write.event, write) for write in project.tracking.writes),
        collections=collections,
        collecting=_collecting(collections),
        tallies={tally.name: tally for tally in _tallies(project)},
        sources=tuple(_sources(project)),
        stored=tuple(trait for name, trait in traits.items() if name not in names),
        late=late,
        of_ledger=tuple(_of_ledger(project, late)),
        profiling=frozenset(name for name, trait in traits.items() if "profiling" in trait.uses),
        told={name: slots.told(project, trait) for name, trait in written.items()},
        steps={event: slots.step(event) for event in sorted(steps)},
        items=places,
        fields={
            name: {field: slots.field(one, field) for field in one.fields if field != one.key}
            for name, one in collections.items()
        },
        groups={name: slots.group(project, name) for name in profile.groups},
        places=places,
    )


def _by_event(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    found: dict[str, tuple[T, ...]] = {}
    for event, one in pairs:
        found[event] = (*found.get(event, ()), one)
    return found


def _collecting(collections: Mapping[str, Collection]) -> dict[str, tuple[Collection, ...]]:
    return _by_event((event, one) for one in collections.values() for event in one.events)


def _tallies(project: Project) -> Iterator[Tally]:
    for trait in project.profile.traits.values():
        if trait.aggregate is not None and trait.over == "events":
            yield Tally(
                name=trait.name,
                slot=slots.tally(project, trait),
                aggregate=trait.aggregate,
                field=trait.field,
                test=trait.test,
                window=trait.window,
            )


def _sources(project: Project) -> Iterator[Source]:
    for column in project.row_schema.columns:
        source, dot, name = column.partition(".")
        trait = project.profile.traits.get(name)
        if dot and trait is not None and trait.written:
            yield Source(column, source, name)


def _late(profile: Profile) -> list[Trait]:
    """In the declared order, and first_known traits, which that order may leave out, before
    whatever reads them."""
    placed: dict[str, Trait] = {}
    seen: set[str] = set()

    def place(name: str) -> None:
        trait = profile.traits.get(name)
        if name in seen or trait is None or not _is_late(trait):
            return
        seen.add(name)
        for read in _reads(trait):
            place(read)
        placed[name] = trait

    for name in (*profile.derived_order, *profile.traits):
        place(name)
    return list(placed.values())


def _of_ledger(project: Project, late: Iterable[Trait]) -> Iterator[Trait]:
    """Those that read a column which is not the profile's, or a trait that does."""
    sources = (source.column for source in _sources(project))
    own = {*project.profile.traits, *sources, *project.row_schema.collections}
    for trait in late:
        if not own.issuperset(_reads(trait)):
            own.discard(trait.name)
            yield trait


def _is_late(trait: Trait) -> bool:
    return bool(trait.first_known) or trait.derived is not None


def _reads(trait: Trait) -> tuple[str, ...]:
    return trait.first_known or (tuple(sorted(trait.derived.columns)) if trait.derived else ())
