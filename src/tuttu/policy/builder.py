"""The state of the builder of the typed tree, and how it describes nodes in errors."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfoNotFoundError

from sqlglot import exp

from tuttu.policy.constructs import CONSTRUCTS
from tuttu.policy.durations import parse_duration
from tuttu.policy.errors import PolicyError, nearest
from tuttu.policy.syntax import place, shown
from tuttu.policy.tree import DATE, TEXT, Column, Convert, Field, Hour, Literal, Node
from tuttu.vocabulary.values import Duration, Kind, Schema
from tuttu.vocabulary.zones import zone_of

MAX_DEPTH = 40
"""Operators inside each other, parentheses not counted; a chain of AND, OR or || counts once."""

Handler: TypeAlias = Callable[["TreeBuilder", exp.Expr], Node]


class Operand(NamedTuple):
    """A typed node with the text it came from, for errors."""

    node: Node
    tree: exp.Expr

    @property
    def kind(self) -> Kind:
        return self.node.type.kind

    @property
    def is_literal(self) -> bool:
        return isinstance(self.node, Literal)

    def error(self, expected: str) -> PolicyError:
        return PolicyError(describe(self.node), expected, place(self.tree))


class TreeBuilder:
    """One expression being built.

    schema, subject: as given to `parse`. handlers: what builds each class of sqlglot's tree.
    items: the collection whose item is looked at, inside any() and all(). used: names of the
    constructs met so far.
    """

    def __init__(
        self,
        schema: Schema,
        subject: str | None,
        handlers: Mapping[type[exp.Expr], Handler],
    ) -> None:
        self.schema = schema
        self.subject = subject
        self.items: str | None = None
        self.used: set[str] = set()
        self._handlers = handlers
        self._depth = 0

    @property
    def zone(self) -> str:
        """The project's zone, known to exist."""
        try:
            return zone_of(self.schema.zone).name
        except (ZoneInfoNotFoundError, ValueError, OSError):
            found = f"the unknown time zone {self.schema.zone!r} of the project"
            raise PolicyError(found, "a name such as Europe/Helsinki", 0) from None

    @property
    def own_zone(self) -> Column | None:
        """The customer's zone, where the schema has one."""
        name = self.schema.own_zone
        return None if name is None else Column(name, TEXT)

    def day(self, instant: Node) -> Convert:
        """The calendar date of a timestamp: the customer's."""
        return Convert(instant, DATE, self.zone, self.own_zone)

    def hour(self, instant: Node) -> Hour:
        """The hour of a timestamp: the customer's."""
        return Hour(instant, self.zone, self.own_zone)

    def use(self, name: str) -> None:
        """Notes a construct. One that the registry lacks is a mistake of ours, not the author's."""
        if name not in CONSTRUCTS:
            raise LookupError(f"the construct {name!r} is not in the registry")
        self.used.add(name)

    def build(self, tree: exp.Expr) -> Node:
        """The typed node of a tree. Raises `PolicyError`."""
        tree = bare(tree)
        handler = self._handlers.get(type(tree))
        if handler is None:
            raise PolicyError(shown(tree), "a construct of the language", place(tree))
        if self._depth == MAX_DEPTH:
            expected = f"at most {MAX_DEPTH} operators inside each other"
            raise PolicyError("deeper nesting", expected, place(tree))
        self._depth += 1
        node = handler(self, tree)
        self._depth -= 1
        return node

    def operand(self, tree: exp.Expr) -> Operand:
        return Operand(self.build(tree), tree)

    def operands(self, trees: Iterable[exp.Expr]) -> list[Operand]:
        return [self.operand(tree) for tree in trees]

    def condition(self, tree: exp.Expr) -> Node:
        """A node that is TRUE, FALSE or NULL."""
        operand = self.operand(tree)
        require_value(operand)
        if operand.kind is not Kind.BOOL:
            raise operand.error("a condition, which is true or false")
        return operand.node


def bare(tree: exp.Expr) -> exp.Expr:
    """The tree without parentheses around it."""
    while isinstance(tree, exp.Paren):
        tree = tree.this
    return tree


def require_value(operand: Operand) -> None:
    """Refuses lists and the bare NULL, which are no operands."""
    if operand.node.type.many:
        raise operand.error("a single value; a list is asked with x IN list or contains(list, x)")
    if isinstance(operand.node, Literal) and operand.node.value is None:
        raise operand.error("a value; whether something is known is asked with IS NULL")


def unknown(tree: exp.Expr, what: str, name: str, known: Iterable[str]) -> PolicyError:
    """For a name that nothing declared has."""
    return PolicyError(
        f"the unknown {what} {name!r}", f"a declared {what}", place(tree), nearest(name, known)
    )


def describe(node: Node) -> str:
    """A node in plain words: ``the text column 'city'``."""
    if isinstance(node, Column):
        return f"the {_kind(node)} column {node.name!r}"
    if isinstance(node, Field):
        return f"the {_kind(node)} field {node.name!r} of {node.collection}"
    if isinstance(node, Literal):
        return "NULL" if node.value is None else f"the {_kind(node)} {node.value!r}"
    return f"a value of type {node.type}"


def _kind(node: Column | Field | Literal) -> str:
    return f"list of {node.type.kind}" if node.type.many else str(node.type.kind)


def quoted_duration(tree: exp.Expr) -> Duration:
    """The microseconds of a quoted duration. Raises `PolicyError`."""
    tree = bare(tree)
    if not isinstance(tree, exp.Literal) or not tree.is_string:
        raise PolicyError(shown(tree), "a quoted duration such as '30d'", place(tree))
    try:
        return parse_duration(tree.name)
    except PolicyError as error:
        start = place(tree) + 1 + error.offset
        raise PolicyError(error.found, error.expected, start) from None
