"""Threads that wait to commit share the transaction of the one that holds the lock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.waiting import until

from tuttu.storage.store import SealedStore
from tuttu.storage.ticks import OverlayTick, SharedTicks
from tuttu.testing.stores import SHARED, SUITE, Step, Subject, unit_of
from tuttu.vocabulary.facts import Committed, Duplicate, Failed, Result

WAITING = 12


class Counted:
    """A store whose shared ticks are counted."""

    def __init__(self, store: Any) -> None:
        assert isinstance(store, SealedStore)
        self.ticks = 0
        self.store = store
        self.shared = store._shared = SharedTicks(self._tick)
        store.register([SUITE])

    def _tick(self) -> OverlayTick:
        self.ticks += 1
        return self.store.tick()

    def while_somebody_writes(self, work: Callable[[int], list[Result]]) -> list[Result]:
        """What `WAITING` threads are told that all want to commit while one writes."""
        with ThreadPoolExecutor(WAITING) as pool:
            with self.store.write():
                told = [pool.submit(work, number) for number in range(WAITING)]
                # The first one has gone to the lock, and the others wait for it.
                until(
                    lambda: len(self.shared._waiting) == WAITING - 1 and self.ticks == 1,
                    "the others do not wait",
                )
            return [each.result()[0] for each in told]


def test_all_who_wait_share_one_commit(subject: Subject) -> None:
    """Two commits: of the one that was first at the lock, and of all others."""
    counted = Counted(subject.open())
    try:
        store = counted.store
        results = counted.while_somebody_writes(
            lambda number: store.commit([unit_of(store, Step("put", b"%d" % number))])
        )
        assert counted.ticks == 2
        positions = sorted(each.position for each in results if isinstance(each, Committed))
        assert positions == list(range(1, WAITING + 1))
        with store.read() as snapshot:
            assert len(list(snapshot.scan(SHARED))) == WAITING
    finally:
        counted.store.close()


def test_each_of_them_stands_or_falls_alone(subject: Subject) -> None:
    counted = Counted(subject.open())
    try:
        store = counted.store
        kinds = {0: "put", 1: "refuse", 2: "fail"}

        def commit(number: int) -> list[Result]:
            step = Step(kinds[number % 3], b"k")  # type: ignore[arg-type]
            return store.commit([unit_of(store, step, dedupe_keys=(b"same",))])

        results = counted.while_somebody_writes(commit)
        assert counted.ticks == 2
        assert sum(isinstance(each, Committed) for each in results) == 1
        duplicates = sum(isinstance(each, Duplicate) for each in results)
        assert duplicates >= WAITING // 3 - 1
        failed = sum(isinstance(each, Failed) for each in results)
        assert failed + duplicates <= WAITING - 1
        with store.read() as snapshot:
            assert snapshot.position == 1
    finally:
        counted.store.close()


def test_what_they_share_is_lost_for_all_of_them(subject: Subject) -> None:
    counted = Counted(subject.open())
    try:
        store = counted.store
        store.commit([unit_of(store, Step("put", b"k", "old"))])
        counted.ticks = 0

        def commit(number: int) -> list[Result]:
            return store.commit([unit_of(store, Step("put", b"k", f"{number}"))])

        lost = 0
        with subject.full(), ThreadPoolExecutor(WAITING) as pool:
            for told in [pool.submit(commit, number) for number in range(WAITING)]:
                lost += told.exception() is not None
        assert lost == WAITING
        with store.read() as snapshot:
            assert snapshot.position == 1
        assert store.commit([unit_of(store)]) == [Committed(2)]
    finally:
        counted.store.close()
