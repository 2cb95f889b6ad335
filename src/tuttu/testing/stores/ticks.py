# ruff: noqa: S101 - these are tests
"""Ticks: work that shares a transaction sees what came before it, and stands or falls with it."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from tuttu.storage import Store, StoreUnavailableError
from tuttu.testing.stores import handling as h
from tuttu.vocabulary import facts as f

SENDERS = 12
TURNS = 8


class TickConformance:
    """What is seen inside a tick, outside it, and after it."""

    def test_work_sees_what_was_committed_before_it(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"a", "stored"), h.put(b"c", "stored"))])
            maija = store.pseudonym("user_id", "maija")
            tick = store.tick()
            units = [
                h.unit_of(store, h.put(b"a", "new"), h.put(b"b", "", h.PERSONAL), id="2"),
                h.unit_of(store, h.delete(b"c"), h.put(b"b", "new"), who="matti", id="3"),
            ]
            for unit in units:
                tick.add(partial(store.commit, [unit]))

            def look() -> None:
                with store.read() as seen:
                    assert seen.position == 3
                    assert [entry.fact.id for entry in seen.facts()] == ["m", "2", "3"]
                    assert [entry.fact.id for entry in seen.facts(maija)] == ["m", "2"]
                    assert [entry.position for entry in seen.facts(after=1, limit=1)] == [2]
                    assert seen.fact(3) == f.Logged(3, units[1].facts[0])
                    found = [(key, note.text) for key, note in seen.scan(h.SHARED)]
                    assert found == [(b"a", "new"), (b"b", "new")]
                    notes = seen.get_many(h.SHARED, [b"c", b"a", b"d"])
                    assert notes == [None, h.Note("new"), None]
                    assert seen.get(h.PERSONAL, maija + b"b") == h.Note("")
                    for key in (b"a", b"b", b"c"):
                        seen.get(h.SHARED, key)
                    assert [version for _, _, version in seen.reads] == [2, 2, 3, 0]

            looked = tick.add(look)
            tick.close()
            looked.result()

    def test_nobody_else_sees_it_before_it_is_closed(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            tick = store.tick()
            tick.add(lambda: store.commit([h.unit_of(store, h.put(b"k", "new"))]))
            assert h.text_of(store, b"k") is None
            assert h.together(1, lambda _: h.text_of(store, b"k")) == [None]
            tick.close()
            assert h.text_of(store, b"k") == "new"
        with h.opened(subject) as store:
            assert h.text_of(store, b"k") == "new"

    def test_a_snapshot_in_a_tick_holds_still(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:

            def work() -> None:
                store.commit([h.unit_of(store, h.put(b"k", "old"))])
                with store.read() as before:
                    store.commit([h.unit_of(store, h.put(b"k", "new"), h.put(b"l"), id="2")])
                    with store.read() as after:
                        assert after.get(h.SHARED, b"k") == h.Note("new")
                    assert before.get(h.SHARED, b"k") == h.Note("old")
                    assert [key for key, _ in before.scan(h.SHARED)] == [b"k"]
                    assert (before.position, len(before.facts())) == (1, 1)

            tick = store.tick()
            done = tick.add(work)
            tick.close()
            done.result()
            assert h.text_of(store, b"k") == "new"

    def test_a_tick_is_as_its_units_one_by_one(self, subject: h.Subject) -> None:
        """In results, positions, versions and dedupe keys; and a unit is judged by those before."""

        def count(transaction: f.Transaction, logged: f.Logged) -> None:
            h.apply(transaction, logged)
            seen = transaction.get(h.SHARED, b"n")
            known = len(transaction.facts())
            transaction.put(h.SHARED, b"n", h.Note(f"{seen.text if seen else ''} {known}"))

        with h.opened(subject, h.room_with(count)) as store:
            watched = ((h.SHARED.name, b"k", 1),)
            units = [
                h.unit_of(store, h.put(b"k", "1"), id="1", dedupe_keys=(b"once",)),
                h.unit_of(store, h.put(b"k", "2"), h.REFUSE, id="2"),
                h.unit_of(store, id="3", dedupe_keys=(b"once",)),
                h.unit_of(store, h.put(b"k", "4"), id="4", reads=watched),
                h.unit_of(store, h.put(b"k", "5"), id="5", reads=watched),
                h.unit_of(store, h.put(b"k", "6"), h.FAIL, id="6", dedupe_keys=(b"never",)),
                h.unit_of(store, h.put(b"l", "7"), id="7", dedupe_keys=(b"never",)),
            ]
            tick = store.tick()
            tickets = [tick.add(partial(store.commit, [unit])) for unit in units]
            tick.close()
            results = [ticket.result()[0] for ticket in tickets]
            assert isinstance(results.pop(5), f.Failed)
            assert results == [
                f.Committed(1),
                f.Refused("no more"),
                f.Duplicate(1),
                f.Committed(2),
                f.Conflict(h.SHARED.name),
                f.Committed(3),
            ]
            with store.read() as snapshot:
                assert [entry.fact.id for entry in snapshot.facts()] == ["1", "4", "7"]
                for key in (b"k", b"l", b"n"):
                    snapshot.get(h.SHARED, key)
                assert [version for _, _, version in snapshot.reads] == [2, 3, 3]
                assert snapshot.get(h.SHARED, b"n") == h.Note(" 0 1 2")

    def test_what_could_not_be_kept_is_lost_whole(self, subject: h.Subject) -> None:
        """All that rests on it is told so; what was read before it stands; and the next one is as
        if it had never been, also of persons who were new in it."""
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"k", "old"))])
            remembered: list[str] = []

            def commit(number: int) -> f.Result:
                unit = h.unit_of(
                    store,
                    h.put(b"k", "new"),
                    h.put(b"", "", h.PERSONAL),
                    who="new",
                    id=f"{number}",
                    dedupe_keys=(b"%d" % number,),
                )
                result = store.commit([unit])[0]
                store.when_durable(lambda: remembered.append(f"{number}"))
                return result

            tick = store.tick()
            before = tick.add(lambda: h.text_of(store, b"k"))
            tickets = [
                tick.add(lambda: commit(1)),
                tick.add(lambda: commit(2)),
                tick.add(lambda: h.text_of(store, b"k")),
                tick.add(_mistake),
            ]
            with subject.full():
                tick.close()
            assert before.result() == "old"
            for ticket in tickets:
                with pytest.raises(StoreUnavailableError):
                    ticket.result()
            assert (remembered, h.text_of(store, b"k")) == ([], "old")
            tick = store.tick()
            again = tick.add(lambda: commit(1))
            assert remembered == []
            tick.close()
            assert (again.result(), remembered) == (f.Committed(2), ["1"])
        with h.opened(subject) as store, store.read() as snapshot:
            assert [note.text for _, note in snapshot.scan(h.PERSONAL)] == [""]
            assert [entry.fact.id for entry in snapshot.facts()] == ["m", "1"]

    def test_work_that_fails_takes_no_other_with_it(self, subject: h.Subject) -> None:
        """What it committed before stays."""
        with h.opened(subject) as store:

            def half() -> None:
                store.commit([h.unit_of(store, h.put(b"k", "kept"), id="1")])
                _mistake()

            tick = store.tick()
            failed = tick.add(half)
            later = tick.add(lambda: store.commit([h.unit_of(store, id="2")]))
            assert tick.close() == [failed, later]
            with pytest.raises(LookupError):
                failed.result()
            assert later.result() == [f.Committed(2)]
            assert h.text_of(store, b"k") == "kept"

    def test_an_exclusive_reading_in_a_tick_is_of_the_tick(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:

            def decide_again() -> list[f.Result]:
                with store.write() as transaction:
                    assert transaction.get(h.SHARED, b"k") == h.Note("1")
                    return transaction.commit([h.unit_of(store, h.put(b"k", "2"))])

            tick = store.tick()
            tick.add(lambda: store.commit([h.unit_of(store, h.put(b"k", "1"))]))
            done = tick.add(decide_again)
            tick.close()
            assert done.result() == [f.Committed(2)]
            assert h.text_of(store, b"k") == "2"

    def test_a_tick_without_a_commit_writes_nothing(self, subject: h.Subject) -> None:
        """It keeps nobody from writing either, before it commits."""
        with h.opened(subject) as store:
            tick = store.tick()
            looked = tick.add(lambda: h.text_of(store, b"k"))
            h.together(1, lambda _: store.commit([h.unit_of(store, h.put(b"k", "theirs"))]))
            seen = tick.add(lambda: h.text_of(store, b"k"))
            with subject.full():
                tick.close()
            assert (looked.result(), seen.result()) == (None, "theirs")

    def test_all_who_want_to_commit_share_and_each_stands_alone(self, subject: h.Subject) -> None:
        """Each has its own result, in the order of positions; what conflicts is decided again in
        the same transaction, where nobody else writes."""
        with h.opened(subject) as store:

            def add_one() -> f.Result:
                with store.read() as seen:
                    unit = _counted(store, seen.get(h.SHARED, b"n"), seen.reads)

                def commit() -> f.Result:
                    result = store.commit([unit])[0]
                    if isinstance(result, f.Committed):
                        return result
                    assert result == f.Conflict(h.SHARED.name)
                    with store.write() as transaction:
                        again = _counted(store, transaction.get(h.SHARED, b"n"), ())
                        return transaction.commit([again])[0]

                return store.share(commit, [unit])

            results: list[object] = []
            h.together(SENDERS, lambda _: results.extend(add_one() for _ in range(TURNS)))
            count = SENDERS * TURNS
            positions = sorted(each.position for each in results if isinstance(each, f.Committed))
            assert positions == list(range(1, count + 1))
            assert h.text_of(store, b"n") == str(count)

    def test_of_those_who_share_only_the_mistaken_one_is_told(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:

            def work(number: int) -> object:
                if number % 3:
                    return store.commit([h.unit_of(store, id=f"{number}")])[0]
                with pytest.raises(LookupError):
                    store.share(_mistake)
                return None

            results = h.together(SENDERS, work)
            committed = [each for each in results if isinstance(each, f.Committed)]
            assert len(committed) == SENDERS - len(range(0, SENDERS, 3))

    def test_what_is_to_be_remembered_is_remembered_at_once_outside(
        self, subject: h.Subject
    ) -> None:
        remembered: list[int] = []
        note: Callable[[], None] = lambda: remembered.append(threading.get_ident())  # noqa: E731
        with h.opened(subject) as store:
            store.when_durable(note)
            assert remembered == [threading.get_ident()]


def _counted(store: Store, seen: h.Note | None, reads: f.Reads) -> f.Unit:
    count = int(seen.text) + 1 if seen else 1
    return h.unit_of(store, h.put(b"n", str(count)), id=f"{count}", reads=reads)


def _mistake() -> None:
    raise LookupError("a mistake of ours")
