# ruff: noqa: S101 - these are tests
"""The log: every fact that stands, in the order of commits, without a gap."""

from __future__ import annotations

from tuttu.testing.stores.handling import REFUSE, Subject, apply, opened, unit_of
from tuttu.vocabulary.events import KeyIssued
from tuttu.vocabulary.facts import Committed, Fact, Logged, Transaction, Unit

PEOPLE = ("maija", "matti", None)


class LogConformance:
    """What `facts` and `fact` give."""

    def test_positions_have_no_gaps(self, subject: Subject) -> None:
        with opened(subject) as store:
            for turn in range(5):
                units = [
                    unit_of(store, *([REFUSE] if number % 3 == 1 else []), id=f"{turn}.{number}")
                    for number in range(7)
                ]
                store.commit(units)
            with store.read() as snapshot:
                found = snapshot.facts()
                assert [entry.position for entry in found] == list(range(1, 26))
                assert snapshot.position == 25
                kept = [f"{turn}.{n}" for turn in range(5) for n in range(7) if n % 3 != 1]
                assert [entry.fact.id for entry in found] == kept
                assert [snapshot.fact(n).fact.id for n in range(1, 26)] == kept

    def test_pages_of_the_whole_log_and_of_one_person(self, subject: Subject) -> None:
        with opened(subject) as store:
            units = [unit_of(store, who=PEOPLE[n % 3], id=str(n)) for n in range(1, 61)]
            store.commit(units)
            for who in (*PEOPLE, "unknown"):
                fragment = None if who is None else store.pseudonym("user_id", who)
                with store.read() as snapshot:
                    paged: list[Logged] = []
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

    def test_a_fact_comes_back_as_it_was(self, subject: Subject) -> None:
        body = KeyIssued(name="web", digest=bytes(range(32)), scopes=("ingest",))
        fact = Fact(id="k", fragment=None, time=-5, received=2**62, body=body)
        with opened(subject, ("suite", _nothing)) as store:
            unit = unit_of(store, id="m")
            store.commit([unit, Unit(facts=(fact,))])
        with opened(subject) as store, store.read() as snapshot:
            assert snapshot.facts() == [Logged(1, unit.facts[0]), Logged(2, fact)]

    def test_a_fold_sees_the_log_before_its_commit(self, subject: Subject) -> None:
        seen: list[tuple[int, list[str]]] = []

        def looking(transaction: Transaction, logged: Logged) -> None:
            apply(transaction, logged)
            before = [entry.fact.id for entry in transaction.facts()]
            seen.append((transaction.position, before))

        with opened(subject, ("suite", looking)) as store:
            store.commit([unit_of(store, id="1")])
            assert store.commit([unit_of(store, id="2"), unit_of(store, id="3")])[1] == Committed(3)
        assert seen == [(1, []), (2, ["1"]), (3, ["1"])]


def _nothing(transaction: Transaction, logged: Logged) -> None:
    """A fold that does nothing."""
