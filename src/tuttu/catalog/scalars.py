"""Dates, times and amounts as they are written in the project folder."""

from datetime import timedelta
from fractions import Fraction

from tuttu.vocabulary.conversion import LAST_INSTANT, instant_of, parse_instant, parse_moment
from tuttu.vocabulary.values import Instant


def instant_after(text: str, zone: str) -> Instant | None:
    """The first instant that a date, or a time, no longer includes."""
    if "T" in text:
        instant = parse_instant(text, zone)
        return None if instant is None else instant + 1
    moment = parse_moment(text)
    try:
        return None if moment is None else instant_of(moment + timedelta(days=1), zone)
    except OverflowError:  # 9999-12-31 is how systems write "never"
        return LAST_INSTANT + 1


def share(text: str) -> Fraction:
    """A part of 1: 2% or 0.02; a number without % is as exact as a double."""
    if text.endswith("%"):
        return Fraction(text[:-1]) / 100
    return Fraction(repr(float(text)))
