"""A version and the snapshot in which it holds: what a use case works on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

import msgspec

from tuttu.storage import Snapshot, Store, WriteTransaction
from tuttu.vocabulary.facts import Reader, Result, Unit
from tuttu.vocabulary.room import RoomFolds

V = TypeVar("V")


class View(msgspec.Struct, Generic[V], frozen=True):
    """A snapshot, and the version that was found in it."""

    version: V
    snapshot: Snapshot
    transaction: WriteTransaction | None = None
    """Of an exclusive view: the snapshot itself, on which can be committed."""

    def commit(
        self, units: Sequence[Unit], folds: Sequence[RoomFolds] | None = None
    ) -> list[Result]:
        """The end of an exclusive view."""
        assert self.transaction is not None  # noqa: S101 - nothing can be committed on another
        return self.transaction.commit(units, folds=folds)


@contextmanager
def view(
    store: Store, choose: Callable[[Reader], V], *, exclusive: bool = False
) -> Iterator[View[V]]:
    """One snapshot, and the version that `choose` finds in it: opened together here and nowhere
    else, so that no request reads one version's state by another one's rules.

    exclusive: the newest state; everybody who writes waits meanwhile. Raises Unavailable.
    """
    if exclusive:
        with store.write() as transaction:
            yield View(choose(transaction), transaction, transaction)
    else:
        with store.read() as snapshot:
            yield View(choose(snapshot), snapshot)
