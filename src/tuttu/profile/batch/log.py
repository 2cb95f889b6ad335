"""The event log as rows: the content of each event, decoded and typed; nothing is computed here."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from tuttu.policy import Relation, duckdb_row, duckdb_type, duckdb_value, quoted
from tuttu.profile.batch import layout as lay
from tuttu.profile.batch.masking import Masks
from tuttu.profile.typed import typed
from tuttu.storage import ExportWorkspace, Sheet
from tuttu.vocabulary import company, conversion, events, values

RANKS, FRAGMENTS = "ranks", "fragments"
IDS = "id"
"""The scope in which message ids are ranked."""

_INSTANT = values.Type(values.Kind.TIMESTAMP)
_STAMP = {lay.FRAGMENT: "VARCHAR", lay.TIME: "TIMESTAMP", lay.EVENT_ID: "VARCHAR"}


def written_table(declared: str) -> str:
    """The table with the written values of one DuckDB type, for all traits."""
    return f"written {declared.replace('[]', ' list')}"


def items_table(layout: lay.Layout, collection: str) -> str:
    return f"items {list(layout.project.profile.collections).index(collection)}"


def said(field: str) -> str:
    """The column that says whether an event named the field."""
    return f"tuttu said {field}"


def written_types(layout: lay.Layout) -> dict[str, str]:
    """Written trait to the DuckDB type of its column."""
    return {
        name: duckdb_type(layout.type_of(name))
        for name, trait in layout.project.profile.traits.items()
        if trait.written
    }


def key_scope(collection: str) -> str:
    """The scope in which the keys of a collection are ranked."""
    return f"key {collection}"


def field_scope(collection: str, field: str) -> str:
    """The scope in which the masked values of one column are ranked."""
    return f"field {collection} {field}"


def rank_of(collection: str, field: str, column: str) -> str:
    """The place of a masked value among all of its column, in SQL."""
    scope = quoted(field_scope(collection, field))
    return f"(SELECT o.rank FROM {RANKS} o WHERE o.scope = {scope} AND o.masked = {column})"  # noqa: S608


class LogExport:
    """Writes the tables `fragments`, `events`, `written …`, `items …` and `ranks`."""

    def __init__(self, workspace: ExportWorkspace, layout: lay.Layout, masks: Masks) -> None:
        self._layout, self._masks, self._workspace = layout, masks, workspace
        profile = layout.project.profile
        self._relation: Relation = layout.events.relation(layout.project.event_schema)
        self._fragments = workspace.table(
            FRAGMENTS, {lay.FRAGMENT: "VARCHAR", lay.CUSTOMER: "VARCHAR"}
        )
        self._events = workspace.table(lay.EVENTS, self._event_columns())
        self._types = written_types(layout)
        self._written = {
            declared: workspace.table(written_table(declared), _written_columns(declared))
            for declared in sorted(set(self._types.values()))
        }
        self._items = {
            name: workspace.table(items_table(layout, name), _item_columns(layout, collection))
            for name, collection in profile.collections.items()
        }

    def fragment(self, fragment: events.FragmentId, customer: str) -> None:
        self._fragments.add([fragment.hex(), customer])

    def event(self, fragment: events.FragmentId, event: events.Event) -> None:
        stamp = [
            fragment.hex(),
            duckdb_value(event.time, _INSTANT),
            self._masks.ranked(IDS, event.id),
        ]
        self._add_event(stamp, event)
        for place, (trait, source, value) in enumerate(_writes(self._layout, event)):
            shown = self._cell(trait, value)
            self._written[self._types[trait]].add([*stamp, place, trait, source, shown])
        for name, collection in self._layout.project.profile.collections.items():
            if event.name in collection.events:
                self._add_item(stamp, name, collection, event)

    def close(self) -> None:
        ranks = self._workspace.table(
            RANKS, {"scope": "VARCHAR", "masked": "VARCHAR", "rank": "BIGINT"}
        )
        for row in self._masks.ranks():
            ranks.add(row)
        sheets: Sequence[Sheet] = (
            *(self._fragments, self._events, ranks),
            *self._written.values(),
            *self._items.values(),
        )
        for sheet in sheets:
            sheet.close()

    def _event_columns(self) -> dict[str, str]:
        shown = {name: duckdb_type(declared) for name, declared in self._relation.items()}
        hidden = {lay.masked(name): "VARCHAR" for name in sorted(self._layout.masked)}
        return {**_STAMP, **shown, **hidden}

    def _add_event(self, stamp: list[Any], event: events.Event) -> None:
        row = conversion.event_row(event, self._layout.project.event_schema)
        hidden = [
            self._order_of(lay.EVENTS, name, row.get(name)) for name in sorted(self._layout.masked)
        ]
        self._events.add([*stamp, *duckdb_row(row, self._relation), *hidden])

    def _add_item(
        self, stamp: list[Any], name: str, collection: company.Collection, event: events.Event
    ) -> None:
        key_type = collection.fields[collection.key]
        zone = self._layout.project.company.zone
        raw_key = conversion.said_at(event, collection.key)
        key = conversion.item_key(raw_key, key_type, zone)
        if key is None:
            return
        row: list[Any] = [*stamp, self._masks.ranked(key_scope(name), key)]
        for field, declared in collection.fields.items():
            raw = conversion.said_at(event, field)
            value = None if raw is UNSET else conversion.convert(raw, declared, zone)
            slips = conversion.slipped(raw, value) and field not in collection.unknown
            said_it = raw is not UNSET and not slips
            row += [said_it, self._field(name, field, declared, value)]
        self._items[name].add(row)

    def _field(
        self, collection: str, field: str, declared: values.Type, value: values.Value
    ) -> Any:
        if field in self._layout.fields[collection]:
            return duckdb_value(value, declared)
        return self._order_of(collection, field, value)

    def _order_of(self, collection: str, field: str, value: values.Value) -> str | None:
        """Lists and booleans have no order; nothing takes their minimum or maximum."""
        if isinstance(value, bool | list):
            return self._masks.mask(value)
        return self._masks.ranked(field_scope(collection, field), value)

    def _cell(self, trait: str, value: values.Value) -> Any:
        if not self._layout.shows(trait):
            return self._masks.mask(value)
        return duckdb_value(value, self._layout.type_of(trait))


def _written_columns(declared: str) -> dict[str, str]:
    named = {"place": "INTEGER", "trait": "VARCHAR", "source": "VARCHAR", "value": declared}
    return {**_STAMP, **named}


def _item_columns(layout: lay.Layout, collection: company.Collection) -> dict[str, str]:
    columns = {**_STAMP, lay.KEY: "VARCHAR"}
    for name, (column, declared) in zip(
        collection.fields, lay.item_columns(layout, collection).items(), strict=True
    ):
        columns[said(name)] = "BOOLEAN"
        columns[column] = duckdb_type(declared)
    return columns


def _writes(layout: lay.Layout, event: events.Event) -> Iterator[tuple[str, str, values.Value]]:
    """(trait, source, value) of what the event says of traits. Of several places in it where it
    has a trait, the more specific one counts; what does not fit is written where it makes a trait
    unknown."""
    project = layout.project
    spoken: list[tuple[str, str, object]] = []
    nested = [name for name in project.profile.traits if "." in name]
    found = event.said_context.get("traits")
    about_customer: list[Mapping[str, object]] = [found] if isinstance(found, dict) else []
    if event.call == "identify":
        about_customer.append(event.said_traits)
    for traits in about_customer:
        spoken += [(name, event.source, value) for name, value in traits.items()]
        spoken += [(name, event.source, conversion.value_at(traits, name)) for name in nested]
    for write in project.tracking.writes:
        if write.event == event.name:
            for name, path in write.traits.items():
                spoken.append((name, write.source, conversion.said_at(event, path)))
    last = {(name, source): value for name, source, value in spoken if value is not UNSET}
    for (name, source), value in last.items():
        trait = project.profile.traits.get(name)
        if trait is not None and trait.written:
            converted, expected = typed(name, value, trait.type, project.company.zone)
            if trait.slip == "unknown" or not expected:
                yield name, source, converted
