"""Servers as processes of their own: ours and the echo, their CPU time, and the cores they run on.

Linux only: the CPU time of another process is read from its clock.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

from tuttu.vocabulary.errors import FinalError

_SCHEDULER_CLOCK = 2
"""CPUCLOCK_SCHED of <linux/posix-timers.h>: the CPU time of all threads, in nanoseconds."""
CORES = sorted(getattr(os, "sched_getaffinity", lambda _: {0})(0))
"""That this process was given."""


class BenchError(FinalError):
    """A server could not be started, or answered with something else than what was asked."""


class Server(NamedTuple):
    """A running server on this machine."""

    pid: int
    port: int

    def cpu(self) -> float:
        """Seconds that all its threads have taken."""
        return time.clock_gettime((~self.pid << 3) | _SCHEDULER_CLOCK)


@contextmanager
def serving(folder: Path, storage: str | None = None) -> Iterator[Server]:
    """`tuttu serve` over a project folder; storage: another URL than it declares."""
    more = [] if storage is None else ["--storage", storage]
    with _running(["tuttu", "serve", str(folder), "--port", "0", "--json", *more]) as server:
        yield server


@contextmanager
def echoing(answer_bytes: int) -> Iterator[Server]:
    """A raw ASGI application under the same server settings, whose answers are so long."""
    with _running(["tuttu.bench.echo", str(answer_bytes)]) as server:
        yield server


def cpu_of(arguments: Sequence[str]) -> float:
    """CPU seconds of a command of tuttu, from its start to its end. Raises BenchError."""
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-m", "tuttu", *arguments], capture_output=True, check=False
    )
    if done.returncode:
        raise BenchError(f"tuttu {arguments[0]}: {done.stderr.decode(errors='replace')}")
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


@contextmanager
def on_own_core() -> Iterator[None]:
    """This process on the last core, where there are several; servers have the first."""
    _pin(0, CORES[-1:])
    try:
        yield
    finally:
        _pin(0, CORES)


def _pin(pid: int, cores: Sequence[int]) -> None:
    """pid 0: this process."""
    if len(CORES) > 1:
        os.sched_setaffinity(pid, cores)


@contextmanager
def _running(module: Sequence[str]) -> Iterator[Server]:
    command = [sys.executable, "-m", *module]
    with (
        TemporaryFile() as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as process,
    ):
        try:
            _pin(process.pid, CORES[:1])
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                said.seek(0)
                raise BenchError(f"{module[0]} did not start: {said.read().decode()}")
            yield Server(process.pid, int(json.loads(line)["url"].rpartition(":")[2]))
        finally:
            process.terminate()
