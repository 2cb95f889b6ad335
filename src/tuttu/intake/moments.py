"""When it happened, by Segment's rule: our clock corrects the sender's, and nothing is future."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from tuttu.intake.refusing import Code, RefusedError, kind_of
from tuttu.vocabulary.conversion import format_instant, parse_instant, to_instant
from tuttu.vocabulary.values import HOUR, Instant

_UTC_NAME = re.compile(r"\s*(?:UTC|GMT)$", re.IGNORECASE)


class Moment(msgspec.Struct, frozen=True):
    """time: effective. claimed: the sender's own time, if it lay too far ahead to be taken.
    own: the sender's own time, uncorrected, if he said one: the same however often he sends."""

    time: Instant
    claimed: Instant | None
    own: Instant | None


def read_instant(value: object, field: str) -> Instant | None:
    """An ISO 8601 text as an instant; null is none. Raises RefusedError for anything else."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise _unreadable(kind_of(value), field)
    instant = parse_instant(plain_iso(value))
    if instant is None:
        raise _unreadable(repr(value[:60]), field)
    return instant


def plain_iso(text: str) -> str:
    """ISO 8601 as the standard library reads it: with T and Z in capitals, and UTC as Z."""
    return _UTC_NAME.sub("Z", text.strip().upper())


def read_moment(text: str, pattern: str | None, zone: str) -> Instant | None:
    """A time by strptime's pattern, or ISO 8601 without one; in `zone` where it names none.

    None if it is no such time.
    """
    try:
        if pattern is None:
            moment = datetime.fromisoformat(plain_iso(text))
        else:
            moment = datetime.strptime(text.strip(), pattern)  # noqa: DTZ007 - zone comes below
        return to_instant(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone)))
    except (ValueError, OverflowError):
        return None


def _unreadable(found: str, field: str) -> RefusedError:
    return RefusedError(
        Code.BAD_TIMESTAMP,
        f"found {found} in `{field}`; expected ISO 8601 text, as 2026-03-01T09:30:00Z",
    )


def settle(
    own: Instant | None, sent: Instant | None, received: Instant, earliest: Instant
) -> Moment:
    """The effective time of an event that its sender dated `own` and sent at `sent`.

    Corrected for the sender's clock it is received - (sent - own). Up to an hour ahead it counts
    as received; further ahead also, and the sender's own time is kept beside it. Raises
    RefusedError for an event before `earliest`.
    """
    if own is None:
        return Moment(received, None, None)
    corrected = own if sent is None else received - (sent - own)
    if corrected < earliest:
        raise RefusedError(
            Code.TOO_EARLY,
            f"found an event of {_shown(corrected)}; expected none before {_shown(earliest)}, "
            "the project's earliest_event: correct its timestamp",
        )
    claimed = own if corrected > received + HOUR else None
    return Moment(min(corrected, received), claimed, own)


def _shown(instant: Instant) -> str:
    try:
        return format_instant(instant)
    except (ValueError, OverflowError):
        return f"{instant} microseconds from 1970"
