"""The one store over any driver: `ports.Store`, its snapshots and its ticks."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from tuttu.storage.driver import Driver, Rows, Unlock
from tuttu.storage.encrypted_tables import EncryptedTables, decode_record
from tuttu.storage.encryption import FragmentKeys, Secret
from tuttu.storage.errors import StoreUnavailableError
from tuttu.storage.overlay import Layer, TransactionOverlay, many, scanned
from tuttu.storage.ports import Snapshot, Store, WriteTransaction
from tuttu.storage.prefetch import Prefetch
from tuttu.storage.sqlite import SqliteDriver
from tuttu.storage.temporary_folders import SCRATCH, locked_folder
from tuttu.storage.ticks import OverlayTick, SharedTicks, Work
from tuttu.vocabulary import facts as f
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.room import RoomFolds

T = TypeVar("T")
PAGE = 1_000
"""Facts that are read at once when the log is folded again."""


class _Here(threading.local):
    """The tick that this thread is in."""

    tick: OverlayTick | None = None


class SealedStore:
    """Implements `ports.Store`."""

    def __init__(self, driver: Driver, unlock: Unlock) -> None:
        """Raises StoreCorruptError, StoreUnavailableError; then the driver is closed."""
        self._driver = driver
        self._folds: Sequence[RoomFolds] = ()
        try:
            self._secret = driver.prepare(unlock)
        except BaseException:
            driver.close()
            raise
        self._keys = FragmentKeys(self._secret)
        self._prefetch = Prefetch() if driver.remote else None
        self._broken = (*driver.errors, StoreUnavailableError)
        self._here = _Here()
        self._shared = SharedTicks(self.tick)
        self.remote = driver.remote

    def register(self, folds: Sequence[RoomFolds]) -> None:
        self._folds = tuple(folds)

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._secret.pseudonym(namespace, value)

    def tick(self) -> OverlayTick:
        return OverlayTick(self._transaction, self._enter, self._broken)

    def share(self, work: Work[T], units: Sequence[f.Unit] = ()) -> T:
        return self._shared.run(work, units) if self._here.tick is None else work()

    def when_durable(self, do: Callable[[], None]) -> None:
        if self._here.tick is None:
            do()
        else:
            self._here.tick.when_durable(do)

    def commit(
        self, units: Sequence[f.Unit], *, folds: Sequence[RoomFolds] | None = None
    ) -> list[f.Result]:
        rooms = self._folds if folds is None else folds
        if self._here.tick is not None:
            return self._here.tick.overlay().run(units, rooms)
        return self._shared.run(lambda: self._overlay().run(units, rooms), units)

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        if self._here.tick is None:
            with self._transaction() as overlay:
                yield StoredTransaction(overlay, self._folds)
        else:
            yield StoredTransaction(self._overlay(), self._folds)

    def refold(
        self,
        folds: Sequence[RoomFolds],
        *,
        due: Callable[[f.Reader], bool],
        then: tuple[frozenset[str], Callable[[f.Transaction, int], None]],
    ) -> int | None:
        with self._driver.writing() as rows:
            if not rows.lost_keys() and not due(StoredSnapshot(self._tables(rows))):
                return None
            rows.drop_records()
            tables = self._tables(rows)
            overlay = TransactionOverlay(tables, rows, self._broken)
            for after in range(0, tables.position, PAGE):
                for logged in tables.logged(None, after, PAGE):
                    if logged.position <= after + PAGE:
                        overlay.fold_again(logged, folds)
            unreadable = tables.unreadable
            overlay.write(then[0], lambda transaction: then[1](transaction, unreadable))
            overlay.save()
        return unreadable

    def lost_keys(self) -> int:
        with self._driver.reading() as rows:
            return rows.lost_keys()

    def probe(self) -> None:
        self.share(lambda: self._overlay().probe())

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        tick = self._here.tick
        if tick is not None and tick.begun is not None:
            with tick.begun.watched() as writes:
                yield StoredSnapshot(tick.begun.tables, overlay=(tick.begun, writes))
        else:
            with self._driver.reading() as rows:
                yield StoredSnapshot(self._tables(rows))

    @contextmanager
    def _transaction(self) -> Iterator[TransactionOverlay]:
        """Saved when it is left, unless by an error."""
        with self._driver.writing() as rows:
            overlay = TransactionOverlay(self._tables(rows), rows, self._broken)
            yield overlay
            if overlay.dirty:
                overlay.save()

    def _enter(self, tick: OverlayTick | None) -> None:
        self._here.tick = tick

    def _overlay(self) -> TransactionOverlay:
        assert self._here.tick is not None  # noqa: S101 - called by work of a tick
        return self._here.tick.overlay()

    def _tables(self, rows: Rows) -> EncryptedTables:
        return EncryptedTables(rows, self._secret, self._keys, self._prefetch)

    def scratch(self) -> Store:
        return ScratchStore(self._secret)

    def close(self) -> None:
        self._driver.close()


class ScratchStore(SealedStore):
    """A store that is deleted when it is closed."""

    def __init__(self, secret: Secret) -> None:
        self._folder, self._lock = locked_folder(SCRATCH)
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
        os.close(self._lock)


NOTHING = Layer()


class StoredSnapshot:
    """Implements `ports.Snapshot`."""

    def __init__(
        self,
        tables: EncryptedTables,
        *,
        overlay: tuple[TransactionOverlay, Layer] | None = None,
        tracking: bool = True,
    ) -> None:
        """overlay: with what was committed in a tick, up to now."""
        self._tables = tables
        self._tracking = tracking
        self._reads: dict[tuple[str, bytes], int] = {}
        self._over = overlay
        self._writes = NOTHING if overlay is None else overlay[1]
        self.position = tables.position if overlay is None else overlay[0].position

    @property
    def reads(self) -> f.Reads:
        return tuple((name, key, version) for (name, key), version in self._reads.items())

    def untracked(self) -> f.Reader:
        return StoredSnapshot(self._tables, overlay=self._over, tracking=False)

    def get(self, table: f.Table[T], key: bytes, *, watch: bool = True) -> T | None:
        place = (table.name, key)
        write = self._writes.get(place)
        if write is None:
            found = self._tables.get(table, key)
        elif write.plain is None:
            found = None
        else:
            found = write.version, decode_record(table, write.plain)
        if watch and self._tracking:
            self._reads[place] = 0 if found is None else found[0]
        return None if found is None else found[1]

    @property
    def unreadable(self) -> int:
        return self._tables.unreadable

    def get_many(self, table: f.Table[T], keys: Sequence[bytes]) -> list[T | None]:
        return many(self._tables, (self._writes,), table, keys)

    def scan(self, table: f.Table[T], prefix: bytes = b"") -> Iterator[tuple[bytes, T]]:
        return scanned(self._tables, (self._writes,), table, prefix)

    def facts(
        self, fragment: FragmentId | None = None, after: int = 0, limit: int = 1_000
    ) -> list[f.Logged]:
        if self._over is None:
            return self._tables.logged(fragment, after, limit)
        return self._over[0].logged(fragment, after, limit, self.position)

    def fact(self, position: int) -> f.Logged | None:
        return next(iter(self.facts(after=position - 1, limit=1)), None)

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._tables.secret.pseudonym(namespace, value)


class StoredTransaction(StoredSnapshot):
    """Implements `ports.WriteTransaction`."""

    def __init__(self, overlay: TransactionOverlay, folds: Sequence[RoomFolds]) -> None:
        super().__init__(overlay.tables, overlay=(overlay, overlay.writes))
        self._overlay = overlay
        self._folds = folds

    def commit(
        self, units: Sequence[f.Unit], *, folds: Sequence[RoomFolds] | None = None
    ) -> list[f.Result]:
        return self._overlay.run(units, self._folds if folds is None else folds)
