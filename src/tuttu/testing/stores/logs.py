# ruff: noqa: S101 - these are tests
"""The log: every committed fact, in the order of commits, without a gap."""

from contextlib import closing

import pytest

from tuttu.storage import LoggedFactError
from tuttu.testing.stores import handling as h
from tuttu.vocabulary import facts as f
from tuttu.vocabulary.events import KeyIssued

PEOPLE = ("maija", "matti", None)


class LogConformance:
    """What `facts` and `fact` give."""

    def test_positions_have_no_gaps(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            for turn in range(5):
                units = [
                    h.unit_of(
                        store, *([h.REFUSE] if number % 3 == 1 else []), id=f"{turn}.{number}"
                    )
                    for number in range(7)
                ]
                store.commit(units)
            with store.read() as snapshot:
                found = snapshot.facts()
                assert [entry.position for entry in found] == list(range(1, 26))
                assert snapshot.position == 25
                kept = [f"{turn}.{n}" for turn in range(5) for n in range(7) if n % 3 != 1]
                assert [entry.fact.id for entry in found] == kept
                assert [snapshot.fact(n) for n in range(1, 26)] == found

    def test_pages_of_the_whole_log_and_of_one_person(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            units = [h.unit_of(store, who=PEOPLE[n % 3], id=str(n)) for n in range(1, 61)]
            store.commit(units)
            for who in (*PEOPLE, "unknown"):
                fragment = None if who is None else store.pseudonym("user_id", who)
                with store.read() as snapshot:
                    paged: list[f.Logged] = []
                    while page := snapshot.facts(
                        fragment, after=paged[-1].position if paged else 0, limit=7
                    ):
                        assert len(page) <= 7
                        paged += page
                    assert paged == snapshot.facts(fragment)
                mine = [n for n in range(1, 61) if who is None or PEOPLE[n % 3] == who]
                assert [(entry.position, entry.fact.id) for entry in paged] == [
                    (n, str(n)) for n in mine
                ]

    def test_a_fact_comes_back_as_it_was(self, subject: h.Subject) -> None:
        body = KeyIssued(name="web", digest=bytes(range(32)), scopes=("ingest",))
        fact = f.Fact(id="k", fragment=None, time=-5, received=2**62, body=body)
        with h.opened(subject) as store:
            unit = h.unit_of(store, id="m")
            store.commit([unit, f.Unit(facts=(fact,))])
        with h.opened(subject) as store, store.read() as snapshot:
            assert snapshot.facts() == [f.Logged(1, unit.facts[0]), f.Logged(2, fact)]

    def test_a_long_fact_comes_back_as_it_was(self, subject: h.Subject) -> None:
        """Whatever a store does with it to keep it short."""
        steps = [h.put(str(number).encode(), "x" * number) for number in range(300)]
        wide = [h.put(b"wide", "".join(map(chr, range(0x100, 0x3000))))]
        facts = [h.fact_of(None, "long", steps), h.fact_of(None, "wide", wide)]
        with h.opened(subject) as store:
            store.commit([f.Unit(facts=(each,)) for each in facts])
        with h.opened(subject) as store, store.read() as snapshot:
            assert [logged.fact for logged in snapshot.facts()] == facts

    def test_a_fold_sees_the_log_before_its_unit(self, subject: h.Subject) -> None:
        seen: list[tuple[int, list[str]]] = []

        def looking(transaction: f.Transaction, logged: f.Logged) -> None:
            h.apply(transaction, logged)
            before = [entry.fact.id for entry in transaction.facts()]
            seen.append((transaction.position, before))

        with h.opened(subject, h.room_with(looking)) as store:
            store.commit([h.unit_of(store, id="1")])
            assert store.commit([h.unit_of(store, id="2"), h.unit_of(store, id="3")])[
                1
            ] == f.Committed(3)
        assert seen == [(1, []), (2, ["1"]), (3, ["1", "2"])]

    def test_the_log_can_be_folded_anew(self, subject: h.Subject) -> None:
        """By other folds, from the first fact on; what they refuse changes nothing."""

        def longer(transaction: f.Transaction, logged: f.Logged) -> None:
            h.apply(transaction, logged)
            before = transaction.get(h.SHARED, b"ids")
            said = f"{before.text if before else ''}{logged.fact.id}{logged.position} "
            transaction.put(h.SHARED, b"ids", h.Note(said))
            if logged.fact.id == "b":
                raise f.Exhausted("not any more")

        def mark(transaction: f.Transaction, _: int) -> None:
            transaction.put(h.SHARED, b"mark", h.Note("done"))

        with h.opened(subject) as store:
            steps = (h.put(b"k", "kept"), h.put(b"p", "own", h.PERSONAL))
            store.commit(
                [h.unit_of(store, *steps, id=each, dedupe_keys=(each.encode(),)) for each in "abc"]
            )
            again = ([h.room_with(longer)], (frozenset({h.SHARED.name}), mark))
            never = store.refold(again[0], due=lambda reader: reader.position > 3, then=again[1])
            assert never is None
            assert h.text_of(store, b"ids") is None
            done = store.refold(again[0], due=lambda reader: reader.position == 3, then=again[1])
            assert done == 0
        with h.opened(subject) as store:
            texts = [h.text_of(store, key) for key in (b"ids", b"k", b"mark")]
            assert texts == ["a1 c3 ", "kept", "done"]
            with store.read() as snapshot:
                assert [entry.fact.id for entry in snapshot.facts()] == ["a", "b", "c"]
                assert [note.text for _, note in snapshot.scan(h.PERSONAL)] == ["own"]
                snapshot.get(h.SHARED, b"k")
                assert snapshot.reads == ((h.SHARED.name, b"k", 3),)
            assert store.commit([h.unit_of(store, dedupe_keys=(b"b",))]) == [f.Duplicate(2)]

    def test_folding_anew_that_fails_leaves_the_old_state(self, subject: h.Subject) -> None:
        def failing(transaction: f.Transaction, logged: f.Logged) -> None:  # noqa: ARG001
            transaction.put(h.SHARED, b"k", h.Note("half"))
            raise ArithmeticError("a mistake of ours")

        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"k", "old"))])
            with pytest.raises(
                LoggedFactError, match=r"log position 1: .* type Event .*Arithmetic"
            ):
                store.refold(
                    [h.room_with(failing)], due=lambda _: True, then=(frozenset(), lambda *_: None)
                )
            assert h.text_of(store, b"k") == "old"

    def test_a_probe_writes_and_changes_nothing(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"k"))])
            store.probe()
            with store.read() as snapshot:
                snapshot.get(h.SHARED, b"k")
                assert (snapshot.position, snapshot.reads[0][2]) == (1, 1)

    def test_a_scratch_store_knows_people_by_the_same_pseudonyms(self, subject: h.Subject) -> None:
        with h.opened(subject) as store, closing(store.scratch()) as scratch:
            assert scratch.pseudonym("user_id", "a") == store.pseudonym("user_id", "a")
            scratch.register([h.SUITE])
            assert scratch.commit([h.unit_of(scratch, h.put(b"k"))]) == [f.Committed(1)]
            assert h.text_of(store, b"k") is None
