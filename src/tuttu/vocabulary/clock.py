"""Time as an argument: who needs the present asks a clock that was handed to it."""

from __future__ import annotations

from typing import Protocol

from tuttu.vocabulary.values import Instant


class Clock(Protocol):
    """Yields the present; never goes back."""

    def now(self) -> Instant: ...
