"""The one store over any driver: `ports.Store`, its snapshots and its commits.

A commit keeps its writes in memory, one layer for the whole commit and one for the current unit; a
unit that fails loses its own layer only. After all units the store writes each changed record once.
"""

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from tuttu.storage.driver import Changes, Driver, RecordKey, Rows, Unlock, WriteRows
from tuttu.storage.encrypted_tables import ENCODER, EncryptedTables, Write, decode_record
from tuttu.storage.encryption import FragmentKeys, Secret
from tuttu.storage.ports import Snapshot, Store, WriteTransaction
from tuttu.storage.prefetch import Prefetch
from tuttu.storage.sqlite import SqliteDriver
from tuttu.storage.temporary_folders import SCRATCH, locked_folder
from tuttu.vocabulary import facts as f
from tuttu.vocabulary.events import FRAGMENT_BYTES, FragmentId
from tuttu.vocabulary.room import RoomFolds

T = TypeVar("T")
PAGE = 1_000
"""Facts that are read at once when the log is folded again."""


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
        self.remote = driver.remote

    def register(self, folds: Sequence[RoomFolds]) -> None:
        self._folds = tuple(folds)

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._secret.pseudonym(namespace, value)

    def commit(
        self, units: Sequence[f.Unit], *, folds: Sequence[RoomFolds] | None = None
    ) -> list[f.Result]:
        with self._driver.writing() as rows:
            batch = UnitBatch(self._tables(rows), self._folds if folds is None else folds)
            results = batch.run(units)
            batch.save(rows)
        return results

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        with self._driver.writing() as rows:
            yield StoredTransaction(rows, self._tables(rows), self._folds)

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
            batch = UnitBatch(tables, folds)
            for after in range(0, tables.position, PAGE):
                for logged in tables.logged(None, after, PAGE):
                    if logged.position <= after + PAGE:
                        batch.fold_again(logged)
            unreadable = tables.unreadable
            batch.write(then[0], lambda transaction: then[1](transaction, unreadable))
            batch.save(rows)
        return unreadable

    def lost_keys(self) -> int:
        with self._driver.reading() as rows:
            return rows.lost_keys()

    def probe(self) -> None:
        with self._driver.writing() as rows:
            rows.probe()
            rows.commit(Changes([], [], [], [], []))

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        with self._driver.reading() as rows:
            yield StoredSnapshot(self._tables(rows))

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


class StoredSnapshot:
    """Implements `ports.Snapshot`."""

    def __init__(self, tables: EncryptedTables, *, tracking: bool = True) -> None:
        self._tables = tables
        self._tracking = tracking
        self._reads: dict[tuple[str, bytes], int] = {}
        self.position = tables.position

    @property
    def reads(self) -> f.Reads:
        return tuple((name, key, version) for (name, key), version in self._reads.items())

    def untracked(self) -> f.Reader:
        return StoredSnapshot(self._tables, tracking=False)

    def get(self, table: f.Table[T], key: bytes, *, watch: bool = True) -> T | None:
        found = self._tables.get(table, key)
        if watch and self._tracking:
            self._reads[table.name, key] = 0 if found is None else found[0]
        return None if found is None else found[1]

    @property
    def unreadable(self) -> int:
        return self._tables.unreadable

    def get_many(self, table: f.Table[T], keys: Sequence[bytes]) -> list[T | None]:
        return [None if each is None else each[1] for each in self._tables.get_many(table, keys)]

    def scan(self, table: f.Table[T], prefix: bytes = b"") -> Iterator[tuple[bytes, T]]:
        return self._tables.scan(table, prefix)

    def facts(
        self, fragment: FragmentId | None = None, after: int = 0, limit: int = 1_000
    ) -> list[f.Logged]:
        return self._tables.logged(fragment, after, limit)

    def fact(self, position: int) -> f.Logged | None:
        return next(iter(self._tables.logged(None, position - 1, 1)), None)

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._tables.secret.pseudonym(namespace, value)


class StoredTransaction(StoredSnapshot):
    """Implements `ports.WriteTransaction`."""

    def __init__(
        self, rows: WriteRows, tables: EncryptedTables, folds: Sequence[RoomFolds]
    ) -> None:
        super().__init__(tables)
        self._rows = rows
        self._folds = folds

    def commit(
        self, units: Sequence[f.Unit], *, folds: Sequence[RoomFolds] | None = None
    ) -> list[f.Result]:
        batch = UnitBatch(self._tables, self._folds if folds is None else folds)
        results = batch.run(units)
        batch.save(self._rows)
        return results


class Layer(dict[RecordKey, Write]):
    """Changed records, also to be found by the fragment that their key begins with."""

    def __init__(self) -> None:
        super().__init__()
        self._by_fragment: defaultdict[RecordKey, list[RecordKey]] = defaultdict(list)

    def __setitem__(self, place: RecordKey, write: Write) -> None:
        if place not in self:
            table, key = place
            self._by_fragment[table, key[:FRAGMENT_BYTES]].append(place)
        super().__setitem__(place, write)

    def within(self, table: str, prefix: bytes) -> list[RecordKey]:
        """The places in a table whose key begins with `prefix`."""
        of_one = len(prefix) >= FRAGMENT_BYTES
        near = self._by_fragment.get((table, prefix[:FRAGMENT_BYTES]), ()) if of_one else self
        return [place for place in near if place[0] == table and place[1].startswith(prefix)]


NO_ROOM = RoomFolds(room="", tables=frozenset(), folds={})


class UnitBatch:
    """The units of one commit, over the tables of its transaction."""

    def __init__(self, tables: EncryptedTables, rooms: Sequence[RoomFolds]) -> None:
        self.tables = tables
        self.position = tables.position
        self.writes = Layer()
        self.layer = Layer()
        """Of the current unit."""
        self._rooms = rooms
        self._views: dict[str, FoldView] = {}
        self._facts: list[f.Logged] = []
        self._seen: dict[bytes, int] = {}

    def run(self, units: Sequence[f.Unit]) -> list[f.Result]:
        """Commits each unit, with the folds that are registered for its facts."""
        self.tables.expect(units)
        results: list[f.Result] = []
        for unit in units:
            self.layer = Layer()
            keys = [self.tables.secret.dedupe_key(key) for key in unit.dedupe_keys]
            refusal = self._refusal(unit, keys)
            if refusal is not None:
                results.append(refusal)
                continue
            first = self.position + 1
            logged = [f.Logged(at, fact) for at, fact in enumerate(unit.facts, first)]
            try:
                for entry in logged:
                    kind = type(entry.fact.body)
                    for room in self._rooms:
                        fold = room.folds.get(kind)
                        if fold is not None:
                            view = self._views.get(room.room)
                            if view is None:
                                view = self._views[room.room] = FoldView(self, room)
                            view.position = entry.position
                            fold(view, entry)
            except f.Exhausted as no:
                results.append(f.Refused(no.what))
                continue
            self._keep_layer()
            self._facts.extend(logged)
            self._seen.update(dict.fromkeys(keys, first))
            self.position += len(logged)
            results.append(f.Committed(first))
        return results

    def fold_again(self, logged: f.Logged) -> None:
        """A fact that is in the log already; if a current fold refuses it, nothing changes."""
        self.position = logged.position - 1
        self.run([f.Unit(facts=(logged.fact,))])
        self._facts.clear()

    def write(self, tables: frozenset[str], step: Callable[[f.Transaction], None]) -> None:
        """Writes that belong to no fact."""
        self.layer, self.position = Layer(), self.tables.position
        step(FoldView(self, RoomFolds(room="refold", tables=tables, folds={})))
        self._keep_layer()

    def save(self, rows: WriteRows) -> None:
        """Durable when it returns; ends the transaction."""
        rows.commit(self.tables.encrypt(self.writes, self._facts, self._seen))
        self.tables.committed()

    def _keep_layer(self) -> None:
        for place, write in self.layer.items():
            self.writes[place] = write

    def written(self, table: str, prefix: bytes) -> Iterator[tuple[bytes, Write]]:
        """Changed records of a table whose key begins with `prefix`, the unit's own ones last."""
        for layer in (self.writes, self.layer):
            for place in layer.within(table, prefix):
                yield place[1], layer[place]

    def _refusal(self, unit: f.Unit, keys: Sequence[bytes]) -> f.Result | None:
        for key in keys:
            position = self._seen.get(key) or self.tables.seen(key)
            if position is not None:
                return f.Duplicate(position)
        for table, key, version in unit.reads:
            if self.version(table, key) != version:
                return f.Conflict(table)
        why = unit.unless(FoldView(self, NO_ROOM)) if unit.unless else None
        return None if why is None else f.Refused(why)

    def version(self, table: str, key: bytes) -> int:
        """0 if there is no such record."""
        write = self.layer.get((table, key)) or self.writes.get((table, key))
        if write is not None:
            return 0 if write.plain is None else write.version
        return self.tables.version(table, key)


class FoldView:
    """The transaction as one room's folds see it."""

    def __init__(self, batch: UnitBatch, room: RoomFolds) -> None:
        self.position = batch.position
        self._batch = batch
        self._room = room

    def get(self, table: f.Table[T], key: bytes, *, watch: bool = True) -> T | None:  # noqa: ARG002
        place = (table.name, key)
        write = self._batch.layer.get(place) or self._batch.writes.get(place)
        if write is not None:
            return None if write.plain is None else decode_record(table, write.plain)
        found = self._batch.tables.get(table, key)
        return None if found is None else found[1]

    def get_many(self, table: f.Table[T], keys: Sequence[bytes]) -> list[T | None]:
        return [self.get(table, key) for key in keys]

    def scan(self, table: f.Table[T], prefix: bytes = b"") -> Iterator[tuple[bytes, T]]:
        found = dict(self._batch.tables.scan(table, prefix))
        for key, write in self._batch.written(table.name, prefix):
            if write.plain is None:
                found.pop(key, None)
            else:
                found[key] = decode_record(table, write.plain)
        for key in sorted(found):
            yield key, found[key]

    def put(self, table: f.Table[T], key: bytes, value: T) -> None:
        self._write(table, key, ENCODER.encode(value))

    def delete(self, table: f.Table[Any], key: bytes) -> None:
        self._write(table, key, None)

    def _write(self, table: f.Table[Any], key: bytes, plain: bytes | None) -> None:
        room, place = self._room, (table.name, key)
        if table.name not in room.tables:
            raise PermissionError(f"room {room.room!r} wrote the table {table.name!r}")
        version = self.position
        if room.keep_versions and plain is not None:
            version = self._batch.version(*place)
        self._batch.layer[place] = Write(version, plain, table.personal)

    def facts(
        self, fragment: FragmentId | None = None, after: int = 0, limit: int = 1_000
    ) -> list[f.Logged]:
        """The log before this commit: a fold's own fact is its argument."""
        return self._batch.tables.logged(fragment, after, limit)

    def fact(self, position: int) -> f.Logged | None:
        return next(iter(self.facts(after=position - 1, limit=1)), None)

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._batch.tables.secret.pseudonym(namespace, value)
