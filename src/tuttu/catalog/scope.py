"""What the readers of one folder share: findings, the names known so far, what conditions see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from tuttu.catalog.expressions import Columns, Compiler
from tuttu.catalog.findings import Findings, nearest, quote
from tuttu.catalog.names import Names
from tuttu.catalog.scalars import instant_after
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.policy import CompiledExpression, is_late, parse_condition
from tuttu.vocabulary.company import Company, PlannedEvent, Undeclared
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.library import Action
from tuttu.vocabulary.values import (
    OWNERS_ZONE,
    ZONE,
    Expression,
    Instant,
    Schema,
    Type,
    schema_about,
)

PROFILING = "profiling"
NOT_KNOWN = parse_condition("FALSE", Schema())
"""In place of when an action is late whose own words have a fault: who asks it has none."""
OUTCOMES = ("viewed", "clicked", "accepted", "declined", "ignored")
CALL_NAMES = {
    "identify": "Identify",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "group": "Group",
    "alias": "Alias",
}
SOURCES = {"identify": "told"}
"""Call to the source of its trait writes, where events.yaml names no other."""


@dataclass
class LoadScope:
    """One reading of one folder. Each reader adds the names it finds for those after it."""

    findings: Findings
    company: Company = field(default_factory=lambda: Company(name=""))
    namespaces: Names = field(default_factory=lambda: Names("a namespace of identity.yaml"))
    identifier_fields: set[str] = field(default_factory=set)
    channels: Names = field(default_factory=lambda: Names("a channel of channels.yaml"))
    surfaces: Names = field(default_factory=lambda: Names("a surface of channels.yaml"))
    surface_channels: dict[str, str] = field(default_factory=dict)
    purposes: Names = field(default_factory=lambda: Names("a purpose of consent.yaml"))
    owed: set[str] = field(default_factory=set)
    resources: Names = field(default_factory=lambda: Names("a resource of resources.yaml"))
    events: Names = field(default_factory=lambda: Names("an event of events.yaml"))
    plan: dict[str, PlannedEvent] = field(default_factory=dict)
    events_with_traits: set[str] = field(default_factory=set)
    """Events of calls that carry traits: what they may say is not planned."""
    undeclared: Undeclared = "keep"
    said_inside: set[str] = field(default_factory=set)
    """Names of objects that traits are read from inside of."""
    sources: set[str] = field(default_factory=lambda: set(SOURCES.values()))
    collections: Names = field(default_factory=lambda: Names("a collection of traits.yaml"))
    broken_fields: dict[str, set[str]] = field(default_factory=dict)
    traits: Names = field(default_factory=lambda: Names("a trait of traits.yaml"))
    written: Names = field(default_factory=lambda: Names("a written trait of traits.yaml"))
    groups: Names = field(default_factory=lambda: Names("a group of traits.yaml"))
    actions: Names = field(default_factory=lambda: Names("an action"))
    actions_about_nothing: set[str] = field(default_factory=set)
    issue_groups: Names = field(default_factory=lambda: Names("an issue group"))
    owners: Names = field(default_factory=lambda: Names("an owner of actions"))
    outcomes: Names = field(default_factory=lambda: Names("an outcome", OUTCOMES))
    messages: set[tuple[str, str, str]] = field(default_factory=set)
    event_columns: Columns = field(default_factory=lambda: Columns(Schema()))
    row_columns: Columns = field(default_factory=lambda: Columns(Schema()))
    _about: dict[str, Columns] = field(default_factory=dict)
    _late: dict[str, dict[str, Expression]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.compiler = Compiler(self.findings)

    def instant(self, node: ScalarNode | None, *, after: bool = False) -> Instant | None:
        """A date's or time's first instant, or (after) the first one it excludes."""
        if node is None:
            return None
        read = instant_after if after else parse_instant
        instant = read(node.text, self.company.zone)
        if instant is None:
            self.findings.add(node.where, quote(node.text), "a date or time that exists")
        return instant

    def end(self, mapping: MappingNode) -> Instant | None:
        """The first instant after a period: `through` includes, `until` excludes."""
        through, until = mapping.scalar("through"), mapping.scalar("until")
        if through and until:
            self.findings.add(until.where, "both `through` and `until`", "one of them")
        if through:
            return self.instant(through, after=True)
        return self.instant(until)

    def row_schema(
        self, columns: Mapping[str, Type], collections: Mapping[str, Mapping[str, Type]]
    ) -> Schema:
        """What conditions on a customer can name; their zone too, where the company keeps it."""
        return Schema(
            columns=columns,
            collections=collections,
            actions=frozenset(self.actions.known),
            channels=frozenset(self.channels.known),
            outcomes=frozenset(self.outcomes.known),
            zone=self.company.zone,
            own_zone=ZONE if ZONE in self.traits.known else None,
        )

    def item_schema(self, fields: Mapping[str, Type]) -> Schema:
        """What conditions on an item alone can name."""
        own_zone = OWNERS_ZONE if ZONE in self.traits.known else None
        return Schema(columns=fields, zone=self.company.zone, own_zone=own_zone)

    def columns_about(self, node: MappingNode) -> Columns:
        """What the rules of an action or a guard can name: the customer's row, and with `about`
        the fields of the item."""
        about = node.text("about")
        if not about and not node.broken("about"):
            return self.row_columns
        if about not in self._about:
            self._about[about] = self._columns_about(about)
        return self._about[about]

    def _columns_about(self, about: str) -> Columns:
        """If the collection is not known, neither are the fields of its items."""
        row = self.row_columns
        known = about in row.schema.collections and about not in self.collections.broken
        schema = schema_about(row.schema, about) if known else row.schema
        late = {**schema.late, **self._late.get(about, {})}
        columns = Columns(msgspec.structs.replace(schema, late=late))
        columns.broken = row.broken
        columns.open = row.open or not known
        return columns

    def declare_late(self, actions: Iterable[Action]) -> None:
        """What `late` means of owed actions, for all that is read after it."""
        for action in actions:
            late = late_of(action)
            if late is None and action.due is not None:
                late = NOT_KNOWN
            if late is not None:
                self._late.setdefault(action.about or "", {})[action.name] = late
        row = self.row_columns
        row.schema = msgspec.structs.replace(row.schema, late=self._late.get("", {}))
        self._about.clear()

    def fields(self, section: str) -> set[str]:
        """Names in a call's section (traits, properties) that hold identifiers."""
        prefix = f"{section}."
        paths = (path for path in self.identifier_fields if path.startswith(prefix))
        return {path.removeprefix(prefix).partition(".")[0] for path in paths}

    def needs_message(self, node: ScalarNode | None, channel: str) -> None:
        """Content of a message must be there in the company's first language."""
        language = self.company.languages[0]
        if node is None or not channel or (node.text, channel, language) in self.messages:
            return
        paths = [content_path(*key) for key in self.messages]
        wanted = content_path(node.text, channel, language)
        expected = f"the file {wanted}: {channel} content in the company's first language"
        near = nearest(wanted, paths)
        self.findings.add(node.where, f"{quote(node.text)} without content", expected, near)


def late_of(action: Action) -> CompiledExpression | None:
    """Whether an owed action is late, as a condition on the row; None: it never is, or what it says
    has a fault."""
    due, fulfilled = action.due, action.fulfilled
    if not isinstance(due, CompiledExpression) or not isinstance(fulfilled, CompiledExpression):
        return None
    found = [each.test for each in action.conditions]
    tests = [each for each in found if isinstance(each, CompiledExpression)]
    if len(tests) < len(found):
        return None
    period = (action.valid_from, action.valid_until)
    return is_late(due, fulfilled, tests, live=action.status == "live", period=period)


def content_path(message: str, channel: str, language: str) -> str:
    return f"content/{message}.{channel}.{language}.liquid"
