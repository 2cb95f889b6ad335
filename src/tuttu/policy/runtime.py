"""What generated row functions call. Arguments are never NULL unless said so."""

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from math import ceil, floor, isfinite
from typing import Any

from tuttu.policy.strings import WHITESPACE, lower, upper
from tuttu.vocabulary.values import INTEGER_MAX, INTEGER_MIN, Item, Value

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EXACT = 2.0**52
"""From here on a real has no fraction."""


def bounded(number: int) -> int | None:
    """NULL outside 64 bits."""
    return number if INTEGER_MIN <= number <= INTEGER_MAX else None


def finite(number: float) -> float | None:
    return number if isfinite(number) else None


def divide(left: float, right: float) -> float | None:
    return finite(left / right) if right else None


def remainder(left: int, right: int) -> int | None:
    """With the sign of the left side."""
    if not right:
        return None
    rest = abs(left) % abs(right)
    return rest if left >= 0 else -rest


def half_away(number: float) -> float:
    """To the nearest whole number, halves away from zero."""
    size = abs(number)
    if size >= _EXACT:
        return number
    whole = floor(size)
    return math.copysign(whole + (size - whole >= 0.5), number)


def right(text: str, length: int) -> str:
    return text[-length:] if length else ""


def calendar_date(day: int) -> date:
    return date.fromordinal(_EPOCH_ORDINAL + day)


def between(operand: Any, low: Any, high: Any) -> bool | None:
    """All may be NULL: FALSE if one side fails, whatever the other is."""
    if operand is None:
        return None
    if (low is not None and operand < low) or (high is not None and operand > high):
        return False
    return None if low is None or high is None else True


def among(operand: Any, options: Iterable[Any]) -> bool | None:
    """operand = option for any option; all may be NULL."""
    if operand is None:
        return None
    unknown = False
    for option in options:
        if option is None:
            unknown = True
        elif option == operand:
            return True
    return None if unknown else False


def has(elements: list[Any], operand: Any) -> bool | None:
    return True if operand in elements else None if None in elements else False


def least(*values: Any) -> Any:
    return min((value for value in values if value is not None), default=None)


def greatest(*values: Any) -> Any:
    return max((value for value in values if value is not None), default=None)


def concat(*texts: str | None) -> str:
    return "".join(text for text in texts if text is not None)


def any_item(items: Value, test: Callable[[Item], bool | None]) -> bool | None:
    """items: None is no items."""
    unknown = False
    for item in _items(items):
        verdict = test(item)
        if verdict:
            return True
        unknown = unknown or verdict is None
    return None if unknown else False


def all_items(items: Value, test: Callable[[Item], bool | None]) -> bool | None:
    """items: None is no items."""
    unknown = False
    for item in _items(items):
        verdict = test(item)
        if verdict is False:
            return False
        unknown = unknown or verdict is None
    return None if unknown else True


def _items(items: Value) -> list[Any]:
    return items if isinstance(items, list) else []


def _known(items: Value, field: str) -> Iterator[Any]:
    return (value for item in _items(items) if (value := item.get(field)) is not None)


def count_items(items: Value) -> int:
    return len(_items(items))


def count(items: Value, field: str) -> int:
    return sum(1 for _ in _known(items, field))


def total(items: Value, field: str) -> int | None:
    known = list(_known(items, field))
    return bounded(sum(known)) if known else None


def largest(items: Value, field: str) -> Any:
    return max(_known(items, field), default=None)


def smallest(items: Value, field: str) -> Any:
    return min(_known(items, field), default=None)


NAMES: dict[str, object] = {
    "WHITESPACE": WHITESPACE,
    "among": among,
    "all_items": all_items,
    "any_item": any_item,
    "between": between,
    "bounded": bounded,
    "calendar_date": calendar_date,
    "ceil": ceil,
    "concat": concat,
    "count": count,
    "count_items": count_items,
    "divide": divide,
    "finite": finite,
    "floor": floor,
    "greatest": greatest,
    "half_away": half_away,
    "has": has,
    "largest": largest,
    "least": least,
    "lower": lower,
    "remainder": remainder,
    "right": right,
    "smallest": smallest,
    "total": total,
    "upper": upper,
}
"""The generated functions' globals, beside Python's own functions."""
