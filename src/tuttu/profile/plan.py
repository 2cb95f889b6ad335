"""A project's profile as a plan: what each event may change, and how a row is built."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeVar

import msgspec

from tuttu.policy import ConditionLookup
from tuttu.profile import state_keys
from tuttu.profile.records import DefinitionId
from tuttu.vocabulary import company, values
from tuttu.vocabulary.project import Project, cached

T = TypeVar("T")


class EventAggregate(msgspec.Struct, frozen=True, kw_only=True):
    """A trait that is an aggregate over events. window None: over all of them."""

    name: str
    id: DefinitionId
    aggregate: company.Aggregate
    field: str | None
    test: values.Expression | None
    window: values.Duration | None


class ItemOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The order of one collection's items. closed: reads these fields, and the key."""

    id: DefinitionId
    collection: str
    closed: values.Expression | None
    fields: Mapping[str, DefinitionId]
    key: str
    key_type: values.Type


class WrittenColumn(msgspec.Struct, frozen=True):
    """The column ``told.shoe_size``: what one source wrote into one trait."""

    column: str
    source: str
    trait: str


class ProfilePlan(msgspec.Struct, frozen=True, kw_only=True):
    """types: of written traits. unknown: those that a value which does not fit makes unknown.
    nested: those whose names are paths into objects, as ``address.city``. mappings, collecting: by
    event name, what writes traits and items. aggregates: by trait. counting: the same, by
    what an event must be like to change them. stored: traits that state alone yields. computed:
    those that read other columns, each after what it reads. own_computed: those of `computed` that
    are made of nothing else, and are no group's; of_ledger: those that depend on the ledger's
    columns. profiling: those that read NULL where profiling is refused. grouped: by group, its
    traits.

    orders: of the items of collections.

    written, steps, items, fields, groups: ids of the definitions of written traits, of the steps of
    sequences (by event name), of collections, of their fields, and of groups (of the columns that
    their key may come from). places: the id under
    which a collection's items are kept, whether or not it is one of `items`. zone: the project's.
    whole: not reduced.
    """

    types: Mapping[str, values.Type]
    unknown: frozenset[str]
    nested: tuple[str, ...]
    mappings: Mapping[str, tuple[company.TraitWrite, ...]]
    collections: Mapping[str, company.Collection]
    collecting: Mapping[str, tuple[company.Collection, ...]]
    aggregates: Mapping[str, EventAggregate]
    counting: ConditionLookup[EventAggregate]
    sources: tuple[WrittenColumn, ...]
    stored: tuple[company.Trait, ...]
    computed: tuple[company.Trait, ...]
    own_computed: tuple[company.Trait, ...]
    of_ledger: tuple[company.Trait, ...]
    profiling: frozenset[str]
    grouped: Mapping[str, tuple[company.Trait, ...]]
    written: Mapping[str, DefinitionId]
    steps: Mapping[str, DefinitionId]
    items: Mapping[str, DefinitionId]
    fields: Mapping[str, Mapping[str, DefinitionId]]
    groups: Mapping[str, Mapping[str, DefinitionId]]
    places: Mapping[str, DefinitionId]
    orders: Mapping[str, ItemOrder]
    zone: str
    whole: bool = True

    @property
    def ids(self) -> frozenset[DefinitionId]:
        """All ids under which state is kept."""
        aggregates = (one.id for one in self.aggregates.values())
        orders = (one.id for one in self.orders.values())
        parts = (*self.fields.values(), *self.groups.values())
        named = (self.written, self.steps, self.items, *parts)
        return frozenset(chain(aggregates, orders, *(each.values() for each in named)))


def only(plan: ProfilePlan, wanted: frozenset[DefinitionId]) -> ProfilePlan:
    """The plan reduced to these definitions: for a backfill, whose history the others have folded
    already."""

    def kept(named: Mapping[str, DefinitionId]) -> dict[str, DefinitionId]:
        return {name: each for name, each in named.items() if each in wanted}

    written, items = kept(plan.written), kept(plan.items)
    fields = {name: kept(named) for name, named in plan.fields.items()}
    orders = {name: each for name, each in plan.orders.items() if each.id in wanted}
    collections = {
        name: msgspec.structs.replace(
            collection,
            fields={
                field: declared
                for field, declared in collection.fields.items()
                if field in fields[name] or field == collection.key
            },
        )
        for name, collection in plan.collections.items()
        if name in items or fields[name] or name in orders
    }
    aggregates = {name: each for name, each in plan.aggregates.items() if each.id in wanted}
    return msgspec.structs.replace(
        plan,
        types={name: plan.types[name] for name in written},
        nested=tuple(name for name in plan.nested if name in written),
        collections=collections,
        collecting=_collecting(collections),
        aggregates=aggregates,
        counting=_counting(aggregates),
        written=written,
        steps=kept(plan.steps),
        items=items,
        fields=fields,
        orders=orders,
        groups={name: some for name, all_of in plan.groups.items() if (some := kept(all_of))},
        whole=False,
    )


@cached
def plan_of(project: Project) -> ProfilePlan:
    profile, traits = project.profile, project.profile.traits
    computed = tuple(_computed(project))
    own = tuple(each for each in computed if each.group is None and not each.by_calendar)
    names = {trait.name for trait in computed}
    written = {name: trait for name, trait in traits.items() if trait.written}
    steps = {event for trait in traits.values() for event in trait.sequence}
    collections = profile.collections
    places = {name: state_keys.items(one) for name, one in collections.items()}
    aggregates = {
        name: EventAggregate(
            name=name,
            id=state_keys.aggregate(project, trait),
            aggregate=trait.aggregate,
            field=trait.field,
            test=trait.test,
            window=trait.window,
        )
        for name, trait in traits.items()
        if trait.aggregate is not None and trait.over == "events"
    }
    return ProfilePlan(
        types={name: trait.type for name, trait in written.items()},
        unknown=frozenset(name for name, trait in written.items() if trait.slip == "unknown"),
        nested=tuple(name for name in written if "." in name),
        mappings=_grouped((write.event, write) for write in project.tracking.writes),
        collections=collections,
        collecting=_collecting(collections),
        aggregates=aggregates,
        counting=_counting(aggregates),
        sources=tuple(_sources(project)),
        stored=tuple(trait for name, trait in traits.items() if name not in names),
        computed=computed,
        own_computed=own,
        of_ledger=tuple(_of_ledger(project, own)),
        profiling=frozenset(name for name, trait in traits.items() if "profiling" in trait.uses),
        grouped=_grouped((trait.group, trait) for trait in traits.values() if trait.group),
        written={name: state_keys.written(project, trait) for name, trait in written.items()},
        steps={event: state_keys.step(event) for event in sorted(steps)},
        items=places,
        fields={
            name: {field: state_keys.field(one, field) for field in one.fields if field != one.key}
            for name, one in collections.items()
        },
        groups={name: state_keys.group(project, name) for name in profile.groups},
        places=places,
        orders={name: _order(project, one) for name, one in collections.items()},
        zone=project.company.zone,
    )


def _order(project: Project, collection: company.Collection) -> ItemOrder:
    read = frozenset() if collection.closed is None else collection.closed.columns
    fields = read - {collection.key}
    return ItemOrder(
        id=state_keys.order(project, collection),
        collection=collection.name,
        closed=collection.closed,
        fields={name: state_keys.field(collection, name) for name in sorted(fields)},
        key=collection.key,
        key_type=collection.fields[collection.key],
    )


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    found: dict[str, tuple[T, ...]] = {}
    for event, one in pairs:
        found[event] = (*found.get(event, ()), one)
    return found


def _collecting(
    collections: Mapping[str, company.Collection],
) -> dict[str, tuple[company.Collection, ...]]:
    return _grouped((event, one) for one in collections.values() for event in one.events)


def _counting(aggregates: Mapping[str, EventAggregate]) -> ConditionLookup[EventAggregate]:
    return ConditionLookup(((each.test, each) for each in aggregates.values()), "event")


def _sources(project: Project) -> Iterator[WrittenColumn]:
    for column in project.row_schema.columns:
        source, dot, name = column.partition(".")
        trait = project.profile.traits.get(name)
        nested = column in project.profile.traits
        if dot and not nested and trait is not None and trait.written:
            yield WrittenColumn(column, source, name)


def _computed(project: Project) -> list[company.Trait]:
    """In the declared order, and first_known traits, which that order may leave out, before
    whatever reads them."""
    profile = project.profile
    placed: dict[str, company.Trait] = {}
    seen: set[str] = set()

    def place(name: str) -> None:
        trait = profile.traits.get(name)
        if name in seen or trait is None or not trait.is_computed:
            return
        seen.add(name)
        for read in trait.reads:
            place(read)
        placed[name] = trait

    for name in (*profile.derived_order, *profile.traits):
        place(name)
    return list(placed.values())


def _of_ledger(project: Project, computed: Iterable[company.Trait]) -> Iterator[company.Trait]:
    """Those that read a column which is not the profile's, or a trait that does."""
    sources = (source.column for source in _sources(project))
    own = {*project.profile.traits, *sources, *project.row_schema.collections}
    for trait in computed:
        if not own.issuperset(trait.reads):
            own.discard(trait.name)
            yield trait
