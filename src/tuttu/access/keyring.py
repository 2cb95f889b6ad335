"""Issuing, revoking and recognising server keys."""

from __future__ import annotations

import secrets
from difflib import get_close_matches

from tuttu.access.keys import PREFIX, SCOPES, KeyHolder, digest_of, holder_of, holders
from tuttu.engine.house import House
from tuttu.vocabulary.errors import BadRequest, NotFound
from tuttu.vocabulary.events import KeyIssued, KeyRevoked

RANDOM_BYTES = 32


class Keyring:
    """The server keys of a house. Those of a store that has one owner change here alone, and are
    kept in mind; of a shared one another process may change them, and they are asked for."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._holders = self._read()

    def issue(self, name: str, scopes: tuple[str, ...]) -> str:
        """A new key; its text is returned here and never again. Raises BadRequest."""
        _check(name, scopes)
        if any(holder.name == name for holder in self._current().values()):
            raise BadRequest(
                f"a second key named {name!r}", "a new name, or revoke the old key first"
            )
        secret = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
        self._house.append(KeyIssued(name=name, digest=digest_of(secret), scopes=scopes))
        self._holders = self._read()
        return secret

    def revoke(self, name: str) -> None:
        if all(holder.name != name for holder in self._current().values()):
            raise NotFound(f"no key is named {name!r}")
        self._house.append(KeyRevoked(name=name))
        self._holders = self._read()

    def names(self) -> list[tuple[str, frozenset[str]]]:
        return sorted((holder.name, holder.scopes) for holder in self._current().values())

    def holder(self, secret: str) -> KeyHolder | None:
        """Found by hash, so the time it takes says nothing about the keys that exist."""
        if not self._house.store.remote:
            return self._holders.get(digest_of(secret))
        with self._house.store.read() as snapshot:
            return holder_of(snapshot, digest_of(secret))

    def _current(self) -> dict[bytes, KeyHolder]:
        if self._house.store.remote:
            self._holders = self._read()
        return self._holders

    def _read(self) -> dict[bytes, KeyHolder]:
        with self._house.store.read() as snapshot:
            return dict(holders(snapshot))


def _check(name: str, scopes: tuple[str, ...]) -> None:
    if not name.strip():
        raise BadRequest("a key without a name", "a name that says who uses the key")
    if not scopes:
        raise BadRequest("a key without scopes", f"one or more of: {', '.join(SCOPES)}")
    for scope in scopes:
        if scope not in SCOPES:
            near = get_close_matches(scope, SCOPES, 1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise BadRequest(f"the scope {scope!r}", f"one of: {', '.join(SCOPES)}{hint}")
