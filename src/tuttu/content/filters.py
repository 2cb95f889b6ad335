"""The filters of Liquid, strict about what is not known, and bounded in what they make."""

import re
from collections.abc import Callable, Sized
from datetime import date, datetime
from functools import partial, wraps
from typing import Any
from zoneinfo import ZoneInfo

from liquid import RenderContext
from liquid.exceptions import FilterArgumentError
from liquid.filter import with_context
from liquid.undefined import Undefined

from tuttu.vocabulary.conversion import local_time, parse_instant

Filter = Callable[..., Any]

LONGEST = 50_000
"""Characters of a text, or entries of a list, that a filter takes or makes."""

MOST_WORK = 1_000_000
"""The same, of all filters in one rendering together."""
WORK = "tuttu.work"

DROPPED = ("safe", "escapejs")
"""They would let a customer's text through as markup."""
AMPLIFIERS = {"replace": 1, "join": 0}
"""Filters whose result is as long as one argument times the other: where the text argument is."""

_DIRECTIVE = re.compile(r"%-?[aAbBdeFHIjmMpRSTuUVwWyYzZ%]|[^%]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def guard_filters(filters: dict[str, Filter], zone: str) -> None:
    """Replace the filters of an environment by guarded ones. zone: of dates, an IANA name."""
    for name in DROPPED:
        filters.pop(name, None)
    filters["date"] = partial(written_date, zone=ZoneInfo(zone))
    for name, plain in list(filters.items()):
        filters[name] = _guarded(name, plain)


def _guarded(name: str, plain: Filter) -> Filter:
    wants_context = getattr(plain, "with_context", False)

    def filtered(value: object, *arguments: object, context: RenderContext, **named: Any) -> Any:
        given = (value, *arguments, *named.values())
        for each in given[1:] if name == "default" else given:
            _require_known(each)
        _spend(name, context, *given)
        if name in AMPLIFIERS:
            _require_small_product(name, value, arguments)
        if wants_context:
            named["context"] = context
        result = plain(value, *arguments, **named)
        _spend(name, context, result)
        return result

    guarded = filtered if isinstance(plain, partial) else wraps(plain)(filtered)
    return with_context(guarded)


def _spend(name: str, context: RenderContext, *values: object) -> None:
    """Count the characters and entries that filters take and make in one rendering: no clock is
    read here, so this is what bounds the time of filters within loops."""
    sizes = [len(each) for each in values if isinstance(each, str | list | tuple | range)]
    if max(sizes, default=0) > LONGEST:
        raise FilterArgumentError(
            f"{name}: found {max(sizes)} characters or entries; expected at most {LONGEST}",
            token=None,
        )
    work = context.tag_namespace.get(WORK, 0) + sum(sizes) + 1
    context.tag_namespace[WORK] = work
    if work > MOST_WORK:
        raise FilterArgumentError(
            f"{name}: found too much work for one message; expected filters to take and make"
            f" at most {MOST_WORK} characters and entries",
            token=None,
        )


def _require_known(value: object) -> None:
    """Most filters take what is not known for empty text or 0: doubt is no, so they must not."""
    if isinstance(value, Undefined):
        str(value)


def _require_small_product(name: str, value: object, arguments: tuple[object, ...]) -> None:
    place = AMPLIFIERS[name]
    text = str(arguments[place]) if len(arguments) > place else ""
    if name == "replace":
        searched = str(arguments[0]) if arguments else ""
        times = str(value).count(searched)
    else:
        times = len(value) if isinstance(value, Sized) else 1
    if times * len(text) > LONGEST:
        raise FilterArgumentError(
            f"{name}: found a result of over {LONGEST} characters; expected a shorter one",
            token=None,
        )


def written_date(value: object, form: object = "%Y-%m-%d", *, zone: ZoneInfo) -> str:
    """A timestamp, in the project's zone, or a date, written by strftime's directives.

    Anything else is an error, ``now`` and ``today`` as well: the moment of the decision is the
    variable `now`, since no clock may be read here.
    """
    text = str(form)
    if "".join(_DIRECTIVE.findall(text)) != text:
        raise FilterArgumentError(
            f"date: found {text!r}; expected directives such as %d.%m.%Y %H:%M", token=None
        )
    return _moment(value, zone).strftime(text)


def _moment(value: object, zone: ZoneInfo) -> datetime | date:
    text = str(value)
    if _DATE.fullmatch(text):
        return date.fromisoformat(text)
    instant = parse_instant(text) if isinstance(value, str) and text[:4].isdecimal() else None
    if instant is None:
        raise FilterArgumentError(
            f"date: found {text[:40]!r}; expected a date or a timestamp"
            " (the moment of the decision is the variable now)",
            token=None,
        )
    return local_time(instant, zone)
