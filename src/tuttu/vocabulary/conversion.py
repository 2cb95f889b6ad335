"""From what senders write to what conditions read: one JSON value to one declared type.

What cannot be read as the type is NULL, never an error: a sender's mistake must not lose the event,
whose bytes are kept as they came. What that NULL means is for the reader to say (`slipped`).
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

import msgspec
from msgspec import UNSET

from tuttu.vocabulary import values as v
from tuttu.vocabulary import zones
from tuttu.vocabulary.events import Event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1)
FIRST_INSTANT, LAST_INSTANT = zones.FIRST_INSTANT, zones.LAST_INSTANT
_UTC_NAME = re.compile(r"\s*(?:UTC|GMT)$", re.IGNORECASE)
_MIDNIGHT = time()


def to_instant(moment: datetime) -> v.Instant:
    """Microseconds since 1970 of an aware moment, without the rounding of floats."""
    elapsed = moment - EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def parse_moment(text: str) -> datetime | None:
    """ISO 8601 as it is written, also with T and Z in small letters, and UTC by its name; a bare
    date is its midnight. One that names no zone has none."""
    try:
        return datetime.fromisoformat(_UTC_NAME.sub("Z", text.strip().upper()))
    except ValueError:
        return None


def instant_of(moment: datetime, zone: str) -> v.Instant | None:
    """The instant; of a moment that names no zone, in this one. NULL where UTC has another year
    than 1 to 9999: no calendar has a date for it."""
    if moment.tzinfo is None:
        instant = zones.instant_of(zone, to_instant(moment.replace(tzinfo=UTC)))
    else:
        instant = to_instant(moment)
    return instant if FIRST_INSTANT <= instant <= LAST_INSTANT else None


def parse_instant(text: str, zone: str = "UTC") -> v.Instant | None:
    """An ISO 8601 timestamp; one that names no zone is of this one: the project's, wherever there
    is a project."""
    moment = parse_moment(text)
    return None if moment is None else instant_of(moment, zone)


def day_of(text: str, zone: str) -> int | None:
    """The date that a sender means, in days since 1970-01-01: a date; of an instant that is
    midnight as it is written, that day; of any other instant, its day in this zone, the
    project's."""
    moment = parse_moment(text)
    if moment is None:
        return None
    if moment.time() == _MIDNIGHT:
        return (moment.date() - EPOCH_DAY).days
    instant = instant_of(moment, zone)
    return None if instant is None else zones.day_in(zone)(instant)


def format_instant(instant: v.Instant) -> str:
    """ISO 8601 in UTC with Z; microseconds only where there are any. What is computed from an
    instant at an end of the calendar may lie beyond it, and is shown as that end."""
    seconds, micros = divmod(in_calendar(instant), 1_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
    return moment.isoformat().replace("+00:00", "Z")


def format_local(instant: v.Instant, zone: str) -> str:
    """ISO 8601 by the clock of a zone, with its offset; in UTC where that has no such date."""
    offset = zones.zone_of(zone).offset(instant)
    if not FIRST_INSTANT <= instant + offset <= LAST_INSTANT:
        return format_instant(instant)
    there = timezone(timedelta(microseconds=offset))
    local = (EPOCH + timedelta(microseconds=instant)).astimezone(there)
    return local.isoformat().replace("+00:00", "Z")


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


def convert(value: Any, declared: v.Type, zone: str) -> v.Value:
    """One JSON value as the declared type; NULL where it does not fit. Of a list nulls are left
    out, and one element that does not fit makes the whole NULL: half a list would say that the
    rest is not in it. zone: the project's, in which dates and times are read that name none."""
    if not declared.many:
        return _scalar(value, declared.kind, zone)
    if not isinstance(value, list):
        return None
    found = [_scalar(entry, declared.kind, zone) for entry in value if entry is not None]
    return None if None in found else found


def slipped(value: object, converted: v.Value) -> bool:
    """Whether a sender said something that does not fit the type: null says that nothing is
    known."""
    return converted is None and value is not None and value is not UNSET


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


def _scalar(value: Any, kind: v.Kind, zone: str) -> bool | int | float | str | None:
    if kind in _CONVERTERS:
        return _CONVERTERS[kind](value)
    if not isinstance(value, str):
        return None
    return day_of(value, zone) if kind is v.Kind.DATE else parse_instant(value, zone)


_CONVERTERS: Mapping[v.Kind, Callable[[Any], bool | int | float | str | None]] = {
    v.Kind.BOOL: _bool,
    v.Kind.INTEGER: _integer,
    v.Kind.REAL: _real,
    v.Kind.MONEY: money,
    v.Kind.TEXT: _text,
}
"""Of the types that need no zone."""


def value_at(said: Mapping[str, object], path: str) -> object:
    """What a dotted path leads to in a decoded JSON object; UNSET if nothing. A name with points
    in it goes first."""
    if path in said:
        return said[path]
    first, _, rest = path.partition(".")
    inner = said.get(first)
    return value_at(inner, rest) if rest and isinstance(inner, dict) else UNSET


def said_at(event: Event, path: str) -> object:
    """What a path leads to in a call; UNSET if nothing. A path begins in what the call is about:
    its properties, and of identify and group its traits; ``properties.…``, ``traits.…``,
    ``context.…`` and `GROUP_ID` name a part of the call, where nothing there has that name."""
    found = value_at(event.said, path)
    if found is UNSET and event.call in CALLS_WITH_TRAITS:
        found = value_at(event.said_traits, path)
    if found is UNSET and path == GROUP_ID and event.group_id is not None:
        return event.group_id
    if found is UNSET:
        part, _, rest = path.partition(".")
        if rest and part in PARTS:
            found = value_at(PARTS[part](event), rest)
    return found


def property_of(event: Event, name: str) -> object:
    """A column of events in one of them; None if it is not there. A name without points is a
    property, or `GROUP_ID`, whatever else the call carries."""
    if "." not in name and name != GROUP_ID:
        return event.said.get(name)
    found = said_at(event, name)
    return None if found is UNSET else found


def item_key(value: object, declared: v.Type, zone: str) -> str | None:
    """What a sender wrote as the key of an item, as text in the one form that its declared type
    gives it (an integer's ``042`` is ``42``); None for what is no key."""
    return None if value is UNSET else key_text(convert(value, declared, zone), declared)


def key_text(value: v.Value, declared: v.Type) -> str | None:
    """The same of a value that has the type already, as rows hold it."""
    text = value if isinstance(value, str) else _text(present(value, declared))
    return text or None


CALLS_WITH_TRAITS = ("identify", "group")
GROUP_ID = "groupId"
"""The path of the group that a group call names."""
PARTS: Mapping[str, Callable[[Event], Mapping[str, object]]] = {
    "properties": lambda event: event.said,
    "traits": lambda event: event.said_traits,
    "context": lambda event: event.said_context,
}
"""The parts of a call that a path may begin with."""


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
        said = property_of(self._event, name)
        zone = self.schema.zone
        values[name] = (
            convert(said, self.schema.columns[name], zone)
            if fields is None
            else _items(said, fields, zone)
        )
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


def _items(value: Any, fields: Mapping[str, v.Type], zone: str) -> v.Value:
    if not isinstance(value, list):
        return []
    return [
        {field: _scalar(entry.get(field), each.kind, zone) for field, each in fields.items()}
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
