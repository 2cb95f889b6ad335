"""What a mapping's values are in one row."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import UNSET

from tuttu.intake.mapping import (
    Cell,
    Column,
    Constant,
    Joined,
    Plain,
    RowNumber,
    RowTime,
    Test,
    Timing,
)
from tuttu.intake.moments import read_moment
from tuttu.intake.rows import Format, Row
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import FinalError
from tuttu.vocabulary.values import Instant, Kind

MOST_UNITS = 100_000
"""Of days, hours… that an event may lie before its mapping's moment."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class RowError(FinalError):
    """A row that the mapping cannot read; the message names the column."""


class View(msgspec.Struct, frozen=True):
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


def passes(tests: Sequence[Test], view: View) -> bool:
    return all(_passes(test, view) for test in tests)


def _passes(test: Test, view: View) -> bool:
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


def evaluate(cell: Cell, view: View) -> Any:
    """The JSON value of a cell in a row; None is NULL. Raises RowError."""
    if not passes(cell.when, view):
        return None
    match cell.source:
        case Constant(value):
            return value
        case RowNumber():
            return view.row.number
        case RowTime():
            return None if view.time is None else format_instant(view.time)
        case Joined(names, by):
            parts = [view.cell(name) for name in names]
            return None if None in parts else by.join(map(_text, parts))
        case Column() as column:
            return _read(column, view)


def moment_of(timing: Timing, view: View) -> Instant:
    """The time of the row's event. Raises RowError where it has none."""
    instant = timing.moment
    if isinstance(instant, Column):
        value = view.cell(instant.name)
        if value is None:
            raise RowError(f"found no time in {instant.name!r}; expected one in every row")
        instant = _instant(_text(value), instant)
    return instant - _elapsed(timing, view)


def _elapsed(timing: Timing, view: View) -> int:
    if timing.minus is None:
        return 0
    value = view.cell(timing.minus)
    text = "" if value is None else _text(value)
    count = _integer(text, timing.minus, view.format)
    if not 0 <= count <= MOST_UNITS:
        raise _wrong(text, timing.minus, f"a whole number from 0 to {MOST_UNITS}")
    return count * timing.unit


def _read(column: Column, view: View) -> Any:
    value = view.cell(column.name)
    if column.map is not None:
        return _mapped(column, value)
    if value is None or column.type is None:
        return value
    return _convert(_text(value), column, view.format)


def _mapped(column: Column, value: Any) -> Plain:
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


def _convert(text: str, column: Column, style: Format) -> Plain:
    match column.type:
        case Kind.BOOL:
            return _bool(text, column.name)
        case Kind.INTEGER:
            return _integer(text, column.name, style)
        case Kind.REAL | Kind.MONEY:
            return _real(text, column.name, style)
        case Kind.DATE:
            return _date(text, column.format, column.name)
        case Kind.TIMESTAMP:
            return format_instant(_instant(text, column))
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


def _date(text: str, pattern: str | None, name: str) -> str:
    try:
        if pattern is None:
            return date.fromisoformat(text.strip()).isoformat()
        return datetime.strptime(text.strip(), pattern).date().isoformat()  # noqa: DTZ007 - a date
    except ValueError:
        raise _wrong(text, name, f"a date as {pattern or '2026-03-01'}") from None


def _instant(text: str, column: Column) -> Instant:
    instant = read_moment(text, column.format, column.zone)
    if instant is None:
        raise _wrong(text, column.name, f"a time as {column.format or '2026-03-01T09:30:00Z'}")
    return instant


def _wrong(text: str, name: str, expected: str) -> RowError:
    return RowError(f"found {text[:60]!r} in {name!r}; expected {expected}")
