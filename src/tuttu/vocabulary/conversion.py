"""From what senders write to what conditions read: one JSON value to one declared type.

What cannot be read as the type is NULL, never an error: a sender's mistake must not lose the event,
whose bytes are kept as they came.
"""

import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import msgspec
from msgspec import UNSET

from tuttu.vocabulary import values as v
from tuttu.vocabulary.events import Event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1)
FIRST_INSTANT = -719_162 * v.DAY
LAST_INSTANT = 2_932_897 * v.DAY - 1
"""Of the years 1 to 9999, in UTC."""


def to_instant(moment: datetime) -> v.Instant:
    """Microseconds since 1970 of an aware moment, without the rounding of floats."""
    elapsed = moment - EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def parse_instant(text: str) -> v.Instant | None:
    """An ISO 8601 timestamp; one without a zone is UTC, a bare date is its midnight. NULL where
    UTC has another year than 1 to 9999: no calendar has a date for it."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    instant = to_instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return instant if FIRST_INSTANT <= instant <= LAST_INSTANT else None


def format_instant(instant: v.Instant) -> str:
    """ISO 8601 in UTC with Z; microseconds only where there are any. What is computed from an
    instant at an end of the calendar may lie beyond it, and is shown as that end."""
    seconds, micros = divmod(in_calendar(instant), 1_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
    return moment.isoformat().replace("+00:00", "Z")


def in_calendar(instant: v.Instant) -> v.Instant:
    """The nearest instant that has a date."""
    return min(max(instant, FIRST_INSTANT), LAST_INSTANT)


def local_time(instant: v.Instant, zone: tzinfo) -> datetime:
    """An instant in a zone. Where that has another year by then than 1 to 9999, the first or last
    moment there that has a date."""
    moment = EPOCH + timedelta(microseconds=in_calendar(instant))
    try:
        return moment.astimezone(zone)
    except OverflowError:
        if moment.year == 1:
            return datetime.min.replace(tzinfo=zone)
        return datetime.max.replace(tzinfo=zone)


def shown_instant(instant: v.Instant | None) -> str | None:
    """The same, of one that there may not be."""
    return None if instant is None else format_instant(instant)


def parse_date(text: str) -> int | None:
    """Days since 1970-01-01 of an ISO date."""
    try:
        return (date.fromisoformat(text.strip()) - EPOCH_DAY).days
    except ValueError:
        return None


def convert(value: Any, declared: v.Type) -> v.Value:
    """One JSON value as the declared type; NULL where it does not fit."""
    if not declared.many:
        return _CONVERTERS[declared.kind](value)
    if not isinstance(value, list):
        return None
    return [_CONVERTERS[declared.kind](entry) for entry in value]


def _bool(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, int | float) else None


def _integer(value: Any) -> int | None:
    number = _number(value)
    if isinstance(number, float):
        number = int(number) if number.is_integer() else None
    return number if number is not None and v.INTEGER_MIN <= number <= v.INTEGER_MAX else None


def _real(value: Any) -> float | None:
    number = _number(value)
    try:
        return None if number is None else float(number)
    except OverflowError:
        return None


def money(value: Any) -> int | None:
    """Currency units to 1/10,000 of them, rounded half to even; None for what is no amount."""
    number = _number(value)
    if number is None:
        return None
    scaled = number * v.MONEY_SCALE
    if not v.INTEGER_MIN <= scaled <= v.INTEGER_MAX:
        return None
    whole = round(scaled)
    return whole if v.INTEGER_MIN <= whole <= v.INTEGER_MAX else None


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if value is None or isinstance(value, dict | list):
        return None
    return msgspec.json.encode(value).decode()


def _date(value: Any) -> int | None:
    if not isinstance(value, str):
        return None
    return parse_date(value[:10] if len(value) > 10 else value)


def _timestamp(value: Any) -> v.Instant | None:
    return parse_instant(value) if isinstance(value, str) else None


_CONVERTERS: Mapping[v.Kind, Callable[[Any], bool | int | float | str | None]] = {
    v.Kind.BOOL: _bool,
    v.Kind.INTEGER: _integer,
    v.Kind.REAL: _real,
    v.Kind.MONEY: money,
    v.Kind.TEXT: _text,
    v.Kind.DATE: _date,
    v.Kind.TIMESTAMP: _timestamp,
}


def value_at(said: Mapping[str, object], path: str) -> object:
    """What a dotted path leads to in a decoded JSON object; UNSET if nothing. A name with points
    in it goes first."""
    if path in said:
        return said[path]
    first, _, rest = path.partition(".")
    inner = said.get(first)
    return value_at(inner, rest) if rest and isinstance(inner, dict) else UNSET


def item_key(value: object, declared: v.Type) -> str | None:
    """What a sender wrote as the key of an item, as text in the one form that its declared type
    gives it (an integer's ``042`` is ``42``); None for what is no key."""
    return None if value is UNSET else key_text(convert(value, declared), declared)


def key_text(value: v.Value, declared: v.Type) -> str | None:
    """The same of a value that has the type already, as rows hold it."""
    text = value if isinstance(value, str) else _text(present(value, declared))
    return text or None


class EventRow(Mapping[str, v.Value]):
    """The row on which conditions on one event are tested (`Project.event_schema`). A column is
    converted on first access, once."""

    __slots__ = ("_event", "_values", "schema")

    def __init__(self, event: Event, schema: v.Schema) -> None:
        self._event = event
        self.schema = schema
        self._values: dict[str, v.Value] = {
            "event": event.name,
            "call": event.call,
            "source": event.source,
            "now": event.time,
        }

    def __getitem__(self, name: str) -> v.Value:
        values = self._values
        if name in values:
            return values[name]
        fields = self.schema.collections.get(name)
        said = self._event.said.get(name)
        columns = self.schema.columns
        values[name] = convert(said, columns[name]) if fields is None else _items(said, fields)
        return values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._values, *self.schema.columns, *self.schema.collections)))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def event_row(event: Event, schema: v.Schema) -> EventRow:
    """The same row for every room that reads it with the same schema."""
    row = event.__dict__.get("row")
    if not isinstance(row, EventRow) or row.schema is not schema:
        row = event.__dict__["row"] = EventRow(event, schema)
    return row


def _items(value: Any, fields: Mapping[str, v.Type]) -> v.Value:
    if not isinstance(value, list):
        return []
    return [
        {field: _CONVERTERS[each.kind](entry.get(field)) for field, each in fields.items()}
        for entry in value
        if isinstance(entry, dict)
    ]


def shown_day(day: int) -> str:
    """ISO 8601; a day beyond the calendar is shown as its first or last."""
    ordinal = min(max(EPOCH_DAY.toordinal() + day, date.min.toordinal()), date.max.toordinal())
    return date.fromordinal(ordinal).isoformat()


def present(value: Any, declared: v.Type | None) -> Any:
    """A value as the API shows it: timestamps and dates in ISO 8601, money in currency units."""
    if isinstance(value, list):
        return [present(entry, declared) for entry in value]
    if value is None or declared is None or isinstance(value, bool):
        return value
    if declared.kind is v.Kind.TIMESTAMP and isinstance(value, int):
        return format_instant(value)
    if declared.kind is v.Kind.DATE and isinstance(value, int):
        return shown_day(value)
    if declared.kind is v.Kind.MONEY and isinstance(value, int):
        return value / v.MONEY_SCALE
    return value
