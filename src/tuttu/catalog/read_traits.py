"""traits.yaml: each trait by the way it comes about, segments and groups."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple, cast

import msgspec

from tuttu.catalog.columns import TEXT, ColumnRegistry, read_type
from tuttu.catalog.expressions import UNREADABLE, Columns, names_in
from tuttu.catalog.findings import quote
from tuttu.catalog.names import Names
from tuttu.catalog.read_collections import read_collections
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.sequences import sequence_times
from tuttu.catalog.yaml_nodes import MappingNode, Node, ScalarNode
from tuttu.vocabulary import company, errors, values

EVENTS = "events"
AGGREGATES = ("count", "sum", "first", "last", "max", "min")
COMPUTED = ("first_known", "expression")
WAYS = ("type", *AGGREGATES, "sequence", *COMPUTED)
EXTRAS: dict[str, frozenset[str]] = {
    **dict.fromkeys(AGGREGATES, frozenset({"of", "where", "in"})),
    "count": frozenset({"where", "in"}),
    "sequence": frozenset({"within", "in", "ever"}),
    "type": frozenset({"slip"}),
    "first_known": frozenset({"type", "slip"}),
}
BOOL, INTEGER = values.Type(values.Kind.BOOL), values.Type(values.Kind.INTEGER)


def read_profile(
    sheet: MappingNode | None,
    contributed: Mapping[str, Mapping[str, values.Type]],
    scope: LoadScope,
) -> company.Profile:
    """All of traits.yaml; puts the columns of the customer's row into the scope. contributed: the
    columns that rooms fill, by room."""
    _declare(sheet, scope)
    registry = ColumnRegistry(scope.findings, shared=False)
    for room, columns in contributed.items():
        registry.reserve(columns, room)
    if sheet is None:
        scope.row_columns = Columns(registry.schema(scope.company.zone))
        scope.row_columns.open = True
        return company.Profile()
    collections = read_collections(sheet, registry, scope)
    scope.row_columns = _row_columns(registry, scope)
    traits = _read_direct(sheet, registry, scope)
    computed, order = read_computed(sheet, registry, scope)
    traits |= computed
    scope.row_columns.broken = _broken(scope.traits.known - set(registry.columns), scope)
    return company.Profile(
        traits=traits,
        collections=collections,
        groups=read_groups(sheet, traits, scope),
        derived_order=order,
        initials=_traits_named("initials", sheet, traits, scope),
        asks=_traits_named("asks", sheet, traits, scope),
    )


def _traits_named(
    key: str, sheet: MappingNode, traits: Mapping[str, company.Trait], scope: LoadScope
) -> tuple[str, ...]:
    """Traits of one value, and text where they are a name."""
    names = Names("a trait of text" if key == "initials" else "a trait of one value")
    names.known = {
        name
        for name, trait in traits.items()
        if not trait.type.many and (key == "asks" or trait.type == TEXT)
    }
    names.known |= scope.row_columns.broken
    names.open = scope.traits.open
    listed = sheet.listed(key)
    for name in listed:
        names.refer_scalar(name, scope.findings)
    return tuple(name.text for name in listed)


def _declare(sheet: MappingNode | None, scope: LoadScope) -> None:
    scope.collections.declare(sheet, "collections")
    scope.groups.declare(sheet, "groups")
    scope.traits.declare(sheet, "traits")
    scope.traits.declare(sheet, "segments")
    entries = sheet.mapping("traits").entries if sheet else {}
    scope.written.known = {name for name, node in entries.items() if _may_be_written(name, node)}
    scope.written.open = scope.traits.open
    scope.said_inside |= {name.partition(".")[0] for name in scope.written.known if "." in name}


def _may_be_written(name: str, node: Node) -> bool:
    """Also a trait with a fault, since what it was meant to be is not known."""
    if not isinstance(node, MappingNode) or "type" in node or node.doubtful:
        return True
    if not any(way in node for way in WAYS):
        return True
    return chooses_own_sources(name, node.listed("first_known"))


def _row_columns(registry: ColumnRegistry, scope: LoadScope) -> Columns:
    """A view of the columns so far, which grow while traits are read."""
    columns = Columns(scope.row_schema(registry.columns, registry.collections))
    names = (scope.traits, scope.collections, scope.actions, scope.channels, scope.outcomes)
    columns.open = any(one.open for one in names)
    columns.broken = _broken(set(), scope)
    return columns


def _broken(unread: set[str], scope: LoadScope) -> set[str]:
    """What is declared, but cannot be named because of a fault."""
    return unread.union(
        scope.traits.broken, scope.collections.broken, *scope.broken_fields.values()
    )


def _read_direct(
    sheet: MappingNode, registry: ColumnRegistry, scope: LoadScope
) -> dict[str, company.Trait]:
    """Traits that need no other trait; each becomes a column."""
    traits = {}
    for name, node in sheet.mapping("traits").mappings():
        way = _way(node, scope)
        for purpose in node.listed("use"):
            scope.purposes.refer_scalar(purpose, scope.findings)
        if way == "first_known" and chooses_own_sources(name, node.listed(way)):
            _add_sources(name, read_type(node.entries.get("type")) or TEXT, registry, scope)
        trait = _Direct(name, node, scope).read(way)
        if trait is None:
            if way not in COMPUTED or node.broken(way):
                scope.row_columns.broken.add(name)
            continue
        traits[name] = msgspec.structs.replace(trait, group=_group(node, scope))
        registry.column(name, trait.type, node.where)
        if trait.written:
            _add_sources(name, trait.type, registry, scope)
    return traits


def _group(node: MappingNode, scope: LoadScope) -> str | None:
    return scope.groups.refer_scalar(node.scalar("group"), scope.findings)


def _add_sources(
    name: str, declared: values.Type, registry: ColumnRegistry, scope: LoadScope
) -> None:
    registry.columns |= {f"{source}.{name}": declared for source in scope.sources}


def _way(node: MappingNode, scope: LoadScope) -> str | None:
    """The one key that says how the trait comes about."""
    ways = [way for way in WAYS if way in node]
    if not ways and not node.doubtful:
        scope.findings.add(node.where, "a trait from nowhere", f"one of {', '.join(WAYS)}")
    if not ways:
        return None
    if ways == ["type", "first_known"]:
        ways = ["first_known"]
    allowed = EXTRAS.get(ways[0], frozenset()) | {ways[0], "use", "group"}
    for key in node.entries:
        if key not in allowed:
            expected = f"nothing but {', '.join(sorted(allowed - {ways[0]}))} beside `{ways[0]}`"
            scope.findings.add(node.at(key), quote(key), expected)
    return ways[0]


class _Direct:
    """One written, aggregated or sequence trait."""

    def __init__(self, name: str, node: MappingNode, scope: LoadScope) -> None:
        self.name = name
        self.node = node
        self.scope = scope
        self.uses = uses_of(node)

    def read(self, way: str | None) -> company.Trait | None:
        """None: another sort of trait, or one that has a fault."""
        if way is None or self.node.broken(way):
            return None
        if way == "type":
            return self.written()
        if way == "sequence":
            return self.sequence()
        return self.aggregate(cast(company.Aggregate, way)) if way in AGGREGATES else None

    def written(self) -> company.Trait | None:
        declared = read_type(self.node.entries["type"])
        if declared is None:
            return None
        return company.Trait(
            name=self.name, type=declared, written=True, uses=self.uses, where=self.node.where
        )

    def sequence(self) -> company.Trait:
        events = self.node.listed("sequence")
        for event in events:
            self.scope.events.refer_scalar(event, self.scope.findings)
        within, window = sequence_times(self.node, self.scope)
        return company.Trait(
            name=self.name,
            type=BOOL,
            sequence=tuple(event.text for event in events),
            within=within,
            window=window,
            uses=self.uses,
            where=self.node.where,
        )

    def aggregate(self, way: company.Aggregate) -> company.Trait | None:
        over = self.node.scalar("count" if way == "count" else "of")
        source = over.text if over else EVENTS
        columns = self.columns_of(over, source)
        if columns is None or self.node.broken("of"):
            return None
        field = None if way == "count" else self.node.scalar(way)
        declared = INTEGER if way == "count" else self.type_of(way, field, columns)
        test = self.test(columns)
        window = self.scope.compiler.duration(self.node.scalar("in"))
        if declared is None:
            return None
        return company.Trait(
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
            return self.scope.event_columns
        known = self.scope.collections
        names = Names("events or a collection", {EVENTS, *known.known}, is_open=known.open)
        names.refer_scalar(over, self.scope.findings)
        fields = self.scope.row_columns.schema.collections.get(source)
        if fields is None or source in known.broken:
            return None
        columns = Columns(self.scope.item_schema(fields))
        columns.broken = self.scope.broken_fields.get(source, set())
        return columns

    def test(self, columns: Columns) -> values.Expression | None:
        where = self.node.scalar("where")
        return self.scope.compiler.condition(where, columns) if where else None

    def type_of(self, way: str, field: ScalarNode | None, columns: Columns) -> values.Type | None:
        """The field's type, if the aggregate can be made of it."""
        if field is None or columns.hides(field.text):
            return None
        known = Names("a field that is read", columns.schema.columns)
        if not known.refer(field.text, field.where, self.scope.findings):
            return None
        declared = columns.schema.columns[field.text]
        if way == "sum" and (
            declared.many or declared.kind not in {values.Kind.INTEGER, values.Kind.MONEY}
        ):
            expected = "integer or money: sums of anything else depend on their order"
            self.scope.findings.add(field.where, f"{quote(field.text)}, {declared}", expected)
        if way in {"max", "min"} and (declared.many or declared.kind is values.Kind.BOOL):
            expected = "a number, text, date or timestamp"
            self.scope.findings.add(field.where, f"{quote(field.text)}, {declared}", expected)
        return declared


def read_groups(
    sheet: MappingNode, traits: Mapping[str, company.Trait], scope: LoadScope
) -> dict[str, company.CustomerGroup]:
    """Groups by name; the key is a trait that is written, or the first known of such."""
    keys = Names("a trait that is written, or the first known of such")
    keys.known = {name for name in traits if may_be_key(name, traits)}
    keys.known |= scope.row_columns.broken
    keys.open = scope.traits.open
    section = sheet.mapping("groups")
    for _, node in section.mappings():
        keys.refer_scalar(node.scalar("key"), scope.findings)
    return {
        name: company.CustomerGroup(name=name, key=node.text("key"), where=node.where)
        for name, node in section.mappings()
    }


def may_be_key(name: str, traits: Mapping[str, company.Trait]) -> bool:
    """Whether it is the customer's own, and written, or the first known of such."""
    trait = traits.get(name) or traits.get(name.partition(".")[2])
    if trait is None or trait.group is not None:
        return False
    if name not in traits or not trait.first_known:
        return trait.written
    return all(may_be_key(each, traits) for each in trait.first_known)


class _Recipe(NamedTuple):
    """A trait that reads others, before it is compiled: an expression, or names to choose from."""

    where: errors.Where
    uses: frozenset[str]
    group: str | None = None
    expression: ScalarNode | None = None
    choices: tuple[ScalarNode, ...] = ()
    segment: bool = False

    @property
    def reads(self) -> set[str]:
        """Names that must be declared before it; those of sources (``told.size``) always are."""
        if self.expression:
            return set(names_in(self.expression.text))
        return {choice.text for choice in self.choices}


def read_computed(
    sheet: MappingNode, registry: ColumnRegistry, scope: LoadScope
) -> tuple[dict[str, company.Trait], tuple[str, ...]]:
    """Traits that read others, and an order in which each comes after what it reads."""
    recipes = dict(_traits(sheet.mapping("traits"), scope)) | _segments(sheet, scope)
    order = _order(recipes, scope)
    traits = {}
    for name in order:
        trait = _read(name, recipes[name], scope)
        if trait is None:
            scope.row_columns.broken.add(name)
            continue
        traits[name] = trait
        registry.column(name, trait.type, trait.where)
    return traits, tuple(name for name in order if name in traits)


def _traits(section: MappingNode, scope: LoadScope) -> Iterator[tuple[str, _Recipe]]:
    for name, node in section.mappings():
        expression, choices = node.scalar("expression"), tuple(node.listed("first_known"))
        if expression or choices:
            yield name, _Recipe(node.where, uses_of(node), _group(node, scope), expression, choices)


def chooses_own_sources(name: str, choices: Iterable[ScalarNode]) -> bool:
    """Whether it is the first known of what several sources wrote under its own name."""
    return any(choice.text.partition(".")[2] == name for choice in choices)


def uses_of(node: MappingNode) -> frozenset[str]:
    return frozenset(purpose.text for purpose in node.listed("use"))


def _segments(sheet: MappingNode, scope: LoadScope) -> dict[str, _Recipe]:
    """A segment is an expression, or a mapping with one and its use."""
    section, traits = sheet.mapping("segments"), sheet.mapping("traits")
    recipes = {}
    for name, node in section.entries.items():
        mapping = node if isinstance(node, MappingNode) else MappingNode({}, {}, node.where)
        for purpose in mapping.listed("use"):
            scope.purposes.refer_scalar(purpose, scope.findings)
        expression = section.scalar(name) or mapping.scalar("expression")
        if name in traits:
            expected = f"another name: it is a trait at {traits.at(name)}"
            scope.findings.add(section.at(name), f"the name {quote(name)}", expected)
        elif expression:
            recipes[name] = _Recipe(
                section.at(name), uses_of(mapping), expression=expression, segment=True
            )
        else:
            scope.row_columns.broken.add(name)
    return recipes


def _order(recipes: dict[str, _Recipe], scope: LoadScope) -> list[str]:
    """Names, each after those it reads; those that read each other in a ring are left out."""
    reads = {name: recipe.reads & recipes.keys() for name, recipe in recipes.items()}
    while True:
        try:
            return list(TopologicalSorter(reads).static_order())
        except CycleError as error:
            ring = set(error.args[1])
            _report_ring(error.args[1], recipes, scope)
            reads = {name: read - ring for name, read in reads.items() if name not in ring}


def _report_ring(ring: list[str], recipes: dict[str, _Recipe], scope: LoadScope) -> None:
    """The sorter names the ring against the direction of reading, its first name twice."""
    names = ring[:0:-1]
    first = min(names, key=lambda name: recipes[name].where)
    turn = names.index(first)
    path = " → ".join([*names[turn:], *names[:turn], first])
    found = f"traits that read each other: {path}"
    scope.findings.add(recipes[first].where, found, "no trait that is computed from itself")
    scope.row_columns.broken |= set(ring)


def _read(name: str, recipe: _Recipe, scope: LoadScope) -> company.Trait | None:
    if recipe.expression is None:
        return _first_known(name, recipe, scope)
    compiler = scope.compiler
    compile_one = compiler.condition if recipe.segment else compiler.formula
    expression = compile_one(recipe.expression, scope.row_columns)
    if expression is UNREADABLE:
        return None
    return company.Trait(
        name=name,
        type=expression.type,
        derived=expression,
        segment=recipe.segment,
        uses=recipe.uses,
        group=recipe.group,
        where=recipe.where,
    )


def _first_known(name: str, recipe: _Recipe, scope: LoadScope) -> company.Trait | None:
    declared = _common_type(recipe.choices, scope)
    if declared is None:
        return None
    return company.Trait(
        name=name,
        type=declared,
        written=chooses_own_sources(name, recipe.choices),
        first_known=tuple(choice.text for choice in recipe.choices),
        uses=recipe.uses,
        group=recipe.group,
        where=recipe.where,
    )


def _common_type(choices: tuple[ScalarNode, ...], scope: LoadScope) -> values.Type | None:
    """The type that all have; None if they differ, or one of them is not known."""
    columns = scope.row_columns.schema.columns
    known = Names("a trait, or source.trait", columns)
    if any(scope.row_columns.hides(choice.text) for choice in choices):
        return None
    refers = [known.refer(choice.text, choice.where, scope.findings) for choice in choices]
    types = [columns[choice.text] for choice in choices if choice.text in columns]
    for choice in choices:
        declared = columns.get(choice.text, types[0] if types else None)
        if types and declared != types[0]:
            found = f"{quote(choice.text)}, which is {declared}"
            scope.findings.add(choice.where, found, f"{types[0]}, as the first one")
    return types[0] if all(refers) and len(set(types)) == 1 else None
