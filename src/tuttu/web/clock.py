"""The clock of a server, which never shows a time before the newest one in its store."""

import time
from collections.abc import Callable

from tuttu.engine import Runtime, newest_moment
from tuttu.vocabulary import conversion, errors, values
from tuttu.vocabulary.clock import ManualClock


class ClockError(errors.FinalError):
    """The clock would go back."""


def machine_time() -> values.Instant:
    return time.time_ns() // 1_000


class SystemClock:
    """The machine's time; where that goes back, it stands still.

    machine: the time now, of this machine.
    """

    def __init__(self, machine: Callable[[], values.Instant] = machine_time) -> None:
        self._machine = machine
        self._latest: values.Instant = 0

    def now(self) -> values.Instant:
        self._latest = max(self._latest, self._machine())
        return self._latest

    def ahead(self) -> values.Duration:
        return max(0, self._latest - self._machine())

    def turn_back(self) -> None:
        self._latest = 0

    def wait_until(self, earliest: values.Instant) -> None:
        """From here on never before `earliest`."""
        self._latest = max(self._latest, earliest)


def catch_up(clock: SystemClock | ManualClock, runtime: Runtime) -> None:
    """Time never goes back, over a restart either: not before the newest fact about a person.

    The system's clock waits there; a manual one that was set before it raises ClockError.
    """
    with runtime.view() as seen:
        newest = newest_moment(seen.snapshot)
    if isinstance(clock, SystemClock):
        clock.wait_until(newest)
    elif newest > clock.now():
        raise ClockError(
            f"found a clock at {conversion.format_instant(clock.now())};"
            f" expected {conversion.format_instant(newest)} or later:"
            " the store holds a fact of that time, and time does not go back"
        )
