"""A project's profile, worked out once: what each event may change, and how a row is built."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

import msgspec

from tuttu.profile.records import SLOT_BYTES, Slot
from tuttu.vocabulary.company import Aggregate, Collection, Profile, Trait, TraitWrite
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Duration, Expression, Type

T = TypeVar("T")

KNOWN_PROJECTS = 8


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
    of other columns, each after what it reads. profiling: those that read NULL where profiling is
    refused."""

    written: Mapping[str, Type]
    writes: Mapping[str, tuple[TraitWrite, ...]]
    collections: Mapping[str, Collection]
    collecting: Mapping[str, tuple[Collection, ...]]
    tallies: Mapping[str, Tally]
    steps: frozenset[str]
    sources: tuple[Source, ...]
    stored: tuple[Trait, ...]
    late: tuple[Trait, ...]
    profiling: frozenset[str]


def plan_of(project: Project) -> Plan:
    """The same project gives the same plan without working it out again."""
    return _plan(_Identity(project))


class _Identity:
    """A project as a key of a cache: projects hold mappings, which have no hash."""

    __slots__ = ("project",)

    def __init__(self, project: Project) -> None:
        self.project = project

    def __hash__(self) -> int:
        return id(self.project)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.project is other.project


@lru_cache(maxsize=KNOWN_PROJECTS)
def _plan(identity: _Identity) -> Plan:
    project = identity.project
    profile, traits = project.profile, project.profile.traits
    late = tuple(_late(profile))
    names = {trait.name for trait in late}
    return Plan(
        written={name: trait.type for name, trait in traits.items() if trait.written},
        writes=_by_event((write.event, write) for write in project.tracking.writes),
        collections=profile.collections,
        collecting=_by_event(
            (event, one) for one in profile.collections.values() for event in one.events
        ),
        tallies={tally.name: tally for tally in _tallies(profile)},
        steps=frozenset(step for trait in traits.values() for step in trait.sequence),
        sources=tuple(_sources(project)),
        stored=tuple(trait for name, trait in traits.items() if name not in names),
        late=late,
        profiling=frozenset(name for name, trait in traits.items() if "profiling" in trait.uses),
    )


def _by_event(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    found: dict[str, tuple[T, ...]] = {}
    for event, one in pairs:
        found[event] = (*found.get(event, ()), one)
    return found


def _tallies(profile: Profile) -> Iterator[Tally]:
    for trait in profile.traits.values():
        if trait.aggregate is not None and trait.over == "events":
            yield Tally(
                name=trait.name,
                slot=_slot(trait),
                aggregate=trait.aggregate,
                field=trait.field,
                test=trait.test,
                window=trait.window,
            )


def _slot(trait: Trait) -> Slot:
    """Made of the whole definition: a trait that is defined anew begins empty, to be filled from
    the log, and what two definitions counted never mixes."""
    test = trait.test.text if trait.test else None
    definition = [trait.name, trait.aggregate, str(trait.type), trait.field, test, trait.window]
    return hashlib.blake2b(msgspec.json.encode(definition), digest_size=SLOT_BYTES).digest()


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


def _is_late(trait: Trait) -> bool:
    return bool(trait.first_known) or trait.derived is not None


def _reads(trait: Trait) -> tuple[str, ...]:
    return trait.first_known or (tuple(sorted(trait.derived.columns)) if trait.derived else ())
