"""PostgreSQL 15 or newer: tables and log in one transaction, any number of processes.

Writers queue for one advisory lock, so that the log's order is the order of commits and every fold
sees the newest state; readers see a snapshot and never wait. All tables are in the schema `tuttu`
of the database.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg

from tuttu.storage import driver as d
from tuttu.storage import postgres_connections
from tuttu.storage.encryption import CANARY, Secret, seal, unseal
from tuttu.storage.errors import StoreCorruptError, StoreUnavailableError
from tuttu.storage.postgres_errors import READ_ONLY, explained

OLDEST_SERVER = 15
SCHEMA_VERSION = 3
"""The same numbers as in SQLite; there was no PostgreSQL before 2."""
SCHEMA = """
CREATE TABLE tuttu.log (
    position bigint PRIMARY KEY,
    fragment bytea,
    sealed bytea NOT NULL
);
CREATE INDEX log_by_fragment ON tuttu.log (fragment, position) WHERE fragment IS NOT NULL;
CREATE TABLE tuttu.records (
    name text COLLATE "C" NOT NULL,
    key bytea NOT NULL,
    version bigint NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (name, key)
) WITH (fillfactor = 80);
CREATE TABLE tuttu.once (key bytea PRIMARY KEY, position bigint NOT NULL);
CREATE TABLE tuttu.fragment_keys (fragment bytea PRIMARY KEY, wrapped bytea NOT NULL);
CREATE TABLE tuttu.store (
    schema_version integer NOT NULL,
    canary bytea NOT NULL,
    keys bigint NOT NULL DEFAULT 0
);
-- What is sealed does not compress: the server need not try.
ALTER TABLE tuttu.log ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE tuttu.records ALTER COLUMN sealed SET STORAGE EXTERNAL;
"""
COUNT_KEYS = "UPDATE tuttu.store SET keys = (SELECT count(*) FROM tuttu.fragment_keys)"
COUNTED_FROM = 3
"""The schema that counts keys, so that one that is lost is noticed."""

ONE_WRITER = int.from_bytes(b"tuttu", "big")
"""The advisory lock; it belongs to the database, and so to the company."""
LOCK = f"""
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT set_config('synchronous_commit',
                  CASE current_setting('synchronous_commit') WHEN 'remote_apply'
                  THEN 'remote_apply' ELSE 'on' END, true),
       set_config('lock_timeout', '{postgres_connections.WAIT_SECONDS:.0f}s', true),
       set_config('statement_timeout', '{postgres_connections.ANSWER_SECONDS:.0f}s', true),
       set_config('idle_in_transaction_session_timeout', '60s', true);
SELECT pg_advisory_xact_lock({ONE_WRITER});
"""
"""Commits are on disk, whatever the server's default is, and a writer that hangs does not block the
others for ever. Statements after this one see all that was committed before."""
NEWEST = """
SELECT coalesce(max(position), 0), current_setting('transaction_read_only') FROM tuttu.log
"""
WRITE = LOCK + NEWEST
READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;" + NEWEST
FOUND = """
SELECT current_setting('server_version_num')::integer / 10000,
       current_setting('server_encoding'),
       to_regclass('tuttu.store') IS NOT NULL,
       to_regnamespace('tuttu') IS NOT NULL
"""
FIND = """
SELECT kept.version, kept.sealed
FROM unnest(%b::text[], %b::bytea[]) WITH ORDINALITY AS place (name, key, number)
LEFT JOIN tuttu.records AS kept ON kept.name = place.name COLLATE "C" AND kept.key = place.key
ORDER BY place.number
"""
PAGE = 500
"""Records of a scan that are in memory at once."""

PUT = """
INSERT INTO tuttu.records VALUES (%b, %b, %b, %b)
ON CONFLICT (name, key) DO UPDATE SET version = excluded.version, sealed = excluded.sealed
"""
WRITES = (
    "INSERT INTO tuttu.log VALUES (%b, %b, %b)",
    PUT,
    "DELETE FROM tuttu.records WHERE name = %b AND key = %b",
    "INSERT INTO tuttu.once VALUES (%b, %b)",
    "INSERT INTO tuttu.fragment_keys VALUES (%b, %b)",
)
"""In the order of the fields of `Changes`."""
MORE_KEYS = "UPDATE tuttu.store SET keys = keys + %b"


class PostgresDriver:
    """Implements `driver.Driver`."""

    remote = True
    errors = (psycopg.Error,)

    def __init__(self, url: str) -> None:
        self._connections = postgres_connections.Connections(url)
        self._queue = threading.Lock()

    def prepare(self, unlock: d.Unlock) -> Secret:
        try:
            with explained(), self._connections.begun(LOCK + FOUND) as (connection, found):
                _check_server(*found[:2])
                secret = unlock(not found[2])
                if not found[2]:
                    _create(connection, secret, schema_exists=found[3])
                _check_store(connection, secret)
                connection.execute("COMMIT")
        except StoreUnavailableError as error:
            raise StoreUnavailableError(f"{self._connections.label}: {error}") from None
        return secret

    @contextmanager
    def reading(self) -> "Iterator[PostgresRows]":
        with explained(), self._connections.begun(READ) as (connection, (position, _)):
            yield PostgresRows(connection, position)

    @contextmanager
    def writing(self) -> "Iterator[PostgresRows]":
        """Of one process, only one thread at a time queues at the server."""
        if not self._queue.acquire(timeout=postgres_connections.WAIT_SECONDS):
            raise StoreUnavailableError("the database cannot be used now: too many want to write")
        try:
            with explained(), self._connections.begun(WRITE) as (connection, (position, read_only)):
                if read_only == "on":
                    raise StoreUnavailableError(f"the database cannot be used now: {READ_ONLY}")
                yield PostgresRows(connection, position)
        finally:
            self._queue.release()

    def close(self) -> None:
        self._connections.close()


class PostgresRows:
    """Implements `driver.Rows`, and under the lock `WriteRows`. Each query is a round trip."""

    def __init__(self, connection: postgres_connections.Connection, position: int) -> None:
        self._connection = connection
        self.position = position

    def record(self, table: str, key: bytes) -> d.StoredRecord | None:
        row: d.StoredRecord | None = self._row(
            "SELECT version, sealed FROM tuttu.records WHERE name = %b AND key = %b", table, key
        )
        return row

    def find(self, places: Sequence[d.RecordKey]) -> list[d.StoredRecord | None]:
        names, keys = [name for name, _ in places], [key for _, key in places]
        rows = self._rows(FIND, names, keys)
        return [None if version is None else (version, sealed) for version, sealed in rows]

    def records(self, table: str, first: bytes, end: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        """Page by page: other questions may be asked on the connection in between."""
        last, sign = first, ">="
        while True:
            rows = self._rows(
                f"SELECT key, sealed FROM tuttu.records WHERE name = %b AND key {sign} %b"  # noqa: S608
                f"{'' if end is None else ' AND key < %b'} ORDER BY key LIMIT {PAGE}",
                table,
                last,
                *(() if end is None else (end,)),
            )
            yield from rows
            if len(rows) < PAGE:
                return
            last, sign = rows[-1][0], ">"

    def known(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        return dict(
            self._rows("SELECT key, position FROM tuttu.once WHERE key = ANY(%b)", list(keys))
        )

    def log(self, fragment: bytes | None, after: int, limit: int) -> Iterable[d.LogRow]:
        mine, whose = ("", ()) if fragment is None else ("fragment = %b AND ", (fragment,))
        return self._rows(
            f"SELECT position, fragment, sealed FROM tuttu.log WHERE {mine}position > %b"  # noqa: S608
            " ORDER BY position LIMIT %b",
            *whose,
            after,
            limit,
        )

    def wrapped(self, fragment: bytes) -> bytes | None:
        row = self._row("SELECT wrapped FROM tuttu.fragment_keys WHERE fragment = %b", fragment)
        return None if row is None else bytes(row[0])

    def lost_keys(self) -> int:
        row = self._row("SELECT keys - (SELECT count(*) FROM tuttu.fragment_keys) FROM tuttu.store")
        return 0 if row is None else int(row[0])

    def probe(self) -> None:
        self._connection.execute("UPDATE tuttu.store SET canary = canary")

    def drop_records(self) -> None:
        self._connection.execute("DELETE FROM tuttu.records")
        self._connection.execute(COUNT_KEYS)

    def commit(self, changes: d.Changes) -> None:
        """One round trip. If the connection breaks during it, the outcome is not known."""
        with self._connection.cursor() as cursor:
            try:
                with self._connection.pipeline():
                    for statement, rows in zip(WRITES, changes, strict=True):
                        if rows:
                            cursor.executemany(statement, rows)
                    if changes.keys:
                        cursor.execute(MORE_KEYS, (len(changes.keys),))
                    cursor.execute("COMMIT")
            except psycopg.OperationalError:
                if not self._connection.closed:
                    raise
                raise StoreUnavailableError(
                    "the connection to the database broke while it was writing: it may have been"
                    " kept or not; send it again, what was kept counts once"
                ) from None
            if cursor.statusmessage != "COMMIT":
                raise StoreUnavailableError("the database undid the transaction; send it again")

    def _row(self, query: LiteralString, *parameters: object) -> tuple[Any, ...] | None:
        return self._connection.execute(query, parameters, binary=True).fetchone()

    def _rows(self, query: LiteralString, *parameters: object) -> Sequence[tuple[Any, ...]]:
        return self._connection.execute(query, parameters, binary=True).fetchall()


def _check_server(version: int, encoding: str) -> None:
    if version < OLDEST_SERVER:
        raise StoreCorruptError(
            f"found PostgreSQL {version}, expected {OLDEST_SERVER} or newer; upgrade the server"
        )
    if encoding != "UTF8":
        raise StoreCorruptError(
            f"found a database in the encoding {encoding}, expected UTF8; create it with"
            " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )


def _create(
    connection: postgres_connections.Connection, secret: Secret, *, schema_exists: bool
) -> None:
    if not schema_exists:
        connection.execute("CREATE SCHEMA tuttu")
    connection.execute(SCHEMA)
    connection.execute(
        "INSERT INTO tuttu.store (schema_version, canary) VALUES (%b, %b)",
        (SCHEMA_VERSION, seal(secret.cipher, CANARY, CANARY)),
    )


def _check_store(connection: postgres_connections.Connection, secret: Secret) -> None:
    row = connection.execute(
        "SELECT schema_version, canary FROM tuttu.store", binary=True
    ).fetchone()
    version, canary = row or (0, b"")
    if version > SCHEMA_VERSION:
        raise StoreCorruptError(
            f"found a store of schema {version}, expected at most {SCHEMA_VERSION};"
            " open it with the version of tuttu that wrote it"
        )
    unseal(secret.cipher, canary, CANARY)
    if version < COUNTED_FROM:
        connection.execute("ALTER TABLE tuttu.store ADD COLUMN keys bigint NOT NULL DEFAULT 0")
        connection.execute(COUNT_KEYS)
        connection.execute("UPDATE tuttu.store SET schema_version = %b", (SCHEMA_VERSION,))
