"""The clock of a server, and how a clock learns where its store's time already is."""

from __future__ import annotations

import time

from tuttu.engine import Engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import FinalError
from tuttu.vocabulary.values import Instant


class ClockError(FinalError):
    """A clock would go back."""


class SystemClock:
    """The machine's time; where that goes back, it stands still."""

    def __init__(self) -> None:
        self._latest: Instant = 0

    def now(self) -> Instant:
        self._latest = max(self._latest, time.time_ns() // 1_000)
        return self._latest

    def wait_until(self, earliest: Instant) -> None:
        """From here on never before `earliest`."""
        self._latest = max(self._latest, earliest)


def catch_up(clock: SystemClock | ManualClock, engine: Engine) -> None:
    """Time never goes back, over a restart either: not before the newest fact about a person.

    The system's clock waits there; a manual one that was set before it raises ClockError.
    """
    newest = _newest(engine)
    if isinstance(clock, SystemClock):
        clock.wait_until(newest)
    elif newest > clock.now():
        raise ClockError(
            f"found a clock at {format_instant(clock.now())}; expected {format_instant(newest)} "
            "or later: the store holds a fact of that time, and time does not go back"
        )


def _newest(engine: Engine) -> Instant:
    """When the newest fact about a person came; 0 if there is none. Keys and the like, which may
    be issued before a story begins, are of no time."""
    with engine.store.read() as snapshot:
        for position in range(snapshot.position, 0, -1):
            fact = snapshot.fact(position).fact
            if fact.fragment is not None:
                return fact.received
    return 0
