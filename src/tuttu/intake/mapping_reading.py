"""YAML text to an import mapping, or every fault in it at once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, cast
from zoneinfo import ZoneInfo

from msgspec import UNSET

from tuttu.catalog.codes import check_bare
from tuttu.catalog.findings import Findings, quote
from tuttu.catalog.texts import decoded
from tuttu.catalog.yaml_nodes import MappingNode, Node, ScalarNode, parse_yaml
from tuttu.intake import mapping as m
from tuttu.intake.call import Call
from tuttu.intake.map_row import read_moment
from tuttu.intake.mapping_schema import UNITS, mapping_schema
from tuttu.intake.mapping_shape import find_shape_faults
from tuttu.intake.rows import Format
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.values import Instant, Kind, Scalar

_SOURCES = ("constant", "column", "columns", "row")
_TESTS = ("equals", "in", "not", "below", "above", "known")
_NEEDS = {
    "type": "column",
    "map": "column",
    "otherwise": "map",
    "format": "type",
    "zone": "type",
    "join": "columns",
}
"""Keys of a value that mean something only beside another one."""
_BELONGS = {"event": ("track",), "name": ("page", "screen"), "group": ("group",)}
_BELONGS["previous"] = ("alias",)
_ROOT_ONLY = ("format", "id", "events")
_NEEDED = {"track": "event", "group": "group", "alias": "previous"}


def load_mapping(
    source: str | bytes, file: str = "mapping.yaml", zone: str = "UTC"
) -> m.ImportMapping:
    """The mapping that a text says, or bytes of a file; `file` is its name in faults. zone: the
    project's, of dates and times that name none. Raises MappingError."""
    findings = Findings()
    text = source if isinstance(source, str) else decoded(source, file, findings)
    _raise(findings)
    root = parse_yaml(file, text or "", findings)
    if not findings.faults():
        find_shape_faults(root, mapping_schema(), findings)
    _raise(findings)
    mapping = _Reading(findings, zone).mapping(cast(MappingNode, root))
    _raise(findings)
    return mapping


def _raise(findings: Findings) -> None:
    if faults := findings.faults():
        raise m.MappingError(faults)


class _Reading:
    """Reads a text that has the right shape, and remembers what it names."""

    def __init__(self, findings: Findings, zone: str) -> None:
        self.findings = findings
        self.project_zone = zone
        self.columns: dict[str, Where] = {}
        self.namespaces: dict[str, Where] = {}

    def mapping(self, root: MappingNode) -> m.ImportMapping:
        identity = root.mapping("id")
        self.one_of(identity, ("row", "column"))
        if "row" in identity and "prefix" not in identity:
            self.findings.add(
                identity.where,
                "no `prefix`",
                "one beside `row`, so that two files do not share ids",
            )
        return m.ImportMapping(
            format=_format(root.mapping("format")),
            id_prefix=identity.text("prefix"),
            id_column=self.column(identity, "column") if "column" in identity else None,
            entries=tuple(self.entry(each) for each in _entries(root)),
            columns=self.columns,
            namespaces=self.namespaces,
        )

    def entry(self, node: MappingNode) -> m.MappedEvent:
        call = cast(Call, node.text("call", "track"))
        self.require_fitting(node, call)
        for name in node.mapping("who").entries:
            self.namespaces.setdefault(name, node.mapping("who").at(name))
        return m.MappedEvent(
            call=call,
            who=self.cells(node, "who"),
            time=self.timing(node.entries["time"]) if "time" in node else None,
            event=self.cell(node, "event"),
            name=self.cell(node, "name"),
            group=self.cell(node, "group"),
            previous=self.cell(node, "previous"),
            properties=self.cells(node, "properties"),
            traits=self.cells(node, "traits"),
            when=self.tests(node),
        )

    def require_fitting(self, node: MappingNode, call: str) -> None:
        """What the call needs is there, and nothing that belongs to another call."""
        if "who" not in node:
            self.findings.add(node.where, "no `who`", "`who`: values by namespace")
        needed = _NEEDED.get(call)
        if needed and needed not in node:
            self.findings.add(node.where, f"no `{needed}`", f"one: a {call} call needs it")
        for key, calls in _BELONGS.items():
            if key in node and call not in calls:
                expected = f"it in a {' or '.join(calls)} call only; this is a {call} call"
                self.findings.add(node.at(key), f"the key `{key}`", expected)

    def cells(self, node: MappingNode, key: str) -> dict[str, m.Cell]:
        table = node.mapping(key)
        return {name: self.read_cell(each, node) for name, each in table.entries.items()}

    def cell(self, node: MappingNode, key: str) -> m.Cell | None:
        return self.read_cell(node.entries[key], node) if key in node else None

    def read_cell(self, node: Node, entry: MappingNode) -> m.Cell:
        if not isinstance(node, MappingNode):
            return m.Cell(m.Constant(self.constant(node)))
        self.one_of(node, _SOURCES)
        for key, partner in _NEEDS.items():
            if key in node and partner not in node:
                self.findings.add(node.at(key), f"`{key}` without `{partner}`", f"`{partner}` too")
        if node.text("row") == "time" and "time" not in entry:
            self.findings.add(node.at("row"), "`row: time`", "a `time` of the event beside it")
        return m.Cell(self.source(node), self.tests(node))

    def source(self, node: MappingNode) -> m.Source:
        if "columns" in node:
            for scalar in node.listed("columns"):
                self.columns.setdefault(scalar.text, scalar.where)
            return m.Joined(tuple(each.text for each in node.listed("columns")), node.text("join"))
        if "row" in node:
            return m.RowTime() if node.text("row") == "time" else m.RowNumber()
        if "column" in node:
            return self.read_column(node)
        return m.Constant(self.constant(node.entries.get("constant")))

    def read_column(self, node: MappingNode) -> m.SourceColumn:
        if "map" in node and "type" in node:
            self.findings.add(
                node.at("type"), "`type` beside `map`", "constants of that type in it"
            )
        mapped = {key: self.constant(each) for key, each in node.mapping("map").entries.items()}
        return m.SourceColumn(
            name=self.column(node, "column"),
            type=Kind(node.text("type")) if "type" in node else None,
            format=self.format(node),
            zone=self.zone(node),
            map=mapped if "map" in node else None,
            otherwise=self.constant(node.entries["otherwise"]) if "otherwise" in node else UNSET,
        )

    def constant(self, node: Node | None) -> Scalar:
        check_bare(node, self.findings)
        return _plain(node)

    def timing(self, node: Node) -> m.Timing:
        if not isinstance(node, MappingNode):
            return m.Timing(self.instant(node, self.project_zone))
        self.one_of(node, ("column", "constant"))
        moment: Instant | m.SourceColumn = 0
        if "constant" in node:
            moment = self.instant(node.entries["constant"], self.zone(node))
        if "column" in node:
            name = self.column(node, "column")
            moment = m.SourceColumn(name=name, format=self.format(node), zone=self.zone(node))
        if "minus" not in node:
            return m.Timing(moment)
        minus = node.mapping("minus")
        return m.Timing(moment, self.column(minus, "column"), UNITS[minus.text("unit")])

    def instant(self, node: Node, zone: str) -> Instant:
        text = node.text if isinstance(node, ScalarNode) else ""
        instant = read_moment(text, None, zone)
        if instant is None:
            self.findings.add(node.where, quote(text), "a time such as 2026-03-01T09:00:00Z")
        return instant or 0

    def tests(self, node: MappingNode) -> tuple[m.ColumnTest, ...]:
        """Those under `when`: one, or a list of which all must pass."""
        when = node.entries.get("when")
        if isinstance(when, MappingNode):
            return (self.test(when),)
        return tuple(self.test(each) for each in node.listed_mappings("when"))

    def test(self, node: MappingNode) -> m.ColumnTest:
        if not any(key in node for key in _TESTS):
            self.findings.add(node.where, "a test of nothing", f"one of {', '.join(_TESTS)}")
        return m.ColumnTest(
            column=self.column(node, "column"),
            among=_texts(node, "in") or _texts(node, "equals"),
            none_of=_texts(node, "not"),
            below=_number(node, "below"),
            above=_number(node, "above"),
            known=node.flag("known") if "known" in node else None,
        )

    def column(self, node: MappingNode, key: str) -> str:
        self.columns.setdefault(node.text(key), node.at(key))
        return node.text(key)

    def one_of(self, node: MappingNode, keys: Sequence[str]) -> None:
        given = [key for key in keys if key in node]
        if len(given) != 1:
            found = " and ".join(f"`{key}`" for key in given) or "none of them"
            self.findings.add(node.where, found, f"exactly one of {', '.join(keys)}")

    def format(self, node: MappingNode) -> str | None:
        if "format" not in node:
            return None
        text = node.text("format")
        sample = datetime(2001, 2, 3, 4, 5, 6, 7, tzinfo=UTC)
        try:
            datetime.strptime(sample.strftime(text), text)  # noqa: DTZ007 - only tried
        except ValueError as error:
            expected = f"a format of strptime ({error})"
            self.findings.add(node.at("format"), quote(text), expected)
        return text

    def zone(self, node: MappingNode) -> str:
        name = node.text("zone", self.project_zone)
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            expected = "a time zone such as Europe/Helsinki"
            self.findings.add(node.at("zone"), quote(name), expected)
        return name


def _entries(root: MappingNode) -> list[MappingNode]:
    """The events of a row; each inherits the top level's keys, unless it has its own."""
    if "events" not in root:
        return [root]
    return [_inherit(root, each) for each in root.listed_mappings("events")]


def _inherit(root: MappingNode, node: MappingNode) -> MappingNode:
    above = {key: each for key, each in root.entries.items() if key not in _ROOT_ONLY}
    entries, keys = {**above, **node.entries}, {**root.keys, **node.keys}
    for table in ("who", "properties", "traits"):
        if table in root and table in node:
            upper, lower = root.mapping(table), node.mapping(table)
            entries[table] = MappingNode(
                {**upper.entries, **lower.entries}, {**upper.keys, **lower.keys}, lower.where
            )
    return MappingNode(entries, keys, node.where)


def _format(node: MappingNode) -> Format:
    default = Format()
    return Format(
        kind=cast(Literal["csv", "jsonl"], node.text("kind", default.kind)),
        delimiter=node.text("delimiter", default.delimiter),
        quote=node.text("quote", default.quote),
        encoding=node.text("encoding", default.encoding),
        decimal=node.text("decimal", default.decimal),
        thousands=node.text("thousands", default.thousands),
        nulls=_texts(node, "nulls") or default.nulls,
        rename={old: new.text for old, new in node.mapping("rename").scalars()},
    )


def _plain(node: Node | None) -> Scalar:
    return node.value if isinstance(node, ScalarNode) else None


def _texts(node: MappingNode, key: str) -> frozenset[str] | None:
    """A text or a list of them, as they are written; None if the key is absent."""
    if key not in node:
        return None
    single = node.scalar(key)
    return frozenset(each.text for each in ([single] if single else node.listed(key)))


def _number(node: MappingNode, key: str) -> float | None:
    value = _plain(node.entries.get(key))
    return float(value) if isinstance(value, int | float) else None
