"""The one store over any driver: `ports.Store`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from tuttu.storage.ahead import ReadAhead
from tuttu.storage.codec import decode_record
from tuttu.storage.ports import Snapshot, Store, WriteTransaction
from tuttu.storage.rows import NOTHING, Driver, Rows, Unlock, Writing
from tuttu.storage.seal import Keyring, Secret
from tuttu.storage.sealed import SealedTables
from tuttu.storage.sqlite import SqliteDriver
from tuttu.storage.transaction import Batch
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Logged, Reader, Result, Table, Transaction, Unit
from tuttu.vocabulary.room import RoomFolds

T = TypeVar("T")
PAGE = 1_000
"""Facts that are read at once when the log is folded anew."""


class SealedStore:
    """Fulfils `ports.Store`."""

    def __init__(self, driver: Driver, unlock: Unlock) -> None:
        """Raises StoreCorruptError, StoreUnavailableError; then the driver is closed."""
        self._driver = driver
        self._folds: Sequence[RoomFolds] = ()
        try:
            self._secret = driver.prepare(unlock)
        except BaseException:
            driver.close()
            raise
        self._keyring = Keyring(self._secret)
        self._ahead = ReadAhead() if driver.remote else None

    @property
    def remote(self) -> bool:
        return self._driver.remote

    def register(self, folds: Sequence[RoomFolds]) -> None:
        self._folds = tuple(folds)

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._secret.pseudonym(namespace, value)

    def commit(
        self, units: Sequence[Unit], *, folds: Sequence[RoomFolds] | None = None
    ) -> list[Result]:
        with self.write() as transaction:
            return transaction.commit(units, folds=folds)

    def write(self) -> AbstractContextManager[WriteTransaction]:
        return self._write()

    @contextmanager
    def _write(self) -> Iterator[WriteTransaction]:
        with self._driver.writing() as rows:
            yield StoredTransaction(rows, self._tables(rows), self._folds)

    def refold(
        self,
        folds: Sequence[RoomFolds],
        *,
        due: Callable[[Reader], bool],
        then: tuple[frozenset[str], Callable[[Transaction], None]],
    ) -> bool:
        with self._driver.writing() as rows:
            if not due(StoredSnapshot(self._tables(rows))):
                return False
            rows.forget()
            tables = self._tables(rows)
            batch = Batch(tables, folds, tables.position)
            for after in range(0, tables.position, PAGE):
                for logged in tables.logged(None, after, PAGE):
                    if logged.position <= after + PAGE:
                        batch.again(logged)
            batch.write(*then)
            rows.commit(tables.changes(batch))
        tables.settle()
        return True

    def probe(self) -> None:
        with self._driver.writing() as rows:
            rows.touch()
            rows.commit(NOTHING)

    def read(self) -> AbstractContextManager[Snapshot]:
        return self._read()

    @contextmanager
    def _read(self) -> Iterator[Snapshot]:
        with self._driver.reading() as rows:
            yield StoredSnapshot(self._tables(rows))

    def _tables(self, rows: Rows) -> SealedTables:
        return SealedTables(rows, self._secret, self._keyring, self._ahead)

    def scratch(self) -> Store:
        return ScratchStore(self._secret)

    def close(self) -> None:
        self._driver.close()


class ScratchStore(SealedStore):
    """A store that is gone when it is closed."""

    def __init__(self, secret: Secret) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tuttu-scratch-"))
        try:
            driver = SqliteDriver(self._folder / "store.db", durable=False)
            super().__init__(driver, lambda _: secret)
        except BaseException:
            self._remove()
            raise

    def close(self) -> None:
        super().close()
        self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class StoredSnapshot:
    """Fulfils `ports.Snapshot`."""

    def __init__(self, tables: SealedTables, *, tracking: bool = True) -> None:
        self._tables = tables
        self._tracking = tracking
        self._reads: dict[tuple[str, bytes], int] = {}
        self.position = tables.position

    @property
    def reads(self) -> tuple[tuple[str, bytes, int], ...]:
        return tuple((name, key, version) for (name, key), version in self._reads.items())

    def untracked(self) -> Reader:
        return StoredSnapshot(self._tables, tracking=False)

    def get(self, table: Table[T], key: bytes, *, watch: bool = True) -> T | None:
        found = self._tables.load(table.name, key, personal=table.personal)
        if watch and self._tracking:
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


class StoredTransaction(StoredSnapshot):
    """Fulfils `ports.WriteTransaction`."""

    def __init__(self, rows: Writing, tables: SealedTables, folds: Sequence[RoomFolds]) -> None:
        super().__init__(tables)
        self._rows = rows
        self._folds = folds

    def commit(
        self, units: Sequence[Unit], *, folds: Sequence[RoomFolds] | None = None
    ) -> list[Result]:
        tables = self._tables
        tables.expect(units)
        batch = Batch(tables, self._folds if folds is None else folds, tables.position)
        results = [batch.run(unit) for unit in units]
        self._rows.commit(tables.changes(batch))
        tables.settle()
        return results
