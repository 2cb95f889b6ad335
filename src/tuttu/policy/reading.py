"""What expressions read: as finely as an export needs to know it, and of which events."""

from collections.abc import Iterable, Mapping

import msgspec

from tuttu.policy import tree as t
from tuttu.policy.expression import CompiledExpression
from tuttu.policy.relation import Relation, relation_of
from tuttu.vocabulary.values import Expression, Kind, Schema, Type

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
