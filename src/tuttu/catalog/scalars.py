"""Dates, times and amounts as they are written in the project folder."""

from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tuttu.vocabulary.conversion import LAST_INSTANT, to_instant
from tuttu.vocabulary.values import Instant


def first_instant(text: str, zone: str) -> Instant | None:
    """A date's first instant in the zone, or a time itself; None if there is no such time."""
    moment = _read(text)
    return None if moment is None else _place(moment, zone)


def instant_after(text: str, zone: str) -> Instant | None:
    """The first instant that a date, or a time, no longer includes."""
    moment = _read(text)
    if moment is None:
        return None
    if "T" not in text:
        try:
            moment += timedelta(days=1)
        except OverflowError:  # 9999-12-31 is how systems write "never"
            return LAST_INSTANT + 1
        return _place(moment, zone)
    instant = _place(moment, zone)
    return None if instant is None else instant + 1


def share(text: str) -> Fraction:
    """A part of 1: 2% or 0.02; a number without % is as exact as a double."""
    if text.endswith("%"):
        return Fraction(text[:-1]) / 100
    return Fraction(repr(float(text)))


def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _place(moment: datetime, zone: str) -> Instant | None:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    try:
        return to_instant(aware)
    except OverflowError:
        return None
