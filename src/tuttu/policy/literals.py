"""Constants as authors write them: numbers, dates, timestamps, amounts of money."""

import math
import re
from decimal import Decimal

from tuttu.vocabulary.conversion import parse_date, parse_instant
from tuttu.vocabulary.values import INTEGER_MAX, INTEGER_MIN, MONEY_SCALE, Instant

DAY_FORM = "a date such as '2026-02-28'"
MOMENT_FORM = (
    "a date and time, in the project's zone if no offset is given, such as '2026-02-28 09:30'"
)

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-9]{2})?"
)


def is_day(text: str) -> bool:
    """Whether the text has the form of a date without a time."""
    return _DAY.fullmatch(text) is not None


def read_day(text: str) -> int | None:
    """Days since 1970-01-01; None if the text is no date."""
    return parse_date(text) if is_day(text) else None


def read_moment(text: str, zone: str) -> Instant | None:
    """The instant, in this zone if it names none; None if the text is no date with time, or is
    outside the years 1 to 9999."""
    return parse_instant(text, zone) if _MOMENT.fullmatch(text) else None


def read_number(written: str) -> int | float | None:
    """An integer if it has neither point nor exponent, else real; None if out of range."""
    if written.lstrip("-").isdigit():
        integer = int(written) if len(written) <= 20 else INTEGER_MAX + 1
        return integer if INTEGER_MIN <= integer <= INTEGER_MAX else None
    real = float(written)
    return real if math.isfinite(real) else None


def read_money(written: str) -> int | None:
    """Currency units to 1/10,000 of them; None unless that is exact and in range."""
    amount = Decimal(written)
    if abs(amount.adjusted()) > 30:
        return 0 if not amount else None
    scaled = amount * MONEY_SCALE
    if scaled != scaled.to_integral_value() or not INTEGER_MIN <= scaled <= INTEGER_MAX:
        return None
    return int(scaled)
