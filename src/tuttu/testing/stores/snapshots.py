# ruff: noqa: S101 - these are tests
"""A snapshot holds still; what was committed is seen by everybody who asks afterwards."""

from __future__ import annotations

import threading

import pytest

from tuttu.storage import OwnedElsewhereError, Store
from tuttu.testing.stores.handling import (
    SHARED,
    Note,
    Subject,
    hearing,
    opened,
    put,
    text_of,
    together,
    unit_of,
)
from tuttu.vocabulary.facts import (
    Committed,
    Duplicate,
    Exhausted,
    Logged,
    Refused,
    Transaction,
)

UNITS = 5
ASKERS = 40
TURNS = 10
SENDERS = 4


def take_one(transaction: Transaction, logged: Logged) -> None:  # noqa: ARG001
    """There are `UNITS` of it."""
    taken = transaction.get(SHARED, b"taken")
    count = int(taken.text) if taken else 0
    if count >= UNITS:
        raise Exhausted("all are gone")
    transaction.put(SHARED, b"taken", Note(str(count + 1)))


class SnapshotConformance:
    """Readers and writers at the same time, in one process or several."""

    def test_a_snapshot_holds_still(self, subject: Subject) -> None:
        with opened(subject) as store:
            store.commit([unit_of(store, put(b"k", "old"))])
            with store.read() as outer:
                store.commit([unit_of(store, put(b"k", "new"), put(b"l"))])
                with store.read() as inner:
                    assert [note.text for _, note in inner.scan(SHARED)] == ["new", ""]
                    assert inner.position == 2
                assert outer.get(SHARED, b"k") == Note("old")
                assert [key for key, _ in outer.scan(SHARED)] == [b"k"]
                assert (outer.position, len(outer.facts())) == (1, 1)
                store.commit([unit_of(store, put(b"k", "newest"))])
                assert outer.get(SHARED, b"k") == Note("old")

    def test_a_snapshot_remembers_what_was_watched(self, subject: Subject) -> None:
        with opened(subject) as store:
            store.commit([unit_of(store), unit_of(store, put(b"k"))])
            with store.read() as snapshot:
                snapshot.get(SHARED, b"k")
                snapshot.get(SHARED, b"k")
                snapshot.get(SHARED, b"absent")
                snapshot.get(SHARED, b"unwatched", watch=False)
                assert snapshot.untracked().get(SHARED, b"elsewhere") is None
                list(snapshot.scan(SHARED))
                assert snapshot.reads == ((SHARED.name, b"k", 2), (SHARED.name, b"absent", 0))

    def test_a_reader_that_fails_leaves_the_store_usable(self, subject: Subject) -> None:
        with opened(subject) as store:
            for _ in range(50):
                try:
                    with store.read() as snapshot:
                        snapshot.get(SHARED, b"k")
                        raise LookupError
                except LookupError:
                    pass
            assert store.commit([unit_of(store, put(b"k", "x"))]) == [Committed(1)]
            assert text_of(store, b"k") == "x"

    def test_all_want_what_is_there_for_a_few(self, subject: Subject) -> None:
        with opened(subject, hearing(take_one)) as store:
            _take([store])

    def test_many_readers_each_see_one_state(self, subject: Subject) -> None:
        """Two records that every commit changes together: nobody sees only one of them changed,
        and nobody who looks later sees less."""
        with opened(subject) as store:
            _watch(store, store)

    def test_readers_within_readers_in_many_threads(self, subject: Subject) -> None:
        with opened(subject) as store:

            def work(number: int) -> None:
                with store.read() as outer, store.read() as middle, store.read():
                    store.commit([unit_of(store, put(bytes([number])), id=str(number))])
                    assert outer.get(SHARED, bytes([number])) is None
                    assert middle.get(SHARED, bytes([number])) is None
                assert text_of(store, bytes([number])) == ""

            together(ASKERS, work)
            with store.read() as snapshot:
                assert snapshot.position == ASKERS

    def test_what_one_handle_committed_the_other_sees(self, subject: Subject) -> None:
        if not subject.several:
            _is_the_only_one(subject)
            return
        with opened(subject) as one, opened(subject) as other:
            assert one.pseudonym("user_id", "maija") == other.pseudonym("user_id", "maija")
            for turn in range(TURNS):
                writer, reader = (one, other) if turn % 2 else (other, one)
                unit = unit_of(writer, put(b"k", str(turn)), dedupe_keys=(bytes([turn]),))
                assert writer.commit([unit]) == [Committed(turn + 1)]
                assert text_of(reader, b"k") == str(turn)
                assert reader.commit([unit]) == [Duplicate(turn + 1)]

    def test_all_want_what_is_there_for_a_few_through_two_handles(self, subject: Subject) -> None:
        if not subject.several:
            _is_the_only_one(subject)
            return
        room = hearing(take_one)
        with opened(subject, room) as one, opened(subject, room) as other:
            _take([one, other])

    def test_a_reader_beside_another_handle_sees_one_state(self, subject: Subject) -> None:
        if not subject.several:
            _is_the_only_one(subject)
            return
        with opened(subject) as one, opened(subject) as other:
            _watch(one, other)


def _is_the_only_one(subject: Subject) -> None:
    with opened(subject) as store:
        with pytest.raises(OwnedElsewhereError):
            subject.open()
        assert store.commit([unit_of(store)]) == [Committed(1)]


def _take(stores: list[Store]) -> None:
    def take(number: int) -> object:
        store = stores[number % len(stores)]
        return store.commit([unit_of(store, who=f"person {number}", id=str(number))])[0]

    results = together(ASKERS, take)
    taken = [result for result in results if isinstance(result, Committed)]
    assert sorted(result.position for result in taken) == list(range(1, UNITS + 1))
    assert results.count(Refused("all are gone")) == ASKERS - UNITS
    assert text_of(stores[0], b"taken") == str(UNITS)


def _watch(writer: Store, reader: Store) -> None:
    done = threading.Event()

    def work(number: int) -> int:
        if number < SENDERS:
            for turn in range(TURNS):
                text = f"{number} {turn}"
                writer.commit([unit_of(writer, put(b"a", text), put(b"b", text), id=text)])
            return 0
        looks, last = 0, 0
        while not done.is_set():
            looks += 1
            with reader.read() as snapshot:
                one, other = snapshot.get(SHARED, b"a"), snapshot.get(SHARED, b"b")
                assert one == other
                assert len(snapshot.facts()) == snapshot.position >= last
                last = snapshot.position
                if last == SENDERS * TURNS:
                    done.set()
        return looks

    looks = together(2 * SENDERS, work)[SENDERS:]
    assert 0 not in looks
