"""Liquid as tuttu uses it: sandboxed, bounded, strict about what is not known; and the customer's
row as templates see it."""

from collections.abc import Callable, Mapping
from typing import Any

from liquid import Environment, FalsyStrictUndefined

from tuttu.content.filters import guard_filters
from tuttu.vocabulary.conversion import present
from tuttu.vocabulary.values import MONEY_SCALE, Kind, Row, Schema, Type, Value

TEXT_CHANNELS = frozenset({"sms", "push", "call", "letter"})
"""They carry plain text. In every other channel, unknown ones included, values are escaped for
HTML: an escape too many is ugly, one too few lets a customer's text act as markup."""

FORBIDDEN_TAGS = ("include", "render")
"""They read other templates."""


class NotKnown(FalsyStrictUndefined):
    """A NULL or a name that does not exist: false in `if`, replaced by `default`, and otherwise
    the end of the rendering."""

    allowed_properties = FalsyStrictUndefined.allowed_properties | {"force_liquid_default"}
    force_liquid_default = True


class Bounded(Environment):
    """No template may work long or write much. Sizes are in bytes."""

    loop_iteration_limit = 10_000
    output_stream_limit = 256 * 1024
    local_namespace_limit = 1024 * 1024
    context_depth_limit = 20


def environment(channel: str, zone: str) -> Environment:
    """What the templates of a channel may use. zone: of written dates, an IANA name."""
    made = Bounded(undefined=NotKnown, autoescape=channel not in TEXT_CHANNELS)
    for tag in FORBIDDEN_TAGS:
        made.tags.pop(tag, None)
    guard_filters(made.filters, zone)
    return made


def missing(name: str) -> object:
    """Text for a NULL that cannot be left out."""
    return NotKnown(name, token=None)


NOW = "now"
_TIMESTAMP = Type(Kind.TIMESTAMP)

Missing = Callable[[str], object]
"""Text for a NULL inside a list or an item."""


class Money(float):
    """An amount in currency units, written with two decimals, or as many as it needs."""

    def __str__(self) -> str:
        exact = f"{self:.4f}"
        return exact[:-2] if exact.endswith("00") else exact.rstrip("0")


def values_of(row: Row, schema: Schema, missing: Missing) -> dict[str, Any]:
    """Names to presented values, without those that are NULL.

    A NULL in a list or an item is `missing`. Timestamps and dates are ISO 8601 text, money is in
    currency units. ``told.shoe_size`` is in an object ``told``. Only what the schema declares
    is there, and the instant ``now``.
    """
    values: dict[str, Any] = {}
    columns: Mapping[str, Type] = {NOW: _TIMESTAMP, **schema.columns}
    for name, declared in columns.items():
        value = row.get(name)
        if value is not None:
            shown = _shown(value, declared, name, missing)
            *outer, field = name.split(".")
            inner: Any = values
            for each in outer:
                inner = inner.setdefault(each, {}) if isinstance(inner, dict) else None
            if isinstance(inner, dict):
                inner[field] = shown  # a source that is also a trait's name keeps its own value
    for name, fields in schema.collections.items():
        items = row.get(name)
        if isinstance(items, list):
            values[name] = [item_of(item, fields, missing) for item in items]
    return values


def item_of(item: Mapping[str, Value], fields: Mapping[str, Type], missing: Missing) -> Any:
    """With every declared field, so that `map` cannot make empty text of one that is NULL."""
    return {
        field: missing(field)
        if item.get(field) is None
        else _shown(item[field], declared, field, missing)
        for field, declared in fields.items()
    }


def _shown(value: Value, declared: Type, name: str, missing: Missing) -> Any:
    if isinstance(value, list):
        single = Type(declared.kind)
        return [
            missing(f"an entry of {name}") if each is None else _shown(each, single, name, missing)
            for each in value
        ]
    if declared.kind is Kind.MONEY and isinstance(value, int):
        return Money(value / MONEY_SCALE)
    return present(value, declared)
