"""The filters of Liquid, strict about what is not known, and bounded in what they make.

Each takes time in proportion to what it takes and makes, and that counts (see `work`). The few of
the library that do not are replaced.
"""

import math
from collections.abc import Callable, Iterable, Sized
from functools import partial, wraps
from typing import Any

from liquid import RenderContext, soft_str
from liquid.exceptions import FilterArgumentError
from liquid.filter import math_filter, sequence_filter, string_filter, with_context
from liquid.undefined import Undefined

from tuttu.content.localised import Locale
from tuttu.content.work import LONGEST, TooMuchWorkError, size_of, work_of

Filter = Callable[..., Any]

OF_ONE = 4
"""Units of any filter, whatever it takes."""
OF_A_MARK = 2
"""Units of telling whether an entry has been seen."""
OF_WRITING = 60
"""Units of a filter that writes a value in the way of a language."""

DROPPED = ("safe", "escapejs")
"""They would let a customer's text through as markup."""
NUMBERS = {
    "abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round",
    "times",
}  # fmt: skip
MOST = 2.0**63
"""Beyond this, a number is none: those of the library grow without end."""
DIGITS = 40
"""Characters of a number that is written as text."""


def guard_filters(filters: dict[str, Filter], locale: Locale) -> None:
    """Replace the filters of an environment by guarded ones, and add those of a language."""
    for name in DROPPED:
        filters.pop(name, None)
    filters.update(uniq=uniq, remove_last=remove_last, replace_last=replace_last)
    filters["round"] = rounded
    written = locale.filters()
    filters.update(written)
    for name, plain in list(filters.items()):
        filters[name] = _guarded(name, plain, OF_WRITING if name in written else OF_ONE)


def _guarded(name: str, plain: Filter, least: int) -> Filter:
    wants_context = getattr(plain, "with_context", False)

    def filtered(value: object, *arguments: object, context: RenderContext, **named: Any) -> Any:
        given = (value, *arguments, *named.values())
        for each in given[1:] if name == "default" else given:
            _require_known(each)
        _spend(name, context, least, given)
        if name == "uniq":
            work_of(context).spend(_entries(value) * OF_A_MARK)
        _require_bounded(name, value, arguments)
        if wants_context:
            named["context"] = context
        result = plain(value, *arguments, **named)
        _spend(name, context, 0, (result,))
        if name in NUMBERS:
            _require_number(name, result)
        return result

    guarded = filtered if isinstance(plain, partial) else wraps(plain)(filtered)
    return with_context(guarded)


def _spend(name: str, context: RenderContext, least: int, values: Iterable[object]) -> None:
    """Count what a filter takes or makes."""
    units = least
    for each in values:
        if isinstance(each, str | list | tuple | range) and len(each) > LONGEST:
            raise TooMuchWorkError(
                f"{name}: found {len(each)} characters or entries; expected at most {LONGEST}",
                token=None,
            )
        units += size_of(each)
    work_of(context).spend(units)


def _require_known(value: object) -> None:
    """Most filters take what is not known for empty text or 0: doubt is no, so they must not."""
    if isinstance(value, Undefined):
        str(value)


def _require_bounded(name: str, value: object, arguments: tuple[object, ...]) -> None:
    """What a filter makes of what it takes is bounded, before it makes it."""
    if name == "replace":
        searched, text = (str(each) for each in (*arguments, "", "")[:2])
        _require_length(name, len(str(value)) + str(value).count(searched) * len(text))
    elif name == "join":
        sign = str(arguments[0]) if arguments else " "
        _require_length(name, _length(value) + _entries(value) * len(sign))
    elif name in NUMBERS:
        for each in (value, *arguments):
            _require_number(name, each)


def _require_length(name: str, length: int) -> None:
    if length > LONGEST:
        raise FilterArgumentError(
            f"{name}: found a result of over {LONGEST} characters; expected a shorter one",
            token=None,
        )


def _entries(value: object) -> int:
    return len(value) if isinstance(value, Sized) else 1


def _length(value: object) -> int:
    """Characters of a text, or of the texts of a list."""
    if isinstance(value, str):
        return len(value)
    parts = value if isinstance(value, list | tuple) else ()
    return sum(len(each) for each in parts if isinstance(each, str))


def _require_number(name: str, value: object) -> None:
    """A number as large as those of traits; text, as far as it may be one."""
    if isinstance(value, str):
        fits = len(value) <= DIGITS
    else:
        fits = not isinstance(value, int | float) or (abs(value) <= MOST and math.isfinite(value))
    if not fits:
        raise FilterArgumentError(
            f"{name}: found a number beyond {MOST:.0f}; expected a smaller one", token=None
        )


@math_filter
def rounded(number: float, digits: Any = 0) -> int | float:
    """To so many digits behind the point, at most 20; a whole number stays one."""
    try:
        places = min(int(digits), 20)
    except (ValueError, OverflowError):
        places = 0
    return round(number, places) if places > 0 else round(number) if places == 0 else 0


@sequence_filter
def uniq(sequence: Iterable[Any], key: object = None) -> list[Any]:
    """The first of each that are equal, in their order; with a key, by what stands under it."""
    seen: set[object] = set()
    return [
        each
        for each in sequence
        if (mark := _mark(each if key is None else _of(each, key))) not in seen
        and not seen.add(mark)  # type: ignore[func-returns-value]
    ]


def _of(item: Any, key: object) -> object:
    try:
        return item[key]
    except KeyError:
        return None
    except TypeError:
        raise FilterArgumentError(f"uniq: found no property {key!r} to read", token=None) from None


def _mark(value: Any) -> object:
    """Equal for equal values, and hashable."""
    if isinstance(value, Undefined):
        return Undefined
    if isinstance(value, dict):
        return frozenset((name, _mark(each)) for name, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_mark, value))
    return value


@string_filter
def remove_last(text: str, searched: object) -> str:
    """Without the last place where a text stands."""
    return _replaced_last(text, soft_str(searched), "")


@string_filter
def replace_last(text: str, searched: object, by: object) -> str:
    """With another text in the last place where a text stands."""
    return _replaced_last(text, soft_str(searched), soft_str(by))


def _replaced_last(text: str, searched: str, by: str) -> str:
    """Searched for from the front, in both turned round: the way back takes the product of the
    lengths."""
    place = str(text)[::-1].find(str(searched)[::-1])
    if place < 0 or not searched:
        return text
    end = len(text) - place
    return text[: end - len(searched)] + by + text[end:]
