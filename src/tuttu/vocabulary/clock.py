"""Time as an argument: code that needs the current time gets a clock passed in."""

from typing import Protocol

from tuttu.vocabulary.values import Instant


class Clock(Protocol):
    """Gives the current time; never goes back."""

    def now(self) -> Instant: ...


class ManualClock:
    """Does not move until it is set."""

    def __init__(self, start: Instant) -> None:
        self._now = start

    def now(self) -> Instant:
        return self._now

    def set(self, now: Instant) -> None:
        """Raises ValueError if `now` is before the current time: it does not go back."""
        if now < self._now:
            raise ValueError(f"found {now}; expected {self._now} or later")
        self._now = now
