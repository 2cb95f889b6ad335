# ruff: noqa: S101 - these are tests
"""What is stored is sealed, and bound to its place."""

import pytest

from tuttu.storage import Store, StoreCorruptError
from tuttu.testing.stores import handling as h
from tuttu.vocabulary import facts as f

NOTHING = (frozenset[str](), lambda *_: None)
SECRETS = ("Virtanen", "maija@suite.example", "+358401234567", "message-4711")


class SealingConformance:
    """What somebody sees who has stolen the store without its secret, or who tampers with it."""

    def test_nothing_that_was_said_is_readable(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            steps = [
                h.put(b"k", each, table) for each in SECRETS for table in (h.SHARED, h.PERSONAL)
            ]
            once = tuple(each.encode() for each in SECRETS)
            store.commit(
                [h.unit_of(store, *steps, who=SECRETS[1], id=SECRETS[3], dedupe_keys=once)]
            )
            self._unreadable(subject)
        self._unreadable(subject)

    def _unreadable(self, subject: h.Subject) -> None:
        raw = subject.raw()
        assert h.SHARED.name.encode() in raw, "what was read is not what the store keeps"
        for each in SECRETS:
            for readable in (each.encode(), each.encode("utf-16-le"), each.encode().hex().encode()):
                assert readable not in raw, each

    def test_a_record_that_was_moved_does_not_open(self, subject: h.Subject) -> None:
        for table in (h.SHARED, h.PERSONAL):
            with h.opened(subject) as store:
                store.commit([h.unit_of(store, h.put(b"1", "1", table), h.put(b"2", "2", table))])
                own = store.pseudonym("user_id", "maija") if table.personal else b""
            subject.exchange(table.name, own + b"1", own + b"2")
            self._stays_shut(subject, table, own + b"1")

    def test_a_record_of_another_person_does_not_open(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            people = ("maija", "matti")
            store.commit([h.unit_of(store, h.put(b"", who, h.PERSONAL), who=who) for who in people])
            one, other = (store.pseudonym("user_id", who) for who in people)
            assert h.text_of(store, one, h.PERSONAL) == "maija"
        subject.exchange(h.PERSONAL.name, one, other)
        self._stays_shut(subject, h.PERSONAL, one)

    def _stays_shut(self, subject: h.Subject, table: f.Table[h.Note], key: bytes) -> None:
        with h.opened(subject) as store, pytest.raises(StoreCorruptError):
            h.text_of(store, key, table)

    def test_what_a_lost_key_sealed_is_left_out_and_counted(self, subject: h.Subject) -> None:
        """The others go on; what is said of the same person afterwards has a key of its own."""
        with h.opened(subject) as store:
            self._note(store, "maija", "matti")
            lost = store.pseudonym("user_id", "maija")
        subject.forget(lost)
        with h.opened(subject) as store:
            assert store.lost_keys() == 1
            self._left_out(store, ["matti"], unreadable=2)
            self._note(store, "maija")
            self._left_out(store, ["matti", "maija"], unreadable=1)
        with h.opened(subject) as store:
            self._left_out(store, ["matti", "maija"], unreadable=1)
            with store.read() as snapshot:
                assert snapshot.fact(1) is None
                assert snapshot.facts(lost, limit=1) == snapshot.facts(after=2)
            assert store.refold([h.SUITE], due=lambda _: False, then=NOTHING) == 1
            assert store.lost_keys() == 0
            self._left_out(store, ["matti", "maija"], unreadable=1)

    def test_a_record_of_a_lost_key_is_overwritten(self, subject: h.Subject) -> None:
        """By whoever read that nothing is there."""
        with h.opened(subject) as store:
            self._note(store, "maija")
            lost = store.pseudonym("user_id", "maija")
        subject.forget(lost)
        with h.opened(subject) as store:
            with store.read() as snapshot:
                assert snapshot.get(h.PERSONAL, lost) is None
                reads = snapshot.reads
            unit = h.unit_of(store, h.put(b"", "anew", h.PERSONAL), reads=reads)
            assert isinstance(store.commit([unit])[0], f.Committed)
            assert h.text_of(store, lost, h.PERSONAL) == "anew"

    def test_what_does_not_open_with_its_key_is_told_with_its_place(
        self, subject: h.Subject
    ) -> None:
        with h.opened(subject) as store:
            self._note(store, "matti", "maija")
            lost = store.pseudonym("user_id", "maija")
        subject.forget(lost)
        with h.opened(subject) as store:
            self._note(store, "maija")
        for position in (1, 3):
            subject.damage(position)
            told = pytest.raises(StoreCorruptError, match=f"at log position {position},")
            with h.opened(subject) as store, store.read() as snapshot, told:
                snapshot.facts(after=position - 1, limit=1)
            subject.damage(position)
        with h.opened(subject) as store, store.read() as snapshot:
            assert [entry.position for entry in snapshot.facts()] == [1, 3]

    def _note(self, store: Store, *people: str) -> None:
        steps = {who: h.put(b"", who, h.PERSONAL) for who in people}
        units = [h.unit_of(store, step, who=who, id=who) for who, step in steps.items()]
        assert all(isinstance(each, f.Committed) for each in store.commit(units))

    def _left_out(self, store: Store, people: list[str], unreadable: int) -> None:
        with store.read() as snapshot:
            assert [entry.fact.id for entry in snapshot.facts()] == people
            assert {note.text for _, note in snapshot.scan(h.PERSONAL)} == set(people)
            assert snapshot.unreadable == unreadable

    def test_pseudonyms_are_told_apart(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            pairs = [("user_id", "a"), ("user_ida", ""), ("user_id", "b"), ("email", "a"), ("", "")]
            pseudonyms = {store.pseudonym(*pair) for pair in pairs}
            assert len(pseudonyms) == len(pairs)
            assert {len(each) for each in pseudonyms} == {16}
