"""Time of work in this process, in seconds a call. Garbage of before is not counted."""

import gc
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def cpu(work: Callable[[], object], times: int) -> float:
    """CPU time."""
    return _taken(lambda _: work(), range(times), time.process_time)


def wall(work: Callable[[], object], times: int) -> float:
    """By the clock: where a disk is waited for."""
    return _taken(lambda _: work(), range(times), time.perf_counter)


def cpu_with(prepare: Callable[[], T], work: Callable[[T], object], times: int) -> float:
    """CPU time; what each call is given was prepared before."""
    return _taken(work, [prepare() for _ in range(times)], time.process_time)


def _taken(work: Callable[[T], object], given: Iterable[T], clock: Callable[[], float]) -> float:
    calls = list(given)
    gc.collect()
    before = clock()
    for each in calls:
        work(each)
    return (clock() - before) / len(calls)
