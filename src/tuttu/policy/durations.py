"""Durations as text: ``30d``, ``1d12h``; elapsed time, so a day is 24 hours."""

import re

from tuttu.policy.errors import PolicyError
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, SECOND, Duration

UNITS = {"w": 7 * DAY, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND, "ms": 1_000, "us": 1}
"""Unit to microseconds, largest first."""

MAX_DURATION: Duration = 366_000 * DAY
"""About a thousand years: anything longer is a mistake."""

_EXPECTED = "a duration such as 30d, 12h or 1d12h (units w, d, h, m, s, ms, us, largest first)"
_PART = re.compile(r"([0-9]{1,18})(ms|us|[wdhms])")
_UNTIL = re.compile(r"\s*(\S+)\s+after\s+(?=\S)", re.IGNORECASE)


def parse_duration(text: str) -> Duration:
    """Microseconds of ``30d``, ``1d12h``, ``250ms``. Raises `PolicyError`."""
    total, position, units = 0, 0, list(UNITS)
    while match := _PART.match(text, position):
        count, unit = match.groups()
        if unit not in units:
            raise PolicyError(f"{match[0]!r} after a smaller unit", _EXPECTED, position)
        units = units[units.index(unit) + 1 :]
        total += int(count) * UNITS[unit]
        position = match.end()
    if not position or position < len(text):
        raise PolicyError(repr(text), _EXPECTED, position)
    if total > MAX_DURATION:
        raise PolicyError(repr(text), f"at most {format_duration(MAX_DURATION)}", 0)
    return total


def format_duration(duration: Duration) -> str:
    """The text that `parse_duration` reads as this many microseconds; weeks are given as days.

    Raises `ValueError` for a negative one.
    """
    if duration < 0:
        raise ValueError(f"a duration is never negative: {duration}")
    parts, rest = [], duration
    for unit, size in UNITS.items():
        count, rest = divmod(rest, size) if unit != "w" else (0, rest)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def split_until(text: str) -> tuple[Duration, str]:
    """The parts of ``3d after max(tickets.resolved_at)``: the duration and the expression's text.

    The latter is the rest of the text up to its end, so it begins at ``len(text) - len(rest)``.
    Raises `PolicyError`.
    """
    match = _UNTIL.match(text)
    if not match:
        raise PolicyError(
            repr(text),
            "a duration, the word after, and an expression: 3d after max(tickets.resolved_at)",
            0,
        )
    try:
        duration = parse_duration(match[1])
    except PolicyError as error:
        place = match.start(1) + error.offset
        raise PolicyError(error.found, error.expected, place) from None
    return duration, text[match.end() :]
