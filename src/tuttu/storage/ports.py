"""The port that every store fulfils."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from tuttu.vocabulary import events, facts, room


class Snapshot(facts.Reader, Protocol):
    """A reader that remembers what was watched, so that a decision can say what it rests on."""

    @property
    def reads(self) -> tuple[tuple[str, bytes, int], ...]:
        """(table, key, version) of every watched read; version 0: there was no record."""

    def untracked(self) -> facts.Reader:
        """The same state, for reading on which nothing will be committed: nothing is watched."""


class WriteTransaction(Snapshot, Protocol):
    """The newest state, which nobody else changes while it lasts."""

    def commit(
        self, units: Sequence[facts.Unit], *, folds: Sequence[room.RoomFolds] | None = None
    ) -> list[facts.Result]:
        """As `Store.commit`, once; the transaction is over then, and only to be left."""


class Store(Protocol):
    """Tables and log. Safe to use from several threads."""

    @property
    def remote(self) -> bool:
        """Asked over a network: an answer may take long, and others can be given meanwhile."""

    def register(self, folds: Sequence[room.RoomFolds]) -> None:
        """The rooms whose folds each commit runs, in order: of each room the one that hears the
        type of the fact's body, which may write the room's own tables only."""

    def read(self) -> AbstractContextManager[Snapshot]:
        """One consistent snapshot, for as long as the context lasts."""

    def commit(
        self, units: Sequence[facts.Unit], *, folds: Sequence[room.RoomFolds] | None = None
    ) -> list[facts.Result]:
        """Append and fold; one result for each unit, in order. Durable when it returns.

        folds: instead of the registered ones, for a fact that says how state itself changes.
        Raises StoreUnavailableError if nothing could be kept, or nobody knows whether it was: to be
        sent again, with the same dedupe keys.
        """

    def write(self) -> AbstractContextManager[WriteTransaction]:
        """Waits until nobody else writes; what was not committed when it ends is undone. For a
        decision that was overtaken: everybody who writes waits meanwhile.

        Raises StoreUnavailableError.
        """

    def refold(
        self,
        folds: Sequence[room.RoomFolds],
        *,
        due: Callable[[facts.Reader], bool],
        then: tuple[frozenset[str], Callable[[facts.Transaction], None]],
    ) -> bool:
        """Throws every record away and folds the whole log again, in one transaction; for state
        that an earlier version kept in another shape.

        due: asked in that transaction of the state that is there; False: nothing is done. then:
        what is written at the end, and into which tables. What changes is in memory meanwhile.
        """

    def probe(self) -> None:
        """Writes a little, and changes nothing. Raises StoreUnavailableError if that cannot be."""

    def pseudonym(self, namespace: str, value: str) -> events.FragmentId: ...

    def scratch(self) -> "Store":
        """An empty store in which people have the same pseudonyms, gone when it is closed: for
        folding the log again."""

    def close(self) -> None: ...
