"""The driver interface: rows as they are stored, inside one transaction, without their meaning.

Everything above it (encryption, folds, versions, dedupe keys) is written once, for every database.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from tuttu.storage.encryption import Secret

LogRow = tuple[int, bytes | None, bytes]
"""Position, fragment, sealed fact."""

RecordKey = tuple[str, bytes]
"""Table and key."""

StoredRecord = tuple[int, bytes]
"""Version and sealed record."""

Unlock = Callable[[bool], Secret]
"""unlock(fresh): the secret of the store; a fresh store may still get one."""


class Changes(NamedTuple):
    """What one commit writes, sealed.

    puts: table, key, version, sealed record. dedupe_keys: keyed hash, position. keys: fragment,
    wrapped key.
    """

    log: Sequence[LogRow]
    puts: Sequence[tuple[str, bytes, int, bytes]]
    deletes: Sequence[tuple[str, bytes]]
    dedupe_keys: Sequence[tuple[bytes, int]]
    keys: Sequence[tuple[bytes, bytes]]


class Rows(Protocol):
    """One consistent state of the store."""

    @property
    def position(self) -> int:
        """Of the newest fact; 0 for an empty log."""

    def record(self, table: str, key: bytes) -> StoredRecord | None: ...

    def find(self, places: Sequence[RecordKey]) -> list[StoredRecord | None]:
        """The row at each place, in one query."""

    def records(self, table: str, first: bytes, end: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        """Key and sealed record, in the order of keys (by byte), from the first key on and before
        the end; None: to the last."""

    def known(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """The positions of those dedupe keys that exist, in one query."""

    def log(self, fragment: bytes | None, after: int, limit: int) -> Iterable[LogRow]: ...

    def wrapped(self, fragment: bytes) -> bytes | None: ...

    def lost_keys(self) -> int:
        """Keys that were made, less those that are there."""


class WriteRows(Rows, Protocol):
    """The newest state, under the write lock."""

    def probe(self) -> None:
        """Writes an existing row unchanged: a probe of whether the database takes writes."""

    def drop_records(self) -> None:
        """Removes every record; the log and all else stay. Keys that are lost are forgotten."""

    def commit(self, changes: Changes) -> None:
        """Writes all changes; durable when it returns; ends the transaction."""


class Driver(Protocol):
    """One database. Safe to use from several threads."""

    remote: bool

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What rows may raise inside a transaction: it cannot go on then."""

    def prepare(self, unlock: Unlock) -> Secret:
        """Makes the tables of a fresh store, brings older ones up to date, tries the secret.

        Raises StoreCorruptError, StoreUnavailableError.
        """

    def reading(self) -> AbstractContextManager[Rows]: ...

    def writing(self) -> AbstractContextManager[WriteRows]:
        """Whatever was not committed when the context ends is rolled back."""

    def close(self) -> None: ...
