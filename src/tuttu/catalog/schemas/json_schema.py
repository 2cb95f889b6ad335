"""The pieces of JSON Schema that the shapes of the files are made of.

Every piece has a `title`, a noun phrase that faults quote as what was expected, and most have a
`description`, which editors show beside the key.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tuttu.vocabulary.values import COUNT_MAX

Shape = dict[str, Any]
"""A JSON Schema (2020-12)."""

COLUMN = "^[A-Za-z_][A-Za-z0-9_]*$"
"""What a condition can name: traits, properties, collections and their fields."""
COLUMN_PATH = "^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*){0,3}$"
"""The same, or what objects in objects hold: ``address.city``."""
WORD = "^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$"
"""What parts of file names and keys of settings are made of."""
PLACE = "^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$"
PHRASE = "^\\S(.*\\S)?$"
NAMES = {
    COLUMN: "a name of letters, digits and _ that does not begin with a digit",
    COLUMN_PATH: "a name of letters, digits and _ that does not begin with a digit, or a path of at"
    " most four such as address.city",
    WORD: "a name of letters and digits, joined by - or _",
    PLACE: "a name of letters and digits, joined by ., - or _",
    PHRASE: "text without blanks at its ends",
}
CALLS = ("identify", "track", "page", "screen", "group", "alias")
EVENT = "the name of an event"
REASON = "The name, in plain words, is the reason that people read."
DAY_OR_MOMENT = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
ZONE = "(Z|[+-][0-9]{2}:[0-9]{2})?"


def document(title: str, root: Shape) -> Shape:
    """A whole file: the dialect and the title of the kind around its root."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **root,
        "title": title,
    }


def record(
    title: str, keys: Mapping[str, Shape], required: Iterable[str] = (), description: str = ""
) -> Shape:
    """A mapping with declared keys only."""
    return _described(
        {
            "title": title,
            "type": "object",
            "properties": dict(keys),
            "required": list(required),
            "additionalProperties": False,
        },
        description,
    )


def table(title: str, entry: Shape, names: str = PHRASE, description: str = "") -> Shape:
    """A mapping whose keys are names that the company gives."""
    return _described(
        {
            "title": title,
            "type": "object",
            "propertyNames": {"title": NAMES.get(names, "a name"), "pattern": names},
            "additionalProperties": entry,
        },
        description,
    )


def listing(title: str, entry: Shape, least: int = 1, description: str = "") -> Shape:
    shape = {"title": title, "type": "array", "items": entry, "minItems": least}
    return _described(shape, description)


def text(title: str, description: str = "", pattern: str | None = None) -> Shape:
    shape: Shape = {"title": title, "type": "string", "minLength": 1}
    if pattern:
        shape["pattern"] = pattern
    return _described(shape, description)


def word(title: str, description: str = "") -> Shape:
    return text(title, description, WORD)


def boolean(description: str) -> Shape:
    return _described({"title": "true or false", "type": "boolean"}, description)


def choice(options: Iterable[str], description: str = "") -> Shape:
    options = list(options)
    return _described({"title": f"one of {', '.join(options)}", "enum": options}, description)


def whole(title: str, description: str = "", least: int = 0, most: int = COUNT_MAX) -> Shape:
    shape = {"title": title, "type": "integer", "minimum": least, "maximum": most}
    return _described(shape, description)


def expression(description: str = "") -> Shape:
    """Text of a condition or formula; a bare number or truth value is one too."""
    shape: Shape = {"title": "an expression", "type": ["string", "number", "boolean"]}
    return _described(shape | {"minLength": 1}, description)


def duration(description: str = "") -> Shape:
    return text("a duration such as 30d or 1h30m", description, "^([0-9]+(w|d|h|m|s|ms))+$")


def moment(description: str = "") -> Shape:
    title = "a date such as 2026-12-31 or a time such as 2026-12-31T18:00"
    return text(title, description, f"{DAY_OR_MOMENT}{ZONE})?$")


def instant(description: str = "") -> Shape:
    title = "a time such as 2026-03-01T09:00, in the project's zone unless it names one"
    return text(title, description, f"{DAY_OR_MOMENT}{ZONE})$")


def share(description: str = "") -> Shape:
    """A part of the whole, written 2% or 0.02."""
    shape: Shape = {"title": "a share such as 2% or 0.02", "type": ["string", "number"]}
    bounds = {"pattern": "^[0-9]{1,3}([.][0-9]+)?%$", "minimum": 0, "maximum": 1}
    return _described(shape | bounds, description)


def money(description: str = "") -> Shape:
    shape = {"title": "an amount in currency units such as 4.00", "type": "number"}
    return _described(shape | {"minimum": 0, "maximum": 1e12}, description)


def _one_item(entry: Shape) -> Shape:
    return listing("a list of one type", entry) | {"maxItems": 1}


def one_of_shapes(title: str, shapes: list[Shape], description: str = "") -> Shape:
    return _described({"title": title, "anyOf": shapes}, description)


def _described(shape: Shape, description: str) -> Shape:
    return shape | {"description": description} if description else shape


SCALARS = ("bool", "integer", "money", "real", "text", "date", "timestamp")


def scalar_type(description: str = "") -> Shape:
    return choice(SCALARS, description)


def column_type(description: str = "") -> Shape:
    """A scalar type, or a list of it, written [text]."""
    listed = _one_item(scalar_type())
    title = "a type such as text, or a list of it such as [text]"
    return one_of_shapes(title, [scalar_type(), listed], description)


def property_type(description: str = "") -> Shape:
    """A column's type, or a list of objects, written [{category: text}]."""
    fields = table("fields with their types", scalar_type(), COLUMN) | {"minProperties": 1}
    item = one_of_shapes("a type, or fields with their types", [scalar_type(), fields])
    listed = _one_item(item)
    title = "a type such as text, a list such as [text], or objects such as [{category: text}]"
    return one_of_shapes(title, [scalar_type(), listed], description)
