"""Sealing: a key per fragment, so that erasing a person is the loss of a key.

Each fragment has a random key, kept wrapped by the store's master secret. A record is bound to its
place (table and key, or log position) as associated data: a sealed record moved elsewhere does not
open. AES-256-GCM with a random 96-bit nonce; layout: head, nonce, ciphertext with tag.

A fragment whose key is lost gets another one when something new is said of it. So that what the
lost key sealed can be told from what was altered, the head names the key: a version byte, the
beginning of the fragment, and the beginning of a hash of the key. Keys that were made before heads
named them, and the store's own, have the version byte alone.
"""

import hashlib
import hmac
import os
from collections import OrderedDict

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tuttu.storage.errors import LostKeyError, StoreCorruptError
from tuttu.vocabulary.events import FRAGMENT_BYTES, FragmentId

NAMELESS, NAMED = b"\x01", b"\x02"
"""Versions of the head."""
OWNER = NAME = 4
"""Bytes of the fragment, and of the key's hash, in a head."""
NONCE = 12
KEY = 32
DEDUPE_KEY = 16
CACHED_KEYS = 100_000
CANARY = b"tuttu"
"""Kept sealed in every store: it opens with the store's own secret only."""


class Cipher(msgspec.Struct, frozen=True):
    """A key, and the head of what it seals."""

    aead: AESGCM
    head: bytes = NAMELESS


def seal(cipher: Cipher, plain: bytes, place: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return cipher.head + nonce + cipher.aead.encrypt(nonce, plain, place)


def unseal(cipher: Cipher, sealed: bytes, place: bytes) -> bytes:
    """Raises LostKeyError if an earlier key of the same fragment sealed it, StoreCorruptError if
    it was altered or moved."""
    head = cipher.head
    nonce = sealed[len(head) : len(head) + NONCE]
    try:
        plain = cipher.aead.decrypt(nonce, sealed[len(head) + NONCE :], place)
    except (InvalidTag, ValueError) as error:
        if _is_of_a_lost_key(sealed, head):
            raise LostKeyError("its key is lost") from error
    else:
        if sealed.startswith(head):
            return plain
    raise StoreCorruptError(
        f"a stored record does not open: found another key or altered bytes at {_shown(place)},"
        " expected the secret this store was written with; restore the file `secret` that belongs"
        " to it, or the store from your backup"
    )


def _is_of_a_lost_key(sealed: bytes, head: bytes) -> bool:
    """Whether it says that it was sealed for the same fragment, but not with this key."""
    if not head.startswith(NAMED) or sealed.startswith(head):
        return False
    owner = head[: len(NAMED) + OWNER]
    return sealed.startswith((NAMELESS, owner))


def _shown(place: bytes) -> str:
    """Where a record is, without anything that is said of a person: of a key, the fragment."""
    table, _, key = place.partition(b"\x00")
    if table == LOG:
        return f"log position {int.from_bytes(key, 'big')}"
    if not key:
        return table.decode("ascii", "replace")
    return f"{table.decode('ascii', 'replace')} {key[:FRAGMENT_BYTES].hex()}"


LOG = b"log"
KEYS = b"fragment_keys"


def log_place(position: int) -> bytes:
    return LOG + b"\x00" + position.to_bytes(8, "big")


class Secret:
    """The master secret of a store: derives its sealing key and its hashing keys."""

    def __init__(self, master: bytes) -> None:
        self._hash_key = _derive(master, b"tuttu-pseudonym")
        self._dedupe_key = _derive(master, b"tuttu-once")
        self.cipher = Cipher(AESGCM(_derive(master, b"tuttu-seal")))

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        """The beginning of HMAC-SHA-256 over namespace and value, without ambiguity."""
        message = f"{len(namespace)}:{namespace}{value}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._hash_key, message, "sha256")[:FRAGMENT_BYTES]

    def dedupe_key(self, key: bytes) -> bytes:
        """A dedupe key as it is kept: what it was made of cannot be guessed from the raw file."""
        return hmac.digest(self._dedupe_key, key, "sha256")[:DEDUPE_KEY]


def _derive(master: bytes, use: bytes) -> bytes:
    return hashlib.blake2b(master, person=use, digest_size=KEY).digest()


class FragmentKeys:
    """Ciphers of fragments, unwrapped on demand and kept in memory; shared by all transactions."""

    def __init__(self, secret: Secret) -> None:
        self.known: OrderedDict[FragmentId, Cipher] = OrderedDict()
        self._secret = secret

    def unwrap(self, fragment: FragmentId, wrapped: bytes | None) -> Cipher | None:
        """wrapped: the fragment's key as it is stored; None: it has none."""
        if wrapped is None:
            return None
        if wrapped.startswith(NAMED):
            key = unseal(self._secret.cipher, wrapped[len(NAMED) :], _key_place(fragment))
            cipher = Cipher(AESGCM(key), _head(fragment, key))
        else:
            cipher = Cipher(AESGCM(unseal(self._secret.cipher, wrapped, fragment)))
        self.remember(fragment, cipher)
        return cipher

    def create(self, fragment: FragmentId) -> tuple[Cipher, bytes]:
        """A new cipher and its wrapped key; to be remembered when it has been committed."""
        key = os.urandom(KEY)
        wrapped = NAMED + seal(self._secret.cipher, key, _key_place(fragment))
        return Cipher(AESGCM(key), _head(fragment, key)), wrapped

    def remember(self, fragment: FragmentId, cipher: Cipher) -> None:
        self.known[fragment] = cipher
        if len(self.known) > CACHED_KEYS:
            self.known.popitem(last=False)


def _head(fragment: FragmentId, key: bytes) -> bytes:
    name = hashlib.blake2b(key, person=b"tuttu-key-name", digest_size=NAME).digest()
    return NAMED + fragment[:OWNER] + name


def _key_place(fragment: FragmentId) -> bytes:
    return KEYS + b"\x00" + fragment
