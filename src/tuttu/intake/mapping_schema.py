"""The shape of a mapping file as JSON Schema (2020-12): what is read, and what editors complete."""

from tuttu.catalog.schemas.json_schema import Shape, choice, document, listing, record, table, text
from tuttu.intake.call import CALLS
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, SECOND, Kind

UNITS = {"days": DAY, "hours": HOUR, "minutes": MINUTE, "seconds": SECOND}
ENCODINGS = ("utf-8", "utf-8-sig", "iso-8859-1", "iso-8859-15", "windows-1252")

_PLAIN: Shape = {
    "title": "a constant",
    "type": ["string", "number", "boolean", "null"],
}
_COLUMN = text("the name of a column", "A column of the header; in JSON lines also a.b.c.")
_FORMAT = text("a format such as %d.%m.%Y %H:%M", "As Python's strptime. Default ISO 8601.")
_ZONE = text(
    "a time zone such as Europe/Rome", "Of dates and times that name none. Default: the project's."
)


def mapping_schema() -> Shape:
    """The schema of a mapping file, a new one each time."""
    keys = {
        "format": _format(),
        "id": record(
            "where an event's id comes from",
            {
                "row": choice(("number",), "The row's number: copies of a row are events too."),
                "column": _COLUMN,
                "prefix": text("a text such as crm-", "Put before the number or the cell."),
            },
            description="An id is taken only once, so that a file can be imported again.",
        ),
        **_entry_keys(),
        "events": listing(
            "events",
            record("an event", _entry_keys()),
            description="Several events of one row; each inherits all that stands outside.",
        ),
    }
    return document("A mapping: imports/<name>.yaml", record("a mapping", keys, ["id"]))


def _format() -> Shape:
    one = {"minLength": 1, "maxLength": 1}
    keys = {
        "kind": choice(("csv", "jsonl"), "Default csv. Both may be gzipped."),
        "delimiter": text("one character", "Between fields. Default a comma.") | one,
        "quote": text("one character", 'Around fields. Default ".') | one,
        "encoding": choice(ENCODINGS, "Default utf-8."),
        "decimal": choice((".", ","), "The decimal sign. Default a point."),
        "thousands": choice((".", ",", " ", "'"), "Between groups of digits. Default none."),
        "nulls": listing(
            "texts",
            {"title": "a text", "type": ["string", "number", "boolean"]},
            description="Texts that mean nothing is known, beside the empty one.",
        ),
        "rename": table(
            "texts by text",
            {"title": "a text", "type": "string"},
            description='Parts of column names and what stands for them, as {".": "_"}.',
        ),
    }
    return record("the format", keys, description="How the file is written.")


def _entry_keys() -> dict[str, Shape]:
    return {
        "call": choice(CALLS, "Segment's call. Default track."),
        "when": _tests("Only rows that pass become this event."),
        "time": _time(),
        "who": table("values by namespace", _cell(), description="Who it happened to.")
        | {"minProperties": 1},
        "event": _cell("Name of the event of a track call; null drops the row."),
        "name": _cell("Name of the page or screen."),
        "group": _cell("groupId of a group call."),
        "previous": _cell("previousId of an alias call."),
        "properties": table("values by name", _cell(), description="Null ones are left out."),
        "traits": table("values by name", _cell(), description="Null ones are left out."),
    }


def _cell(description: str = "") -> Shape:
    """A constant, or a record that says where the value comes from."""
    keys = {
        "constant": _PLAIN,
        "column": _COLUMN,
        "type": choice(tuple(Kind), "What the cell is read as. Default text."),
        "format": _FORMAT,
        "zone": _ZONE,
        "map": table("constants by text", _PLAIN, "", "From cells to constants."),
        "otherwise": _PLAIN | {"description": "For cells that the map does not name."},
        "columns": listing("names of columns", _COLUMN, 2, "Joined to one text."),
        "join": {"title": "a text", "type": "string", "description": "Between them."},
        "row": choice(("number", "time"), "The row's number, or its event's time."),
        "when": _tests("Null unless they pass."),
    }
    shape = record("a constant, or where it comes from as {column: name}", keys)
    types = ["string", "number", "boolean", "null", "object"]
    return shape | {"type": types} | ({"description": description} if description else {})


def _time() -> Shape:
    minus = {"column": _COLUMN, "unit": choice(tuple(UNITS))}
    keys = {
        "column": _COLUMN,
        "constant": text("a time such as 2026-03-01T09:00:00Z"),
        "format": _FORMAT,
        "zone": _ZONE,
        "minus": record("a column and its unit", minus, ["column", "unit"], "So long before."),
    }
    shape = record("a time, or where it comes from as {column: name}", keys)
    description = "When it happened. Absent: when it is imported."
    return shape | {"type": ["string", "object"], "description": description}


def _tests(description: str) -> Shape:
    texts = ["string", "number", "boolean"]
    listed = listing("texts", {"title": "a text", "type": texts})
    keys = {
        "column": _COLUMN,
        "equals": {"title": "a text", "type": texts},
        "in": listed,
        "not": {"title": "a text or texts", "type": [*texts, "array"], "items": listed["items"]},
        "below": {"title": "a number", "type": "number"},
        "above": {"title": "a number", "type": "number"},
        "known": {"title": "true or false", "type": "boolean"},
    }
    test = record("a test such as {column: name, equals: text}", keys, ["column"])
    return test | {"type": ["object", "array"], "items": test, "description": description}
