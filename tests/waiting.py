"""Waiting for another process: for what it does, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SECONDS = 60.0
PAUSE = 0.02


def until(asked: Callable[[], T], otherwise: str, *, seconds: float = SECONDS) -> T:
    """The first answer that is true. otherwise: what is wrong if none comes in time."""
    deadline = time.monotonic() + seconds
    while not (answer := asked()):
        assert time.monotonic() < deadline, otherwise
        time.sleep(PAUSE)
    return answer
