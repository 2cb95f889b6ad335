"""The embedded store: units stand or fall alone, snapshots hold still, records stay sealed."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest

from tuttu.storage import OwnedElsewhereError, StoreCorruptError, open_store
from tuttu.storage.sqlite import SqliteStore
from tuttu.vocabulary.events import Event, Identifier
from tuttu.vocabulary.facts import (
    Committed,
    Conflict,
    Duplicate,
    Exhausted,
    Fact,
    Logged,
    Refused,
    Table,
    Transaction,
    Unit,
)


class Count(msgspec.Struct):
    n: int


COUNTS = Table("counting.counts", Count, personal=True)
TOTAL = Table("counting.total", Count)
LIMIT = 3


def counting(transaction: Transaction, logged: Logged) -> None:
    fragment = logged.fact.fragment
    assert fragment is not None
    for table, key in ((COUNTS, fragment), (TOTAL, b"all")):
        seen = transaction.get(table, key) or Count(0)
        if table is COUNTS and seen.n >= LIMIT:
            raise Exhausted("three each")
        transaction.put(table, key, Count(seen.n + 1))


def unit(store: SqliteStore, who: str, number: int, **more: object) -> Unit:
    event = Event(
        id=f"m{number}",
        call="track",
        name="Seen",
        identifiers=(Identifier("user_id", who),),
        time=number,
        received=number,
        properties=b'{"email": "maija@example.com"}',
    )
    fact = Fact(
        id=event.id,
        fragment=store.pseudonym("user_id", who),
        time=number,
        received=number,
        body=event,
    )
    return msgspec.structs.replace(Unit(facts=(fact,)), **more)


def opened(folder: Path) -> SqliteStore:
    store = open_store("sqlite:.tuttu/store.db", folder)
    store.register([("counting", counting)])
    return store


def test_what_is_committed_is_there_after_reopening(tmp_path: Path) -> None:
    store = opened(tmp_path)
    assert store.commit([unit(store, "maija", 1), unit(store, "matti", 2)]) == [
        Committed(1),
        Committed(2),
    ]
    store.close()
    again = opened(tmp_path)
    with again.read() as snapshot:
        assert snapshot.position == 2
        assert snapshot.get(COUNTS, again.pseudonym("user_id", "maija")) == Count(1)
        assert snapshot.get(TOTAL, b"all") == Count(2)
        facts = snapshot.facts(again.pseudonym("user_id", "matti"))
        assert [entry.fact.id for entry in facts] == ["m2"]
        assert snapshot.fact(1).fact.id == "m1"
    again.close()


def test_each_unit_stands_or_falls_alone(tmp_path: Path) -> None:
    store = opened(tmp_path)
    units = [unit(store, "maija", n) for n in range(5)] + [unit(store, "matti", 9)]
    results = store.commit(units)
    assert results[:3] == [Committed(1), Committed(2), Committed(3)]
    assert results[3:5] == [Refused("three each")] * 2
    assert results[5] == Committed(4)
    with store.read() as snapshot:
        assert snapshot.get(TOTAL, b"all") == Count(4)
        assert [entry.fact.id for entry in snapshot.facts()] == ["m0", "m1", "m2", "m9"]
    store.close()


def test_once_is_once_within_a_batch_and_across(tmp_path: Path) -> None:
    store = opened(tmp_path)
    first, second = (unit(store, "maija", n, once=(b"same",)) for n in (1, 2))
    assert store.commit([first, second]) == [Committed(1), Duplicate(1)]
    assert store.commit([second]) == [Duplicate(1)]
    store.close()


def test_a_unit_that_read_something_since_changed_is_void(tmp_path: Path) -> None:
    store = opened(tmp_path)
    fragment = store.pseudonym("user_id", "maija")
    with store.read() as snapshot:
        assert snapshot.get(COUNTS, fragment) is None
        snapshot.get(TOTAL, b"all", watch=False)
        reads = snapshot.reads
    assert reads == (("counting.counts", fragment, 0),)
    assert store.commit([unit(store, "matti", 1)]) == [Committed(1)]
    stale = unit(store, "maija", 3, reads=reads)
    assert store.commit([unit(store, "maija", 2), stale]) == [
        Committed(2),
        Conflict("counting.counts"),
    ]
    store.close()


def test_a_snapshot_holds_still(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.commit([unit(store, "maija", 1)])
    with store.read() as snapshot:
        store.commit([unit(store, "maija", 2)])
        assert snapshot.get(COUNTS, store.pseudonym("user_id", "maija")) == Count(1)
        assert len(snapshot.facts()) == 1
    store.close()


def test_a_table_is_written_by_its_room_only(tmp_path: Path) -> None:
    store = open_store("sqlite:.tuttu/store.db", tmp_path)
    store.register([("elsewhere", counting)])
    with pytest.raises(PermissionError, match=r"'elsewhere' wrote the table 'counting\.counts'"):
        store.commit([unit(store, "maija", 1)])
    with store.read() as snapshot:
        assert snapshot.position == 0
    store.close()


def test_fifty_threads_want_what_is_there_for_three(tmp_path: Path) -> None:
    store = opened(tmp_path)
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda n=n: results.extend(store.commit([unit(store, "m", n)])))
        for n in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(result, Committed) for result in results) == LIMIT
    assert sum(result == Refused("three each") for result in results) == 47
    store.close()


def test_nothing_personal_is_readable_in_the_raw_files(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.commit([unit(store, "maija.meikalainen", 1)])
    raw = b"".join(path.read_bytes() for path in (tmp_path / ".tuttu").iterdir())
    assert b"maija" not in raw
    assert b"example.com" not in raw
    store.close()
    raw = b"".join(path.read_bytes() for path in (tmp_path / ".tuttu").iterdir())
    assert b"maija" not in raw


def test_one_owner(tmp_path: Path) -> None:
    store = opened(tmp_path)
    with pytest.raises(OwnedElsewhereError, match="another process owns"):
        opened(tmp_path)
    store.close()
    opened(tmp_path).close()


def test_another_secret_opens_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.commit([unit(store, "maija", 1)])
    store.close()
    secret = tmp_path / ".tuttu" / "secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    secret.write_bytes(bytes(32))
    with pytest.raises(StoreCorruptError, match="restore the file `secret`"):
        opened(tmp_path)
    secret.unlink()
    with pytest.raises(StoreCorruptError, match="without its secret"):
        opened(tmp_path)


def test_a_scratch_store_leaves_nothing_behind(tmp_path: Path) -> None:
    one = open_store("sqlite::memory:", tmp_path, salt="s")
    other = open_store("sqlite::memory:", tmp_path, salt="s")
    assert one.pseudonym("user_id", "a") == other.pseudonym("user_id", "a")
    assert one.pseudonym("user_id", "a") != one.pseudonym("user_ida", "")
    folders = [store._scratch for store in (one, other)]
    one.close()
    other.close()
    assert [folder for folder in folders if folder is not None and folder.exists()] == []


def test_a_scan_sees_what_the_same_commit_wrote_before(tmp_path: Path) -> None:
    seen: list[dict[bytes, int]] = []

    def scanning(transaction: Transaction, logged: Logged) -> None:
        fragment = logged.fact.fragment
        assert fragment is not None
        seen.append({key[16:]: count.n for key, count in transaction.scan(COUNTS, fragment)})
        key = fragment + logged.fact.id.encode()
        transaction.put(COUNTS, key, Count(logged.position))
        if logged.fact.id == "m3":
            transaction.delete(COUNTS, fragment + b"m1")
        seen.append({key[16:]: count.n for key, count in transaction.scan(COUNTS)})

    store = open_store("sqlite:.tuttu/store.db", tmp_path)
    store.register([("counting", scanning)])
    store.commit([unit(store, "maija", 1), unit(store, "matti", 2)])
    store.commit([unit(store, "maija", 3), unit(store, "maija", 4)])
    own, everybody = seen[::2], seen[1::2]
    assert own == [{}, {}, {b"m1": 1}, {b"m3": 3}]
    assert [sorted(each.values()) for each in everybody] == [[1], [1, 2], [2, 3], [2, 3, 4]]
    store.close()
