"""The embedded database: one SQLite file in WAL mode, owned by one process.

One connection writes, under a lock; readers borrow connections of their own and see a snapshot.
`synchronous=FULL`: what was committed is on disk.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tuttu.storage.errors import StoreCorruptError, StoreUnavailableError
from tuttu.storage.rows import Changes, Kept, LogRow, Place, Unlock, after_prefix
from tuttu.storage.seal import CANARY, Secret, seal, unseal

SCHEMA_VERSION = 2
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
CREATE TABLE canary (sealed BLOB NOT NULL);
"""
BUSY_SECONDS = 5.0
SAID = {
    sqlite3.SQLITE_BUSY: "another program holds it; let none but tuttu write to it",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened; look whether we may read and write there",
    sqlite3.SQLITE_FULL: "its disk is full; free some space there, and it goes on by itself",
    sqlite3.SQLITE_IOERR: "its disk does not read or write; look at the disk and at its limits",
    sqlite3.SQLITE_READONLY: "its file may not be written; look at its owner and its disk",
}
"""What stands behind a result code, in plain words."""
GONE = (
    "its file was deleted or replaced while it was in use; put the same file back, or stop tuttu,"
    " restore the store and start again"
)


class SqliteDriver:
    """Fulfils `rows.Driver`. Not to be opened twice: `opening` holds the folder's lock."""

    remote = False

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self._path = path
        self._durable = durable
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._files: tuple[tuple[int, int], ...] = ()
        with _explained():
            self._writer = self._connect()

    def prepare(self, unlock: Unlock) -> Secret:
        with _explained():
            found = self._writer.execute("PRAGMA user_version").fetchone()[0]
            secret = unlock(found == 0)
            if found == 0:
                self._create(secret)
            (sealed,) = self._writer.execute("SELECT sealed FROM canary").fetchone()
            unseal(secret.cipher, sealed, CANARY)
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
    def reading(self) -> Iterator[SqliteRows]:
        with _explained():
            self._require_files()
            with self._lock:
                connection = self._idle.pop() if self._idle else self._connect()
            try:
                connection.execute("BEGIN")
                yield SqliteRows(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                with self._lock:
                    self._idle.append(connection)

    @contextmanager
    def writing(self) -> Iterator[SqliteRows]:
        with self._lock, _explained():
            self._require_files()
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteRows(self._writer)
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def close(self) -> None:
        with self._lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            self._writer.close()

    def _found_files(self) -> tuple[tuple[int, int], ...]:
        """Which files lie there now: database and write-ahead log. Both stay while one is open."""
        log = self._path.with_name(f"{self._path.name}-wal")
        return tuple((found.st_dev, found.st_ino) for found in (self._path.stat(), log.stat()))

    def _require_files(self) -> None:
        """What is written to a deleted file is acknowledged, and found by nobody again."""
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

    def _create(self, secret: Secret) -> None:
        self._writer.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={SCHEMA_VERSION};")
        canary = seal(secret.cipher, CANARY, CANARY)
        self._writer.execute("INSERT INTO canary VALUES (?)", (canary,))
        self._writer.execute("COMMIT")

    def _migrate(self, found: int, secret: Secret) -> None:
        """All steps in one transaction: whoever is killed meanwhile leaves the store as it was."""
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
    """Fulfils `rows.Rows`, and on the connection that writes `rows.Writing`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        row = connection.execute("SELECT max(position) FROM log").fetchone()
        self.position: int = row[0] or 0

    def record(self, table: str, key: bytes) -> Kept | None:
        row: Kept | None = self._connection.execute(
            "SELECT version, sealed FROM records WHERE name = ? AND key = ?", (table, key)
        ).fetchone()
        return row

    def find(self, places: Sequence[Place]) -> list[Kept | None]:
        return [self.record(*place) for place in places]

    def records(self, table: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        end = after_prefix(prefix)
        below, bound = ("", ()) if end is None else (" AND key < ?", (end,))
        found = self._connection.execute(
            f"SELECT key, sealed FROM records WHERE name = ? AND key >= ?{below} ORDER BY key",  # noqa: S608
            (table, prefix, *bound),
        )
        # No `yield from`: a scan that was given up would close its cursor after the connection.
        for row in found:  # noqa: UP028
            yield row

    def known(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        query = "SELECT key, position FROM once WHERE key = ?"
        rows = (self._connection.execute(query, (key,)).fetchone() for key in keys)
        return dict(row for row in rows if row is not None)

    def log(self, fragment: bytes | None, after: int, limit: int) -> Iterable[LogRow]:
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

    def touch(self) -> None:
        """An UPDATE to what is there already would write nothing."""
        self._connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def forget(self) -> None:
        self._connection.execute("DELETE FROM records")

    def commit(self, changes: Changes) -> None:
        execute = self._connection.executemany
        execute("INSERT INTO log VALUES (?, ?, ?)", changes.log)
        execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", changes.puts)
        execute("DELETE FROM records WHERE name = ? AND key = ?", changes.deletes)
        execute("INSERT INTO once VALUES (?, ?)", changes.once)
        execute("INSERT INTO fragment_keys VALUES (?, ?)", changes.keys)
        self._connection.execute("COMMIT")


def _hash_once_keys(connection: sqlite3.Connection, secret: Secret) -> None:
    """1 to 2: `once` keys were kept as they were given, from which a message id can be guessed."""
    connection.create_function("keyed", 1, secret.once, deterministic=True)
    connection.execute("UPDATE once SET key = keyed(key)")


MIGRATIONS = (_hash_once_keys,)
"""The step from each schema to the next, from 1 on."""


@contextmanager
def _explained() -> Iterator[None]:
    """The driver's errors in the port's words."""
    try:
        yield
    except sqlite3.OperationalError as error:
        said = SAID.get(error.sqlite_errorcode & 0xFF, str(error))
        raise StoreUnavailableError(f"the store cannot be used now: {said}") from error
    except sqlite3.DatabaseError as error:
        raise StoreCorruptError(f"the store's file is not as expected: {error}") from error
