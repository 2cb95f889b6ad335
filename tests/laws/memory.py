"""Records in memory: what a fold reads of them, and the bytes that a store would keep."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Logged, Table

T = TypeVar("T")


def pseudonym(namespace: str, value: str) -> FragmentId:
    """The same in every run, so that what is kept can be compared from run to run."""
    return hashlib.blake2b(f"{namespace}\0{value}".encode(), digest_size=16).digest()


class Memory:
    """A transaction over plain dicts. read: what was read since it was last emptied, each with its
    bytes at the time. tables: name to key to bytes."""

    def __init__(self) -> None:
        self.position = 0
        self.tables: dict[str, dict[bytes, bytes]] = {}
        self.read: list[tuple[object, bytes]] = []

    def get(self, table: Table[T], key: bytes, *, watch: bool = True) -> T | None:
        plain = self.tables.get(table.name, {}).get(key)
        return None if plain is None else self._decoded(table, plain)

    def get_many(self, table: Table[T], keys: Sequence[bytes]) -> list[T | None]:
        return [self.get(table, key) for key in keys]

    def scan(self, table: Table[T], prefix: bytes = b"") -> Iterator[tuple[bytes, T]]:
        records = self.tables.get(table.name, {})
        for key in sorted(key for key in records if key.startswith(prefix)):
            yield key, self._decoded(table, records[key])

    def put(self, table: Table[T], key: bytes, value: T) -> None:
        self.tables.setdefault(table.name, {})[key] = msgspec.msgpack.encode(value)

    def delete(self, table: Table[Any], key: bytes) -> None:
        self.tables.get(table.name, {}).pop(key, None)

    def facts(
        self,
        fragment: FragmentId | None = None,
        after: int = 0,
        limit: int = 1_000,
    ) -> list[Logged]:
        return []

    def fact(self, position: int) -> Logged:
        raise LookupError(position)

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return pseudonym(namespace, value)

    def digests(self) -> dict[str, str]:
        """Table to the start of a SHA-256 of its keys and bytes."""
        return {
            name: hashlib.sha256(repr(sorted(records.items())).encode()).hexdigest()[:16]
            for name, records in sorted(self.tables.items())
            if records
        }

    def _decoded(self, table: Table[T], plain: bytes) -> T:
        record: T = msgspec.msgpack.decode(plain, type=table.type)
        self.read.append((record, plain))
        return record
