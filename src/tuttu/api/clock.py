"""The server's clock and its health: what is shown of them, and how time may be set."""

import msgspec

from tuttu.vocabulary import conversion, errors, values


class ClockAnswer(msgspec.Struct, kw_only=True):
    """The server's present. ahead: seconds by which it is ahead of the machine's, which was ahead
    once."""

    now: str
    manual: bool
    ahead: float = 0.0


class ClockRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """now: a later present, ISO 8601; only where the server runs with ``--clock manual``. back: the
    system's clock, which is ahead of the machine's, goes on at that."""

    now: str | None = None
    back: bool = False


class HealthAnswer(msgspec.Struct, kw_only=True):
    """The process answers; with readyz also: the store can be read and written. clock_ahead:
    seconds by which time is ahead of the machine's; beyond a bound nothing is kept."""

    status: str
    project: str
    project_digest: str
    clock_ahead: float = 0.0


def clock_answer(now: values.Instant, ahead: values.Duration, *, manual: bool) -> ClockAnswer:
    shown = conversion.format_instant(now)
    return ClockAnswer(now=shown, manual=manual, ahead=ahead / values.SECOND)


def later_present(request: ClockRequest, now: values.Instant, zone: str) -> values.Instant | None:
    """What a manual clock is to show; None: the clock is to go back. Raises BadRequest."""
    if request.back == (request.now is not None):
        found = "both `now` and `back`" if request.back else "neither `now` nor `back`"
        raise errors.BadRequest(found, "one of them")
    if request.now is None:
        return None
    later = conversion.parse_instant(request.now, zone)
    if later is None:
        raise errors.BadRequest(f"the time {request.now!r}", "ISO 8601, as 2026-03-01T09:00:00Z")
    if later < now:
        expected = f"{conversion.format_instant(now)} or later: it does not go back"
        raise errors.BadRequest(f"the time {request.now!r}", expected)
    return later
