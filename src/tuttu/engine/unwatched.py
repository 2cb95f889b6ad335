"""Reading for those who will commit nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Logged, Reader, Table

T = TypeVar("T")


class Unwatched:
    """A reader that remembers nothing of what was read: nothing will be committed on it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @property
    def position(self) -> int:
        return self._reader.position

    def get(self, table: Table[T], key: bytes, *, watch: bool = True) -> T | None:  # noqa: ARG002
        return self._reader.get(table, key, watch=False)

    def scan(self, table: Table[T], prefix: bytes = b"") -> Iterator[tuple[bytes, T]]:
        return self._reader.scan(table, prefix)

    def facts(
        self, fragment: FragmentId | None = None, after: int = 0, limit: int = 1_000
    ) -> list[Logged]:
        return self._reader.facts(fragment, after, limit)

    def fact(self, position: int) -> Logged:
        return self._reader.fact(position)

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._reader.pseudonym(namespace, value)
