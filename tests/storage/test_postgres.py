"""PostgreSQL alone: the server goes away and comes back, refuses, hangs; what must be said then."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psycopg
import pytest

from tuttu.storage import (
    Store,
    StoreCorruptError,
    StoreUnavailableError,
    open_store,
    postgres,
    postgres_connections,
)
from tuttu.storage.driver import Changes, RecordKey, StoredRecord
from tuttu.storage.postgres import PostgresDriver, PostgresRows
from tuttu.testing import PrivatePostgres, private_postgres
from tuttu.testing.stores import SHARED, SUITE, Step, room_with, unit_of
from tuttu.testing.stores.handling import PERSONAL, put
from tuttu.vocabulary.errors import FinalError, TuttuError
from tuttu.vocabulary.facts import Committed, Duplicate, Logged, Transaction

OPENERS = 4
PASSWORD = "hunter2-geheim"


def opened(url: str, folder: Path) -> Store:
    store = open_store(url, folder)
    store.register([SUITE])
    return store


def executed(url: str, *statements: str) -> list[tuple[object, ...]]:
    """What the last of them answers."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def server() -> Iterator[PrivatePostgres]:
    """One that may be killed, and whose default is not to wait for the disk."""
    with private_postgres(synchronous_commit="off", wal_writer_delay="10s") as running:
        yield running


def _look_while(store: Store, something_happens: Callable[[], None]) -> None:
    with store.read() as snapshot:
        something_happens()
        snapshot.facts()


# The server goes away


def test_what_was_acknowledged_survives_the_server(server: PrivatePostgres, tmp_path: Path) -> None:
    with closing(opened(server.create(), tmp_path)) as store:
        for turn in range(2):
            unit = unit_of(store, dedupe_keys=(bytes([turn]),))
            assert store.commit([unit]) == [Committed(turn + 1)]
            server.kill()
            with pytest.raises(StoreUnavailableError, match="Connection refused"):
                store.commit([unit])
            with pytest.raises(StoreUnavailableError), store.read():
                pass
            server.start()
            assert store.commit([unit]) == [Duplicate(turn + 1)]
            with store.read() as snapshot:
                assert snapshot.position == turn + 1


def test_a_server_that_goes_in_the_middle(
    server: PrivatePostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killing(transaction: Transaction, logged: Logged) -> None:
        server.kill()
        transaction.get(SHARED, b"k")

    def committing(rows: PostgresRows, changes: Changes) -> None:
        server.kill()
        commit(rows, changes)

    commit = PostgresRows.commit
    url = server.create()
    with closing(opened(url, tmp_path)) as store:
        unit = unit_of(store, Step("put", b"k"), dedupe_keys=(b"once",))
        with pytest.raises(StoreUnavailableError, match="closed the connection"):
            store.commit([unit], folds=[room_with(killing)])
        server.start()
        with monkeypatch.context() as patched:
            patched.setattr(PostgresRows, "commit", committing)
            with pytest.raises(StoreUnavailableError, match="may have been kept or not"):
                store.commit([unit])
        server.start()
        assert store.commit([unit]) == [Committed(1)]
        with pytest.raises(StoreUnavailableError):
            _look_while(store, server.kill)
        server.start()
    with closing(opened(url, tmp_path)) as store, store.read() as snapshot:
        assert [entry.position for entry in snapshot.facts()] == [1]


def test_a_server_that_hangs(
    server: PrivatePostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened(server.create(), tmp_path)) as store:
        with store.read(), store.read():
            pass
        server.signal(signal.SIGSTOP)
        try:
            with monkeypatch.context() as patched:
                patched.setattr(postgres_connections, "ANSWER_SECONDS", 0.5)
                with pytest.raises(StoreUnavailableError, match="it is silent"):
                    store.commit([unit_of(store)])
                with pytest.raises(StoreUnavailableError, match="it is silent"), store.read():
                    pass
        finally:
            server.signal(signal.SIGCONT)
        assert store.commit([unit_of(store)]) == [Committed(1)]


def test_a_writer_that_hangs_holds_up_nobody_for_ever(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened(postgres_url, tmp_path)) as store:
        monkeypatch.setattr(postgres, "WRITE", postgres.WRITE.replace("'20s'", "'200ms'"))
        with psycopg.connect(postgres_url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", (postgres.ONE_WRITER,))
            with pytest.raises(StoreUnavailableError, match="other writers took longer"):
                store.commit([unit_of(store)])
            with store.read() as snapshot:
                assert snapshot.position == 0
        assert store.commit([unit_of(store)]) == [Committed(1)]


def test_a_commit_waits_for_the_disk_whatever_the_default_is(
    postgres_url: str, tmp_path: Path
) -> None:
    database = postgres_url.rpartition("/")[2]
    defaults = ("off", "local", "remote_write", "on", "remote_apply")
    for default in defaults:
        executed(postgres_url, f"ALTER DATABASE {database} SET synchronous_commit = {default}")
        with closing(PostgresDriver(postgres_url)) as driver:
            with closing(opened(postgres_url, tmp_path)):
                pass
            with driver.writing() as rows:
                found = rows._connection.execute("SHOW synchronous_commit").fetchone()
        assert found == ("remote_apply" if default == "remote_apply" else "on",)


def test_a_database_that_takes_no_writes(postgres_url: str, tmp_path: Path) -> None:
    database = postgres_url.rpartition("/")[2]
    with closing(opened(postgres_url, tmp_path)) as store:
        store.commit([unit_of(store)])
    executed(postgres_url, f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    with closing(opened(postgres_url, tmp_path)) as store:
        with store.read() as snapshot:
            assert snapshot.position == 1
        for units in ([unit_of(store)], []):
            with pytest.raises(StoreUnavailableError, match="it takes no writes"):
                store.commit(units)


def test_more_threads_than_connections(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_connections, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(postgres_connections, "WAIT_SECONDS", 0.1)
    with closing(opened(postgres_url, tmp_path)) as store, store.read(), store.read():
        assert store.commit([unit_of(store)]) == [Committed(1)]
        said: list[str] = []

        def ask() -> None:
            try:
                with store.read():
                    pass
            except StoreUnavailableError as error:
                said.append(str(error))

        other = threading.Thread(target=ask)
        other.start()
        other.join()
        assert said == ["the database cannot be used now: too many ask at once"]


# The server refuses


@pytest.fixture
def clerk(postgres_url: str) -> Callable[[str], str]:
    """clerk(options): the URL for a user who is no administrator, made with these options."""

    def made(options: str) -> str:
        role = f"clerk_{os.urandom(4).hex()}"
        executed(postgres_url, f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}' {options}")
        return postgres_url.replace(
            postgres_url[: postgres_url.index("@")], f"postgresql://{role}:{PASSWORD}"
        )

    return made


def test_what_a_user_without_rights_is_told(
    postgres_url: str, clerk: Callable[[str], str], tmp_path: Path
) -> None:
    url = clerk("CONNECTION LIMIT 1")
    role, database = url.split("/")[2].partition(":")[0], url.rpartition("/")[2]
    with pytest.raises(StoreUnavailableError, match="this user may not do that"):
        open_store(url, tmp_path)
    executed(postgres_url, f"GRANT CREATE ON DATABASE {database} TO {role}")
    with closing(opened(url, tmp_path)) as store:
        assert store.commit([unit_of(store)]) == [Committed(1)]
        with store.read(), pytest.raises(StoreUnavailableError, match="too many connections"):
            store.commit([unit_of(store)])
        assert store.commit([unit_of(store)]) == [Committed(2)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("PORT", "1"), "Connection refused"),
        (("127.0.0.1", "no-such-host.invalid"), "cannot be used now"),
        (("/DATABASE", "/nowhere"), "nowhere"),
        (("PASSWORD", f"{PASSWORD}wrong"), "password authentication failed"),
        (("PASSWORD", "ge@heim"), "cannot be read"),
        (("PASSWORD", "ge/heim"), "cannot be read"),
        (("PASSWORD", "ge?heim"), "password authentication failed"),
        (("PASSWORD", "ge:h@eim"), "cannot be read"),
        (("PASSWORD", "ge%zzheim"), "cannot be read"),
        (("/DATABASE", "/DATABASE?geheim"), "cannot be read"),
        (("/DATABASE", "/DATABASE?sslmode=verify-full"), "cannot be used now"),
    ],
)
def test_no_error_tells_a_password(
    clerk: Callable[[str], str], tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    url = clerk("")
    address, _, database = url.rpartition("/")
    parts = {"DATABASE": database, "PASSWORD": PASSWORD, "PORT": address.rpartition(":")[2]}
    old, new = change
    for name, part in parts.items():
        old, new = old.replace(name, part), new.replace(name, part)
    assert old in url
    with pytest.raises(TuttuError, match=said) as caught:
        open_store(url.replace(old, new), tmp_path)
    assert "heim" not in str(caught.value)
    assert isinstance(caught.value, FinalError | StoreUnavailableError)


@pytest.mark.parametrize("url", ["mysql://user:geheim@host/db", "geheim", "sqlite:", "", "//"])
def test_an_unknown_store_names_those_there_are(url: str, tmp_path: Path) -> None:
    with pytest.raises(FinalError, match="expected sqlite:PATH or postgresql://") as caught:
        open_store(url, tmp_path)
    assert "geheim" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_another_encoding_is_refused(
    postgres_server: PrivatePostgres, tmp_path: Path
) -> None:
    for encoding in ("LATIN1", "SQL_ASCII"):
        url = postgres_server.create(None, "-E", encoding, "-T", "template0")
        with pytest.raises(StoreCorruptError, match=f"encoding {encoding}, expected UTF8"):
            open_store(url, tmp_path)
        assert executed(url, "SELECT to_regnamespace('tuttu')") == [(None,)]
    assert list(tmp_path.iterdir()) == []


def test_an_old_server_is_refused(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "OLDEST_SERVER", 99)
    with pytest.raises(StoreCorruptError, match=r"found PostgreSQL \d+, expected 99 or newer"):
        open_store(postgres_url, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_the_driver_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("tuttu.storage.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(FinalError, match=r"pip install 'tuttu\[postgres\]'"):
        open_store("postgresql://host/db", tmp_path)


# The secret


def _open_together(url: str, folder: Path, number: int, start: Barrier) -> None:
    start.wait()
    with closing(opened(url, folder)) as store:
        unit = unit_of(store, Step("put", bytes([number])), who=f"person {number}", id=str(number))
        assert isinstance(store.commit([unit])[0], Committed)


def test_processes_that_open_an_empty_database_at_once(postgres_url: str, tmp_path: Path) -> None:
    """One of them makes the tables and the secret; the others take what it made."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(OPENERS)
    openers = [
        context.Process(target=_open_together, args=(postgres_url, tmp_path, number, start))
        for number in range(OPENERS)
    ]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert [opener.exitcode for opener in openers] == [0] * OPENERS
    assert [path.name for path in (tmp_path / ".tuttu").iterdir()] == ["secret"]
    with closing(opened(postgres_url, tmp_path)) as store, store.read() as snapshot:
        assert sorted(entry.fact.id for entry in snapshot.facts()) == ["0", "1", "2", "3"]
        assert executed(postgres_url, "SELECT count(*) FROM tuttu.store") == [(1,)]


def test_a_second_folder_needs_the_secret_of_the_first(postgres_url: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with closing(opened(postgres_url, first)) as store:
        store.commit([unit_of(store)])
        with pytest.raises(StoreCorruptError, match="copy it from a folder that uses the same"):
            open_store(postgres_url, second)
        assert not (second / ".tuttu" / "secret").exists()
        (second / ".tuttu").mkdir(parents=True)
        secret = second / ".tuttu" / "secret"
        secret.write_bytes(bytes(32))
        secret.chmod(0o600)
        with pytest.raises(StoreCorruptError, match="restore the file `secret`"):
            open_store(postgres_url, second)
        secret.write_bytes((first / ".tuttu" / "secret").read_bytes())
        with closing(opened(postgres_url, second)) as other:
            assert other.commit([unit_of(other)]) == [Committed(2)]
            assert other.pseudonym("user_id", "a") == store.pseudonym("user_id", "a")


def test_the_secret_is_for_its_owner_only(postgres_url: str, tmp_path: Path) -> None:
    open_store(postgres_url, tmp_path).close()
    assert (tmp_path / ".tuttu" / "secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / ".tuttu").stat().st_mode & 0o777 == 0o700


# Round trips


def test_what_was_read_of_one_person_is_asked_at_once_of_the_next(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests, people = (b"", b"a", b"b", b"none"), [f"p{number}" for number in range(4)]
    asked: list[int] = []
    find, record = PostgresRows.find, PostgresRows.record

    def counted_find(rows: PostgresRows, places: Sequence[RecordKey]) -> list[StoredRecord | None]:
        asked.append(len(places))
        return find(rows, places)

    def counted_record(rows: PostgresRows, table: str, key: bytes) -> StoredRecord | None:
        asked.append(1)
        return record(rows, table, key)

    monkeypatch.setattr(PostgresRows, "find", counted_find)
    monkeypatch.setattr(PostgresRows, "record", counted_record)
    with closing(opened(postgres_url, tmp_path)) as store:
        for who in people:
            steps = [put(rest, f"{who} {rest!r}", PERSONAL) for rest in rests[:-1]]
            store.commit([unit_of(store, *steps, who=who)])
        for number, who in enumerate(people):
            asked.clear()
            with store.read() as snapshot:
                fragment = store.pseudonym("user_id", who)
                notes = [snapshot.get(PERSONAL, fragment + rest) for rest in rests]
            told = [note and note.text for note in notes]
            assert told == [*(f"{who} {rest!r}" for rest in rests[:-1]), None]
            assert number == 0 or asked == [len(rests)]
