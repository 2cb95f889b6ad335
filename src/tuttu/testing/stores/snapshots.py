# ruff: noqa: S101 - these are tests
"""A snapshot does not change; every snapshot taken later sees what was committed."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tuttu.storage import OwnedElsewhereError, Store
from tuttu.testing.stores import handling as h
from tuttu.vocabulary import facts as f

UNITS = 5
ASKERS = 40
TURNS = 10
SENDERS = 4
HANG_SECONDS = 60
"""Whoever has no answer by then never gets one."""


def take_one(transaction: f.Transaction, logged: f.Logged) -> None:  # noqa: ARG001
    """There are `UNITS` of it."""
    taken = transaction.get(h.SHARED, b"taken")
    count = int(taken.text) if taken else 0
    if count >= UNITS:
        raise f.Exhausted("all are gone")
    transaction.put(h.SHARED, b"taken", h.Note(str(count + 1)))


class SnapshotConformance:
    """Readers and writers at the same time, in one process or several."""

    def test_a_snapshot_holds_still(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"k", "old"))])
            with store.read() as outer:
                store.commit([h.unit_of(store, h.put(b"k", "new"), h.put(b"l"))])
                with store.read() as inner:
                    assert [note.text for _, note in inner.scan(h.SHARED)] == ["new", ""]
                    assert inner.position == 2
                assert outer.get(h.SHARED, b"k") == h.Note("old")
                assert [key for key, _ in outer.scan(h.SHARED)] == [b"k"]
                assert (outer.position, len(outer.facts())) == (1, 1)
                store.commit([h.unit_of(store, h.put(b"k", "newest"))])
                assert outer.get(h.SHARED, b"k") == h.Note("old")

    def test_a_snapshot_remembers_what_was_watched(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            store.commit([h.unit_of(store), h.unit_of(store, h.put(b"k"))])
            with store.read() as snapshot:
                snapshot.get(h.SHARED, b"k")
                snapshot.get(h.SHARED, b"k")
                snapshot.get(h.SHARED, b"absent")
                snapshot.get(h.SHARED, b"unwatched", watch=False)
                assert snapshot.untracked().get(h.SHARED, b"elsewhere") is None
                list(snapshot.scan(h.SHARED))
                assert snapshot.reads == ((h.SHARED.name, b"k", 2), (h.SHARED.name, b"absent", 0))

    def test_a_reader_that_fails_leaves_the_store_usable(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            for _ in range(50):
                try:
                    with store.read() as snapshot:
                        snapshot.get(h.SHARED, b"k")
                        raise LookupError
                except LookupError:
                    pass
            assert store.commit([h.unit_of(store, h.put(b"k", "x"))]) == [f.Committed(1)]
            assert h.text_of(store, b"k") == "x"

    def test_all_want_what_is_there_for_a_few(self, subject: h.Subject) -> None:
        with h.opened(subject, h.room_with(take_one)) as store:
            _take([store])

    def test_many_readers_each_see_one_state(self, subject: h.Subject) -> None:
        """Two records that every commit changes together: nobody sees only one of them changed,
        and nobody who looks later sees less."""
        with h.opened(subject) as store:
            _watch(store, store)

    def test_nobody_who_reads_waits_for_who_writes(self, subject: h.Subject) -> None:
        with h.opened(subject) as store, ThreadPoolExecutor(1) as readers, store.write():
            found = readers.submit(h.text_of, store, b"k")
            assert found.result(HANG_SECONDS) is None

    def test_readers_within_readers_in_many_threads(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:

            def work(number: int) -> None:
                with store.read() as outer, store.read() as middle, store.read():
                    store.commit([h.unit_of(store, h.put(bytes([number])), id=str(number))])
                    assert outer.get(h.SHARED, bytes([number])) is None
                    assert middle.get(h.SHARED, bytes([number])) is None
                assert h.text_of(store, bytes([number])) == ""

            h.together(ASKERS, work)
            with store.read() as snapshot:
                assert snapshot.position == ASKERS

    def test_what_one_handle_committed_the_other_sees(self, subject: h.Subject) -> None:
        if not subject.several:
            _is_the_only_one(subject)
            return
        with h.opened(subject) as one, h.opened(subject) as other:
            assert one.pseudonym("user_id", "maija") == other.pseudonym("user_id", "maija")
            for turn in range(TURNS):
                writer, reader = (one, other) if turn % 2 else (other, one)
                unit = h.unit_of(writer, h.put(b"k", str(turn)), dedupe_keys=(bytes([turn]),))
                assert writer.commit([unit]) == [f.Committed(turn + 1)]
                assert h.text_of(reader, b"k") == str(turn)
                assert reader.commit([unit]) == [f.Duplicate(turn + 1)]

    def test_all_want_what_is_there_for_a_few_through_two_handles(self, subject: h.Subject) -> None:
        if not subject.several:
            _is_the_only_one(subject)
            return
        room = h.room_with(take_one)
        with h.opened(subject, room) as one, h.opened(subject, room) as other:
            _take([one, other])

    def test_a_reader_beside_another_handle_sees_one_state(self, subject: h.Subject) -> None:
        if not subject.several:
            _is_the_only_one(subject)
            return
        with h.opened(subject) as one, h.opened(subject) as other:
            _watch(one, other)


def _is_the_only_one(subject: h.Subject) -> None:
    with h.opened(subject) as store:
        with pytest.raises(OwnedElsewhereError):
            subject.open()
        assert store.commit([h.unit_of(store)]) == [f.Committed(1)]


def _take(stores: list[Store]) -> None:
    def take(number: int) -> object:
        store = stores[number % len(stores)]
        return store.commit([h.unit_of(store, who=f"person {number}", id=str(number))])[0]

    results = h.together(ASKERS, take)
    taken = [result for result in results if isinstance(result, f.Committed)]
    assert sorted(result.position for result in taken) == list(range(1, UNITS + 1))
    assert results.count(f.Refused("all are gone")) == ASKERS - UNITS
    assert h.text_of(stores[0], b"taken") == str(UNITS)


def _watch(writer: Store, reader: Store) -> None:
    done = threading.Event()

    def work(number: int) -> int:
        if number < SENDERS:
            for turn in range(TURNS):
                text = f"{number} {turn}"
                writer.commit([h.unit_of(writer, h.put(b"a", text), h.put(b"b", text), id=text)])
            return 0
        looks, last = 0, 0
        while not done.is_set():
            looks += 1
            with reader.read() as snapshot:
                one, other = snapshot.get(h.SHARED, b"a"), snapshot.get(h.SHARED, b"b")
                assert one == other
                assert len(snapshot.facts()) == snapshot.position >= last
                last = snapshot.position
                if last == SENDERS * TURNS:
                    done.set()
        return looks

    looks = h.together(2 * SENDERS, work)[SENDERS:]
    assert 0 not in looks
