"""Columns of the wide row, as the doors show them."""

from collections.abc import Iterable, Mapping
from typing import Any

from tuttu.vocabulary.conversion import present
from tuttu.vocabulary.values import Schema, Value, schema_about


def values(row: Mapping[str, Value], schema: Schema, names: Iterable[str]) -> dict[str, Any]:
    """Columns by name, as text, numbers and ISO dates."""
    return {name: present(row.get(name), schema.columns.get(name)) for name in names}


def of_item(read: Mapping[str, Value], schema: Schema, about: str) -> dict[str, Any]:
    """What rules about an item read. The collection may be gone since; then values stand as they
    were kept."""
    known = schema_about(schema, about) if about in schema.collections else schema
    return values(read, known, read)


def items(row: Mapping[str, Value], schema: Schema, name: str) -> list[dict[str, Any]]:
    """One collection's items, each field presented by its declared type."""
    fields = schema.collections[name]
    found = row.get(name)
    return [
        {field: present(item.get(field), declared) for field, declared in fields.items()}
        for item in (found if isinstance(found, list) else [])
    ]
