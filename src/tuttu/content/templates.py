"""Liquid as tuttu uses it: sandboxed, bounded, strict about what is not known; and the customer's
row as templates see it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from liquid import Environment, FalsyStrictUndefined

from tuttu.content.filters import guard_filters
from tuttu.content.localised import Locale
from tuttu.content.work import Work
from tuttu.vocabulary.company import ContentType, content_of
from tuttu.vocabulary.conversion import present
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import (
    ITEM,
    MONEY_SCALE,
    Kind,
    Row,
    Schema,
    Type,
    Value,
    item_column,
)

SMS = "sms"
"""The usual name of the channel of text messages: one is one segment, unless it says otherwise."""
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


def environment(content: ContentType, locale: Locale) -> Environment:
    """What templates may use. content: html escapes the values that are printed."""
    made = Bounded(undefined=NotKnown, autoescape=content == "html")
    for tag in FORBIDDEN_TAGS:
        made.tags.pop(tag, None)
    guard_filters(made.filters, locale)
    return made


def content_on(channel: str, project: Project) -> ContentType:
    """What the messages of a channel are."""
    declared = project.channels.get(channel)
    return (declared and declared.content) or content_of(channel)


def locale_of(channel: str, language: str, project: Project) -> Locale:
    """How values are written in the messages of a channel and language."""
    company = project.company
    return Locale(
        language=language,
        zone=company.zone,
        currency=company.currency,
        plain=segments_on(channel, project) is not None,
    )


def segments_on(channel: str, project: Project) -> int | None:
    """Of text messages: how many one message may take. None: the channel has none."""
    declared = project.channels.get(channel)
    own = declared.segments if declared else None
    return 1 if own is None and channel == SMS else own


def missing(name: str) -> object:
    """Text for a NULL that cannot be left out."""
    return NotKnown(name, token=None)


NOW = "now"
ITEM_FIELDS_A_UNIT = 2
_TIMESTAMP = Type(Kind.TIMESTAMP)

Missing = Callable[[str], object]
"""Text for a NULL inside a list or an item."""


class Money(float):
    """An amount in currency units, written with two decimals, or as many as it needs."""

    def __str__(self) -> str:
        exact = f"{self:.4f}"
        return exact[:-2] if exact.endswith("00") else exact.rstrip("0")


class Values(Mapping[str, Any]):
    """Names to presented values, without those that are NULL; each is presented when it is asked
    for first, and that counts as work.

    A NULL in a list or an item is `missing`. Timestamps and dates are ISO 8601 text, money is in
    currency units. ``told.shoe_size`` is in an object ``told``. Only what the schema declares
    is there, and the instant ``now``.
    """

    def __init__(
        self, row: Row, schema: Schema, missing: Missing, work: Work, about: str | None = None
    ) -> None:
        self._row = row
        self._schema = schema
        self._missing = missing
        self._work = work
        self._about = about
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._presented(name)
        if self._made[name] is None:
            raise KeyError(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter([NOW, *self._schema.columns, *self._schema.collections])

    def __len__(self) -> int:
        return 1 + len(self._schema.columns) + len(self._schema.collections)

    def _presented(self, name: str) -> Any:
        """None: nothing of that name is known."""
        schema, row = self._schema, self._row
        if name == ITEM and self._about is not None:
            fields = schema.collections[self._about]
            return self._item({each: row.get(item_column(each)) for each in fields}, fields)
        if name in schema.collections:
            fields, items = schema.collections[name], row.get(name)
            if not isinstance(items, list):
                return None
            self._work.spend(len(items) * len(fields) // ITEM_FIELDS_A_UNIT)
            return [self._item(each, fields) for each in items]
        declared = _TIMESTAMP if name == NOW else schema.columns.get(name)
        value = row.get(name)
        if declared is None or value is None:
            return self._by_source(name)
        return _shown(value, declared, name, self._missing)

    def _by_source(self, source: str) -> Any:
        """An object of the traits that a source told; a trait of that name comes first."""
        prefix = f"{source}."
        found: dict[str, Any] = {}
        for name, declared in self._schema.columns.items():
            value = self._row.get(name) if name.startswith(prefix) else None
            if value is not None:
                *outer, field = name.removeprefix(prefix).split(".")
                inner: Any = found
                for each in outer:
                    inner = inner.setdefault(each, {}) if isinstance(inner, dict) else None
                if isinstance(inner, dict):
                    inner[field] = _shown(value, declared, name, self._missing)
        return found or None

    def _item(self, item: Mapping[str, Value], fields: Mapping[str, Type]) -> dict[str, Any]:
        """With every declared field, so that `map` cannot make empty text of one that is NULL."""
        missing = self._missing
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
