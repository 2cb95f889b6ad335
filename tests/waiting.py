"""Waiting for another process: for what it does, never for a time; and striking it at any time."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

HANG_SECONDS = 1_200.0 if os.environ.get("TUTTU_SCALE") == "full" else 300.0
"""Whatever takes longer hangs, however slow and busy the machine is. The one bound of all waits,
joins and clients of the tests: it ends a hang, and no test that passes depends on it. Who is to
lose their patience in a test gets less of it, and the test says so."""
PAUSE = 0.02


def until(asked: Callable[[], T], otherwise: str, *, seconds: float = HANG_SECONDS) -> T:
    """The first answer that is true. otherwise: what is wrong if none comes in time."""
    deadline = time.monotonic() + seconds
    while not (answer := asked()):
        assert time.monotonic() < deadline, otherwise
        time.sleep(PAUSE)
    return answer


def random_moment(chance: random.Random, most: float) -> None:
    """Goes on after 0 to `most` seconds, so that a blow falls anywhere in what another process
    does. Nothing is waited for: what is said afterwards must hold whenever the blow fell."""
    time.sleep(chance.uniform(0.0, most))
