"""Server keys: 256 random bits, shown once, kept as their SHA-256 with a name and scopes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from tuttu.vocabulary.events import KeyIssued, KeyRevoked
from tuttu.vocabulary.facts import Logged, Reader, Table, Transaction
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Folds

PREFIX = "tuttu_"
LOCAL_NAME = "local"
"""Under which those ask who may open the project's own socket; no key may have it."""


class KeyRecord(msgspec.Struct, frozen=True):
    """A key that opens something, by the SHA-256 of its text."""

    name: str
    scopes: tuple[str, ...]


class KeyHolder(msgspec.Struct, frozen=True):
    """Who is asking, and what they may do."""

    name: str
    scopes: frozenset[str]


KEYS = Table("engine.keys", KeyRecord)


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def folds(_project: Project) -> Folds:
    return {KeyIssued: _issue, KeyRevoked: _revoke}


def _issue(transaction: Transaction, logged: Logged) -> None:
    body = logged.fact.body
    assert isinstance(body, KeyIssued)  # noqa: S101 - the fold hears no other
    transaction.put(KEYS, body.digest, KeyRecord(body.name, body.scopes))


def _revoke(transaction: Transaction, logged: Logged) -> None:
    body = logged.fact.body
    assert isinstance(body, KeyRevoked)  # noqa: S101 - the fold hears no other
    for digest, record in list(transaction.scan(KEYS)):
        if record.name == body.name:
            transaction.delete(KEYS, digest)


def holder_of(reader: Reader, digest: bytes) -> KeyHolder | None:
    record = reader.get(KEYS, digest, watch=False)
    return None if record is None else KeyHolder(record.name, frozenset(record.scopes))


def holders(reader: Reader) -> Iterator[tuple[bytes, KeyHolder]]:
    for digest, record in reader.scan(KEYS):
        yield digest, KeyHolder(record.name, frozenset(record.scopes))
