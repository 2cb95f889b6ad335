"""Time of work in this process."""

import gc
import time
from collections.abc import Callable


def cpu(work: Callable[[], object], times: int) -> float:
    """CPU seconds of one call, over so many; garbage of before is not counted."""
    gc.collect()
    before = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - before) / times
