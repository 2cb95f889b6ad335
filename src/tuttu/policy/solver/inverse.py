"""Operators and functions read backwards: which arguments would yield a wanted value.

Not all of them, and not always one that exists: those that a person would name. Whatever comes
back is only tried.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TypeAlias

from tuttu.policy.runtime import calendar_date
from tuttu.policy.solver.boundaries import neighbours, other_than
from tuttu.policy.tree import Arithmetic
from tuttu.vocabulary.conversion import EPOCH_DAY
from tuttu.vocabulary.values import DAY, HOUR, MONEY_SCALE, Instant, Kind, Value
from tuttu.vocabulary.zones import day_in, instant_of, zone_of

Values: TypeAlias = Sequence[Value]

_LONGEST = 10_000
"""No text is made longer than this to satisfy a length."""


def of_conversion(kinds: tuple[Kind, Kind], targets: Values, zone: str) -> list[Value]:
    """Values of the first kind that read as the targets in the second."""
    found: list[Value] = []
    for target in targets:
        if target is None:
            found.append(None)
        elif isinstance(target, int | float) and not isinstance(target, bool):
            found += _converted(kinds, target, zone)
    return found


def _converted(kinds: tuple[Kind, Kind], target: float, zone: str) -> list[Value]:
    match kinds:
        case Kind.TIMESTAMP, Kind.DATE:
            day = int(target)
            return [midnight(day, zone), midnight(day + 1, zone) - 1]
        case Kind.MONEY, Kind.REAL:
            return _whole(target * MONEY_SCALE)
        case Kind.INTEGER, Kind.MONEY:
            return _whole(target / MONEY_SCALE)
    return _whole(target)


def midnight(day: int, zone: str) -> Instant:
    """The first instant of a calendar date in a zone."""
    table = zone_of(zone)
    start = day * DAY
    offsets = {table.offset(start - DAY), table.offset(start), table.offset(start + DAY)}
    fitting = [start - o for o in offsets if table.offset(start - o) == o]
    return min(fitting, default=start - table.offset(start))


def of_hour(about: Value, targets: Values, zone: str) -> list[Value]:
    """The first and the last instant of those hours, on the day of an instant and the next."""
    found: list[Value] = []
    day = day_in(zone)(about) if isinstance(about, int) else 0
    for hour in targets:
        if isinstance(hour, int) and 0 <= hour < 24:
            for at in (day, day + 1):
                first = instant_of(zone, at * DAY + hour * HOUR)
                found += [first, first + HOUR - 1]
        elif hour is None:
            found.append(None)
    return found


def _whole(number: float) -> list[Value]:
    if isinstance(number, int):
        return [number]
    return [math.floor(number), math.ceil(number)] if math.isfinite(number) else []


def of_arithmetic(
    node: Arithmetic, left: Value, right: Value, targets: Values
) -> tuple[list[Value], list[Value]]:
    """Left sides that with this right side yield the targets, and right sides likewise. NULL for
    a target is a NULL on either side."""
    lefts: list[Value] = []
    rights: list[Value] = []
    for target in targets:
        if target is None:
            lefts.append(None)
            rights.append(None)
        elif _is_number(target):
            if _is_number(right):
                lefts += _typed(_left_side(node.operator, target, right), node.left.type.kind)
            if _is_number(left):
                rights += _typed(_right_side(node.operator, target, left), node.right.type.kind)
    return lefts, rights


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _left_side(operator: str, target: Value, right: Value) -> list[float]:
    assert isinstance(target, int | float) and isinstance(right, int | float)  # noqa: S101, PT018
    match operator:
        case "+":
            return [target - right]
        case "-":
            return [target + right]
        case "*":
            return _divided(target, right)
        case "/":
            return [target * right]
    return [target, target + right, target - right]


def _right_side(operator: str, target: Value, left: Value) -> list[float]:
    assert isinstance(target, int | float) and isinstance(left, int | float)  # noqa: S101, PT018
    match operator:
        case "+":
            return [target - left]
        case "-":
            return [left - target]
        case "*":
            return _divided(target, left)
        case "/":
            return [*_divided(left, target), 0]
    return [left - target, left + 1, 0]


def _divided(target: float, by: float) -> list[float]:
    """Exact where whole numbers divide; else both neighbours."""
    if not by:
        return []
    if isinstance(target, int) and isinstance(by, int):
        whole = target // by
        return [whole, whole + 1]
    return [target / by]


def _typed(numbers: Sequence[float], kind: Kind) -> list[Value]:
    """As the side's own kind; a real's neighbours go along, since arithmetic rounds."""
    found: list[Value] = []
    for number in numbers:
        if not isinstance(number, int) and not math.isfinite(number):
            continue
        if kind is Kind.REAL:
            neat = float(f"{number:.12g}")
            found += [neat, *neighbours(kind, float(number))]
        else:
            found += _whole(number)
    return found


def of_pattern(pattern: str, present: Value) -> list[Value]:
    """Texts that LIKE a pattern, and some that do not."""
    shortest = pattern.replace("%", "").replace("_", "a")
    texts: list[str] = [shortest]
    if isinstance(present, str):
        ends = pattern.startswith("%"), pattern.endswith("%")
        texts.append((present if ends[0] else "") + shortest + (present if ends[1] else ""))
    return [*texts, other_than(texts), "", f"{shortest}-", f"-{shortest}"]


def of_join(texts: Values, place: int, targets: Values) -> list[Value]:
    """What one of the joined texts would have to be, with the others as they are."""
    before = "".join(text for text in texts[:place] if isinstance(text, str))
    after = "".join(text for text in texts[place + 1 :] if isinstance(text, str))
    found: list[Value] = [None]
    for target in targets:
        if isinstance(target, str):
            found.append(target)
            if target.startswith(before) and target[len(before) :].endswith(after):
                found.append(target[len(before) : len(target) - len(after)])
    return found


def of_call(function: str, values: Values, targets: Values) -> list[list[Value]]:
    """For each argument of a function of the table, what would yield the targets."""
    name = function.partition("(")[0]
    found: list[list[Value]] = [[None] if None in targets else [] for _ in values]
    wanted = [target for target in targets if target is not None]
    if name in _PARTS:
        for argument, more in zip(found, _of_part(name, *values[:2]), strict=True):
            argument.extend(more)
    elif name in _CALLS:
        for target in wanted:
            found[0] += _CALLS[name](values, target)
    return found


def _of_part(name: str, text: Value, part: Value) -> tuple[list[Value], list[Value]]:
    """A text and a part of it: the part alone, both together, and something else."""
    texts: list[Value] = []
    if isinstance(part, str):
        texts += [part, other_than([part]), ""]
    if isinstance(text, str) and isinstance(part, str):
        texts += [f"{part}{text}" if name == "starts_with" else f"{text}{part}"]
        texts += [text.replace(part, "")] if part else []
    parts: list[Value] = [text, "", other_than([text])] if isinstance(text, str) else []
    return texts, parts


def _unmoved(_values: Values, target: Value) -> list[Value]:
    """What lower, upper, trim and the like yield is what they leave alone."""
    return [target]


def _length(values: Values, target: Value) -> list[Value]:
    if not isinstance(target, int) or not 0 <= target <= _LONGEST:
        return []
    text = values[0] if isinstance(values[0], str) else ""
    return [text[:target].ljust(target, "a")]


def _left(values: Values, target: Value) -> list[Value]:
    text, length = values[:2]
    rest = text[length:] if isinstance(text, str) and isinstance(length, int) else ""
    return [target, f"{target}{rest}"]


def _right(values: Values, target: Value) -> list[Value]:
    text, length = values[:2]
    rest = text[:-length] if isinstance(text, str) and isinstance(length, int) and length else ""
    return [target, f"{rest}{target}"]


def _substr(values: Values, target: Value) -> list[Value]:
    text, start = values[:2]
    before = start - 1 if isinstance(start, int) else 0
    head = text[:before] if isinstance(text, str) else ""
    return [head.ljust(before, "a") + str(target)]


def _replace(values: Values, target: Value) -> list[Value]:
    _, old, new = values
    if isinstance(target, str) and isinstance(old, str) and isinstance(new, str) and new:
        return [target, target.replace(new, old)]
    return [target]


def _abs(_values: Values, target: Value) -> list[Value]:
    return [target, -target] if isinstance(target, int | float) else []


def _rounded(_values: Values, target: Value) -> list[Value]:
    """Where rounding goes over to the target, whichever way it rounds."""
    if not isinstance(target, int | float):
        return []
    edges = [target, target - 0.5, target + 0.5, target - 1.0, target + 1.0]
    beside = [math.nextafter(edge, side) for edge in edges for side in (math.inf, -math.inf)]
    return [*map(float, edges), *beside]


def _year(_values: Values, target: Value) -> list[Value]:
    if not isinstance(target, int) or not date.min.year <= target <= date.max.year:
        return []
    return [_days(date(target, 1, 1)), _days(date(target, 12, 31))]


def _month(values: Values, target: Value) -> list[Value]:
    """In the same year: its first day and one near its end."""
    if not isinstance(target, int) or not 1 <= target <= 12:
        return []
    year = _present(values).year
    return [_days(date(year, target, day)) for day in (1, 28)]


def _day(values: Values, target: Value) -> list[Value]:
    """In the same month, and in one that has them all."""
    if not isinstance(target, int) or not 1 <= target <= 31:
        return []
    present = _present(values)
    months = [present.month, 1] if target <= 28 else [1]
    return [_days(date(present.year, month, target)) for month in months]


def _isodow(values: Values, target: Value) -> list[Value]:
    """The next such weekday, and the last."""
    if not isinstance(target, int):
        return []
    present = _days(_present(values))
    ahead = (target - (present + 3) % 7 - 1) % 7
    return [present + ahead, present + ahead - 7]


def _present(values: Values) -> date:
    value = values[0]
    return calendar_date(value) if isinstance(value, int) else EPOCH_DAY


def _days(day: date) -> int:
    return (day - EPOCH_DAY).days


_PARTS = frozenset({"starts_with", "ends_with", "contains"})
_CALLS: Mapping[str, Callable[[Values, Value], list[Value]]] = {
    "lower": _unmoved,
    "upper": _unmoved,
    "trim": _unmoved,
    "ltrim": _unmoved,
    "rtrim": _unmoved,
    "length": _length,
    "left": _left,
    "right": _right,
    "substr": _substr,
    "replace": _replace,
    "abs": _abs,
    "round": _rounded,
    "floor": _rounded,
    "ceil": _rounded,
    "year": _year,
    "month": _month,
    "day": _day,
    "isodow": _isodow,
}
"""Function to the values of its first argument; what else it takes is written out by authors."""
