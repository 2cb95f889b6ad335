"""Many senders in several processes for the last units: no cap is broken, and each is reached."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from tests.concurrency.crowd import (
    CAPS,
    SENDERS,
    WANTED,
    Want,
    company,
    counted,
    dealt,
    introduce,
    moment,
    take,
    wanted,
)
from tests.kills.books import Books
from tests.waiting import HANG_SECONDS

from tuttu.engine import open_engine
from tuttu.vocabulary.clock import ManualClock

pytestmark = pytest.mark.kills

PROCESSES = 3
ROOT = Path(__file__).parents[2]


class Worker:
    """A process of its own with an engine over the shared store."""

    def __init__(self, folder: Path, storage: str) -> None:
        command = [sys.executable, "-m", "tests.concurrency.worker", str(folder), storage]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def give(self, day: int, wants: Sequence[Want]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([day, wants]) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.communicate(timeout=HANG_SECONDS)


@contextmanager
def workers(folder: Path, storage: str) -> Iterator[list[Worker]]:
    with ExitStack() as stack:
        started = [Worker(folder, storage) for _ in range(PROCESSES)]
        for worker in started:
            stack.callback(worker.close)
        assert [worker.hear() for worker in started] == ["ready\n"] * PROCESSES
        yield started


def judged(storage: str, folder: Path, secret: Path, days: int) -> None:
    """By SQL over the ledger's own rows: every cap reached on every day, none passed."""
    with closing(Books(secret)) as books:
        books.read(storage, folder)
        assert not books.broken()
        assert not counted(books, days)
        receipts = books.ask("SELECT count(*) FROM facts WHERE kind = 'receipt'")
        assert receipts == [(days * CAPS * WANTED,)]


def test_three_processes_break_no_cap(
    tmp_path: Path, postgres_url: str, seed: int, scale: Callable[[int, int], int]
) -> None:
    folder, days = company(tmp_path / "crowd"), scale(3, 167)
    with closing(open_engine(folder, clock=ManualClock(moment(0)), storage=postgres_url)) as engine:
        introduce(engine)
    given = 0
    with workers(folder, postgres_url) as crowd:
        start = time.perf_counter()
        for day in range(days):
            for worker, wants in zip(crowd, dealt(wanted(day, seed), PROCESSES), strict=True):
                worker.give(day, wants)
            given += sum(json.loads(worker.hear()) for worker in crowd)
        seconds = time.perf_counter() - start
    asked = days * CAPS * WANTED
    print(  # noqa: T201
        f"{asked} reservations by {SENDERS} senders in each of {PROCESSES} processes:"
        f" {given} given, {asked / seconds:.0f} a second"
    )
    judged(postgres_url, folder, folder / ".tuttu" / "secret", days)


def test_threads_of_one_process_break_no_cap(
    tmp_path: Path, seed: int, scale: Callable[[int, int], int]
) -> None:
    storage = "sqlite:.tuttu/store.db"
    folder, days = company(tmp_path / "crowd"), scale(1, 40)
    clock = ManualClock(moment(0))
    with closing(open_engine(folder, clock=clock, storage=storage)) as engine:
        introduce(engine)
        for day in range(days):
            clock.set(moment(day))
            take(engine, wanted(day, seed))
    judged(storage, folder, folder / ".tuttu" / "secret", days)
