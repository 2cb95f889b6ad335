"""What expressions read: as finely as an export needs to know it, and of which events."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from tuttu.policy import tree as t
from tuttu.policy.expression import CompiledExpression
from tuttu.policy.relation import Relation, relation_of
from tuttu.vocabulary.values import Expression, Kind, Scalar, Schema, Type

T = TypeVar("T")

ALONE = "is there"
"""The field of an item of which nothing is read but that it is there; no declared name."""


class Reads(msgspec.Struct, frozen=True):
    """columns: of the row, collections among them, without ``now``. fields: by collection."""

    columns: frozenset[str] = frozenset()
    fields: Mapping[str, frozenset[str]] = {}

    def relation(self, schema: Schema) -> Relation:
        """As `relation_of`, with no field of a collection but those that are read."""
        relation = dict(relation_of(self.columns, schema))
        for name, declared in schema.collections.items():
            if name in relation:
                read = self.fields.get(name, frozenset())
                kept = {field: kind for field, kind in declared.items() if field in read}
                relation[name] = kept or {ALONE: Type(Kind.BOOL)}
        return relation


def reads_of(expressions: Iterable[Expression]) -> Reads:
    """All that any of them reads."""
    columns: set[str] = set()
    fields: dict[str, set[str]] = {}
    for expression in expressions:
        columns |= expression.columns
        tree = expression.tree if isinstance(expression, CompiledExpression) else None
        for node in t.walk(tree) if tree is not None else ():
            if isinstance(node, t.Field):
                fields.setdefault(node.collection, set()).add(node.name)
            elif isinstance(node, t.Aggregate | t.Quantifier):
                named = node.field if isinstance(node, t.Aggregate) else None
                fields.setdefault(node.collection, set()).update([named] if named else [])
    return Reads(frozenset(columns), {name: frozenset(found) for name, found in fields.items()})


def named_columns(expression: Expression) -> frozenset[str]:
    """The columns that it reads, but for the time zone by whose calendar it counts."""
    return expression.named if isinstance(expression, CompiledExpression) else expression.columns


def is_constant(expression: Expression) -> bool:
    """Whether it is known to be the same on every row, at all times."""
    return (
        isinstance(expression, CompiledExpression)
        and not expression.columns
        and not expression.timed
    )


def by_value(
    conditions: Iterable[tuple[Expression | None, T]], column: str
) -> tuple[dict[Scalar, tuple[T, ...]], tuple[T, ...]]:
    """What goes with each condition, in order: by value of the column, that of the conditions which
    may be TRUE with it; and that of those which may be TRUE with any other value. No condition is
    always TRUE."""
    pairs = [(_required(test, column), one) for test, one in conditions]
    values = {value for required, _ in pairs for value in required or ()}
    found = {
        value: tuple(one for required, one in pairs if required is None or value in required)
        for value in values
    }
    return found, tuple(one for required, one in pairs if required is None)


def _required(test: Expression | None, column: str) -> frozenset[Scalar] | None:
    """The only values of the column with which the condition can be TRUE; None: perhaps any."""
    return _values(test.tree, column) if isinstance(test, CompiledExpression) else None


def _values(node: t.Node, column: str) -> frozenset[Scalar] | None:
    match node:
        case t.Compare("=", t.Column(name), t.Literal(value)) if name == column:
            return frozenset({value})
        case t.In(t.Column(name), options) if name == column:
            values = [each.value for each in options if isinstance(each, t.Literal)]
            return frozenset(values) if len(values) == len(options) else None
        case t.And(operands):
            found = [each for each in (_values(one, column) for one in operands) if each]
            return frozenset.intersection(*found) if found else None
        case t.Or(operands):
            every = [_values(one, column) for one in operands]
            known = [each for each in every if each is not None]
            return frozenset().union(*known) if len(known) == len(every) else None
    return None
