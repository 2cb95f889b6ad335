"""The layer between rooms and a driver that encrypts on writing and decrypts on reading."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from tuttu.storage.compression import LONG, compress, decompress
from tuttu.storage.driver import Changes, RecordKey, Rows, StoredRecord
from tuttu.storage.encryption import Cipher, FragmentKeys, Secret, log_place, seal, unseal
from tuttu.storage.errors import LostKeyError
from tuttu.storage.prefetch import Prefetch
from tuttu.vocabulary.events import FRAGMENT_BYTES, FragmentId
from tuttu.vocabulary.facts import Fact, Logged, Table, Unit

T = TypeVar("T")

MOST_REMEMBERED = 10_000
"""Records that one transaction caches."""

ENCODER = msgspec.msgpack.Encoder()
_FACTS = msgspec.msgpack.Decoder(Fact)
_DECODERS: dict[str, msgspec.msgpack.Decoder[Any]] = {}
"""By table."""


class Write(msgspec.Struct, frozen=True):
    """One changed record; plain None deletes it."""

    version: int
    plain: bytes | None
    personal: bool


def decode_record(table: Table[T], plain: bytes) -> T:
    decoder = _DECODERS.get(table.name)
    if decoder is None:
        decoder = _DECODERS[table.name] = msgspec.msgpack.Decoder(table.type)
    record: T = decoder.decode(plain)
    return record


class OpenedRows(NamedTuple):
    """Rows of the log: those that can be read, the last position, whether there are no more."""

    facts: list[Logged]
    through: int
    is_last: bool


class EncryptedTables:
    """The tables and the log of a store inside one transaction of its driver."""

    def __init__(
        self, rows: Rows, secret: Secret, keys: FragmentKeys, prefetch: Prefetch | None = None
    ) -> None:
        """prefetch: for a store that is reached over a network."""
        self.position = rows.position
        self.unreadable = 0
        """Rows met so far whose key is lost."""
        self.secret = secret
        self._rows = rows
        self._keys = keys
        self._prefetch = prefetch
        self._met: set[FragmentId] = set()
        self._fresh: dict[FragmentId, tuple[Cipher, bytes]] = {}
        self._found: dict[RecordKey, StoredRecord | None] = {}
        self._known: dict[bytes, int | None] = {}

    def expect(self, units: Sequence[Unit]) -> None:
        """Over a network, reads in one query what the units will need one by one; once."""
        if self._prefetch is None:
            return
        read = ((table, key) for unit in units for table, key, _ in unit.reads)
        expected = (place for unit in units for place in unit.expects)
        asked = dict.fromkeys((*read, *expected))
        places = [place for place in asked if place not in self._found]
        if places:
            self._found.update(zip(places, self._rows.find(places), strict=True))
        hashed = {self.secret.dedupe_key(key): None for unit in units for key in unit.dedupe_keys}
        keys = [key for key in hashed if key not in self._known]
        if keys:
            self._known.update(dict.fromkeys(keys) | self._rows.known(keys))

    def version(self, table: str, key: bytes) -> int:
        """0 if there is no such record."""
        place = (table, key)
        found = self._found[place] if place in self._found else self._rows.record(table, key)
        return 0 if found is None else found[0]

    def get(self, table: Table[T], key: bytes) -> tuple[int, T | None] | None:
        """Version and record, a fresh object, or None for one whose key is lost. The state does
        not change during a transaction, so what was read is cached."""
        place, owner = (table.name, key), key[:FRAGMENT_BYTES] if table.personal else None
        if owner is not None and self._prefetch is not None:
            self._fetch_ahead(self._prefetch, owner, place)
        if place in self._found:
            found = self._found[place]
        else:
            found = self._rows.record(table.name, key)
            if len(self._found) < MOST_REMEMBERED:
                self._found[place] = found
        return self._record(table, key, found)

    def get_many(
        self, table: Table[T], keys: Sequence[bytes]
    ) -> Iterator[tuple[int, T | None] | None]:
        """The same of each key, in one query; nothing is cached."""
        found = self._rows.find([(table.name, key) for key in keys]) if keys else []
        for key, one in zip(keys, found, strict=True):
            record = self._record(table, key, one)
            yield record

    def _record(
        self, table: Table[T], key: bytes, found: StoredRecord | None
    ) -> tuple[int, T | None] | None:
        owner = key[:FRAGMENT_BYTES] if table.personal else None
        if found is None:
            return None
        plain = self._opened(owner, found[1], bound_to(table.name, key))
        return found[0], None if plain is None else decode_record(table, plain)

    def _fetch_ahead(self, prefetch: Prefetch, owner: FragmentId, place: RecordKey) -> None:
        """Reads in one query what is likely to be read of a person."""
        prefetch.note(*place)
        if owner not in self._met and len(self._found) < MOST_REMEMBERED:
            self._met.add(owner)
            places = [each for each in prefetch.places(owner) if each not in self._found]
            self._found.update(zip(places, self._rows.find(places), strict=True))

    def scan(self, table: Table[T], prefix: bytes) -> Iterator[tuple[bytes, T]]:
        for key, sealed in self._rows.records(table.name, prefix, after_prefix(prefix)):
            owner = key[:FRAGMENT_BYTES] if table.personal else None
            plain = self._opened(owner, sealed, bound_to(table.name, key))
            if plain is not None:
                yield key, decode_record(table, plain)

    def seen(self, hashed: bytes) -> int | None:
        """Position of the first fact that was committed under a dedupe key."""
        if hashed not in self._known:
            self._known[hashed] = self._rows.known([hashed]).get(hashed)
        return self._known[hashed]

    def logged(self, fragment: FragmentId | None, after: int, limit: int) -> list[Logged]:
        """Facts whose key is lost, as an erased person's are, are left out."""
        found: list[Logged] = []
        while True:
            read = self._read_log(fragment, after, limit - len(found))
            found += read.facts
            # Of the whole log, a page is a stretch of it: a stretch without a readable fact ends.
            if fragment is None or read.is_last or len(found) == limit:
                return found
            after = read.through

    def _read_log(self, fragment: FragmentId | None, after: int, limit: int) -> "OpenedRows":
        rows = list(self._rows.log(fragment, after, limit))
        found = []
        for position, owner, sealed in self._rows.log(fragment, after, limit):
            plain = self._opened(owner, sealed, log_place(position))
            if plain is not None:
                found.append(Logged(position, _FACTS.decode(decompress(plain))))
        return OpenedRows(found, rows[-1][0] if rows else after, len(rows) < limit)

    def encrypt(
        self, writes: Mapping[RecordKey, Write], facts: Iterable[Logged], seen: Mapping[bytes, int]
    ) -> Changes:
        """What a commit writes; makes the keys of fragments that are new."""
        puts, deletes, log = [], [], []
        for (table, key), write in writes.items():
            if write.plain is None:
                deletes.append((table, key))
            else:
                cipher = self._sealing(key[:FRAGMENT_BYTES] if write.personal else None)
                sealed = seal(cipher, write.plain, bound_to(table, key))
                puts.append((table, key, write.version, sealed))
        for entry in facts:
            owner, place = entry.fact.fragment, log_place(entry.position)
            plain = ENCODER.encode(entry.fact)
            kept = plain if len(plain) < LONG else compress(plain)
            sealed = seal(self._sealing(owner), kept, place)
            log.append((entry.position, owner, sealed))
        keys = [(fragment, wrapped) for fragment, (_, wrapped) in self._fresh.items()]
        return Changes(log, puts, deletes, [*seen.items()], keys)

    def committed(self) -> None:
        """The changes are committed: other transactions may use their keys."""
        for fragment, (cipher, _) in self._fresh.items():
            self._keys.remember(fragment, cipher)

    def _opened(self, owner: FragmentId | None, sealed: bytes, place: bytes) -> bytes | None:
        """None, and counted: its key is lost. Raises StoreCorruptError."""
        cipher = self._cipher(owner)
        if cipher is not None:
            try:
                return unseal(cipher, sealed, place)
            except LostKeyError:
                pass
        self.unreadable += 1
        return None

    def _cipher(self, owner: FragmentId | None) -> Cipher | None:
        """None: the key of an erased person, or of one who is new."""
        if owner is None:
            return self.secret.cipher
        if owner in self._fresh:
            return self._fresh[owner][0]
        return self._keys.known.get(owner) or self._keys.unwrap(owner, self._rows.wrapped(owner))

    def _sealing(self, owner: FragmentId | None) -> Cipher:
        cipher = self._cipher(owner)
        if cipher is None and owner is not None:
            self._fresh[owner] = self._keys.create(owner)
            cipher = self._fresh[owner][0]
        assert cipher is not None  # noqa: S101 - the store's own cipher is always there
        return cipher


def after_prefix(prefix: bytes) -> bytes | None:
    """The smallest key that is larger than every key with this prefix; None if there is none."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def bound_to(table: str, key: bytes) -> bytes:
    """The associated data of a record: moved elsewhere, it cannot be decrypted."""
    return table.encode() + b"\x00" + key
