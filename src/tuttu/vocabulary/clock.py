"""Time as an argument: code that needs the current time gets a clock passed in."""

from typing import Protocol

from tuttu.vocabulary.values import Duration, Instant


class Clock(Protocol):
    """Gives the current time; never goes back."""

    def now(self) -> Instant: ...

    def ahead(self) -> Duration:
        """How far it is ahead of the machine's time, since that, or a fact of the store, was ahead
        once; 0 for most of them, always."""

    def turn_back(self) -> None:
        """Goes on at the machine's time, whatever was before; without one it does nothing."""


class ManualClock:
    """Does not move until it is set."""

    def __init__(self, start: Instant) -> None:
        self._now = start

    def now(self) -> Instant:
        return self._now

    def ahead(self) -> Duration:
        return 0

    def turn_back(self) -> None:
        """It is ahead of nothing."""

    def set(self, now: Instant) -> None:
        """Raises ValueError if `now` is before the current time: it does not go back."""
        if now < self._now:
            raise ValueError(f"found {now}; expected {self._now} or later")
        self._now = now
