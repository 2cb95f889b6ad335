"""The embedded store: one SQLite file in WAL mode, owned by one process.

One connection writes, under a lock; readers borrow connections of their own and see a snapshot.
`synchronous=FULL`: what `commit` acknowledged is on disk.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from tuttu.storage.codec import decode_fact, decode_record, encode
from tuttu.storage.errors import StoreCorruptError, StoreUnavailableError
from tuttu.storage.ports import Snapshot
from tuttu.storage.seal import Keyring, Secret, seal, unseal
from tuttu.storage.transaction import Batch, Write
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Fold, Logged, Result, Table, Unit

T = TypeVar("T")

SCHEMA_VERSION = 1
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
CANARY = b"tuttu"
BUSY_SECONDS = 5.0


class SqliteStore:
    """Fulfils `ports.Store`. Not to be opened twice: `opening` holds the folder's lock."""

    def __init__(
        self, path: Path, secret: Secret, *, durable: bool = True, scratch: Path | None = None
    ) -> None:
        self._path = path
        self._secret = secret
        self._durable = durable
        self._scratch = scratch
        self._keyring = Keyring(secret)
        self._folds: Sequence[tuple[str, Fold]] = ()
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        with _explained():
            self._writer = self._connect()
            self._prepare()

    def register(self, folds: Sequence[tuple[str, Fold]]) -> None:
        self._folds = tuple(folds)

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._secret.pseudonym(namespace, value)

    def commit(
        self, units: Sequence[Unit], *, folds: Sequence[tuple[str, Fold]] | None = None
    ) -> list[Result]:
        with self._lock, _explained():
            self._writer.execute("BEGIN IMMEDIATE")
            kept = False
            try:
                tables = Tables(self._writer, self._secret, self._keyring)
                batch = Batch(tables, self._folds if folds is None else folds, tables.position())
                results = [batch.run(unit) for unit in units]
                self._write(batch)
                self._writer.execute("COMMIT")
                kept = True
            finally:
                if not kept and self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                self._keyring.settle(kept=kept)
        return results

    def read(self) -> AbstractContextManager[Snapshot]:
        return self._read()

    @contextmanager
    def _read(self) -> Iterator[Snapshot]:
        with _explained():
            with self._lock:
                connection = self._idle.pop() if self._idle else self._connect()
            try:
                connection.execute("BEGIN")
                yield SqliteSnapshot(Tables(connection, self._secret, self._keyring))
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                with self._lock:
                    self._idle.append(connection)

    def close(self) -> None:
        with self._lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            self._writer.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'OFF'}")
        connection.execute("PRAGMA cache_size=-65536")
        return connection

    def _prepare(self) -> None:
        found = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            self._create()
        elif found != SCHEMA_VERSION:
            raise StoreCorruptError(
                f"{self._path.name}: found a store of schema {found}, expected {SCHEMA_VERSION};"
                " open it with the version of tuttu that wrote it"
            )
        (sealed,) = self._writer.execute("SELECT sealed FROM canary").fetchone()
        unseal(self._secret.cipher, sealed, CANARY)

    def _create(self) -> None:
        self._writer.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={SCHEMA_VERSION};")
        canary = seal(self._secret.cipher, CANARY, CANARY)
        self._writer.execute("INSERT INTO canary VALUES (?)", (canary,))
        self._writer.execute("COMMIT")

    def _write(self, batch: Batch) -> None:
        tables = Tables(self._writer, self._secret, self._keyring)
        rows = [
            (entry.position, entry.fact.fragment, tables.sealed(entry)) for entry in batch.facts
        ]
        puts, deletes = [], []
        for (name, key), write in batch.writes.items():
            if write.plain is None:
                deletes.append((name, key))
            else:
                puts.append((name, key, write.version, tables.sealed_record(name, key, write)))
        execute = self._writer.executemany
        execute("INSERT INTO log VALUES (?, ?, ?)", rows)
        execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", puts)
        execute("DELETE FROM records WHERE name = ? AND key = ?", deletes)
        execute("INSERT INTO once VALUES (?, ?)", list(batch.once.items()))
        execute("INSERT INTO fragment_keys VALUES (?, ?)", list(self._keyring.fresh.items()))


class Tables:
    """The store's tables over one connection, inside one transaction: `transaction.Base`."""

    def __init__(self, connection: sqlite3.Connection, secret: Secret, keyring: Keyring) -> None:
        self._connection = connection
        self._secret = secret
        self._keyring = keyring

    def position(self) -> int:
        row = self._connection.execute("SELECT max(position) FROM log").fetchone()
        return row[0] or 0

    def version(self, table: str, key: bytes) -> int:
        row = self._connection.execute(
            "SELECT version FROM records WHERE name = ? AND key = ?", (table, key)
        ).fetchone()
        return 0 if row is None else int(row[0])

    def load(self, table: str, key: bytes, *, personal: bool) -> tuple[int, bytes] | None:
        row = self._connection.execute(
            "SELECT version, sealed FROM records WHERE name = ? AND key = ?", (table, key)
        ).fetchone()
        if row is None:
            return None
        plain = self._open(_owner(key, personal=personal), row[1], _place(table, key))
        return None if plain is None else (row[0], plain)

    def load_range(
        self, table: str, prefix: bytes, *, personal: bool
    ) -> Iterator[tuple[bytes, bytes]]:
        rows = self._connection.execute(
            "SELECT key, sealed FROM records WHERE name = ? AND key >= ? ORDER BY key",
            (table, prefix),
        )
        for key, sealed in rows:
            if not key.startswith(prefix):
                return
            plain = self._open(_owner(key, personal=personal), sealed, _place(table, key))
            if plain is not None:
                yield key, plain

    def seen(self, key: bytes) -> int | None:
        row = self._connection.execute("SELECT position FROM once WHERE key = ?", (key,)).fetchone()
        return None if row is None else int(row[0])

    def logged(self, fragment: FragmentId | None, after: int, limit: int) -> list[Logged]:
        """Facts of an erased fragment stay unreadable and are left out."""
        mine = "" if fragment is None else "fragment = ? AND "
        parameters = (after, limit) if fragment is None else (fragment, after, limit)
        rows = self._connection.execute(
            f"SELECT position, fragment, sealed FROM log WHERE {mine}position > ?"  # noqa: S608
            " ORDER BY position LIMIT ?",
            parameters,
        )
        opened = (
            (position, self._open(owner, sealed, _log_place(position)))
            for position, owner, sealed in rows
        )
        return [Logged(at, decode_fact(plain)) for at, plain in opened if plain is not None]

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._secret.pseudonym(namespace, value)

    def sealed(self, entry: Logged) -> bytes:
        return self._seal(entry.fact.fragment, encode(entry.fact), _log_place(entry.position))

    def sealed_record(self, table: str, key: bytes, write: Write) -> bytes:
        owner = _owner(key, personal=write.personal)
        return self._seal(owner, write.plain or b"", _place(table, key))

    def _seal(self, owner: FragmentId | None, plain: bytes, place: bytes) -> bytes:
        cipher = self._keyring.cipher(owner, self._wrapped)
        if cipher is None and owner is not None:
            cipher = self._keyring.create(owner)
        assert cipher is not None  # noqa: S101 - the store's own cipher is always there
        return seal(cipher, plain, place)

    def _open(self, owner: FragmentId | None, sealed: bytes, place: bytes) -> bytes | None:
        cipher = self._keyring.cipher(owner, self._wrapped)
        return None if cipher is None else unseal(cipher, sealed, place)

    def _wrapped(self, fragment: FragmentId) -> bytes | None:
        row = self._connection.execute(
            "SELECT wrapped FROM fragment_keys WHERE fragment = ?", (fragment,)
        ).fetchone()
        return None if row is None else bytes(row[0])


class SqliteSnapshot:
    """Fulfils `ports.Snapshot`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._reads: dict[tuple[str, bytes], int] = {}
        self.position = tables.position()

    @property
    def reads(self) -> tuple[tuple[str, bytes, int], ...]:
        return tuple((name, key, version) for (name, key), version in self._reads.items())

    def get(self, table: Table[T], key: bytes, *, watch: bool = True) -> T | None:
        found = self._tables.load(table.name, key, personal=table.personal)
        if watch:
            self._reads[table.name, key] = 0 if found is None else found[0]
        return None if found is None else decode_record(table, found[1])

    def scan(self, table: Table[T], prefix: bytes = b"") -> Iterator[tuple[bytes, T]]:
        for key, plain in self._tables.load_range(table.name, prefix, personal=table.personal):
            yield key, decode_record(table, plain)

    def facts(
        self, fragment: FragmentId | None = None, after: int = 0, limit: int = 1_000
    ) -> list[Logged]:
        return self._tables.logged(fragment, after, limit)

    def fact(self, position: int) -> Logged:
        return self._tables.logged(None, position - 1, 1)[0]

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._tables.pseudonym(namespace, value)


@contextmanager
def _explained() -> Iterator[None]:
    """The driver's errors in the port's words."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreUnavailableError(f"the store cannot be used now: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StoreCorruptError(f"the store's file is not as expected: {error}") from error


def _owner(key: bytes, *, personal: bool) -> FragmentId | None:
    return key[:16] if personal else None


def _place(table: str, key: bytes) -> bytes:
    return table.encode() + b"\x00" + key


def _log_place(position: int) -> bytes:
    return b"log\x00" + position.to_bytes(8, "big")
