"""The embedded database: one SQLite file in WAL mode, owned by one process.

One connection writes, under a lock; readers borrow connections of their own and see a snapshot.
`synchronous=FULL`: what was committed is on disk.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tuttu.storage import driver as d
from tuttu.storage import encryption as e
from tuttu.storage.errors import StoreCorruptError, StoreUnavailableError

SCHEMA_VERSION = 3
SCHEMA = """
CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    fragment BLOB,
    sealed BLOB NOT NULL
);
CREATE INDEX log_by_fragment ON log (fragment, position) WHERE fragment IS NOT NULL;
CREATE TABLE records (
    name TEXT NOT NULL,
    key BLOB NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (name, key)
) WITHOUT ROWID;
CREATE TABLE once (key BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE fragment_keys (fragment BLOB PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE canary (sealed BLOB NOT NULL, keys INTEGER NOT NULL DEFAULT 0);
"""
BUSY_SECONDS = 5.0
CAUSES = {
    sqlite3.SQLITE_BUSY: "another program holds it; let none but tuttu write to it",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened; look whether we may read and write there",
    sqlite3.SQLITE_FULL: "its disk is full; free some space there, and it continues by itself",
    sqlite3.SQLITE_IOERR: "its disk does not read or write; look at the disk and at its limits",
    sqlite3.SQLITE_READONLY: "its file may not be written; look at its owner and its disk",
}
"""Result code to its cause, in plain words."""
GONE = (
    "its file was deleted or replaced while it was in use; put the same file back, or stop tuttu,"
    " restore the store and start again"
)


class SqliteDriver:
    """Implements `driver.Driver`. Not to be opened twice: `opening` holds the folder's lock."""

    remote = False
    errors = (sqlite3.Error,)

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._durable = durable
        self._lock = threading.RLock()
        self._idle_lock = threading.Lock()
        """Of its own: whoever reads does not wait for who writes."""
        self._idle: list[sqlite3.Connection] = []
        self._files: tuple[tuple[int, int], ...] = ()
        with _explained():
            self._writer = self._connect()

    def prepare(self, unlock: d.Unlock) -> e.Secret:
        with _explained():
            found = self._writer.execute("PRAGMA user_version").fetchone()[0]
            secret = unlock(found == 0)
            if found == 0:
                self._create(secret)
            (sealed,) = self._writer.execute("SELECT sealed FROM canary").fetchone()
            e.unseal(secret.cipher, sealed, e.CANARY)
            if 0 < found < SCHEMA_VERSION:
                self._migrate(found, secret)
            elif found > SCHEMA_VERSION:
                raise StoreCorruptError(
                    f"{self._path.name}: found a store of schema {found}, expected at most"
                    f" {SCHEMA_VERSION}; open it with the version of tuttu that wrote it"
                )
        self._files = self._found_files()
        return secret

    @contextmanager
    def reading(self) -> "Iterator[SqliteRows]":
        self._require_files()
        with _explained():
            with self._idle_lock:
                connection = self._idle.pop() if self._idle else self._connect()
            try:
                connection.execute("BEGIN")
                yield SqliteRows(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                with self._idle_lock:
                    self._idle.append(connection)

    @contextmanager
    def writing(self) -> "Iterator[SqliteRows]":
        with self._lock, _explained():
            self._require_files()
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield SqliteRows(self._writer)
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def close(self) -> None:
        with self._lock, self._idle_lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            self._writer.close()

    def _found_files(self) -> tuple[tuple[int, int], ...]:
        """The files that exist now: database and write-ahead log. Both stay while one is open."""
        database, log = self._path.stat(), self._log.stat()
        return ((database.st_dev, database.st_ino), (log.st_dev, log.st_ino))

    def _require_files(self) -> None:
        """A write to a deleted file would be acknowledged and lost."""
        try:
            same = self._found_files() == self._files
        except FileNotFoundError:
            same = False
        if not same:
            raise StoreUnavailableError(f"the store cannot be used now: {GONE}")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
        )
        connection.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'OFF'}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA cache_size=-65536")
        return connection

    def _create(self, secret: e.Secret) -> None:
        self._writer.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={SCHEMA_VERSION};")
        canary = e.seal(secret.cipher, e.CANARY, e.CANARY)
        self._writer.execute("INSERT INTO canary (sealed) VALUES (?)", (canary,))
        self._writer.execute("COMMIT")

    def _migrate(self, found: int, secret: e.Secret) -> None:
        """All steps in one transaction: a process that is killed leaves the store as it was."""
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            for step in MIGRATIONS[found - 1 :]:
                step(self._writer, secret)
            self._writer.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
            self._writer.execute("COMMIT")
        finally:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")


class SqliteRows:
    """Implements `driver.Rows`, and on the connection that writes `driver.WriteRows`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        row = connection.execute("SELECT max(position) FROM log").fetchone()
        self.position: int = row[0] or 0

    def record(self, table: str, key: bytes) -> d.StoredRecord | None:
        row: d.StoredRecord | None = self._connection.execute(
            "SELECT version, sealed FROM records WHERE name = ? AND key = ?", (table, key)
        ).fetchone()
        return row

    def find(self, places: Sequence[d.RecordKey]) -> list[d.StoredRecord | None]:
        return [self.record(*place) for place in places]

    def records(self, table: str, first: bytes, end: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        below, bound = ("", ()) if end is None else (" AND key < ?", (end,))
        found = self._connection.execute(
            f"SELECT key, sealed FROM records WHERE name = ? AND key >= ?{below} ORDER BY key",  # noqa: S608
            (table, first, *bound),
        )
        # No `yield from`: a scan that was given up would close its cursor after the connection.
        for row in found:  # noqa: UP028
            yield row

    def known(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        known: dict[bytes, int] = {}
        for key in keys:
            query = "SELECT key, position FROM once WHERE key = ?"
            known.update(self._connection.execute(query, (key,)))
        return known

    def log(self, fragment: bytes | None, after: int, limit: int) -> Iterable[d.LogRow]:
        mine = "" if fragment is None else "fragment = ? AND "
        parameters = (after, limit) if fragment is None else (fragment, after, limit)
        return self._connection.execute(
            f"SELECT position, fragment, sealed FROM log WHERE {mine}position > ?"  # noqa: S608
            " ORDER BY position LIMIT ?",
            parameters,
        )

    def wrapped(self, fragment: bytes) -> bytes | None:
        row = self._connection.execute(
            "SELECT wrapped FROM fragment_keys WHERE fragment = ?", (fragment,)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def lost_keys(self) -> int:
        query = "SELECT keys - (SELECT count(*) FROM fragment_keys) FROM canary"
        return int(self._connection.execute(query).fetchone()[0])

    def probe(self) -> None:
        """An UPDATE to the same value would write nothing."""
        self._connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def drop_records(self) -> None:
        self._connection.execute("DELETE FROM records")
        _count_keys(self._connection)

    def commit(self, changes: d.Changes) -> None:
        execute = self._connection.executemany
        execute("INSERT INTO log VALUES (?, ?, ?)", changes.log)
        execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", changes.puts)
        execute("DELETE FROM records WHERE name = ? AND key = ?", changes.deletes)
        execute("INSERT INTO once VALUES (?, ?)", changes.dedupe_keys)
        execute("INSERT INTO fragment_keys VALUES (?, ?)", changes.keys)
        execute("UPDATE canary SET keys = keys + 1", [()] * len(changes.keys))
        self._connection.execute("COMMIT")


def _hash_once_keys(connection: sqlite3.Connection, secret: e.Secret) -> None:
    """1 to 2: `once` keys were kept as they were given, from which a message id can be guessed."""
    connection.create_function("keyed", 1, secret.dedupe_key, deterministic=True)
    connection.execute("UPDATE once SET key = keyed(key)")


def _count_keys(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE canary SET keys = (SELECT count(*) FROM fragment_keys)")


def _add_count_of_keys(connection: sqlite3.Connection, secret: e.Secret) -> None:  # noqa: ARG001 - a step
    """2 to 3: keys are counted, so that one that is lost is noticed; and what is sealed from now on
    names its key, which earlier versions do not expect."""
    connection.execute("ALTER TABLE canary ADD COLUMN keys INTEGER NOT NULL DEFAULT 0")
    _count_keys(connection)


MIGRATIONS = (_hash_once_keys, _add_count_of_keys)
"""The step from each schema to the next, from 1 on."""


@contextmanager
def _explained() -> Iterator[None]:
    """The driver's errors as the port's errors."""
    try:
        yield
    except sqlite3.OperationalError as error:
        cause = CAUSES.get(error.sqlite_errorcode & 0xFF, str(error))
        raise StoreUnavailableError(f"the store cannot be used now: {cause}") from error
    except sqlite3.DatabaseError as error:
        raise StoreCorruptError(f"the store's file is not as expected: {error}") from error
