"""Query parameters, and the shapes of keys and of the digest."""

from typing import Annotated

import msgspec

from tuttu.access import Scope

Limit = Annotated[int, msgspec.Meta(ge=1, le=1_000, description="at most this many")]


class NoQuery(msgspec.Struct):
    """A route without query parameters; those that a proxy adds are ignored."""


class TimelineQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Page of a timeline: entries after a log position."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1, description="a log position")] = 0
    limit: Limit = 100


class DeadLettersQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Page of the dead letters: those after one id."""

    after: Annotated[str, msgspec.Meta(description="id of the last one seen")] | None = None
    limit: Limit = 100


class FunnelQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Which surfaces, and at what moment."""

    surfaces: Annotated[str, msgspec.Meta(description="names, separated by commas; else all")] = ""
    at: Annotated[str, msgspec.Meta(description="ISO 8601; else now")] | None = None


class KeyRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key to be issued: who holds it, and what it may do."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1)]


class KeyAnswer(msgspec.Struct, kw_only=True):
    """A key as it is kept; the secret is not."""

    name: str
    scopes: list[str]


class IssuedKeyAnswer(msgspec.Struct, kw_only=True):
    """A new key. `key` is the secret: shown now, and never again."""

    name: str
    scopes: list[str]
    key: str


class DigestAnswer(msgspec.Struct, kw_only=True):
    """SHA-256 over the state of all customers, in canonical order, as hex. unreadable: records
    that were left out, since the key of their fragment is lost."""

    digest: str
    unreadable: int = 0
