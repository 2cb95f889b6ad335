"""From the rows of a log to the traits of every customer: one statement for everybody at once."""

# ruff: noqa: S608 - names are quoted, and values are constants of ours

from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import NamedTuple

from tuttu.policy import OFFSETS, quoted, quoted_name, to_sql
from tuttu.profile.batch import items, own_zones, sequences, written_traits
from tuttu.profile.batch import layout as lay
from tuttu.profile.batch.log import IDS, RANKS, rank_of
from tuttu.profile.batch.sums import Counted, Made, Population, aggregated, nothing, passing
from tuttu.storage import ExportWorkspace
from tuttu.vocabulary.company import Trait
from tuttu.vocabulary.values import ZONE, Instant

COMPUTED = "computed"
"""The result table: one row per customer, with the columns of `Layout.column`."""


class Overlay(NamedTuple):
    """Columns that are not made of the events of the customer at hand. table: with `CUSTOMER`.
    columns: name in the export to the column of the table that says whether its value holds."""

    table: str
    columns: Mapping[str, str]


NOTHING_LAID = Overlay("", {})


def compute(
    workspace: ExportWorkspace,
    layout: lay.Layout,
    people: Population,
    now: Instant,
    overlay: Overlay = NOTHING_LAID,
    into: str = COMPUTED,
) -> None:
    """Makes the table `into`, and that of `items.latest` for each collection."""
    workspace.run(
        f'CREATE OR REPLACE TEMP TABLE numbered AS SELECT f."{lay.CUSTOMER}",'
        f' r.rank AS "tuttu rank", e.* FROM {lay.EVENTS} e'
        f' JOIN {people.fragments} f USING ("{lay.FRAGMENT}")'
        f' JOIN {RANKS} r ON r.scope = {quoted(IDS)} AND r.masked = e."{lay.EVENT_ID}"'
    )
    made = written_traits.compute(workspace, layout, people)
    made += [*_over_events(workspace, layout, now), *sequences.compute(workspace, layout, now)]
    collections = layout.project.profile.collections.values()
    for collection in collections:
        made += items.compute(workspace, layout, collection, people, now)
    workspace.run(f"CREATE OR REPLACE TEMP TABLE stored AS {stored(layout, people, made, overlay)}")
    if layout.by_calendar:
        zone = _with_derived(layout, overlay, _before_zone(layout), "stored")
        own_zones.find(workspace, layout.project, f"({zone})")
        first = len(made)
        for collection in collections:
            made += items.by_calendar(workspace, layout, collection, now)
        if len(made) > first:
            whole = stored(layout, people, made, overlay)
            workspace.run(f"CREATE OR REPLACE TEMP TABLE stored AS {whole}")
    result = _all_derived(layout, overlay)
    workspace.run(f"CREATE OR REPLACE TEMP TABLE {into} AS {result}")


def _over_events(workspace: ExportWorkspace, layout: lay.Layout, now: Instant) -> list[Made]:
    traits = [
        each
        for each in layout.project.profile.traits.values()
        if each.aggregate is not None and each.over == lay.EVENTS
    ]
    if not traits:
        return []
    values = ", ".join(
        f"{_aggregated(layout, each, now)} AS {quoted_name(layout.column(each.name))}"
        for each in traits
    )
    workspace.run(
        f'CREATE OR REPLACE TEMP TABLE "made of events" AS SELECT "{lay.CUSTOMER}", {values}'
        f' FROM numbered GROUP BY "{lay.CUSTOMER}"'
    )
    return [Made("made of events", {layout.column(each.name): nothing(each) for each in traits})]


def _aggregated(layout: lay.Layout, trait: Trait, now: Instant) -> str:
    where = passing(trait, f'"{lay.TIME}"', now)
    if trait.field is None:
        return aggregated(trait, None, where)
    shown = layout.shows(trait.name)
    column = quoted_name(trait.field if shown else lay.masked(trait.field))
    order = None if shown else rank_of(lay.EVENTS, trait.field, column)
    counted = Counted(column, order, f'"{lay.TIME}"', '"tuttu rank"')
    return aggregated(trait, counted, where)


def stored(
    layout: lay.Layout, people: Population, made: Iterable[Made], overlay: Overlay = NOTHING_LAID
) -> str:
    """Traits computed from the log, for each customer; NULL where profiling is refused."""
    named: set[str] = set()
    joins, columns = "", []
    for number, each in enumerate(made):
        joins += f' LEFT JOIN {quoted_name(each.table)} m{number} USING ("{lay.CUSTOMER}")'
        named |= each.columns.keys()
        for name, absent in each.columns.items():
            value = f"COALESCE(m{number}.{quoted_name(name)}, {absent})"
            laid = f"{allowed(layout, name, _laid(overlay, name, value))} AS {quoted_name(name)}"
            columns.append(laid)
    others = [
        name
        for name in layout.relation()
        if name not in named
        and lay.base_of(layout.project, name) not in layout.project.profile.traits
    ]
    kept = [lay.CUSTOMER, lay.PROFILING, *others]
    shown = ", ".join([*(f"c.{quoted_name(each)}" for each in kept), *columns])
    joins += _join(overlay, named)
    return f"SELECT {shown} FROM {people.customers} c{joins}"


def _join(overlay: Overlay, names: Iterable[str]) -> str:
    """names: of the columns that are laid over; under names that no other column has."""
    named = {name: overlay.columns[name] for name in names if name in overlay.columns}
    if not named:
        return ""
    shown = "".join(
        f", {quoted_name(each)} AS {_laid_name(each)}"
        for each in dict.fromkeys((*named, *named.values()))
    )
    return (
        f' LEFT JOIN (SELECT "{lay.CUSTOMER}"{shown} FROM {overlay.table}) USING ("{lay.CUSTOMER}")'
    )


def _laid(overlay: Overlay, name: str, own: str) -> str:
    holds = overlay.columns.get(name)
    if holds is None:
        return own
    return f"CASE WHEN {_laid_name(holds)} THEN {_laid_name(name)} ELSE {own} END"


def _laid_name(column: str) -> str:
    return quoted_name(f"tuttu laid {column}")


def allowed(layout: lay.Layout, name: str, value: str) -> str:
    """name: as in the export."""
    project = layout.project
    trait = project.profile.traits.get(lay.base_of(project, name.removeprefix(lay.masked(""))))
    if trait is None or "profiling" not in trait.uses:
        return value
    return f'CASE WHEN "{lay.PROFILING}" THEN {value} END'


def _all_derived(layout: lay.Layout, overlay: Overlay) -> str:
    """What is `stored`, and all traits that are made of other columns."""
    traits = _in_order(layout)
    if not layout.by_calendar:
        return _with_derived(layout, overlay, traits, "stored")
    zoned = f'(FROM stored LEFT JOIN {quoted_name(own_zones.OF_PEOPLE)} USING ("{lay.CUSTOMER}"))'
    whole = _with_derived(layout, overlay, traits, zoned)
    return f"SELECT * EXCLUDE ({quoted_name(OFFSETS)}) FROM ({whole})"


def _before_zone(layout: lay.Layout) -> list[Trait]:
    """The customer's time zone, and what it is made of, as far as other traits are."""
    needed, before = {ZONE}, []
    for trait in reversed(list(_in_order(layout))):
        if trait.name in needed:
            needed.update(trait.reads)
            before.append(trait)
    return before[::-1]


def _with_derived(
    layout: lay.Layout, overlay: Overlay, traits: Iterable[Trait], relation: str
) -> str:
    """The relation with traits that are made of other columns, one after the other."""
    parts, before = [], relation
    for number, trait in enumerate(traits):
        name = layout.column(trait.name)
        value = allowed(layout, name, _laid(overlay, name, _derived_sql(layout, trait)))
        parts.append(
            f'derived{number} AS (SELECT "tuttu made".*, {value} AS {quoted_name(name)}'
            f' FROM {before} "tuttu made"{_join(overlay, [name])})'
        )
        before = f"derived{number}"
    return f"{'WITH ' if parts else ''}{', '.join(parts)} SELECT * FROM {before}"


def _derived_sql(layout: lay.Layout, trait: Trait) -> str:
    if trait.derived is not None:
        return to_sql(trait.derived)
    choices = ", ".join(quoted_name(layout.column(each)) for each in trait.first_known)
    return f"COALESCE({choices}, NULL)"


def _in_order(layout: lay.Layout) -> Iterator[Trait]:
    """Each after what it reads."""
    traits = layout.project.profile.traits
    reads = {
        name: set(trait.reads)
        for name, trait in traits.items()
        if trait.is_computed and not trait.by_calendar
    }
    for name in TopologicalSorter(reads).static_order():
        if name in reads:
            yield traits[name]
