"""Dates, numbers and money, written in the way of a message's language.

The figures and words of languages are those of Unicode CLDR, through Babel.
"""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from zoneinfo import ZoneInfo

import babel
import msgspec
from babel import dates, numbers
from liquid.exceptions import FilterArgumentError

from tuttu.vocabulary.conversion import EPOCH, parse_instant

ENGLISH = "en"
LENGTHS = ("short", "medium", "long", "full")
LONGEST_FORM = 200
"""Characters of a date's form."""
MOST_DIGITS = 20

_DIRECTIVE = re.compile(r"%-?[aAbBdeFHIjmMpRSTuUVwWyYzZ%]|[^%]")
_NAMED = re.compile(r"%([aAbB%])")
_WIDTHS: dict[str, Literal["abbreviated", "wide"]] = {
    "a": "abbreviated", "A": "wide", "b": "abbreviated", "B": "wide",
}  # fmt: skip
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EPOCH = re.compile(r"-?\d{9,11}(\.\d{1,6})?")
_PLAIN = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2212": "-"})

Written = Callable[..., str]


class Locale(msgspec.Struct, frozen=True):
    """How values are written.

    language: of the message, a tag as `fi` or `en-GB`; an unknown one is written as English.
    zone: of timestamps, the project's, an IANA name. currency: of money. plain: with no signs that
    make a text message on a phone dearer: blanks and a hyphen for their typographic kin.
    """

    language: str
    zone: str
    currency: str
    plain: bool = False

    def filters(self) -> dict[str, Written]:
        writer = _Writer(self)
        return {
            "date": writer.date,
            "datetime": writer.datetime,
            "time": writer.time,
            "number": writer.number,
            "money": writer.money,
        }


class _Writer:
    """The filters of one language."""

    def __init__(self, locale: Locale) -> None:
        self._zone = ZoneInfo(locale.zone)
        self._currency = locale.currency
        self._plain = locale.plain
        self._locale = _known(locale.language)

    def date(self, value: object, form: object = "%Y-%m-%d") -> str:
        """A date, or the day of a timestamp in the project's zone: `short` to `full`, or
        strftime's directives, with the names of days and months in the message's language.

        A number is seconds from 1970. Anything else is an error, ``now`` and ``today`` as well:
        the moment of the decision is the variable `now`, since no clock may be read here.
        """
        text, moment = str(form), self._moment(value)
        if text in LENGTHS:
            return self._shown(dates.format_date(moment, text, self._locale))
        directives = "%" in text and "".join(_DIRECTIVE.findall(text)) == text
        if len(text) > LONGEST_FORM or not directives:
            expected = "short, medium, long, full, or directives such as %d.%m.%Y %H:%M"
            raise FilterArgumentError(
                f"date: found {text[:LONGEST_FORM]!r}; expected {expected}", token=None
            )
        return moment.strftime(_NAMED.sub(lambda found: self._name(found[1], moment), text))

    def datetime(self, value: object, form: object = "medium") -> str:
        """Day and time in the project's zone, `short` to `full`."""
        moment = self._timestamp("datetime", value)
        return self._shown(
            dates.format_datetime(moment, _length("datetime", form), self._zone, self._locale)
        )

    def time(self, value: object, form: object = "short") -> str:
        """The time of day in the project's zone, `short` to `full`."""
        moment = self._timestamp("time", value)
        return self._shown(
            dates.format_time(moment, _length("time", form), self._zone, self._locale)
        )

    def number(self, value: object, digits: object = None) -> str:
        """With the language's signs; digits: so many behind the sign, else as it has, up to 3."""
        amount = _amount("number", value)
        if digits is None:
            return self._shown(numbers.format_decimal(amount, locale=self._locale))
        if not isinstance(digits, int) or not 0 <= digits <= MOST_DIGITS:
            raise FilterArgumentError(
                f"number: found {digits!r} digits; expected 0 to {MOST_DIGITS}", token=None
            )
        form = "#,##0" + ("." + "0" * digits if digits else "")
        return self._shown(numbers.format_decimal(amount, form, self._locale))

    def money(self, value: object) -> str:
        """With the sign of the project's currency, in its decimals, rounded half to even."""
        amount = _amount("money", value)
        return self._shown(numbers.format_currency(amount, self._currency, locale=self._locale))

    def _name(self, directive: str, moment: dt.date) -> str:
        if directive == "%":
            return "%%"
        width = _WIDTHS[directive]
        if directive in "aA":
            return str(dates.get_day_names(width, locale=self._locale)[moment.weekday()])
        return str(dates.get_month_names(width, locale=self._locale)[moment.month])

    def _timestamp(self, name: str, value: object) -> dt.datetime:
        moment = self._moment(value)
        if isinstance(moment, dt.datetime):
            return moment
        raise FilterArgumentError(
            f"{name}: found the date {moment}; expected a timestamp: a date has no time of day",
            token=None,
        )

    def _moment(self, value: object) -> dt.datetime | dt.date:
        text = str(value)
        if isinstance(value, str) and _DATE.fullmatch(text):
            return dt.date.fromisoformat(text)
        instant = _instant(value, text, self._zone.key)
        try:
            if instant is not None:
                moment = EPOCH + dt.timedelta(microseconds=instant)
                return moment.astimezone(self._zone)
        except OverflowError:
            pass
        raise FilterArgumentError(
            f"date: found {text[:40]!r}; expected a date or a timestamp"
            " (the moment of the decision is the variable now)",
            token=None,
        )

    def _shown(self, text: str) -> str:
        return text.translate(_PLAIN) if self._plain else text


def _instant(value: object, text: str, zone: str) -> int | None:
    """Microseconds from 1970 of ISO 8601, or of seconds from 1970, also as text of 9 to 11
    digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float) or _EPOCH.fullmatch(text):
        seconds = Decimal(str(value))
        return int(seconds * 1_000_000) if abs(seconds) < 10**12 else None
    return parse_instant(text, zone) if isinstance(value, str) and text[:4].isdecimal() else None


def _length(name: str, form: object) -> Any:
    if form not in LENGTHS:
        found = str(form)[:LONGEST_FORM]
        raise FilterArgumentError(
            f"{name}: found {found!r}; expected one of {', '.join(LENGTHS)}", token=None
        )
    return form


def _amount(name: str, value: object) -> Decimal:
    """A number as it is written: 9.9 is not 9.9000000000000004."""
    text = str(value)
    try:
        if isinstance(value, bool) or len(text) > 2 * MOST_DIGITS:
            raise InvalidOperation
        amount = Decimal(text)
        if not amount.is_finite() or abs(amount.adjusted()) > 2 * MOST_DIGITS:
            raise InvalidOperation
    except InvalidOperation:
        raise FilterArgumentError(
            f"{name}: found {text[:40]!r}; expected a number", token=None
        ) from None
    return amount


def _known(language: str) -> babel.Locale:
    try:
        return babel.Locale.parse(language, sep="-")
    except (babel.UnknownLocaleError, ValueError):
        return babel.Locale.parse(ENGLISH)
