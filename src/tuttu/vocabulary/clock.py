"""Time as an argument: who needs the present asks a clock that was handed to it."""

from typing import Protocol

from tuttu.vocabulary.values import Instant


class Clock(Protocol):
    """Yields the present; never goes back."""

    def now(self) -> Instant: ...


class ManualClock:
    """Stands still until somebody moves it on."""

    def __init__(self, start: Instant) -> None:
        self._now = start

    def now(self) -> Instant:
        return self._now

    def set(self, now: Instant) -> None:
        """Raises ValueError if `now` lies before the present: time does not go back."""
        if now < self._now:
            raise ValueError(f"found {now}; expected {self._now} or later")
        self._now = now
