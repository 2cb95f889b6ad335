"""A pool of connections to PostgreSQL; a dead one is never handed out twice.

Why not a ready-made pool: when the server is down, a request must fail at once and not after a
pool's timeout, and the first request after the server's return must be served.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from tuttu.storage.errors import StoreUnavailableError
from tuttu.vocabulary.errors import FinalError

Row = tuple[Any, ...]
T = TypeVar("T")

DEFAULTS = {
    "application_name": "tuttu",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""Defaults for libpq, which the URL may override: a dead server is noticed within seconds."""
MOST_AT_ONCE = 24
WAIT_SECONDS = 20.0
"""How long a caller waits for their turn, here or at the server."""
ANSWER_SECONDS = 25.0
"""How long to wait for a server that keeps the connection open and does not answer."""


class Connection(psycopg.Connection[Row]):
    """A connection with a timeout: a server that hangs counts as unavailable."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        seconds = ANSWER_SECONDS if timeout is None else timeout
        return super().wait(self._bounded(gen, seconds), interval)

    def _bounded(self, gen: PQGen[T], seconds: float) -> PQGen[T]:
        """psycopg's wait function with a timeout; it is called every tenth of a second."""
        deadline = time.monotonic() + seconds
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > deadline:
                    self.pgconn.finish()
                    raise StoreUnavailableError("the database cannot be used now: it is silent")
                wanted = gen.send(ready)
        except StopIteration as end:
            answer: T = end.value
            return answer


class Connections:
    """Safe to use from several threads. A thread that holds a connection may take another one."""

    def __init__(self, url: str) -> None:
        """Raises FinalError, without repeating it, for a URL that libpq would not understand."""
        self._parameters = {**DEFAULTS, **_parameters(url), "client_encoding": "UTF8"}
        self._idle: list[Connection] = []
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._held = threading.local()
        self._closed = False

    @property
    def label(self) -> str:
        """Where the database is, for those who run it: no user, no password."""
        said = self._parameters
        host, port = said.get("host", "localhost"), said.get("port", "5432")
        return f"postgresql://{host}:{port}/{said.get('dbname', '')}"

    @contextmanager
    def begun(self, begin: str) -> Iterator[tuple[Connection, Row]]:
        """A connection on which `begin` has run, and the last row of it.

        If the transaction is still open when the context ends, it is rolled back.
        """
        with self._place():
            connection, row = self._begin(begin)
            try:
                yield connection, row
            finally:
                self._give_back(connection)

    def close(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Only a thread's first connection is counted, or two threads could wait for each other."""
        depth = getattr(self._held, "depth", 0)
        if not depth and not self._places.acquire(timeout=WAIT_SECONDS):
            raise StoreUnavailableError("the database cannot be used now: too many ask at once")
        self._held.depth = depth + 1
        try:
            yield
        finally:
            self._held.depth = depth
            if not depth:
                self._places.release()

    def _begin(self, begin: str) -> tuple[Connection, Row]:
        """Idle connections may have died unnoticed: then nothing was begun; a new one is used."""
        while True:
            connection, used = self._take()
            try:
                cursor = connection.execute(begin)
                while cursor.nextset():
                    pass
                return connection, cursor.fetchone() or ()
            except BaseException as error:
                died = connection.closed
                self._give_back(connection)
                if not (used and died and isinstance(error, psycopg.Error)):
                    raise

    def _take(self) -> tuple[Connection, bool]:
        """A connection, and whether it has been used before."""
        try:
            return self._idle.pop(), True
        except IndexError:
            return Connection.connect(**self._parameters, autocommit=True), False

    def _give_back(self, connection: Connection) -> None:
        if connection.info.transaction_status in {
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        }:
            try:
                connection.execute("ROLLBACK")
            except psycopg.Error:
                connection.close()
        if self._closed or connection.info.transaction_status != TransactionStatus.IDLE:
            connection.close()
        else:
            self._idle.append(connection)


def _parameters(url: str) -> dict[str, Any]:
    """A password with special characters makes the rest of a URL look like something else."""
    try:
        said = conninfo_to_dict(url)
    except psycopg.Error:
        said = {}
    names = f"{said.get('user')}{said.get('host')}{said.get('dbname')}"
    ports = str(said.get("port", "")).replace(",", "")
    if not said or "@" in names or (ports and not ports.isdigit()):
        raise FinalError(
            "storage: found a PostgreSQL URL that cannot be read; expected"
            " postgresql://user:password@host:port/database, where @ : / ? # % in the user or the"
            " password are written %40 %3A %2F %3F %23 %25"
        )
    return said
