"""Units over a store: what a fold reads and writes before anything is on disk.

A batch keeps its writes in memory, one layer for the batch and one for the unit at work; a unit
that falls loses its layer and nothing else. Only when all units are through does the store write
each changed record once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from tuttu.storage.ahead import FRAGMENT
from tuttu.storage.codec import decode_record, encode
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import (
    Committed,
    Conflict,
    Duplicate,
    Exhausted,
    Logged,
    Refused,
    Result,
    Table,
    Transaction,
    Unit,
)
from tuttu.vocabulary.room import RoomFolds

T = TypeVar("T")
Place = tuple[str, bytes]


class Base(Protocol):
    """What a batch needs of the store beneath it, inside the store's own transaction."""

    def load(self, table: str, key: bytes, *, personal: bool) -> tuple[int, bytes] | None:
        """Version and plain bytes of a record."""

    def load_range(
        self, table: str, prefix: bytes, *, personal: bool
    ) -> Iterator[tuple[bytes, bytes]]: ...

    def version(self, table: str, key: bytes) -> int:
        """0 if there is no such record."""

    def seen(self, key: bytes) -> int | None:
        """Position of the first fact that was committed under this `once` key."""

    def logged(self, fragment: FragmentId | None, after: int, limit: int) -> list[Logged]: ...

    def pseudonym(self, namespace: str, value: str) -> FragmentId: ...


class Write:
    """One changed record; plain None deletes it."""

    __slots__ = ("personal", "plain", "version")

    def __init__(self, version: int, plain: bytes | None, *, personal: bool) -> None:
        self.version = version
        self.plain = plain
        self.personal = personal


class Batch:
    """The units of one commit over one base."""

    def __init__(self, base: Base, folds: Sequence[RoomFolds], position: int) -> None:
        self.base = base
        self.position = position
        self.facts: list[Logged] = []
        self.writes: dict[Place, Write] = {}
        self.once: dict[bytes, int] = {}
        self._folds = folds
        self._heads: defaultdict[Place, set[Place]] = defaultdict(set)

    def run(self, unit: Unit) -> Result:
        refusal = self._refusal(unit)
        if refusal is not None:
            return refusal
        first = self.position + 1
        layer: dict[Place, Write] = {}
        logged = [Logged(position, fact) for position, fact in enumerate(unit.facts, first)]
        try:
            self._fold(logged, layer)
        except Exhausted as no:
            return Refused(no.what)
        self._keep(layer)
        self.facts.extend(logged)
        self.once.update(dict.fromkeys(unit.once, first))
        self.position += len(logged)
        return Committed(first)

    def again(self, logged: Logged) -> None:
        """Folds a fact that the log has already; what the present folds refuse changes nothing."""
        layer: dict[Place, Write] = {}
        with suppress(Exhausted):
            self._fold([logged], layer)
            self._keep(layer)

    def write(self, tables: frozenset[str], step: Callable[[Transaction], None]) -> None:
        """What is written for no fact."""
        layer: dict[Place, Write] = {}
        room = RoomFolds(room="refold", tables=tables, folds={})
        step(FoldView(self, layer, room, self.position))
        self._keep(layer)

    def _keep(self, layer: dict[Place, Write]) -> None:
        self.writes.update(layer)
        for name, key in layer:
            self._heads[name, key[:FRAGMENT]].add((name, key))

    def written(self, table: str, prefix: bytes) -> Iterator[tuple[bytes, Write]]:
        """Records of a table that units before changed, whose key begins with `prefix`."""
        whole = len(prefix) < FRAGMENT
        places = list(self.writes) if whole else self._heads.get((table, prefix[:FRAGMENT]), ())
        for name, key in places:
            if name == table and key.startswith(prefix):
                yield key, self.writes[name, key]

    def _refusal(self, unit: Unit) -> Result | None:
        for key in unit.once:
            position = self.once.get(key) or self.base.seen(key)
            if position is not None:
                return Duplicate(position)
        for table, key, version in unit.reads:
            if self.version(table, key) != version:
                return Conflict(table)
        return None

    def version(self, table: str, key: bytes) -> int:
        write = self.writes.get((table, key))
        if write is not None:
            return 0 if write.plain is None else write.version
        return self.base.version(table, key)

    def _fold(self, facts: Sequence[Logged], layer: dict[Place, Write]) -> None:
        """Each fact, by those rooms that hear it; a room sees its unit through one view."""
        views: dict[str, FoldView] = {}
        for logged in facts:
            heard = type(logged.fact.body)
            for room in self._folds:
                fold = room.folds.get(heard)
                if fold is not None:
                    view = views.get(room.room)
                    if view is None:
                        view = views[room.room] = FoldView(self, layer, room, logged.position)
                    view.position = logged.position
                    fold(view, logged)


class FoldView:
    """The transaction as one room's fold sees it."""

    def __init__(
        self, batch: Batch, layer: dict[Place, Write], room: RoomFolds, position: int
    ) -> None:
        self._batch = batch
        self._layer = layer
        self._room = room
        self.position = position

    def get(self, table: Table[T], key: bytes, *, watch: bool = True) -> T | None:  # noqa: ARG002
        write = self._written(table.name, key)
        if write is not None:
            return None if write.plain is None else decode_record(table, write.plain)
        found = self._batch.base.load(table.name, key, personal=table.personal)
        return None if found is None else decode_record(table, found[1])

    def scan(self, table: Table[T], prefix: bytes = b"") -> Iterator[tuple[bytes, T]]:
        stored = dict(self._batch.base.load_range(table.name, prefix, personal=table.personal))
        for key, write in (*self._batch.written(table.name, prefix), *self._changed(table, prefix)):
            if write.plain is None:
                stored.pop(key, None)
            else:
                stored[key] = write.plain
        for key in sorted(stored):
            yield key, decode_record(table, stored[key])

    def put(self, table: Table[T], key: bytes, value: T) -> None:
        version = self._version(table.name, key) if self._room.keep_versions else self.position
        self._write(table, key, encode(value), version)

    def delete(self, table: Table[Any], key: bytes) -> None:
        self._write(table, key, None, self.position)

    def facts(
        self, fragment: FragmentId | None = None, after: int = 0, limit: int = 1_000
    ) -> list[Logged]:
        """The log before this commit: a fold's own fact is its argument."""
        return self._batch.base.logged(fragment, after, limit)

    def fact(self, position: int) -> Logged:
        return self.facts(after=position - 1, limit=1)[0]

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._batch.base.pseudonym(namespace, value)

    def _changed(self, table: Table[Any], prefix: bytes) -> Iterator[tuple[bytes, Write]]:
        """The same of the unit at work."""
        for (name, key), write in self._layer.items():
            if name == table.name and key.startswith(prefix):
                yield key, write

    def _written(self, table: str, key: bytes) -> Write | None:
        return self._layer.get((table, key)) or self._batch.writes.get((table, key))

    def _version(self, table: str, key: bytes) -> int:
        write = self._layer.get((table, key))
        if write is not None:
            return 0 if write.plain is None else write.version
        return self._batch.version(table, key)

    def _write(self, table: Table[Any], key: bytes, plain: bytes | None, version: int) -> None:
        if table.name not in self._room.tables:
            raise PermissionError(f"room {self._room.room!r} wrote the table {table.name!r}")
        self._layer[table.name, key] = Write(version, plain, personal=table.personal)
