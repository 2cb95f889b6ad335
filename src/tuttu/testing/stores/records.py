# ruff: noqa: S101 - these are tests
"""Records by key: order by byte, prefixes, deletes, sizes."""

from tuttu.testing.stores import handling as h
from tuttu.vocabulary import facts as f

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

    def test_a_scan_gives_what_begins_so_in_the_order_of_bytes(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, *(h.put(key, key.hex()) for key in reversed(KEYS)))])
            with store.read() as snapshot:
                for prefix in (*KEYS, b"a\xff\x80", b"\xff\xff\xff\xff", b"c"):
                    found = [(key, note.text) for key, note in snapshot.scan(h.SHARED, prefix)]
                    expected = sorted(key for key in KEYS if key.startswith(prefix))
                    assert found == [(key, key.hex()) for key in expected], prefix

    def test_a_scan_in_a_fold_gives_the_same(self, subject: h.Subject) -> None:
        """What is stored, what units before changed, and what this one did, in one order."""
        seen: list[tuple[bytes, list[bytes]]] = []

        def scanning(transaction: f.Transaction, logged: f.Logged) -> None:
            for number, key in enumerate(KEYS):
                if number % 3 == int(logged.fact.id):
                    transaction.put(h.SHARED, key, h.Note(""))
            if logged.fact.id == "2":
                transaction.delete(h.SHARED, b"ab")
                seen.extend(
                    (prefix, [key for key, _ in transaction.scan(h.SHARED, prefix)])
                    for prefix in KEYS
                )

        with h.opened(subject, h.room_with(scanning)) as store:
            store.commit([h.unit_of(store, id="0")])
            store.commit([h.unit_of(store, id="1"), h.unit_of(store, id="2")])
        there = sorted(set(KEYS) - {b"ab"})
        assert len(seen) == len(KEYS)
        for prefix, found in seen:
            assert found == [key for key in there if key.startswith(prefix)], prefix

    def test_a_long_scan_may_be_interrupted(self, subject: h.Subject) -> None:
        """Other questions in between, another scan beside it, and one that is given up."""
        keys = [number.to_bytes(2, "big") for number in range(MANY)]
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, *(h.put(key, key.hex()) for key in keys))])
            with store.read() as snapshot:
                beside = snapshot.scan(h.SHARED)
                next(snapshot.scan(h.SHARED))
                for number, (key, note) in enumerate(snapshot.scan(h.SHARED)):
                    assert (key, note.text) == (keys[number], keys[number].hex())
                    assert next(beside) == (key, note)
                    assert snapshot.get(h.SHARED, keys[-1 - number]) is not None
                assert next(beside, None) is None
                assert snapshot.reads[0][0] == h.SHARED.name

    def test_what_is_deleted_is_gone(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"a", "1"), h.put(b"b", "1"))])
            store.commit([h.unit_of(store, h.delete(b"a"), h.delete(b"absent"))])
            with store.read() as snapshot:
                assert snapshot.get(h.SHARED, b"a") is None
                assert [key for key, _ in snapshot.scan(h.SHARED)] == [b"b"]
                assert snapshot.reads == ((h.SHARED.name, b"a", 0),)
            store.commit(
                [h.unit_of(store, h.put(b"a", "again"), h.delete(b"b"), h.put(b"b", "new"))]
            )
            assert [h.text_of(store, key) for key in (b"a", b"b")] == ["again", "new"]
        with h.opened(subject) as store:
            assert [h.text_of(store, key) for key in (b"a", b"b")] == ["again", "new"]

    def test_what_is_made_and_deleted_in_one_commit_never_was(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"a")), h.unit_of(store, h.delete(b"a"))])
            with store.read() as snapshot:
                assert snapshot.get(h.SHARED, b"a") is None
                assert snapshot.reads == ((h.SHARED.name, b"a", 0),)

    def test_the_same_key_in_two_tables_is_two_records(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            key = store.pseudonym("user_id", "maija")
            store.commit(
                [h.unit_of(store, h.put(key, "shared"), h.put(b"", "personal", h.PERSONAL))]
            )
            assert h.text_of(store, key) == "shared"
            assert h.text_of(store, key, h.PERSONAL) == "personal"

    def test_everybody_has_his_own(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            people = [f"person {number}" for number in range(20)]
            steps = (h.put(b"\x00"), h.put(b"\xff"))
            store.commit(
                [h.unit_of(store, *(h.put(s.key, who, h.PERSONAL) for s in steps), who=who)
                 for who in people]
            )  # fmt: skip
            with store.read() as snapshot:
                for who in people:
                    fragment = store.pseudonym("user_id", who)
                    found = list(snapshot.scan(h.PERSONAL, fragment))
                    assert [(key[16:], note.text) for key, note in found] == [
                        (b"\x00", who),
                        (b"\xff", who),
                    ]
                assert len(list(snapshot.scan(h.PERSONAL))) == 2 * len(people)

    def test_every_text_comes_back_as_it_was(self, subject: h.Subject) -> None:
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
        with h.opened(subject) as store:
            steps = [h.put(text.encode(), text) for text in texts]
            store.commit([h.unit_of(store, *steps, id="\x00 ä '")])
        with h.opened(subject) as store:
            assert [h.text_of(store, text.encode()) for text in texts] == texts
            with store.read() as snapshot:
                assert snapshot.facts()[0].fact.id == "\x00 ä '"

    def test_a_big_record(self, subject: h.Subject) -> None:
        text = "0123456789abcdef" * (BIG // 16)
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"big", text, h.PERSONAL))])
            store.commit([h.unit_of(store, h.put(b"small", "s", h.PERSONAL))])
        with h.opened(subject) as store:
            key = store.pseudonym("user_id", "maija")
            assert h.text_of(store, key + b"big", h.PERSONAL) == text
            with store.read() as snapshot:
                assert len(snapshot.scan(h.PERSONAL, key).__next__()[1].text) == BIG

    def test_who_looks_gets_a_record_of_his_own(self, subject: h.Subject) -> None:
        with h.opened(subject) as store:
            store.commit([h.unit_of(store, h.put(b"k", "kept"))])
            with store.read() as snapshot:
                note = snapshot.get(h.SHARED, b"k")
                assert note is not None
                note.text = "scribbled over"
                assert snapshot.get(h.SHARED, b"k") == h.Note("kept")
