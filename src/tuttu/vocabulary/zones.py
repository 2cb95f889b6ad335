"""Calendar dates in a zone: one table of offsets, which both executors read.

DuckDB's own time zones cannot be used: it carries another release of the tz database than Python,
and the two differ in the present rules of Vancouver, Winnipeg or Casablanca. The table spans the
years 1900 to 2099; before and after it, the first and the last offset apply.
"""

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from tuttu.vocabulary.values import DAY, HOUR, SECOND, Instant, Value

FIRST_DATE, LAST_DATE = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31, in days since 1970-01-01."""
FIRST_INSTANT: Instant = FIRST_DATE * DAY
LAST_INSTANT: Instant = (LAST_DATE + 1) * DAY - 1
"""Of the years 1 to 9999, in UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TABLE_DAYS = range(-25_567, 47_482)
"""1900-01-01 to 2099-12-31."""


class Zone(msgspec.Struct, frozen=True):
    """offsets[i], in microseconds to be added to UTC, applies from changes[i - 1] to changes[i]."""

    name: str
    changes: tuple[Instant, ...]
    offsets: tuple[int, ...]

    def offset(self, instant: Instant) -> int:
        return self.offsets[bisect_right(self.changes, instant)]


KNOWN_ZONES = 640
"""More than there are: customers have zones of their own, and a table takes long to make."""


def is_zone(name: str) -> bool:
    try:
        zone_of(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


@lru_cache(maxsize=KNOWN_ZONES)
def zone_of(name: str) -> Zone:
    """The zone's table. Raises `zoneinfo.ZoneInfoNotFoundError` or `ValueError` for no zone."""
    source = ZoneInfo(name)
    changes: list[Instant] = []
    offsets = [_offset(source, _TABLE_DAYS[0] * 86_400)]
    for day in _TABLE_DAYS[1:]:
        offset = _offset(source, day * 86_400)
        if offset != offsets[-1]:
            changes.append(_change(source, (day - 1) * 86_400, offset) * SECOND)
            offsets.append(offset)
    return Zone(name, tuple(changes), tuple(offset * SECOND for offset in offsets))


def zone_or(own: Value, project: str) -> str:
    """The customer's zone: what they say of themselves, where it names one, else the project's."""
    return _zone_or(own, project) if isinstance(own, str) else project


@lru_cache(maxsize=KNOWN_ZONES)
def _zone_or(own: str, project: str) -> str:
    return own if is_zone(own) else project


def instant_of(name: str, local: Instant) -> Instant:
    """The instant of a local time of the zone, given as if it were UTC. Of a time that clocks show
    twice it is the first; one that they leap over is as long after midnight as it says."""
    return local - zone_of(name).offsets[bisect_right(_leaps(name), local)]


@lru_cache(maxsize=KNOWN_ZONES)
def _leaps(name: str) -> tuple[Instant, ...]:
    """The local times from which on each next offset applies: those that clocks show twice, or leap
    over, belong to the offset before."""
    zone = zone_of(name)
    pairs = zip(zone.changes, zip(zone.offsets, zone.offsets[1:], strict=False), strict=True)
    return tuple(change + max(both) for change, both in pairs)


def _offset(source: ZoneInfo, second: int) -> int:
    """Seconds that the zone adds to UTC."""
    there = (_EPOCH + timedelta(seconds=second)).astimezone(source).utcoffset()
    return round(there.total_seconds()) if there else 0


def _change(source: ZoneInfo, before: int, offset: int) -> int:
    """The second, within a day after `before`, at which the zone went over to the offset."""
    low, high = before, before + 86_400
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(source, middle) == offset else (middle, high)
    return high


def day_ends(name: str, instant: Instant) -> Instant:
    """The first instant after this one that is on another calendar date of the zone. Where clocks
    go back over midnight the same date may begin again later."""
    zone, day = zone_of(name), day_in(name)
    today = day(instant)
    for change in zone.changes[bisect_right(zone.changes, instant) :]:
        end = (today + 1) * DAY - zone.offset(instant)
        if end <= change or day(change) != today:
            return min(end, change)
        instant = change
    return (today + 1) * DAY - zone.offset(instant)


@lru_cache(maxsize=KNOWN_ZONES)
def day_in(name: str) -> Callable[[Instant], int]:
    """A function from an instant to the zone's calendar date, in days since 1970-01-01, kept
    within the years 1 to 9999."""
    zone = zone_of(name)
    changes, offsets = zone.changes, zone.offsets

    def day(instant: Instant) -> int:
        found = (instant + offsets[bisect_right(changes, instant)]) // DAY
        if FIRST_DATE <= found <= LAST_DATE:
            return found
        return FIRST_DATE if found < FIRST_DATE else LAST_DATE

    return day


@lru_cache(maxsize=KNOWN_ZONES)
def hour_in(name: str) -> Callable[[Instant], int]:
    """A function from an instant to the hour that clocks of the zone show, 0 to 23."""
    zone = zone_of(name)
    changes, offsets = zone.changes, zone.offsets

    def hour(instant: Instant) -> int:
        return (instant + offsets[bisect_right(changes, instant)]) // HOUR % 24

    return hour


Reading = Callable[[str], Callable[[Instant], int]]
"""`day_in` or `hour_in`."""


def of_customer(reading: Reading, project: str) -> Callable[[str | None, Instant], int]:
    """As the reading, in the zone of `zone_or`; its first argument is what the customer says."""

    def read(own: str | None, instant: Instant) -> int:
        return _of_zone_or(reading, own, project)(instant)

    return read


@lru_cache(maxsize=2 * KNOWN_ZONES)
def _of_zone_or(reading: Reading, own: str | None, project: str) -> Callable[[Instant], int]:
    return reading(zone_or(own, project))
