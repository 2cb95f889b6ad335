# ruff: noqa: S101 - these are tests
"""Records by key: order by byte, prefixes, deletes, sizes."""

from __future__ import annotations

from tuttu.testing.stores.handling import (
    PERSONAL,
    SHARED,
    Note,
    Subject,
    delete,
    hearing,
    opened,
    put,
    text_of,
    unit_of,
)
from tuttu.vocabulary.facts import Logged, Transaction

KEYS = (
    b"",
    b"\x00",
    b"\x00\x00",
    b"a",
    b"a\x00",
    b"a\x7f",
    b"a\x80",
    b"a\xff",
    b"a\xff\xff",
    b"ab",
    b"b",
    b"\x7f",
    b"\x80",
    b"\xc3\xa4",
    b"\xfe\xff\xff",
    b"\xff",
    b"\xff\x00",
    b"\xff\xff",
    b"\xff\xff\xff",
)
BIG = 5 * 1024 * 1024
MANY = 1_203
"""More than any store reads at once."""


class RecordConformance:
    """What `get` and `scan` see."""

    def test_a_scan_gives_what_begins_so_in_the_order_of_bytes(self, subject: Subject) -> None:
        with opened(subject) as store:
            store.commit([unit_of(store, *(put(key, key.hex()) for key in reversed(KEYS)))])
            with store.read() as snapshot:
                for prefix in (*KEYS, b"a\xff\x80", b"\xff\xff\xff\xff", b"c"):
                    found = [(key, note.text) for key, note in snapshot.scan(SHARED, prefix)]
                    expected = sorted(key for key in KEYS if key.startswith(prefix))
                    assert found == [(key, key.hex()) for key in expected], prefix

    def test_a_scan_in_a_fold_gives_the_same(self, subject: Subject) -> None:
        """What is stored, what units before changed, and what this one did, in one order."""
        seen: list[tuple[bytes, list[bytes]]] = []

        def scanning(transaction: Transaction, logged: Logged) -> None:
            for number, key in enumerate(KEYS):
                if number % 3 == int(logged.fact.id):
                    transaction.put(SHARED, key, Note(""))
            if logged.fact.id == "2":
                transaction.delete(SHARED, b"ab")
                seen.extend(
                    (prefix, [key for key, _ in transaction.scan(SHARED, prefix)])
                    for prefix in KEYS
                )

        with opened(subject, hearing(scanning)) as store:
            store.commit([unit_of(store, id="0")])
            store.commit([unit_of(store, id="1"), unit_of(store, id="2")])
        there = sorted(set(KEYS) - {b"ab"})
        assert len(seen) == len(KEYS)
        for prefix, found in seen:
            assert found == [key for key in there if key.startswith(prefix)], prefix

    def test_a_long_scan_may_be_interrupted(self, subject: Subject) -> None:
        """Other questions in between, another scan beside it, and one that is given up."""
        keys = [number.to_bytes(2, "big") for number in range(MANY)]
        with opened(subject) as store:
            store.commit([unit_of(store, *(put(key, key.hex()) for key in keys))])
            with store.read() as snapshot:
                beside = snapshot.scan(SHARED)
                next(snapshot.scan(SHARED))
                for number, (key, note) in enumerate(snapshot.scan(SHARED)):
                    assert (key, note.text) == (keys[number], keys[number].hex())
                    assert next(beside) == (key, note)
                    assert snapshot.get(SHARED, keys[-1 - number]) is not None
                assert next(beside, None) is None
                assert snapshot.reads[0][0] == SHARED.name

    def test_what_is_deleted_is_gone(self, subject: Subject) -> None:
        with opened(subject) as store:
            store.commit([unit_of(store, put(b"a", "1"), put(b"b", "1"))])
            store.commit([unit_of(store, delete(b"a"), delete(b"absent"))])
            with store.read() as snapshot:
                assert snapshot.get(SHARED, b"a") is None
                assert [key for key, _ in snapshot.scan(SHARED)] == [b"b"]
                assert snapshot.reads == ((SHARED.name, b"a", 0),)
            store.commit([unit_of(store, put(b"a", "again"), delete(b"b"), put(b"b", "anew"))])
            assert [text_of(store, key) for key in (b"a", b"b")] == ["again", "anew"]
        with opened(subject) as store:
            assert [text_of(store, key) for key in (b"a", b"b")] == ["again", "anew"]

    def test_what_is_made_and_deleted_in_one_commit_never_was(self, subject: Subject) -> None:
        with opened(subject) as store:
            store.commit([unit_of(store, put(b"a")), unit_of(store, delete(b"a"))])
            with store.read() as snapshot:
                assert snapshot.get(SHARED, b"a") is None
                assert snapshot.reads == ((SHARED.name, b"a", 0),)

    def test_the_same_key_in_two_tables_is_two_records(self, subject: Subject) -> None:
        with opened(subject) as store:
            key = store.pseudonym("user_id", "maija")
            store.commit([unit_of(store, put(key, "shared"), put(b"", "personal", PERSONAL))])
            assert text_of(store, key) == "shared"
            assert text_of(store, key, PERSONAL) == "personal"

    def test_everybody_has_his_own(self, subject: Subject) -> None:
        with opened(subject) as store:
            people = [f"person {number}" for number in range(20)]
            steps = (put(b"\x00"), put(b"\xff"))
            store.commit(
                [unit_of(store, *(put(s.key, who, PERSONAL) for s in steps), who=who)
                 for who in people]
            )  # fmt: skip
            with store.read() as snapshot:
                for who in people:
                    fragment = store.pseudonym("user_id", who)
                    found = list(snapshot.scan(PERSONAL, fragment))
                    assert [(key[16:], note.text) for key, note in found] == [
                        (b"\x00", who),
                        (b"\xff", who),
                    ]
                assert len(list(snapshot.scan(PERSONAL))) == 2 * len(people)

    def test_every_text_comes_back_as_it_was(self, subject: Subject) -> None:
        texts = [
            "",
            "\x00",
            "a\x00b",
            "ä 🙂",
            "e\u0301",
            "\u202e",
            "'; DROP TABLE log; --",
            "%s %b",
        ]
        with opened(subject) as store:
            steps = [put(text.encode(), text) for text in texts]
            store.commit([unit_of(store, *steps, id="\x00 ä '")])
        with opened(subject) as store:
            assert [text_of(store, text.encode()) for text in texts] == texts
            with store.read() as snapshot:
                assert snapshot.fact(1).fact.id == "\x00 ä '"

    def test_a_big_record(self, subject: Subject) -> None:
        text = "0123456789abcdef" * (BIG // 16)
        with opened(subject) as store:
            store.commit([unit_of(store, put(b"big", text, PERSONAL))])
            store.commit([unit_of(store, put(b"small", "s", PERSONAL))])
        with opened(subject) as store:
            key = store.pseudonym("user_id", "maija")
            assert text_of(store, key + b"big", PERSONAL) == text
            with store.read() as snapshot:
                assert len(snapshot.scan(PERSONAL, key).__next__()[1].text) == BIG

    def test_who_looks_gets_a_record_of_his_own(self, subject: Subject) -> None:
        with opened(subject) as store:
            store.commit([unit_of(store, put(b"k", "kept"))])
            with store.read() as snapshot:
                note = snapshot.get(SHARED, b"k")
                assert note is not None
                note.text = "scribbled over"
                assert snapshot.get(SHARED, b"k") == Note("kept")
