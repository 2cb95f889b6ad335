"""A text compiled: parsed once, executed as a row function or as SQL."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlglot import exp

from tuttu.policy import operators
from tuttu.policy.builder import Handler, TreeBuilder, require_value
from tuttu.policy.errors import PolicyError
from tuttu.policy.function_calls import SUBJECT, call
from tuttu.policy.names import column
from tuttu.policy.row_function import RowFunction, row_function
from tuttu.policy.sql import tree_to_sql
from tuttu.policy.syntax import read
from tuttu.policy.tree import NOW, Node, columns_of, named_in, walk
from tuttu.vocabulary.values import Expression, Kind, Row, Schema, Type, Value

_HANDLERS: Mapping[type[exp.Expr], Handler] = {
    exp.Column: column,
    exp.Literal: operators.literal,
    exp.Boolean: operators.truth,
    exp.Null: operators.null,
    exp.Cast: operators.typed_literal,
    exp.Neg: operators.negate,
    exp.Not: operators.invert,
    exp.And: operators.conjunction,
    exp.Or: operators.disjunction,
    exp.EQ: operators.compare,
    exp.NEQ: operators.compare,
    exp.LT: operators.compare,
    exp.LTE: operators.compare,
    exp.GT: operators.compare,
    exp.GTE: operators.compare,
    exp.Between: operators.between,
    exp.In: operators.member,
    exp.Like: operators.like,
    exp.Is: operators.is_predicate,
    exp.Case: operators.case,
    exp.DPipe: operators.join,
    exp.Add: operators.arithmetic,
    exp.Sub: operators.arithmetic,
    exp.Mul: operators.arithmetic,
    exp.Div: operators.arithmetic,
    exp.Mod: operators.arithmetic,
    exp.Anonymous: call,
}
"""What builds each class of sqlglot's tree; one that is not listed is no construct."""

_CACHE = 20_000
"""Size of the cache: a project has hundreds of actions with the same conditions."""


SHALLOW = 24
"""Of so many nodes no tree is too deep for Python's compiler, which allows 200 parentheses inside
each other and gets at most four for a node."""


class CompiledExpression:
    """A condition or formula; implements `tuttu.vocabulary.values.Expression`. Immutable, but that
    its row function is made when it is first called: most conditions of a large project are only
    ever asked by the index.

    tree: what it means. columns: what the row must offer; named: those of them without which it may
    be NULL, as it is not without the time zone by whose calendar it counts. constructs: names of
    `tuttu.policy.CONSTRUCTS` that it uses. timed: whether it reads ``now``.
    """

    __slots__ = ("_function", "columns", "constructs", "named", "text", "timed", "tree", "type")

    text: str
    tree: Node
    type: Type
    columns: frozenset[str]
    named: frozenset[str]
    constructs: frozenset[str]
    timed: bool
    _function: RowFunction | None

    def __init__(self, text: str, tree: Node, constructs: frozenset[str]) -> None:
        nodes = walk(tree)
        reads = _reads(nodes)
        self.text = text
        self.tree = tree
        self.type = tree.type
        self.columns = frozenset(reads) - {NOW}
        self.named = named_in(tree) - {NOW}
        self.constructs = constructs
        self.timed = NOW in reads
        self._function = None if len(nodes) <= SHALLOW else _row_function(tree, reads)

    def __call__(self, row: Row) -> Value:
        """The value on a row; a column that the row lacks is NULL. Never raises."""
        function = self._function or self._made()
        try:
            return function(row)
        except KeyError:
            return self._over_missing(function, row)
        except Exception:  # one customer's fault never fails a batch
            return None

    def _made(self) -> RowFunction:
        """Two threads that call at once make it twice, and both are right."""
        function = self._function = row_function(self.tree, _reads(walk(self.tree)))
        return function

    def _over_missing(self, function: RowFunction, row: Row) -> Value:
        complete = {**dict.fromkeys((*self.columns, NOW)), **row}
        try:
            return function(complete)
        except Exception:  # one customer's fault never fails a batch
            return None

    def __repr__(self) -> str:
        return f"CompiledExpression({self.text!r})"


def _reads(nodes: Sequence[Node]) -> Counter[str]:
    """Column to how often they read it."""
    return Counter(name for node in nodes for name in columns_of(node))


def _row_function(tree: Node, reads: Mapping[str, int]) -> RowFunction:
    try:
        return row_function(tree, reads)
    except RecursionError:
        raise PolicyError("deeper nesting", "fewer operators inside each other", 0) from None


class _Same:
    """A schema as the key of a cache: equal to itself alone."""

    __slots__ = ("schema",)

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.schema is self.schema


@lru_cache(maxsize=_CACHE)
def _compile(text: str, same: _Same, subject: str | None) -> CompiledExpression:
    builder = TreeBuilder(same.schema, subject, _HANDLERS)
    operand = builder.operand(read(text))
    require_value(operand)
    return CompiledExpression(text, operand.node, frozenset(builder.used))


def parse(text: str, schema: Schema, *, subject: str | None = None) -> CompiledExpression:
    """The expression that a text means over a schema's columns.

    subject: the action that the bare word ``action`` means. Raises `PolicyError`. The same text
    over the same schema gives the same object for every subject, if it does not name it.
    """
    return _compile(text, _Same(schema), subject if SUBJECT in text else None)


def parse_condition(text: str, schema: Schema, *, subject: str | None = None) -> CompiledExpression:
    """As `parse`; what is no condition is an error too."""
    expression = parse(text, schema, subject=subject)
    if expression.type.kind is not Kind.BOOL:
        found = f"a value of type {expression.type}"
        raise PolicyError(found, "a condition, which is true or false", 0)
    return expression


def to_sql(expression: Expression) -> str:
    """A scalar DuckDB expression over a relation of `relation_of`'s columns, and of `OFFSETS` where
    it counts by the customer's calendar. It must have been made by `parse`.

    It yields the same as calling the expression on the row: dates as DATE, timestamps as
    TIMESTAMP in UTC, money as 1/10,000 of the unit.
    """
    if not isinstance(expression, CompiledExpression):
        raise TypeError(f"found {expression!r}, expected an expression made by parse")
    return tree_to_sql(expression.tree, expression.columns)
