"""What trees are made of: their columns, their values on a row, and derived columns spelled out."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import cast

import msgspec

from tuttu.policy import tree as t
from tuttu.policy.expression import CompiledExpression
from tuttu.vocabulary.values import Row, Value

_KEPT = 20_000
_ITEM = "\0"
"""Before the name of an item's field, where the item is read as a row of its own. No declared
column can begin so."""


@lru_cache(maxsize=_KEPT)
def compiled(node: t.Node) -> CompiledExpression:
    """A part of an expression as one that can be evaluated by itself."""
    return CompiledExpression("", node, frozenset())


def value_of(node: t.Node, row: Row) -> Value:
    """NULL for what would raise."""
    return node.value if isinstance(node, t.Literal) else compiled(node)(row)


@lru_cache(maxsize=_KEPT)
def columns_in(node: t.Node) -> frozenset[str]:
    """Every column that the tree reads, ``now`` among them."""
    return frozenset(name for each in t.walk(node) for name in t.columns_of(each))


@lru_cache(maxsize=_KEPT)
def movable_in(node: t.Node) -> frozenset[str]:
    """Those of them that it names: nobody moves to another time zone for an offer."""
    return t.named_in(node)


@lru_cache(maxsize=_KEPT)
def count_reads(node: t.Node, collection: str) -> int:
    """How many parts of the tree read the items of a collection."""
    asking = (each for each in t.walk(node) if isinstance(each, t.Quantifier | t.Aggregate))
    return sum(each.collection == collection for each in asking)


@lru_cache(maxsize=_KEPT)
def literals_in(node: t.Node) -> Mapping[str, tuple[Value, ...]]:
    """Column to the constants that it is compared with anywhere below."""
    found: dict[str, dict[Value, None]] = {}
    for each in t.walk(node):
        below = [getattr(each, name) for name in each.__struct_fields__]
        flat = [one for part in below for one in (part if isinstance(part, tuple) else (part,))]
        constants = [one.value for one in flat if isinstance(one, t.Literal)]
        for one in flat:
            if isinstance(one, t.Column):
                found.setdefault(one.name, {}).update(dict.fromkeys(constants))
    return {name: tuple(value for value in known if value is not None) for name, known in
            found.items()}  # fmt: skip


def inlined(node: t.Node, derived: Mapping[str, t.Node]) -> t.Node:
    """The tree with each derived column spelled out as what it is made of."""

    def spelled(each: t.Node) -> t.Node:
        if isinstance(each, t.Column) and not each.type.many:
            return derived.get(each.name, each)
        return each

    return _rebuilt(node, spelled) if columns_in(node) & derived.keys() else node


def item_condition(condition: t.Node) -> t.Node:
    """A condition on an item as one on a row that has the item's fields as columns."""

    def as_column(each: t.Node) -> t.Node:
        return t.Column(_ITEM + each.name, each.type) if isinstance(each, t.Field) else each

    return _rebuilt(condition, as_column)


def item_row(row: Row, item: Mapping[str, Value]) -> dict[str, Value]:
    """The row on which `item_condition`'s trees are evaluated."""
    return {**row, **{_ITEM + name: value for name, value in item.items()}}


def field_of(column: str) -> str | None:
    """The field of a column that `item_condition` made; None for the row's own."""
    return column.removeprefix(_ITEM) if column.startswith(_ITEM) else None


def _rebuilt(node: t.Node, change: Callable[[t.Node], t.Node]) -> t.Node:
    """The tree with every node changed, from the leaves up."""
    below = {}
    for name in node.__struct_fields__:
        value = getattr(node, name)
        rebuilt = _rebuilt_part(value, change)
        if rebuilt is not value:
            below[name] = rebuilt
    return change(msgspec.structs.replace(node, **below) if below else node)


def _rebuilt_part(value: object, change: Callable[[t.Node], t.Node]) -> object:
    if isinstance(value, tuple):
        parts = tuple(_rebuilt_part(entry, change) for entry in value)
        return parts if any(a is not b for a, b in zip(parts, value, strict=True)) else value
    if isinstance(value, msgspec.Struct) and hasattr(value, "type"):
        return _rebuilt(cast("t.Node", value), change)
    return value
