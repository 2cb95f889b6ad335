"""Compiles the expressions of a project folder, and reports where one has a fault."""

import re
from collections.abc import Mapping

import msgspec

from tuttu.catalog.findings import Findings, quote
from tuttu.catalog.names import Names
from tuttu.catalog.yaml_nodes import ScalarNode
from tuttu.policy import PolicyError, parse, parse_condition, parse_duration, split_until
from tuttu.vocabulary import errors, values

LONGEST: values.Duration = 36_500 * values.DAY
NUMBERS = frozenset({values.Kind.INTEGER, values.Kind.MONEY, values.Kind.REAL})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_EVENT = re.compile(r"\bevent\s*(?:=|<>|!=)\s*'((?:[^']|'')*)'")


class Unreadable(msgspec.Struct, frozen=True):
    """Placeholder for an expression with a fault; a project with faults is never returned."""

    text: str = ""
    type: values.Type = values.Type(values.Kind.BOOL)
    columns: frozenset[str] = frozenset()

    def __call__(self, row: values.Row) -> values.Value:  # noqa: ARG002 - the protocol's name
        return None


UNREADABLE: values.Expression = Unreadable()


class Columns:
    """What expressions of one sort can name; `broken` ones have a fault of their own. events: of
    conditions on one event, those that there are. timeless: what is expected instead of a condition
    that reads the present; empty: it may."""

    def __init__(
        self, schema: values.Schema, *, events: Names | None = None, timeless: str = ""
    ) -> None:
        self.schema = schema
        self.events = events
        self.timeless = timeless
        self.broken: set[str] = set()
        self.open = False

    def hides(self, text: str) -> bool:
        """Whether a fault elsewhere keeps this text from being judged."""
        return self.open or not self.broken.isdisjoint(names_in(text))


class Compiler:
    """Expressions of one folder; what cannot be compiled is reported and reads as UNREADABLE."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def condition(
        self, node: ScalarNode | None, columns: Columns, subject: str | None = None
    ) -> values.Expression:
        return self._compile(node, columns, subject, bool_only=True)

    def formula(
        self, node: ScalarNode | None, columns: Columns, subject: str | None = None
    ) -> values.Expression:
        return self._compile(node, columns, subject, bool_only=False)

    def number(
        self, node: ScalarNode | None, columns: Columns, subject: str | None = None
    ) -> values.Expression:
        """A formula that yields a number."""
        compiled = self.formula(node, columns, subject)
        if node is None or compiled is UNREADABLE:
            return compiled
        if compiled.type.kind not in NUMBERS or compiled.type.many:
            self.findings.add(
                node.where, f"{quote(node.text)}, which is {compiled.type}", "a number"
            )
        return compiled

    def conditions(
        self, nodes: Mapping[str, ScalarNode], columns: Columns, subject: str
    ) -> tuple[values.Condition, ...]:
        return tuple(
            values.Condition(name, self.condition(node, columns, subject))
            for name, node in nodes.items()
        )

    def _compile(
        self, node: ScalarNode | None, columns: Columns, subject: str | None, *, bool_only: bool
    ) -> values.Expression:
        if node is None or columns.hides(node.text):
            return UNREADABLE
        self._check_events(node, columns)
        read = parse_condition if bool_only else parse
        try:
            compiled = read(node.text, columns.schema, subject=subject)
        except PolicyError as error:
            self.report(node, error)
            return UNREADABLE
        if columns.timeless and compiled.timed:
            found = f"{quote(node.text)}, which reads the present"
            self.findings.add(node.where, found, columns.timeless)
        return compiled

    def _check_events(self, node: ScalarNode, columns: Columns) -> None:
        """An event that is compared by name must be one of the plan, or it never happens."""
        if columns.events is None:
            return
        for name in _EVENT.findall(node.text):
            columns.events.refer(name.replace("''", "'"), node.where, self.findings)

    def report(self, node: ScalarNode, error: PolicyError) -> None:
        """A policy error, at the line that it is about."""
        line = node.where.line
        if node.literal:
            line += 1 + node.text.count("\n", 0, error.offset)
        found = f"{error.found} in {quote(node.text)}"
        self.findings.add(errors.Where(node.where.file, line), found, error.expected, error.nearest)

    def duration(self, node: ScalarNode | None) -> values.Duration | None:
        """A duration's microseconds; None if it is absent or has a fault."""
        if node is None:
            return None
        try:
            span = parse_duration(node.text)
        except PolicyError as error:
            self.report(node, error)
            return None
        if not 0 < span <= LONGEST:
            self.findings.add(node.where, quote(node.text), "more than 0s and at most 36500d")
            return None
        return span

    def cooling(
        self, node: ScalarNode, columns: Columns
    ) -> tuple[values.Duration, values.Expression]:
        """`3d after max(tickets.resolved_at)`: a duration, and the instant it counts from."""
        if columns.hides(node.text):
            return 0, UNREADABLE
        try:
            span, text = split_until(node.text)
        except PolicyError as error:
            self.report(node, error)
            return 0, UNREADABLE
        after = self.formula(ScalarNode(text, node.where), columns)
        if after is not UNREADABLE and after.type != values.Type(values.Kind.TIMESTAMP):
            found = f"{quote(text)}, which is {after.type}"
            self.findings.add(node.where, found, "a timestamp after `after`")
        return span, after


def names_in(text: str) -> set[str]:
    """What an expression could name: words outside quotes, and the parts of those with points."""
    names = set(_NAME.findall(_QUOTED.sub(" ", text)))
    return names.union(*(name.split(".") for name in names))


def is_column_name(name: str) -> bool:
    """Whether expressions can name a column so: `case` or `now` mean something else."""
    schema = values.Schema(columns={name: values.Type(values.Kind.BOOL)})
    try:
        return parse(name, schema).columns == {name}
    except PolicyError:
        return False
