"""Collections as SQL: the last value of each field of an item, and aggregates over items."""

# ruff: noqa: S608 - names are quoted, and values are constants of ours

from collections.abc import Mapping

from tuttu.policy import quoted, quoted_name, to_sql
from tuttu.profile.batch import log
from tuttu.profile.batch.layout import CUSTOMER, EVENT_ID, FRAGMENT, KEY, TIME, Layout
from tuttu.profile.batch.own_zones import OF_PEOPLE
from tuttu.profile.batch.sums import Counted, Made, Population, aggregated, moment, nothing, passing
from tuttu.storage import ExportWorkspace
from tuttu.vocabulary.company import Collection, Trait
from tuttu.vocabulary.values import Instant


def latest(layout: Layout, collection: str) -> str:
    """The table of a collection's current items that rules see: `CUSTOMER`, `KEY`, the fields."""
    return f"latest {log.items_table(layout, collection)}"


def compute(
    workspace: ExportWorkspace,
    layout: Layout,
    collection: Collection,
    people: Population,
    now: Instant,
) -> list[Made]:
    """Makes the table `latest`, and one of the aggregates over its items, but for those of
    `by_calendar`."""
    table = quoted_name(latest(layout, collection.name))
    made_by = _within_limit(collection, _latest(layout, collection, people))
    workspace.run(f"CREATE OR REPLACE TEMP TABLE {table} AS {made_by}")
    columns = _aggregates(layout, collection, now, by_calendar=False)
    if collection.name in layout.reads.columns:
        columns[collection.name] = (_listed(layout, collection), "[]")
    return _made(workspace, f"made of {latest(layout, collection.name)}", columns, table, now)


def by_calendar(
    workspace: ExportWorkspace, layout: Layout, collection: Collection, now: Instant
) -> list[Made]:
    """Makes a table of those aggregates over items whose conditions count by the customer's own
    calendar: after `compute` and `own_zones.find`."""
    columns = _aggregates(layout, collection, now, by_calendar=True)
    table = latest(layout, collection.name)
    joined = f'{quoted_name(table)} JOIN {quoted_name(OF_PEOPLE)} USING ("{CUSTOMER}")'
    return _made(workspace, f"made by calendar of {table}", columns, joined, now)


def _aggregates(
    layout: Layout, collection: Collection, now: Instant, *, by_calendar: bool
) -> dict[str, tuple[str, str]]:
    """By column: how it is made, and what those have who have no item."""
    return {
        layout.column(trait.name): (_aggregated(layout, collection, trait, now), nothing(trait))
        for trait in layout.project.profile.traits.values()
        if trait.aggregate is not None
        and trait.over == collection.name
        and trait.by_calendar == by_calendar
    }


def _made(
    workspace: ExportWorkspace,
    name: str,
    columns: Mapping[str, tuple[str, str]],
    relation: str,
    now: Instant,
) -> list[Made]:
    if not columns:
        return []
    values = ", ".join(f"{value} AS {quoted_name(each)}" for each, (value, _) in columns.items())
    workspace.run(
        f'CREATE OR REPLACE TEMP TABLE {quoted_name(name)} AS SELECT "{CUSTOMER}", {values}'
        f' FROM (SELECT *, {moment(now)} AS "now" FROM {relation}) GROUP BY "{CUSTOMER}"'
    )
    return [Made(name, {each: absent for each, (_, absent) in columns.items()})]


def _latest(layout: Layout, collection: Collection, people: Population) -> str:
    """One row for each item; `tuttu at`: when and by which event a field was last written."""
    newest, fields = [], []
    for field in collection.fields:
        column, last = quoted_name(layout.field(collection.name, field)), _last(field)
        if field == collection.key:
            newest.append(f"any_value({column}) AS {column}")
            fields.append(column)
            continue
        newest.append(
            f"last({{'value': {column}, 'time': \"{TIME}\", 'rank': rank}}"
            f' ORDER BY "{TIME}", rank) FILTER (WHERE {quoted_name(log.said(field))}) AS {last}'
        )
        fields += [f"{last}.value AS {column}", last]
    return (
        f'WITH spoken AS (SELECT f."{CUSTOMER}", r.rank, k.rank AS key_rank, i.*'
        f" FROM {quoted_name(log.items_table(layout, collection.name))} i"
        f' JOIN {people.fragments} f USING ("{FRAGMENT}")'
        f' JOIN {log.RANKS} r ON r.scope = {quoted(log.IDS)} AND r.masked = i."{EVENT_ID}"'
        f" JOIN {log.RANKS} k ON k.scope = {quoted(log.key_scope(collection.name))}"
        f' AND k.masked = i."{KEY}"),'
        f' newest AS (SELECT "{CUSTOMER}", "{KEY}", any_value(key_rank) AS "tuttu rank",'
        f' max("{TIME}") AS "{TIME}", {", ".join(newest)}'
        f' FROM spoken GROUP BY "{CUSTOMER}", "{KEY}")'
        f' SELECT "{CUSTOMER}", "{KEY}", "tuttu rank", "{TIME}", {", ".join(fields)} FROM newest'
    )


def _within_limit(collection: Collection, everything: str) -> str:
    """The items that rules see: live ones first, each kind the newest by (time, key)."""
    closed = "FALSE" if collection.closed is None else f"({to_sql(collection.closed)}) IS TRUE"
    return (
        f"SELECT * FROM ({everything}) QUALIFY row_number() OVER"
        f' (PARTITION BY "{CUSTOMER}" ORDER BY {closed}, "{TIME}" DESC, "tuttu rank" DESC)'
        f" <= {collection.limit}"
    )


def _last(field: str) -> str:
    return quoted_name(f"tuttu at {field}")


def _aggregated(layout: Layout, collection: Collection, trait: Trait, now: Instant) -> str:
    field = trait.field or collection.key
    column = quoted_name(layout.field(collection.name, field))
    own = field == collection.key
    counted = Counted(
        value=column,
        order=None if layout.shows(trait.name) else log.rank_of(collection.name, field, column),
        time=f'"{TIME}"' if own else f"{_last(field)}.time",
        rank='"tuttu rank"' if own else f"{_last(field)}.rank",
    )
    return aggregated(trait, counted, passing(trait, f'"{TIME}"', now))


def _listed(layout: Layout, collection: Collection) -> str:
    """The items as conditions read them."""
    fields = sorted(layout.reads.fields.get(collection.name, ()))
    shown = ", ".join(f"{quoted(each)}: {quoted_name(each)}" for each in fields)
    return f"list({{{shown or quoted('is there') + ': NULL'}}})"
