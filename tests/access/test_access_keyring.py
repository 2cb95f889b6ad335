"""The keys of a store that this process alone owns: cached, and never older than what it wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from tests import builders as b

from tuttu import access
from tuttu.access import Keyring
from tuttu.vocabulary.events import KeyIssued
from tuttu.vocabulary.facts import Body, Reader


def test_a_key_that_was_revoked_during_a_reading_opens_nothing() -> None:
    """The revocation of another thread comes between the reading of one that issues and its end."""
    meanwhile: list[Callable[[], None]] = []
    numbers = count(1)
    with b.opened(b.EMPTY, access) as store:

        @contextmanager
        def read() -> Iterator[Reader]:
            with store.read() as reader:
                yield reader
            if meanwhile:
                meanwhile.pop()()

        def append(body: Body) -> None:
            b.commit(store, b.fact(store, body, id=f"{next(numbers)}"))
            if isinstance(body, KeyIssued) and body.name == "new":
                meanwhile.append(lambda: keyring.revoke("old"))

        keyring = Keyring(read, append, store.when_durable, shared=False)
        secret = keyring.issue("old", ("decide",))
        assert keyring.holder(secret) is not None
        keyring.issue("new", ("decide",))
        assert keyring.holder(secret) is None
        assert [name for name, _ in keyring.names()] == ["new"]
