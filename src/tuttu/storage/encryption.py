"""Sealing: a key per fragment, so that erasing a person is the loss of a key.

Each fragment has a random key, kept wrapped by the store's master secret. A record is bound to its
place (table and key, or log position) as associated data: a sealed record moved elsewhere does not
open. AES-256-GCM with a random 96-bit nonce; layout: version byte, nonce, ciphertext with tag.
"""

import hashlib
import hmac
import os
from collections import OrderedDict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tuttu.storage.errors import StoreCorruptError
from tuttu.vocabulary.events import FRAGMENT_BYTES, FragmentId

VERSION = b"\x01"
NONCE = 12
KEY = 32
DEDUPE_KEY = 16
CACHED_KEYS = 100_000
CANARY = b"tuttu"
"""Kept sealed in every store: it opens with the store's own secret only."""


def seal(cipher: AESGCM, plain: bytes, place: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return VERSION + nonce + cipher.encrypt(nonce, plain, place)


def unseal(cipher: AESGCM, sealed: bytes, place: bytes) -> bytes:
    """Raises StoreCorruptError if the record was altered, moved, or sealed with another key."""
    try:
        return cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], place)
    except InvalidTag as error:
        raise StoreCorruptError(
            "a stored record does not open: found another key or altered bytes, expected the"
            " secret this store was written with; restore the file `secret` that belongs to it"
        ) from error


class Secret:
    """The master secret of a store: derives its sealing key and its hashing keys."""

    def __init__(self, master: bytes) -> None:
        self._hash_key = _derive(master, b"tuttu-pseudonym")
        self._dedupe_key = _derive(master, b"tuttu-once")
        self.cipher = AESGCM(_derive(master, b"tuttu-seal"))

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
        self.known: OrderedDict[FragmentId, AESGCM] = OrderedDict()
        self._secret = secret

    def unwrap(self, fragment: FragmentId, wrapped: bytes | None) -> AESGCM | None:
        """wrapped: the fragment's key as it is stored; None: it has none."""
        if wrapped is None:
            return None
        cipher = AESGCM(unseal(self._secret.cipher, wrapped, fragment))
        self.remember(fragment, cipher)
        return cipher

    def create(self, fragment: FragmentId) -> tuple[AESGCM, bytes]:
        """A new cipher and its wrapped key; to be remembered when it has been committed."""
        key = os.urandom(KEY)
        return AESGCM(key), seal(self._secret.cipher, key, fragment)

    def remember(self, fragment: FragmentId, cipher: AESGCM) -> None:
        self.known[fragment] = cipher
        if len(self.known) > CACHED_KEYS:
            self.known.popitem(last=False)
