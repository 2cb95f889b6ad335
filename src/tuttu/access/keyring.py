"""Issuing, revoking and recognising server keys."""

import secrets
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from tuttu.access.keys import LOCAL_NAME, PREFIX, KeyHolder, digest_of, holder_of, holders
from tuttu.access.scopes import Scope
from tuttu.vocabulary import errors, events, facts

RANDOM_BYTES = 32


class Keyring:
    """The server keys of a store. If this process is the store's only owner they are cached; in a
    shared store another process may change them, so they are read each time."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[facts.Reader]],
        append: Callable[[facts.Body], object],
        when_durable: Callable[[Callable[[], None]], None],
        *,
        shared: bool,
    ) -> None:
        """when_durable: does something as soon as what was appended cannot be lost any more."""
        self._read = read
        self._append = append
        self._when_durable = when_durable
        self._shared = shared
        self._lock = threading.Lock()
        self._position, self._holders = 0, dict[bytes, KeyHolder]()
        self._refresh()

    def issue(self, name: str, scopes: tuple[str, ...]) -> str:
        """A new key; its text is returned here and never again. Raises BadRequest,
        ReservedName."""
        _check(name, scopes)
        if any(holder.name == name for holder in self._current().values()):
            raise errors.BadRequest(
                f"a second key named {name!r}", "a new name, or revoke the old key first"
            )
        secret = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
        self._append(events.KeyIssued(name=name, digest=digest_of(secret), scopes=scopes))
        self._refresh()
        return secret

    def revoke(self, name: str) -> None:
        """Raises NotFound."""
        if all(holder.name != name for holder in self._current().values()):
            raise errors.NotFound(f"no key is named {name!r}")
        self._append(events.KeyRevoked(name=name))
        self._refresh()

    def names(self) -> list[tuple[str, frozenset[str]]]:
        return sorted((holder.name, holder.scopes) for holder in self._current().values())

    def holder(self, secret: str) -> KeyHolder | None:
        """Found by hash, so the time it takes says nothing about the keys that exist."""
        if not self._shared:
            return self._holders.get(digest_of(secret))
        with self._read() as reader:
            return holder_of(reader, digest_of(secret))

    def _current(self) -> dict[bytes, KeyHolder]:
        """What was appended and may still be lost is among them."""
        with self._read() as reader:
            return dict(holders(reader))

    def _refresh(self) -> None:
        """The newest snapshot holds: another thread may revoke a key while this one reads."""
        with self._read() as reader:
            position, found = reader.position, dict(holders(reader))

        def remember() -> None:
            with self._lock:
                if self._position <= position:
                    self._position, self._holders = position, found

        self._when_durable(remember)


def _check(name: str, scopes: tuple[str, ...]) -> None:
    if name == LOCAL_NAME:
        raise errors.ReservedName(f"{name!r} names the project's own socket")
    if not name.strip():
        raise errors.BadRequest("a key without a name", "a name that says who uses the key")
    if not scopes:
        raise errors.BadRequest("a key without scopes", f"one or more of: {', '.join(Scope)}")
    for scope in scopes:
        if scope not in set(Scope):
            hint = errors.did_you_mean(scope, Scope)
            raise errors.BadRequest(f"the scope {scope!r}", f"one of: {', '.join(Scope)}{hint}")
