# ruff: noqa: S101 - these are tests
"""Units stand or fall alone; a fold that fails undoes the whole commit."""

from __future__ import annotations

import threading

import msgspec
import pytest

from tuttu.storage import Store
from tuttu.testing.stores.handling import (
    FAIL,
    FOREIGN,
    PERSONAL,
    REFUSE,
    SHARED,
    SUITE,
    Note,
    Subject,
    delete,
    fact_of,
    hearing,
    opened,
    put,
    text_of,
    unit_of,
)
from tuttu.vocabulary.events import Event, KeyRevoked
from tuttu.vocabulary.facts import (
    Committed,
    Conflict,
    Duplicate,
    Fact,
    Fold,
    Logged,
    Refused,
    Result,
    Transaction,
    Unit,
)
from tuttu.vocabulary.room import RoomFolds


class UnitConformance:
    """What `commit` answers, and what is kept then."""

    def test_what_is_committed_is_there_after_reopening(self, subject: Subject) -> None:
        with opened(subject) as store:
            units = [unit_of(store, put(b"k", who), who=who, id=who) for who in ("maija", "matti")]
            assert store.commit(units) == [Committed(1), Committed(2)]
            pseudonym = store.pseudonym("user_id", "matti")
        with opened(subject) as store:
            assert text_of(store, b"k") == "matti"
            assert store.pseudonym("user_id", "matti") == pseudonym
            assert store.commit([unit_of(store, id="third")]) == [Committed(3)]
            with store.read() as snapshot:
                assert snapshot.position == 3
                assert [entry.fact.id for entry in snapshot.facts()] == ["maija", "matti", "third"]

    def test_each_unit_stands_or_falls_alone(self, subject: Subject) -> None:
        with opened(subject) as store:
            units = [
                unit_of(store, put(b"a", "first"), id="1"),
                unit_of(store, put(b"a", "undone"), put(b"b"), REFUSE, id="2"),
                unit_of(store, put(b"c", "third"), id="3"),
            ]
            assert store.commit(units) == [Committed(1), Refused("no more"), Committed(2)]
            assert [text_of(store, key) for key in (b"a", b"b", b"c")] == ["first", None, "third"]
            with store.read() as snapshot:
                assert [entry.fact.id for entry in snapshot.facts()] == ["1", "3"]

    def test_the_facts_of_a_unit_fall_together(self, subject: Subject) -> None:
        with opened(subject) as store:
            maija = store.pseudonym("user_id", "maija")
            steps = ([put(b"a", "1")], [put(b"b", "2")], [REFUSE])
            whole = Unit(facts=tuple(fact_of(maija, str(n), each) for n, each in enumerate(steps)))
            kept = msgspec.structs.replace(whole, facts=whole.facts[:2])
            assert store.commit([whole, kept]) == [Refused("no more"), Committed(1)]
            with store.read() as snapshot:
                assert snapshot.position == 2

    def test_a_unit_sees_what_units_before_it_did(self, subject: Subject) -> None:
        def count(transaction: Transaction, logged: Logged) -> None:
            seen = transaction.get(SHARED, b"n")
            transaction.put(SHARED, b"n", Note(f"{seen.text if seen else ''}{logged.fact.id}"))

        with opened(subject, hearing(count)) as store:
            store.commit([unit_of(store, id=each) for each in "abc"])
            store.commit([unit_of(store, id=each) for each in "de"])
            assert text_of(store, b"n") == "abcde"

    def test_once_is_once(self, subject: Subject) -> None:
        with opened(subject) as store:
            first, second = (unit_of(store, id=each, dedupe_keys=(b"same",)) for each in "12")
            both = unit_of(store, id="3", dedupe_keys=(b"new", b"same"))
            assert store.commit([first, second]) == [Committed(1), Duplicate(1)]
            assert store.commit([unit_of(store), second, both]) == [
                Committed(2),
                Duplicate(1),
                Duplicate(1),
            ]
        with opened(subject) as store:
            assert store.commit([both]) == [Duplicate(1)]
            assert store.commit([unit_of(store, dedupe_keys=(b"new",))]) == [Committed(3)]

    def test_what_fell_used_up_no_key(self, subject: Subject) -> None:
        with opened(subject) as store:
            fallen = unit_of(store, REFUSE, dedupe_keys=(b"key",))
            standing = unit_of(store, dedupe_keys=(b"key",))
            assert store.commit([fallen, standing]) == [Refused("no more"), Committed(1)]

    def test_keys_are_told_apart_by_every_byte(self, subject: Subject) -> None:
        keys = [b"", b"\x00", b"\x00\x00", b"\xff", b"a" * 300, b"a" * 301]
        with opened(subject) as store:
            results = store.commit([unit_of(store, dedupe_keys=(key,)) for key in keys])
            assert results == [Committed(n) for n in range(1, 7)]
            again = store.commit([unit_of(store, dedupe_keys=(key,)) for key in keys])
            assert again == [Duplicate(n) for n in range(1, 7)]

    def test_a_unit_that_read_something_since_changed_is_void(self, subject: Subject) -> None:
        with opened(subject) as store:
            store.commit([unit_of(store, put(b"there", "1"), put(b"still", "1"))])
            with store.read() as snapshot:
                for key in (b"there", b"still", b"absent"):
                    snapshot.get(SHARED, key)
                there, still, absent = ((each,) for each in snapshot.reads)
            conflict = Conflict(SHARED.name)
            changes = [unit_of(store, put(b"there", "2"), put(b"absent", "2"))]
            assert store.commit(changes) == [Committed(2)]
            results = store.commit([unit_of(store, reads=each) for each in (there, still, absent)])
            assert results == [conflict, Committed(3), conflict]
            in_batch = [unit_of(store, delete(b"still")), unit_of(store, reads=still)]
            assert store.commit(in_batch) == [Committed(4), conflict]
            assert store.commit([unit_of(store, reads=still)]) == [conflict]

    def test_in_a_write_transaction_nothing_changes_but_by_it(self, subject: Subject) -> None:
        """Beside another thread that writes the same record without pause."""

        def count(transaction: Transaction, logged: Logged) -> None:  # noqa: ARG001 - a fold
            seen = transaction.get(SHARED, b"n")
            transaction.put(SHARED, b"n", Note(str(int(seen.text) + 1 if seen else 1)))

        over = threading.Event()
        written: list[Result] = []

        def press_on(store: Store) -> None:
            while not over.is_set():
                written.extend(store.commit([unit_of(store)]))

        with opened(subject, hearing(count)) as store:
            beside = threading.Thread(target=press_on, args=(store,))
            beside.start()
            for _ in range(20):
                with store.write() as transaction:
                    before = transaction.get(SHARED, b"n")
                    unit = unit_of(store, reads=transaction.reads)
                    assert transaction.commit([unit]) == [Committed(transaction.position + 1)]
                with store.read() as snapshot:
                    after = snapshot.get(SHARED, b"n")
                assert after is not None
                assert int(after.text) > (int(before.text) if before else 0)
            over.set()
            beside.join()
            assert text_of(store, b"n") == str(20 + len(written))

    def test_a_write_transaction_that_is_left_changes_nothing(self, subject: Subject) -> None:
        with opened(subject) as store:
            with store.write() as transaction:
                assert transaction.get(SHARED, b"k") is None
            with pytest.raises(LookupError), store.write():
                raise LookupError
            assert store.commit([unit_of(store)]) == [Committed(1)]

    def test_what_was_deleted_and_made_again_has_changed(self, subject: Subject) -> None:
        with opened(subject) as store:
            store.commit([unit_of(store, put(b"k", "same"))])
            with store.read() as snapshot:
                snapshot.get(SHARED, b"k")
                reads = snapshot.reads
            store.commit([unit_of(store, delete(b"k")), unit_of(store, put(b"k", "same"))])
            assert store.commit([unit_of(store, reads=reads)]) == [Conflict(SHARED.name)]

    def test_a_fold_that_fails_undoes_the_commit(self, subject: Subject) -> None:
        """Also the keys of persons who were new in it: they must work the next time."""
        with opened(subject) as store:
            good = unit_of(store, put(b"k", "kept", PERSONAL), who="new", dedupe_keys=(b"key",))
            with pytest.raises(ArithmeticError, match=FAIL.text):
                store.commit([good, unit_of(store, FAIL)])
            with store.read() as snapshot:
                assert snapshot.position == 0
                assert list(snapshot.scan(PERSONAL)) == []
            assert store.commit([good]) == [Committed(1)]
        with opened(subject) as store, store.read() as snapshot:
            assert [note.text for _, note in snapshot.scan(PERSONAL)] == ["kept"]

    def test_a_table_is_written_by_its_room_only(self, subject: Subject) -> None:
        with opened(subject) as store:
            with pytest.raises(
                PermissionError, match=r"'suite' wrote the table 'elsewhere\.notes'"
            ):
                store.commit([unit_of(store, put(b"k"), put(b"k", table=FOREIGN))])
            assert text_of(store, b"k") is None

    def test_folds_run_in_their_order_and_see_each_other(self, subject: Subject) -> None:
        def follow(transaction: Transaction, logged: Logged) -> None:
            note = transaction.get(SHARED, b"k")
            transaction.put(FOREIGN, b"seen", Note(f"{logged.position}: {note and note.text}"))

        with opened(subject, SUITE, hearing(follow, "elsewhere", (FOREIGN,))) as store:
            store.commit([unit_of(store), unit_of(store, put(b"k", "x"))])
            assert text_of(store, b"seen", FOREIGN) == "2: x"

    def test_a_fold_is_called_only_for_what_it_hears(self, subject: Subject) -> None:
        called: list[tuple[str, int]] = []

        def note(room: str) -> Fold:
            return lambda transaction, _: called.append((room, transaction.position))

        keys, both = (RoomFolds(room=each, tables=frozenset(), folds={}) for each in ("k", "b"))
        rooms = (
            msgspec.structs.replace(keys, folds={KeyRevoked: note("k")}),
            msgspec.structs.replace(both, folds={Event: note("b"), KeyRevoked: note("b")}),
        )
        with opened(subject, *rooms) as store:
            event = unit_of(store)
            key = Fact(id="k", fragment=None, time=1, received=2, body=KeyRevoked(name="web"))
            store.commit([Unit(facts=(*event.facts, key)), Unit(facts=(key,)), event])
        assert called == [("b", 1), ("k", 2), ("b", 2), ("k", 3), ("b", 3), ("b", 4)]

    def test_other_folds_may_run_for_one_commit(self, subject: Subject) -> None:
        def instead(transaction: Transaction, logged: Logged) -> None:  # noqa: ARG001
            transaction.put(FOREIGN, b"k", Note("instead"))

        with opened(subject) as store:
            unit = unit_of(store, put(b"k", "as usual"))
            assert store.commit([unit], folds=[hearing(instead, "elsewhere", (FOREIGN,))]) == [
                Committed(1)
            ]
            assert (text_of(store, b"k"), text_of(store, b"k", FOREIGN)) == (None, "instead")
            assert store.commit([unit], folds=[]) == [Committed(2)]
            assert text_of(store, b"k") is None
            assert store.commit([unit]) == [Committed(3)]
            assert text_of(store, b"k") == "as usual"

    def test_a_commit_may_keep_the_versions_of_records(self, subject: Subject) -> None:
        """What it writes is read by nobody yet: no decision that has read the record is void."""
        with opened(subject) as store:
            store.commit([unit_of(store, put(b"k", "1"))])
            with store.read() as snapshot:
                snapshot.get(SHARED, b"k")
                reads = snapshot.reads
            keeping = msgspec.structs.replace(SUITE, keep_versions=True)
            unit = unit_of(store, put(b"k", "2"))
            assert store.commit([unit], folds=[keeping]) == [Committed(2)]
            assert text_of(store, b"k") == "2"
            assert store.commit([unit_of(store, reads=reads)]) == [Committed(3)]

    def test_a_commit_of_nothing(self, subject: Subject) -> None:
        with opened(subject) as store:
            assert store.commit([]) == []
            with store.read() as snapshot:
                assert (snapshot.position, snapshot.facts(), snapshot.reads) == (0, [], ())
