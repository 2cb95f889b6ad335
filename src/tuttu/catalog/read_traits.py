"""traits.yaml: each trait by the way it comes about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from tuttu.catalog.columns import TEXT, ColumnBook, read_type
from tuttu.catalog.derived import chooses_own_sources, read_computed, uses_of
from tuttu.catalog.desk import Desk
from tuttu.catalog.expressions import Columns
from tuttu.catalog.findings import quote
from tuttu.catalog.names import Names
from tuttu.catalog.read_collections import read_collections, read_groups
from tuttu.catalog.yaml_nodes import MappingNode, Node, ScalarNode
from tuttu.vocabulary.company import Aggregate, Profile, Trait
from tuttu.vocabulary.values import Expression, Kind, Schema, Type

EVENTS = "events"
AGGREGATES = ("count", "sum", "first", "last", "max", "min")
COMPUTED = ("first_known", "expression")
WAYS = ("type", *AGGREGATES, "sequence", *COMPUTED)
EXTRAS: dict[str, frozenset[str]] = {
    **dict.fromkeys(AGGREGATES, frozenset({"of", "where", "in"})),
    "count": frozenset({"where", "in"}),
    "sequence": frozenset({"within"}),
    "first_known": frozenset({"type"}),
}
BOOL, INTEGER = Type(Kind.BOOL), Type(Kind.INTEGER)


def read_profile(
    sheet: MappingNode | None, contributed: Mapping[str, Mapping[str, Type]], desk: Desk
) -> Profile:
    """All of traits.yaml; puts the columns of the customer's row on the desk. contributed: the
    columns that rooms fill, by room."""
    _declare(sheet, desk)
    book = ColumnBook(desk.findings, shared=False)
    for room, columns in contributed.items():
        book.reserve(columns, room)
    if sheet is None:
        desk.row_columns = Columns(book.schema(desk.company.zone))
        desk.row_columns.open = True
        return Profile()
    collections = read_collections(sheet, book, desk)
    desk.row_columns = _row_columns(book, desk)
    traits = _read_direct(sheet, book, desk)
    computed, order = read_computed(sheet, book, desk)
    traits |= computed
    desk.row_columns.broken = _broken(desk.traits.known - set(book.columns), desk)
    return Profile(
        traits=traits,
        collections=collections,
        groups=read_groups(sheet, traits, desk),
        derived_order=order,
    )


def _declare(sheet: MappingNode | None, desk: Desk) -> None:
    desk.collections.declare(sheet, "collections")
    desk.groups.declare(sheet, "groups")
    desk.traits.declare(sheet, "traits")
    desk.traits.declare(sheet, "segments")
    entries = sheet.mapping("traits").entries if sheet else {}
    desk.written.known = {name for name, node in entries.items() if _may_be_written(name, node)}
    desk.written.open = desk.traits.open


def _may_be_written(name: str, node: Node) -> bool:
    """Also a trait with a fault, since nobody knows what it was meant to be."""
    if not isinstance(node, MappingNode) or "type" in node or node.doubtful:
        return True
    if not any(way in node for way in WAYS):
        return True
    return chooses_own_sources(name, node.listed("first_known"))


def _row_columns(book: ColumnBook, desk: Desk) -> Columns:
    """A view on the book, which grows while traits are read."""
    columns = Columns(
        Schema(
            columns=book.columns,
            collections=book.collections,
            actions=frozenset(desk.actions.known),
            channels=frozenset(desk.channels.known),
            outcomes=frozenset(desk.outcomes.known),
            zone=desk.company.zone,
        )
    )
    names = (desk.traits, desk.collections, desk.actions, desk.channels, desk.outcomes)
    columns.open = any(one.open for one in names)
    columns.broken = _broken(set(), desk)
    return columns


def _broken(unread: set[str], desk: Desk) -> set[str]:
    """What is declared, but cannot be named because of a fault."""
    return unread.union(desk.traits.broken, desk.collections.broken, *desk.broken_fields.values())


def _read_direct(sheet: MappingNode, book: ColumnBook, desk: Desk) -> dict[str, Trait]:
    """Traits that need no other trait; each becomes a column."""
    traits = {}
    for name, node in sheet.mapping("traits").mappings():
        way = _way(node, desk)
        for purpose in node.listed("use"):
            desk.purposes.refer_scalar(purpose, desk.findings)
        if way == "first_known" and chooses_own_sources(name, node.listed(way)):
            _add_sources(name, read_type(node.entries.get("type")) or TEXT, book, desk)
        trait = _Direct(name, node, desk).read(way)
        if trait is None:
            if way not in COMPUTED or node.broken(way):
                desk.row_columns.broken.add(name)
            continue
        traits[name] = trait
        book.column(name, trait.type, node.where)
        if trait.written:
            _add_sources(name, trait.type, book, desk)
    return traits


def _add_sources(name: str, declared: Type, book: ColumnBook, desk: Desk) -> None:
    book.columns |= {f"{source}.{name}": declared for source in desk.sources}


def _way(node: MappingNode, desk: Desk) -> str | None:
    """The one key that says how the trait comes about."""
    ways = [way for way in WAYS if way in node]
    if not ways and not node.doubtful:
        desk.findings.add(node.where, "a trait from nowhere", f"one of {', '.join(WAYS)}")
    if not ways:
        return None
    if ways == ["type", "first_known"]:
        ways = ["first_known"]
    allowed = EXTRAS.get(ways[0], frozenset()) | {ways[0], "use"}
    for key in node.entries:
        if key not in allowed:
            expected = f"nothing but {', '.join(sorted(allowed - {ways[0]}))} beside `{ways[0]}`"
            desk.findings.add(node.at(key), quote(key), expected)
    return ways[0]


class _Direct:
    """One written, aggregated or sequence trait."""

    def __init__(self, name: str, node: MappingNode, desk: Desk) -> None:
        self.name = name
        self.node = node
        self.desk = desk
        self.uses = uses_of(node)

    def read(self, way: str | None) -> Trait | None:
        """None: another sort of trait, or one that has a fault."""
        if way is None or self.node.broken(way):
            return None
        if way == "type":
            return self.written()
        if way == "sequence":
            return self.sequence()
        return self.aggregate(cast(Aggregate, way)) if way in AGGREGATES else None

    def written(self) -> Trait | None:
        declared = read_type(self.node.entries["type"])
        if declared is None:
            return None
        return Trait(
            name=self.name, type=declared, written=True, uses=self.uses, where=self.node.where
        )

    def sequence(self) -> Trait:
        events = self.node.listed("sequence")
        for event in events:
            self.desk.events.refer_scalar(event, self.desk.findings)
        if "within" not in self.node and not self.node.doubtful:
            expected = "`within`: a duration such as 30m"
            self.desk.findings.add(self.node.where, "no `within`", expected)
        return Trait(
            name=self.name,
            type=BOOL,
            sequence=tuple(event.text for event in events),
            window=self.desk.compiler.duration(self.node.scalar("within")),
            uses=self.uses,
            where=self.node.where,
        )

    def aggregate(self, way: Aggregate) -> Trait | None:
        over = self.node.scalar("count" if way == "count" else "of")
        source = over.text if over else EVENTS
        columns = self.columns_of(over, source)
        if columns is None or self.node.broken("of"):
            return None
        field = None if way == "count" else self.node.scalar(way)
        declared = INTEGER if way == "count" else self.type_of(way, field, columns)
        test = self.test(columns)
        window = self.desk.compiler.duration(self.node.scalar("in"))
        if declared is None:
            return None
        return Trait(
            name=self.name,
            type=declared,
            aggregate=way,
            over=source,
            field=field.text if field else None,
            test=test,
            window=window,
            uses=self.uses,
            where=self.node.where,
        )

    def columns_of(self, over: ScalarNode | None, source: str) -> Columns | None:
        """What `where` and the field are read from: an event, or an item of a collection."""
        if source == EVENTS:
            return self.desk.event_columns
        known = self.desk.collections
        names = Names("events or a collection", {EVENTS, *known.known}, is_open=known.open)
        names.refer_scalar(over, self.desk.findings)
        fields = self.desk.row_columns.schema.collections.get(source)
        if fields is None or source in known.broken:
            return None
        columns = Columns(Schema(columns=fields, zone=self.desk.company.zone))
        columns.broken = self.desk.broken_fields.get(source, set())
        return columns

    def test(self, columns: Columns) -> Expression | None:
        where = self.node.scalar("where")
        return self.desk.compiler.condition(where, columns) if where else None

    def type_of(self, way: str, field: ScalarNode | None, columns: Columns) -> Type | None:
        """The field's type, if the aggregate can be made of it."""
        if field is None or columns.hides(field.text):
            return None
        known = Names("a field that is read", columns.schema.columns)
        if not known.refer(field.text, field.where, self.desk.findings):
            return None
        declared = columns.schema.columns[field.text]
        if way == "sum" and (declared.many or declared.kind not in {Kind.INTEGER, Kind.MONEY}):
            expected = "integer or money: sums of anything else depend on their order"
            self.desk.findings.add(field.where, f"{quote(field.text)}, {declared}", expected)
        if way in {"max", "min"} and (declared.many or declared.kind is Kind.BOOL):
            expected = "a number, text, date or timestamp"
            self.desk.findings.add(field.where, f"{quote(field.text)}, {declared}", expected)
        return declared
