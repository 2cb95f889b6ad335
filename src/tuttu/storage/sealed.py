"""Between rooms and rows: everything that is stored is sealed, and opened again when it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tuttu.storage.ahead import FRAGMENT, ReadAhead
from tuttu.storage.codec import decode_fact, encode
from tuttu.storage.rows import Changes, Kept, Place, Rows
from tuttu.storage.seal import Keyring, Secret, seal, unseal
from tuttu.storage.transaction import Batch
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Logged, Unit

MOST_REMEMBERED = 10_000
"""Records that one transaction keeps at hand."""


class SealedTables:
    """The store's tables inside one transaction: `transaction.Base`."""

    def __init__(
        self, rows: Rows, secret: Secret, keyring: Keyring, ahead: ReadAhead | None = None
    ) -> None:
        """ahead: of a store that is far away."""
        self._rows = rows
        self._secret = secret
        self._keyring = keyring
        self._ahead = ahead
        self._met: set[FragmentId] = set()
        self._fresh: dict[FragmentId, tuple[AESGCM, bytes]] = {}
        self._found: dict[Place, Kept | None] = {}
        self._known: dict[bytes, int | None] = {}

    @property
    def position(self) -> int:
        return self._rows.position

    def expect(self, units: Sequence[Unit]) -> None:
        """Asks at once for what the units will be asked about one by one."""
        places = list({(table, key): None for unit in units for table, key, _ in unit.reads})
        if places:
            self._found.update(zip(places, self._rows.find(places), strict=True))
        keys = list({self._secret.once(key): None for unit in units for key in unit.once})
        if keys:
            self._known.update(dict.fromkeys(keys) | self._rows.known(keys))

    def version(self, table: str, key: bytes) -> int:
        found = self._kept(table, key)
        return 0 if found is None else found[0]

    def load(self, table: str, key: bytes, *, personal: bool) -> tuple[int, bytes] | None:
        owner = _owner(key, personal=personal)
        if owner is not None and self._ahead is not None:
            self._ahead.note(table, key)
            self._meet(owner, self._ahead)
        found = self._kept(table, key)
        if found is None:
            return None
        plain = self._open(owner, found[1], _place(table, key))
        return None if plain is None else (found[0], plain)

    def _kept(self, table: str, key: bytes) -> Kept | None:
        """The state of a transaction does not change under it: what was read once is known."""
        place = (table, key)
        if place in self._found:
            return self._found[place]
        found = self._rows.record(table, key)
        if len(self._found) < MOST_REMEMBERED:
            self._found[place] = found
        return found

    def _meet(self, owner: FragmentId, ahead: ReadAhead) -> None:
        """Asks at once for what is likely to be read of a person."""
        if owner not in self._met and len(self._found) < MOST_REMEMBERED:
            self._met.add(owner)
            places = [place for place in ahead.places(owner) if place not in self._found]
            self._found.update(zip(places, self._rows.find(places), strict=True))

    def load_range(
        self, table: str, prefix: bytes, *, personal: bool
    ) -> Iterator[tuple[bytes, bytes]]:
        for key, sealed in self._rows.records(table, prefix):
            plain = self._open(_owner(key, personal=personal), sealed, _place(table, key))
            if plain is not None:
                yield key, plain

    def seen(self, key: bytes) -> int | None:
        hashed = self._secret.once(key)
        if hashed not in self._known:
            self._known[hashed] = self._rows.known([hashed]).get(hashed)
        return self._known[hashed]

    def logged(self, fragment: FragmentId | None, after: int, limit: int) -> list[Logged]:
        """Facts of an erased fragment stay unreadable and are left out."""
        opened = (
            (position, self._open(owner, sealed, _log_place(position)))
            for position, owner, sealed in self._rows.log(fragment, after, limit)
        )
        return [Logged(at, decode_fact(plain)) for at, plain in opened if plain is not None]

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._secret.pseudonym(namespace, value)

    def changes(self, batch: Batch) -> Changes:
        """What the batch has changed; makes the keys of fragments that are new."""
        puts, deletes = [], []
        for (table, key), write in batch.writes.items():
            if write.plain is None:
                deletes.append((table, key))
            else:
                owner = _owner(key, personal=write.personal)
                sealed = self._seal(owner, write.plain, _place(table, key))
                puts.append((table, key, write.version, sealed))
        log = [
            (at, fact.fragment, self._seal(fact.fragment, encode(fact), _log_place(at)))
            for at, fact in ((entry.position, entry.fact) for entry in batch.facts)
        ]
        once = [(self._secret.once(key), position) for key, position in batch.once.items()]
        keys = [(fragment, wrapped) for fragment, (_, wrapped) in self._fresh.items()]
        return Changes(log, puts, deletes, once, keys)

    def settle(self) -> None:
        """The changes are in the store: their keys may be used by everybody."""
        for fragment, (cipher, _) in self._fresh.items():
            self._keyring.remember(fragment, cipher)

    def _seal(self, owner: FragmentId | None, plain: bytes, place: bytes) -> bytes:
        cipher = self._cipher(owner)
        if cipher is None and owner is not None:
            self._fresh[owner] = self._keyring.create(owner)
            cipher = self._fresh[owner][0]
        assert cipher is not None  # noqa: S101 - the store's own cipher is always there
        return seal(cipher, plain, place)

    def _open(self, owner: FragmentId | None, sealed: bytes, place: bytes) -> bytes | None:
        cipher = self._cipher(owner)
        return None if cipher is None else unseal(cipher, sealed, place)

    def _cipher(self, owner: FragmentId | None) -> AESGCM | None:
        if owner is None:
            return self._secret.cipher
        if owner in self._fresh:
            return self._fresh[owner][0]
        return self._keyring.cipher(owner, self._rows.wrapped)


def _owner(key: bytes, *, personal: bool) -> FragmentId | None:
    return key[:FRAGMENT] if personal else None


def _place(table: str, key: bytes) -> bytes:
    return table.encode() + b"\x00" + key


def _log_place(position: int) -> bytes:
    return b"log\x00" + position.to_bytes(8, "big")
