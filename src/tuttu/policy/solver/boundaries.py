"""Values at which something changes, and how far one value is from another."""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise

from tuttu.vocabulary.values import DAY, INTEGER_MAX, INTEGER_MIN, Kind, Value
from tuttu.vocabulary.zones import FIRST_DATE, FIRST_INSTANT, LAST_DATE, LAST_INSTANT

_RANGES = {
    Kind.INTEGER: (INTEGER_MIN, INTEGER_MAX),
    Kind.MONEY: (INTEGER_MIN, INTEGER_MAX),
    Kind.DATE: (FIRST_DATE, LAST_DATE),
    Kind.TIMESTAMP: (FIRST_INSTANT, LAST_INSTANT),
}
_SAMPLES: dict[Kind, list[Value]] = {
    Kind.BOOL: [True, False],
    Kind.INTEGER: [0, 1, -1],
    Kind.MONEY: [0, 10_000, -10_000],
    Kind.REAL: [0.0, 1.0, -1.0],
    Kind.TEXT: ["", "other"],
    Kind.DATE: [],
    Kind.TIMESTAMP: [],
}
_MEASURED = frozenset({*_RANGES, Kind.REAL})
_TO_UNKNOWN = 2.0
_FROM_UNKNOWN = 1.0
_CROOKED = 1.0
_ROUND_DIGITS = 15
_MONTH = 30.0


def fits(value: Value, kind: Kind) -> bool:
    """Whether a value is one of the kind's; NULL is of every kind."""
    if value is None:
        return True
    match kind:
        case Kind.BOOL:
            return isinstance(value, bool)
        case Kind.TEXT:
            return isinstance(value, str)
        case Kind.REAL:
            return isinstance(value, float) and math.isfinite(value)
    low, high = _RANGES[kind]
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def sample_values(kind: Kind, now: Value) -> list[Value]:
    """Plain values of a kind, for what is not known at all. now: the row's."""
    if isinstance(now, int) and kind in (Kind.DATE, Kind.TIMESTAMP):
        return [now if kind is Kind.TIMESTAMP else now // DAY]
    return _SAMPLES[kind]


def neighbours(kind: Kind, value: Value) -> list[Value]:
    """The value, and its neighbours on both sides; the other truth, another text."""
    if value is None:
        return []
    if isinstance(value, bool):
        return [value, not value]
    if isinstance(value, str):
        return [value, other_than([value]), value[:-1], f"{value}a"]
    if isinstance(value, float):
        step = _step(value)
        neat = [float(round_to(value, step, sign)) for sign in (1, -1)]
        return [value, *neat, math.nextafter(value, math.inf), math.nextafter(value, -math.inf)]
    if isinstance(value, int) and kind in _RANGES:
        return [value, value + 1, value - 1]
    return []


def _step(value: float) -> Decimal:
    """A tenth of the last decimal that the number is written with: 0.01 of 1.5, 0.1 of 4."""
    _, _, exponent = Decimal(repr(value)).normalize().as_tuple()
    return Decimal(10) ** (min(exponent if isinstance(exponent, int) else 0, 0) - 1)


def round_to(value: float, step: Decimal, sign: int) -> Decimal:
    """The neighbour one step above or below."""
    return Decimal(repr(value)) + sign * step


def intermediate(kind: Kind, values: Sequence[Value]) -> list[Value]:
    """Further values, where those at the edges do not help: plain ones, halves and middles, the
    other case, blanks around."""
    if kind is Kind.TEXT:
        texts = [value for value in values if isinstance(value, str)]
        return [form for text in texts for form in (text.lower(), text.upper(), f" {text} ")]
    numbers = sorted(value for value in values if isinstance(value, int | float))
    if kind not in _MEASURED:
        return []
    whole = kind is not Kind.REAL
    pairs = [*pairwise(numbers), *((0, number) for number in numbers)]
    middles = [(low + high) // 2 if whole else low / 2 + high / 2 for low, high in pairs]
    return [*_SAMPLES[kind], *middles, *(number * 2 for number in numbers)]


def other_than(texts: Iterable[str]) -> str:
    """A text that is none of these."""
    taken, found = set(texts), "other"
    while found in taken:
        found += "-"
    return found


def same(one: Value, other: Value) -> bool:
    """Equal, and not a truth beside a number."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def distance(old: Value, new: Value, kind: Kind | None) -> float:
    """How far a change goes: numbers and moments by their difference, from 0 to 1; another text or
    truth is 1, a value for what was unknown too; to become unknown is further. kind None: items."""
    if isinstance(new, list):
        return _of_items(old if isinstance(old, list) else [], new)
    if new is None or old is None:
        return _TO_UNKNOWN if new is None else _FROM_UNKNOWN
    if kind not in _MEASURED or isinstance(new, str) or not isinstance(old, int | float):
        return 1.0
    away = abs(float(new) - float(old))
    if kind in (Kind.DATE, Kind.TIMESTAMP):
        days = away if kind is Kind.DATE else away / DAY
        return days / (days + _MONTH)
    crooked = isinstance(new, float) and len(repr(new)) > _ROUND_DIGITS
    scale = max(abs(float(old)), 1.0)
    part = 1.0 if math.isinf(away) else away / (away + scale)
    return part + (_CROOKED if crooked else 0.0)


def _of_items(old: list[object], new: list[object]) -> float:
    """How many items, or elements, are not the same."""
    same = sum(1 for one, other in zip(old, new, strict=False) if one == other)
    return float(max(len(old), len(new)) - same) + (len(new) < len(old))
