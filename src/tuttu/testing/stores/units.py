# ruff: noqa: S101 - these are tests
"""Units succeed or fail alone, by our own mistakes, too."""

import threading

import msgspec
import pytest

from tuttu.storage import Store
from tuttu.testing.stores import handling as h
from tuttu.vocabulary import facts as f
from tuttu.vocabulary.events import Event, KeyRevoked
from tuttu.vocabulary.room import RoomFolds


class UnitConformance:
    """What `commit` answers, and what is kept then."""

    def test_what_is_committed_is_there_after_reopening(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            units = [
                h.unit_of(store, h.put(b"k", who), who=who, id=who) for who in ("maija", "matti")
            ]
            assert store.commit(units) == [f.Committed(1), f.Committed(2)]
            pseudonym = store.pseudonym("user_id", "matti")
        with h.opened(subject) as store:
            assert h.text_of(store, b"k") == "matti"
            assert store.pseudonym("user_id", "matti") == pseudonym
            assert store.commit([h.unit_of(store, id="third")]) == [f.Committed(3)]
            with store.read() as snapshot:
                assert snapshot.position == 3
                assert [entry.fact.id for entry in snapshot.facts()] == ["maija", "matti", "third"]

    def test_each_unit_stands_or_falls_alone(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            units = [
                h.unit_of(store, h.put(b"a", "first"), id="1"),
                h.unit_of(store, h.put(b"a", "undone"), h.put(b"b"), h.REFUSE, id="2"),
                h.unit_of(store, h.put(b"c", "third"), id="3"),
            ]
            assert store.commit(units) == [f.Committed(1), f.Refused("no more"), f.Committed(2)]
            assert [h.text_of(store, key) for key in (b"a", b"b", b"c")] == ["first", None, "third"]
            with store.read() as snapshot:
                assert [entry.fact.id for entry in snapshot.facts()] == ["1", "3"]

    def test_the_facts_of_a_unit_fall_together(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            maija = store.pseudonym("user_id", "maija")
            steps = ([h.put(b"a", "1")], [h.put(b"b", "2")], [h.REFUSE])
            whole = f.Unit(
                facts=tuple(h.fact_of(maija, str(n), each) for n, each in enumerate(steps))
            )
            kept = msgspec.structs.replace(whole, facts=whole.facts[:2])
            assert store.commit([whole, kept]) == [f.Refused("no more"), f.Committed(1)]
            with store.read() as snapshot:
                assert snapshot.position == 2

    def test_a_unit_sees_what_units_before_it_did(self, subject: h.Subject) -> None:
        def count(transaction: f.Transaction, logged: f.Logged) -> None:
            seen = transaction.get(h.SHARED, b"n")
            transaction.put(h.SHARED, b"n", h.Note(f"{seen.text if seen else ''}{logged.fact.id}"))

        with h.opened(subject, h.room_with(count)) as store:
            store.commit([h.unit_of(store, id=each) for each in "abc"])
            store.commit([h.unit_of(store, id=each) for each in "de"])
            assert h.text_of(store, b"n") == "abcde"

    def test_once_is_once(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            first, second = (h.unit_of(store, id=each, dedupe_keys=(b"same",)) for each in "12")
            both = h.unit_of(store, id="3", dedupe_keys=(b"new", b"same"))
            assert store.commit([first, second]) == [f.Committed(1), f.Duplicate(1)]
            assert store.commit([h.unit_of(store), second, both]) == [
                f.Committed(2),
                f.Duplicate(1),
                f.Duplicate(1),
            ]
        with h.opened(subject) as store:
            assert store.commit([both]) == [f.Duplicate(1)]
            assert store.commit([h.unit_of(store, dedupe_keys=(b"new",))]) == [f.Committed(3)]

    def test_what_fell_used_up_no_key(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            fallen = h.unit_of(store, h.REFUSE, dedupe_keys=(b"key",))
            standing = h.unit_of(store, dedupe_keys=(b"key",))
            assert store.commit([fallen, standing]) == [f.Refused("no more"), f.Committed(1)]

    def test_keys_are_told_apart_by_every_byte(self, subject: h.Subject) -> None:
        keys = [b"", b"\x00", b"\x00\x00", b"\xff", b"a" * 300, b"a" * 301]
        with h.opened(subject) as store:
            results = store.commit([h.unit_of(store, dedupe_keys=(key,)) for key in keys])
            assert results == [f.Committed(n) for n in range(1, 7)]
            again = store.commit([h.unit_of(store, dedupe_keys=(key,)) for key in keys])
            assert again == [f.Duplicate(n) for n in range(1, 7)]

    def test_a_unit_that_read_something_since_changed_is_void(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"there", "1"), h.put(b"still", "1"))])
            with store.read() as snapshot:
                for key in (b"there", b"still", b"absent"):
                    snapshot.get(h.SHARED, key)
                there, still, absent = ((each,) for each in snapshot.reads)
            conflict = f.Conflict(h.SHARED.name)
            changes = [h.unit_of(store, h.put(b"there", "2"), h.put(b"absent", "2"))]
            assert store.commit(changes) == [f.Committed(2)]
            results = store.commit(
                [h.unit_of(store, reads=each) for each in (there, still, absent)]
            )
            assert results == [conflict, f.Committed(3), conflict]
            in_batch = [h.unit_of(store, h.delete(b"still")), h.unit_of(store, reads=still)]
            assert store.commit(in_batch) == [f.Committed(4), conflict]
            assert store.commit([h.unit_of(store, reads=still)]) == [conflict]

    def test_in_a_write_transaction_nothing_changes_but_by_it(self, subject: h.Subject) -> None:
        """Beside another thread that writes the same record without pause."""

        def count(transaction: f.Transaction, logged: f.Logged) -> None:  # noqa: ARG001 - a fold
            seen = transaction.get(h.SHARED, b"n")
            transaction.put(h.SHARED, b"n", h.Note(str(int(seen.text) + 1 if seen else 1)))

        over = threading.Event()
        written: list[f.Result] = []

        def press_on(store: Store) -> None:
            while not over.is_set():
                written.extend(store.commit([h.unit_of(store)]))

        with h.opened(subject, h.room_with(count)) as store:
            beside = threading.Thread(target=press_on, args=(store,))
            beside.start()
            for _ in range(20):
                with store.write() as transaction:
                    before = transaction.get(h.SHARED, b"n")
                    unit = h.unit_of(store, reads=transaction.reads)
                    assert transaction.commit([unit]) == [f.Committed(transaction.position + 1)]
                with store.read() as snapshot:
                    after = snapshot.get(h.SHARED, b"n")
                assert after is not None
                assert int(after.text) > (int(before.text) if before else 0)
            over.set()
            beside.join()
            assert h.text_of(store, b"n") == str(20 + len(written))

    def test_a_write_transaction_that_is_left_changes_nothing(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            with store.write() as transaction:
                assert transaction.get(h.SHARED, b"k") is None
            with pytest.raises(LookupError), store.write():
                raise LookupError
            assert store.commit([h.unit_of(store)]) == [f.Committed(1)]

    def test_what_was_deleted_and_made_again_has_changed(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"k", "same"))])
            with store.read() as snapshot:
                snapshot.get(h.SHARED, b"k")
                reads = snapshot.reads
            store.commit([h.unit_of(store, h.delete(b"k")), h.unit_of(store, h.put(b"k", "same"))])
            assert store.commit([h.unit_of(store, reads=reads)]) == [f.Conflict(h.SHARED.name)]

    def test_a_unit_whose_fold_fails_leaves_no_trace(self, subject: h.Subject) -> None:
        """Not of its keys, nor of a person who was new in it; the others stand."""
        with h.opened(subject) as store:
            mistaken = h.unit_of(
                store, h.put(b"k", "lost", h.PERSONAL), h.FAIL, who="new", dedupe_keys=(b"key",)
            )
            failed, kept = store.commit([mistaken, h.unit_of(store, h.put(b"l"))])
            assert isinstance(failed, f.Failed)
            assert kept == f.Committed(1)
            with pytest.raises(ArithmeticError, match=h.FAIL.text):
                f.sound([kept, failed])
            with store.read() as snapshot:
                assert snapshot.position == 1
                assert list(snapshot.scan(h.PERSONAL)) == []
            good = h.unit_of(
                store, h.put(b"k", "kept", h.PERSONAL), who="new", dedupe_keys=(b"key",)
            )
            assert store.commit([good]) == [f.Committed(2)]
        with h.opened(subject) as store, store.read() as snapshot:
            assert [note.text for _, note in snapshot.scan(h.PERSONAL)] == ["kept"]

    def test_a_table_is_written_by_its_room_only(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            wrong = h.unit_of(store, h.put(b"k"), h.put(b"k", table=h.FOREIGN))
            with pytest.raises(
                PermissionError, match=r"'suite' wrote the table 'elsewhere\.notes'"
            ):
                f.sound(store.commit([wrong]))
            assert h.text_of(store, b"k") is None

    def test_folds_run_in_their_order_and_see_each_other(self, subject: h.Subject) -> None:
        def follow(transaction: f.Transaction, logged: f.Logged) -> None:
            note = transaction.get(h.SHARED, b"k")
            transaction.put(h.FOREIGN, b"seen", h.Note(f"{logged.position}: {note and note.text}"))

        with h.opened(subject, h.SUITE, h.room_with(follow, "elsewhere", (h.FOREIGN,))) as store:
            store.commit([h.unit_of(store), h.unit_of(store, h.put(b"k", "x"))])
            assert h.text_of(store, b"seen", h.FOREIGN) == "2: x"

    def test_a_fold_is_called_only_for_what_it_hears(self, subject: h.Subject) -> None:
        called: list[tuple[str, int]] = []

        def note(room: str) -> f.Fold:
            return lambda transaction, _: called.append((room, transaction.position))

        keys, both = (RoomFolds(room=each, tables=frozenset(), folds={}) for each in ("k", "b"))
        rooms = (
            msgspec.structs.replace(keys, folds={KeyRevoked: note("k")}),
            msgspec.structs.replace(both, folds={Event: note("b"), KeyRevoked: note("b")}),
        )
        with h.opened(subject, *rooms) as store:
            event = h.unit_of(store)
            key = f.Fact(id="k", fragment=None, time=1, received=2, body=KeyRevoked(name="web"))
            store.commit([f.Unit(facts=(*event.facts, key)), f.Unit(facts=(key,)), event])
        assert called == [("b", 1), ("k", 2), ("b", 2), ("k", 3), ("b", 3), ("b", 4)]

    def test_other_folds_may_run_for_one_commit(self, subject: h.Subject) -> None:
        def instead(transaction: f.Transaction, logged: f.Logged) -> None:  # noqa: ARG001
            transaction.put(h.FOREIGN, b"k", h.Note("instead"))

        with h.opened(subject) as store:
            unit = h.unit_of(store, h.put(b"k", "as usual"))
            assert store.commit(
                [unit], folds=[h.room_with(instead, "elsewhere", (h.FOREIGN,))]
            ) == [f.Committed(1)]
            assert (h.text_of(store, b"k"), h.text_of(store, b"k", h.FOREIGN)) == (None, "instead")
            assert store.commit([unit], folds=[]) == [f.Committed(2)]
            assert h.text_of(store, b"k") is None
            assert store.commit([unit]) == [f.Committed(3)]
            assert h.text_of(store, b"k") == "as usual"

    def test_a_commit_may_keep_the_versions_of_records(self, subject: h.Subject) -> None:
        """What it writes is read by nobody yet: no decision that has read the record is void."""
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"k", "1"))])
            with store.read() as snapshot:
                snapshot.get(h.SHARED, b"k")
                reads = snapshot.reads
            keeping = msgspec.structs.replace(h.SUITE, keep_versions=True)
            unit = h.unit_of(store, h.put(b"k", "2"))
            assert store.commit([unit], folds=[keeping]) == [f.Committed(2)]
            assert h.text_of(store, b"k") == "2"
            assert store.commit([h.unit_of(store, reads=reads)]) == [f.Committed(3)]

    def test_a_commit_of_nothing(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            assert store.commit([]) == []
            with store.read() as snapshot:
                assert (snapshot.position, snapshot.facts(), snapshot.reads) == (0, [], ())
