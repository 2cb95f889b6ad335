"""Names: columns of the row, fields of the current item, collections."""

from sqlglot import exp

from tuttu.policy.builder import TreeBuilder, bare, unknown
from tuttu.policy.errors import PolicyError
from tuttu.policy.syntax import place, shown
from tuttu.policy.tree import Column, Field, Node, Now
from tuttu.vocabulary.company import reachable_column
from tuttu.vocabulary.values import OF_ITEM, Type

_REACHABLE = reachable_column("")
_INSIDE = "max({0}), min({0}), sum({0}), count({0}) or any({1}, …)"


def column(builder: TreeBuilder, tree: exp.Expr) -> Node:
    """A name as a value."""
    source, name = parts(tree)
    if field := _field(builder, source, name):
        return field
    if source in builder.schema.collections and source is not None:
        _field_type(builder, tree, source, name)
        expected = _INSIDE.format(f"{source}.{name}", source)
        raise PolicyError(f"the field {name!r} of many {source}", expected, place(tree))
    return _row_column(builder, tree, name if source is None else f"{source}.{name}")


def _row_column(builder: TreeBuilder, tree: exp.Expr, name: str) -> Node:
    schema = builder.schema
    if name.startswith(OF_ITEM) and name not in schema.columns:
        raise _no_item(builder, tree, name)
    if name in schema.columns:
        declared = schema.columns[name]
        if not declared.many:
            builder.use(f"{declared.kind} column")
        return Column(name, declared)
    if name == "now":
        builder.use("now()")
        return Now()
    if name in schema.collections:
        expected = f"any({name}, …), all({name}, …) or count({name})"
        raise PolicyError(f"the collection {name!r}", expected, place(tree))
    if name.removeprefix(_REACHABLE) in schema.channels and name.startswith(_REACHABLE):
        expected = "that of a channel that `needs` a namespace: of others there is no such column"
        raise PolicyError(f"the unknown name {name!r}", expected, place(tree))
    fields = schema.collections.get(builder.items or "", {})
    raise unknown(tree, "name", name, [*schema.columns, *schema.collections, *fields, "now"])


def _no_item(builder: TreeBuilder, tree: exp.Expr, name: str) -> PolicyError:
    """``item.x`` where there is no such field, or nothing that an item could be of."""
    fields = [column for column in builder.schema.columns if column.startswith(OF_ITEM)]
    if fields:
        return unknown(tree, "field of the item", name, fields)
    field = name.removeprefix(OF_ITEM)
    having = [each for each, known in builder.schema.collections.items() if field in known]
    suggestion = f" (say `about: {having[0]}`)" if having else ""
    expected = f"an action or a guard that is `about` a collection{suggestion}"
    return PolicyError(f"the field {field!r} of an item", expected, place(tree))


def _field(builder: TreeBuilder, source: str | None, name: str) -> Node | None:
    """The field of the current item; it shadows a column of the same name."""
    if builder.items is None or source not in {None, builder.items}:
        return None
    declared = builder.schema.collections[builder.items].get(name)
    if declared is None or declared.many:
        return None
    builder.use(f"{declared.kind} field")
    return Field(builder.items, name, declared)


def parts(tree: exp.Expr) -> tuple[str | None, str]:
    """Source (or collection) and name of ``told.shoe_size``; None without a point."""
    return tree.text("table") or None, tree.name


def list_column(builder: TreeBuilder, tree: exp.Expr) -> Column:
    """A column that is a list. Raises `PolicyError` for anything else."""
    node = builder.build(tree)
    if not isinstance(node, Column) or not node.type.many:
        raise PolicyError(shown(tree), "a column that is a list", place(tree))
    return node


def collection(builder: TreeBuilder, tree: exp.Expr) -> str:
    """The name of a collection."""
    tree = bare(tree)
    if not isinstance(tree, exp.Column):
        raise PolicyError(shown(tree), "the name of a collection", place(tree))
    source, name = parts(tree)
    if source is not None or name not in builder.schema.collections:
        raise unknown(tree, "collection", name, builder.schema.collections)
    return name


def collection_field(builder: TreeBuilder, tree: exp.Expr) -> tuple[str, str, Type]:
    """Collection, field and its type of ``tickets.resolved_at``."""
    tree = bare(tree)
    source, name = parts(tree) if isinstance(tree, exp.Column) else (None, "")
    if source is None:
        expected = "a field of a collection, such as tickets.resolved_at"
        raise PolicyError(shown(tree), expected, place(tree))
    if source not in builder.schema.collections:
        raise unknown(tree, "collection", source, builder.schema.collections)
    return source, name, _field_type(builder, tree, source, name)


def _field_type(builder: TreeBuilder, tree: exp.Expr, source: str, name: str) -> Type:
    fields = builder.schema.collections[source]
    if name not in fields:
        raise unknown(tree, f"field of {source}", name, fields)
    return fields[name]
