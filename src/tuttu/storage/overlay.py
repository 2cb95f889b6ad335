"""What a transaction has committed and not written yet, over the tables as they are stored.

Units are folded one after the other into a layer of changed records. A unit that fails loses its
own layer only; what reads the overlay sees the units before it, as if each had been a transaction
of its own. At the end each changed record is written once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

from tuttu.storage.driver import RecordKey, WriteRows
from tuttu.storage.encrypted_tables import ENCODER, EncryptedTables, Write, decode_record
from tuttu.storage.errors import LoggedFactError
from tuttu.vocabulary import facts as f
from tuttu.vocabulary.errors import TuttuError
from tuttu.vocabulary.events import FRAGMENT_BYTES, FragmentId
from tuttu.vocabulary.room import RoomFolds

T = TypeVar("T")


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

    def with_all(self, other: Mapping[RecordKey, Write]) -> "Layer":
        """A layer of its own: who reads this one goes on seeing what they saw."""
        both = Layer()
        for layer in (self, other):
            for place, write in layer.items():
                both[place] = write
        return both

    def within(self, table: str, prefix: bytes) -> list[RecordKey]:
        """The places in a table whose key begins with `prefix`."""
        of_one = len(prefix) >= FRAGMENT_BYTES
        near = self._by_fragment.get((table, prefix[:FRAGMENT_BYTES]), ()) if of_one else self
        return [place for place in near if place[0] == table and place[1].startswith(prefix)]


def many(
    tables: EncryptedTables, layers: Sequence[Layer], table: f.Table[T], keys: Sequence[bytes]
) -> list[T | None]:
    """The record at each key, as `Reader.get_many`. layers: changes of the tables, newest last."""
    changes = {
        key: layer[table.name, key]
        for layer in layers
        for key in keys
        if (table.name, key) in layer
    }
    stored = [key for key in keys if key not in changes]
    read = tables.get_many(table, stored)
    found: dict[bytes, T | None] = {}
    for key, one in zip(stored, read, strict=True):
        found[key] = None if one is None else one[1]
    for key, write in changes.items():
        found[key] = None if write.plain is None else decode_record(table, write.plain)
    return [found[key] for key in keys]


def scanned(
    tables: EncryptedTables, layers: Sequence[Layer], table: f.Table[T], prefix: bytes
) -> Iterator[tuple[bytes, T]]:
    """As `Reader.scan`, in the order of keys. layers: changes of the tables, newest last."""
    changes = {
        key: layer[name, key] for layer in layers for name, key in layer.within(table.name, prefix)
    }
    newer = sorted(changes, reverse=True)
    for key, record in tables.scan(table, prefix):
        while newer and newer[-1] < key:
            yield from _written(table, newer[-1], changes[newer.pop()])
        if key not in changes:
            yield key, record
    for key in reversed(newer):
        yield from _written(table, key, changes[key])


def _written(table: f.Table[T], key: bytes, write: Write) -> Iterator[tuple[bytes, T]]:
    if write.plain is not None:
        yield key, decode_record(table, write.plain)


class TransactionOverlay:
    """The units of one transaction. position: of its newest fact."""

    def __init__(
        self, tables: EncryptedTables, rows: WriteRows, broken: tuple[type[Exception], ...]
    ) -> None:
        """broken: errors after which nothing can be committed any more."""
        self.tables = tables
        self.position = tables.position
        self.writes = Layer()
        self.layer = Layer()
        """Of the current unit."""
        self._rows = rows
        self._broken = broken
        self._facts: list[f.Logged] = []
        self._of_fragment: defaultdict[FragmentId | None, list[f.Logged]] = defaultdict(list)
        self._seen: dict[bytes, int] = {}
        self._watchers = 0
        self._probed = False

    @property
    def dirty(self) -> bool:
        """Whether there is anything to be written."""
        return self._probed or bool(self._facts or self.writes)

    def run(self, units: Sequence[f.Unit], rooms: Sequence[RoomFolds]) -> list[f.Result]:
        """Commits each unit, with those folds of the rooms that are registered for its facts."""
        self.tables.expect(units)
        views: Views = {}
        results = []
        for unit in units:
            results.append(self._commit(unit, rooms, views))  # noqa: PERF401 - a frame less
        return results

    def _commit(self, unit: f.Unit, rooms: Sequence[RoomFolds], views: "Views") -> f.Result:
        self.layer = Layer()
        keys = list(map(self.tables.secret.dedupe_key, unit.dedupe_keys))
        first = self.position + 1
        logged = list(map(f.Logged, count(first), unit.facts))
        try:
            refusal = self._refusal(unit, keys)
            if refusal is not None:
                return refusal
            self._fold(logged, rooms, views)
        except f.Exhausted as no:
            return f.Refused(no.what)
        except Exception as error:
            if ends(error, self._broken):
                raise
            return f.Failed(error)
        self._keep_layer()
        self._facts.extend(logged)
        for entry in logged:
            self._of_fragment[entry.fact.fragment].append(entry)
        self._seen.update(dict.fromkeys(keys, first))
        self.position += len(logged)
        return f.Committed(first)

    def _fold(self, logged: Sequence[f.Logged], rooms: Sequence[RoomFolds], views: "Views") -> None:
        for entry in logged:
            kind = type(entry.fact.body)
            for room in rooms:
                fold = room.folds.get(kind)
                if fold is not None:
                    view = views.get(room.room)
                    if view is None:
                        view = views[room.room] = FoldView(self, room)
                    view.position = entry.position
                    fold(view, entry)

    def fold_again(self, logged: f.Logged, rooms: Sequence[RoomFolds]) -> None:
        """A fact that is in the log already; if a current fold refuses it, nothing changes. Raises
        LoggedFactError if it fails."""
        self.layer = Layer()
        try:
            self._fold([logged], rooms, {})
        except f.Exhausted:
            return
        except Exception as error:
            if ends(error, self._broken) or isinstance(error, TuttuError):
                raise
            raise LoggedFactError(logged, error) from error
        self._keep_layer()

    def write(self, tables: frozenset[str], step: Callable[[f.Transaction], None]) -> None:
        """Writes that belong to no fact."""
        self.layer = Layer()
        step(FoldView(self, RoomFolds(room="refold", tables=tables, folds={})))
        self._keep_layer()

    def probe(self) -> None:
        """A write that changes nothing."""
        self._rows.probe()
        self._probed = True

    def save(self) -> None:
        """Durable when it returns; ends the transaction."""
        self._rows.commit(self.tables.encrypt(self.writes, self._facts, self._seen))
        self.tables.committed()

    @contextmanager
    def watched(self) -> Iterator[Layer]:
        """What is committed now; it stays so, whatever is committed meanwhile."""
        self._watchers += 1
        try:
            yield self.writes
        finally:
            self._watchers -= 1

    def logged(
        self, fragment: FragmentId | None, after: int, limit: int, through: int
    ) -> list[f.Logged]:
        """As `Reader.facts`. through: newer facts of this transaction are not seen."""
        stored = self.tables.position
        found = self.tables.logged(fragment, after, limit) if after < stored else []
        if through <= stored:
            return found
        mine = self._facts if fragment is None else self._of_fragment.get(fragment, [])
        newer = [each for each in mine if after < each.position <= through]
        if fragment is None:
            return found + [each for each in newer if each.position <= after + limit]
        return found + newer[: limit - len(found)]

    def version(self, table: str, key: bytes) -> int:
        """0 if there is no such record."""
        place = (table, key)
        write = self.layer.get(place) or self.writes.get(place)
        if write is not None:
            return 0 if write.plain is None else write.version
        return self.tables.version(table, key)

    def _keep_layer(self) -> None:
        if self._watchers:
            self.writes = self.writes.with_all(self.layer)
            return
        for place, write in self.layer.items():
            self.writes[place] = write

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


def ends(error: Exception, broken: tuple[type[Exception], ...]) -> bool:
    """Whether a transaction is over by an error, whatever was made of it on the way."""
    return isinstance(error, broken) or isinstance(error.__cause__, broken)


NO_ROOM = RoomFolds(room="", tables=frozenset(), folds={})


class FoldView:
    """The transaction as one room's folds see it."""

    def __init__(self, overlay: TransactionOverlay, room: RoomFolds) -> None:
        self.position = overlay.position
        self._overlay = overlay
        self._room = room

    def get(self, table: f.Table[T], key: bytes, *, watch: bool = True) -> T | None:  # noqa: ARG002
        place, overlay = (table.name, key), self._overlay
        write = overlay.layer.get(place) or overlay.writes.get(place)
        if write is not None:
            return None if write.plain is None else decode_record(table, write.plain)
        found = overlay.tables.get(table, key)
        return None if found is None else found[1]

    def get_many(self, table: f.Table[T], keys: Sequence[bytes]) -> list[T | None]:
        overlay = self._overlay
        return many(overlay.tables, (overlay.writes, overlay.layer), table, keys)

    def scan(self, table: f.Table[T], prefix: bytes = b"") -> Iterator[tuple[bytes, T]]:
        overlay = self._overlay
        return scanned(overlay.tables, (overlay.writes, overlay.layer), table, prefix)

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
            version = self._overlay.version(*place)
        self._overlay.layer[place] = Write(version, plain, table.personal)

    def facts(
        self, fragment: FragmentId | None = None, after: int = 0, limit: int = 1_000
    ) -> list[f.Logged]:
        """The log before this unit: a fold's own fact is its argument."""
        overlay = self._overlay
        return overlay.logged(fragment, after, limit, overlay.position)

    def fact(self, position: int) -> f.Logged | None:
        return next(iter(self.facts(after=position - 1, limit=1)), None)

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._overlay.tables.secret.pseudonym(namespace, value)


Views = dict[str, FoldView]
"""By name of the room."""
