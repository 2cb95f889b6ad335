"""Server keys: 256 random bits, shown once, kept as their SHA-256 with a name and scopes."""

import hashlib
from collections.abc import Iterator

import msgspec

from tuttu.access.attempts import keep_attempt
from tuttu.vocabulary import events, facts, project, room

PREFIX = "tuttu_"
LOCAL_NAME = "local"
"""Name of callers on the project's own socket; no key may have it."""


class KeyRecord(msgspec.Struct, frozen=True):
    """A key that opens something, by the SHA-256 of its text."""

    name: str
    scopes: tuple[str, ...]


class KeyHolder(msgspec.Struct, frozen=True):
    """The caller, and what they may do."""

    name: str
    scopes: frozenset[str]


KEYS = facts.Table("engine.keys", KeyRecord)


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def folds(_project: project.Project) -> room.Folds:
    return {
        events.KeyIssued: _issue,
        events.KeyRevoked: _revoke,
        events.PersonLookedAt: keep_attempt,
    }


def _issue(transaction: facts.Transaction, logged: facts.Logged) -> None:
    body = logged.fact.body
    assert isinstance(body, events.KeyIssued)  # noqa: S101 - the fold gets no other
    transaction.put(KEYS, body.digest, KeyRecord(body.name, body.scopes))


def _revoke(transaction: facts.Transaction, logged: facts.Logged) -> None:
    body = logged.fact.body
    assert isinstance(body, events.KeyRevoked)  # noqa: S101 - the fold gets no other
    for digest, record in list(transaction.scan(KEYS)):
        if record.name == body.name:
            transaction.delete(KEYS, digest)


def holder_of(reader: facts.Reader, digest: bytes) -> KeyHolder | None:
    record = reader.get(KEYS, digest, watch=False)
    return None if record is None else KeyHolder(record.name, frozenset(record.scopes))


def holders(reader: facts.Reader) -> Iterator[tuple[bytes, KeyHolder]]:
    for digest, record in reader.scan(KEYS):
        yield digest, KeyHolder(record.name, frozenset(record.scopes))
