"""Rows of a file, through a mapping, to calls as a sender would send them.

The calls go to the same border as all others. Rows keep their numbers and events their ids, so an
import may stop anywhere, go on, or be done again.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import UNSET

from tuttu.catalog.findings import nearest, quote
from tuttu.intake import mapping as m
from tuttu.intake.rows import Format, Row
from tuttu.vocabulary import conversion, errors
from tuttu.vocabulary.company import COMPOUND_SIGN
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant, Kind, Scalar

MOST_UNITS = 100_000
"""Of days, hours… that an event may lie before its mapping's moment."""
ROW_DIGITS = 9
"""Row numbers in ids are padded, so that events of the same time stay in the file's order."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_FIELDS = {"user_id": "userId", "anonymous_id": "anonymousId"}


class RowError(errors.FinalError):
    """A row that the mapping cannot read; the message names the column."""


class MappedRow(msgspec.Struct, frozen=True):
    """A row with the calls that it becomes, each one JSON object. fault: why it becomes none; a
    row without calls and fault is one that the mapping drops."""

    row: Row
    calls: tuple[bytes, ...] = ()
    fault: str | None = None


class RowView(msgspec.Struct, frozen=True):
    """A row as a mapping sees it. time: the one that the mapping gives to its event."""

    row: Row
    format: Format
    time: Instant | None = None

    def cell(self, name: str) -> Any:
        """A column's value; in JSON lines, also of a path `a.b.c`; None where there is none."""
        values: Any = self.row.values
        if name in values:
            return values[name]
        for step in name.split("."):
            values = values.get(step) if isinstance(values, dict) else None
        return values


def require_fit(mapping: m.ImportMapping, columns: Iterable[str] | None, project: Project) -> None:
    """Raises m.MappingError if it names columns or namespaces that do not exist, or joins the parts
    of a compound identifier in a way of its own.

    columns None: they are not known, as in JSON lines.
    """
    faults = _unknown(mapping.namespaces, list(project.namespaces), "namespace", "identity.yaml")
    faults += _otherwise_joined(mapping, project)
    if columns is not None:
        faults += _unknown(mapping.columns, list(columns), "column", "the file")
    if faults:
        raise m.MappingError(sorted(faults))


def _unknown(
    named: Mapping[str, errors.Where], known: list[str], what: str, place: str
) -> list[errors.Fault]:
    expected = f"a {what} that {place} has: {', '.join(known)}"
    return [
        errors.Fault(where, f"the {what} {quote(name)}", expected, nearest(name, known))
        for name, where in named.items()
        if name not in known
    ]


def _otherwise_joined(mapping: m.ImportMapping, project: Project) -> list[errors.Fault]:
    """Such people would never be those whom the same parts name in a call."""
    signs = {
        (name, cell.source.by)
        for entry in mapping.entries
        for name, cell in entry.who.items()
        if isinstance(cell.source, m.Joined)
    }
    compound = {name for name, each in project.namespaces.items() if each.compounds}
    expected = f"`{COMPOUND_SIGN}`: the columns are parts of a compound of identity.yaml"
    return [
        errors.Fault(mapping.namespaces[name], f"`join` {sign!r}", expected)
        for name, sign in signs
        if name in compound and sign != COMPOUND_SIGN
    ]


def map_rows(
    rows: Iterable[Row], mapping: m.ImportMapping | None, after: int = 0
) -> Iterator[MappedRow]:
    """The rows behind the row number `after`, one at a time, in their order.

    mapping None: each line is one of Segment's calls.
    """
    return (_map(row, mapping) for row in rows if row.number > after)


def _map(row: Row, mapping: m.ImportMapping | None) -> MappedRow:
    if row.fault:
        return MappedRow(row, fault=row.fault)
    try:
        if mapping is None:
            return MappedRow(row, (_line_call(row),))
        calls = []
        for place, entry in enumerate(mapping.entries):
            view = RowView(row, mapping.format)
            call = _call(entry, view)
            if call is not None:
                call["messageId"] = _id(mapping, view, place)
                calls.append(msgspec.json.encode(call))
        return MappedRow(row, tuple(calls))
    except RowError as error:
        return MappedRow(row, fault=str(error))


def _line_call(row: Row) -> bytes:
    """The call that a line of JSON is, byte for byte; one without a messageId gets one of its
    number and content, so that it is the same when it is imported again."""
    content = row.text.encode()
    if row.values.get("messageId"):
        return content
    digest = blake2b(content, digest_size=8).hexdigest()
    message_id = f'"messageId":"line-{row.number:0{ROW_DIGITS}d}-{digest}"'
    comma = b"," if row.values else b""
    return content[:-1] + comma + message_id.encode() + b"}"


def _id(mapping: m.ImportMapping, view: RowView, place: int) -> str:
    """Prefix and row number or cell; behind a point the event's place, from the second one on."""
    own: object = f"{view.row.number:0{ROW_DIGITS}d}"
    if mapping.id_column is not None:
        own = view.cell(mapping.id_column)
        if own is None:
            raise RowError(f"found no id in {mapping.id_column!r}; expected one in every row")
    return f"{mapping.id_prefix}{own}" + (f".{place + 1}" if place else "")


def _call(entry: m.MappedEvent, view: RowView) -> dict[str, Any] | None:
    if not _passes(entry.when, view):
        return None
    call: dict[str, Any] = {"type": entry.call, **address(_table(entry.who, view))}
    if entry.time:
        view = msgspec.structs.replace(view, time=_moment(entry.time, view))
        call["timestamp"] = conversion.format_instant(view.time or 0)
    named = (("event", entry.event), ("name", entry.name), ("groupId", entry.group))
    for field, cell in (*named, ("previousId", entry.previous)):
        if cell:
            call[field] = _evaluate(cell, view)
    if entry.event and call["event"] is None:
        return None
    call["properties"] = _table(entry.properties, view)
    call["traits"] = _table(entry.traits, view)
    return call


def address(said: Mapping[str, Any]) -> dict[str, Any]:
    """Identifiers by namespace, where a call carries them: user and anonymous ids in their own
    fields, all others as Segment's external ids."""
    call: dict[str, Any] = {_FIELDS[name]: value for name, value in said.items() if name in _FIELDS}
    external = [
        {"id": value, "type": name, "collection": "users", "encoding": "none"}
        for name, value in said.items()
        if name not in _FIELDS
    ]
    return {**call, "context": {"externalIds": external}} if external else call


def _table(cells: Mapping[str, m.Cell], view: RowView) -> dict[str, Any]:
    """Values by name, without those that are NULL."""
    values = {name: _evaluate(cell, view) for name, cell in cells.items()}
    return {name: value for name, value in values.items() if value is not None}


def _passes(tests: Sequence[m.ColumnTest], view: RowView) -> bool:
    return all(_one_passes(test, view) for test in tests)


def _one_passes(test: m.ColumnTest, view: RowView) -> bool:
    value = view.cell(test.column)
    if value is None:
        return test.known is False
    text = _text(value)
    return (
        test.known is not False
        and (test.among is None or text in test.among)
        and (test.none_of is None or text not in test.none_of)
        and (test.below is None or _real(text, test.column, view.format) < test.below)
        and (test.above is None or _real(text, test.column, view.format) > test.above)
    )


def _evaluate(cell: m.Cell, view: RowView) -> Any:
    """The JSON value of a cell in a row; None is NULL. Raises RowError."""
    if not _passes(cell.when, view):
        return None
    match cell.source:
        case m.Constant(value):
            return value
        case m.RowNumber():
            return view.row.number
        case m.RowTime():
            return None if view.time is None else conversion.format_instant(view.time)
        case m.Joined(names, by):
            parts = [view.cell(name) for name in names]
            return None if None in parts else by.join(map(_text, parts))
        case m.SourceColumn() as column:
            return _read(column, view)


def _moment(timing: m.Timing, view: RowView) -> Instant:
    """The time of the row's event. Raises RowError where it has none."""
    instant = timing.moment
    if isinstance(instant, m.SourceColumn):
        value = view.cell(instant.name)
        if value is None:
            raise RowError(f"found no time in {instant.name!r}; expected one in every row")
        instant = _instant(_text(value), instant)
    return instant - _elapsed(timing, view)


def _elapsed(timing: m.Timing, view: RowView) -> int:
    if timing.minus is None:
        return 0
    value = view.cell(timing.minus)
    text = "" if value is None else _text(value)
    count = _integer(text, timing.minus, view.format)
    if not 0 <= count <= MOST_UNITS:
        raise _wrong(text, timing.minus, f"a whole number from 0 to {MOST_UNITS}")
    return count * timing.unit


def _read(column: m.SourceColumn, view: RowView) -> Any:
    value = view.cell(column.name)
    if column.map is not None:
        return _mapped(column, value)
    if value is None or column.type is None:
        return value
    return _convert(_text(value), column, view.format)


def _mapped(column: m.SourceColumn, value: Any) -> Scalar:
    named = column.map or {}
    text = None if value is None else _text(value)
    if text is not None and text in named:
        return named[text]
    if column.otherwise is not UNSET:
        return column.otherwise
    if text is None:
        return None
    raise RowError(
        f"found {text[:60]!r} in {column.name!r}, which the map does not name; "
        "expected one that it does, or an `otherwise`"
    )


def _convert(text: str, column: m.SourceColumn, style: Format) -> Scalar:
    match column.type:
        case Kind.BOOL:
            return _bool(text, column.name)
        case Kind.INTEGER:
            return _integer(text, column.name, style)
        case Kind.REAL | Kind.MONEY:
            return _real(text, column.name, style)
        case Kind.DATE:
            return _date(text, column)
        case Kind.TIMESTAMP:
            return conversion.format_instant(_instant(text, column))
        case _:
            return text


def _text(value: Any) -> str:
    """A cell as text: JSON's own values as JSON writes them."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _bool(text: str, name: str) -> bool:
    word = text.strip().lower()
    if word not in {"true", "false"}:
        raise _wrong(text, name, "true or false; other words need a `map`")
    return word == "true"


def _integer(text: str, name: str, style: Format) -> int:
    digits = _digits(text, style).removesuffix(".0")
    if not _INTEGER.fullmatch(digits):
        raise _wrong(text, name, "an integer")
    return int(digits)


def _real(text: str, name: str, style: Format) -> float:
    digits = _digits(text, style)
    number = float(digits) if _REAL.fullmatch(digits) else math.nan
    if not math.isfinite(number):
        raise _wrong(text, name, f"a number with {style.decimal!r} as decimal sign")
    return number


def _digits(text: str, style: Format) -> str:
    """A number's text with a decimal point and nothing between its digits."""
    plain = text.strip()
    if style.thousands:
        plain = plain.replace(style.thousands, "")
    return plain if style.decimal == "." else plain.replace(".", "?").replace(style.decimal, ".")


def _date(text: str, column: m.SourceColumn) -> str:
    """As a sender's date is read; by its format, if there is one."""
    day: int | None = None
    if column.format is None:
        day = conversion.day_of(text, column.zone)
    else:
        with suppress(ValueError):
            there = datetime.strptime(text.strip(), column.format)  # noqa: DTZ007 - a date
            day = (there.date() - conversion.EPOCH_DAY).days
    if day is None:
        raise _wrong(text, column.name, f"a date as {column.format or '2026-03-01'}")
    return (conversion.EPOCH_DAY + timedelta(days=day)).isoformat()


def _instant(text: str, column: m.SourceColumn) -> Instant:
    instant = read_moment(text, column.format, column.zone)
    if instant is None:
        raise _wrong(text, column.name, f"a time as {column.format or '2026-03-01T09:30:00Z'}")
    return instant


def _wrong(text: str, name: str, expected: str) -> RowError:
    return RowError(f"found {text[:60]!r} in {name!r}; expected {expected}")


def read_moment(text: str, pattern: str | None, zone: str) -> Instant | None:
    """A time by strptime's pattern, or ISO 8601 without one; in `zone` where it names none.

    None if it is no such time.
    """
    if pattern is None:
        return conversion.parse_instant(text, zone)
    try:
        moment = datetime.strptime(text.strip(), pattern)  # noqa: DTZ007 - zone comes below
    except ValueError:
        return None
    return conversion.instant_of(moment, zone)
