"""The port that every store implements."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from tuttu.vocabulary import events, facts, room


class Snapshot(facts.Reader, Protocol):
    """A reader that records watched reads, so that a decision can list what it depends on."""

    @property
    def reads(self) -> facts.Reads:
        """Every watched read."""

    @property
    def unreadable(self) -> int:
        """Rows met so far that were left out, since their key is lost."""

    def untracked(self) -> facts.Reader:
        """The same state, for reading on which nothing will be committed: nothing is watched."""


class WriteTransaction(Snapshot, Protocol):
    """The newest state, under the write lock."""

    def commit(
        self, units: Sequence[facts.Unit], *, folds: Sequence[room.RoomFolds] | None = None
    ) -> list[facts.Result]:
        """As `Store.commit`, once; it ends the transaction, and the context is to be left."""


class Store(Protocol):
    """Tables and log. Safe to use from several threads."""

    @property
    def remote(self) -> bool:
        """Reached over a network: a call may take long, and others can be served meanwhile."""

    def register(self, folds: Sequence[room.RoomFolds]) -> None:
        """The rooms whose folds each commit runs, in order: of each room the fold registered for
        the type of the fact's body, which may write the room's own tables only."""

    def read(self) -> AbstractContextManager[Snapshot]:
        """One consistent snapshot, for as long as the context lasts."""

    def commit(
        self, units: Sequence[facts.Unit], *, folds: Sequence[room.RoomFolds] | None = None
    ) -> list[facts.Result]:
        """Append and fold; one result for each unit, in order. Durable when it returns.

        folds: instead of the registered ones, for a fact that says how state itself changes.
        Raises StoreUnavailableError if nothing could be kept, or if the outcome is not known: to be
        retried with the same dedupe keys.
        """

    def write(self) -> AbstractContextManager[WriteTransaction]:
        """Waits for the write lock; what was not committed at the end is rolled back. For a
        decision that had a conflict: all other writers wait meanwhile.

        Raises StoreUnavailableError.
        """

    def refold(
        self,
        folds: Sequence[room.RoomFolds],
        *,
        due: Callable[[facts.Reader], bool],
        then: tuple[frozenset[str], Callable[[facts.Transaction, int], None]],
    ) -> int | None:
        """Deletes every record and folds the whole log again, in one transaction; for state that
        an earlier version kept in another shape, or that rests on facts whose key is lost.

        due: called in that transaction with the current state; False, and no key lost since the
        log was folded last: nothing is done, and the result is None. then: what is written at the
        end, and into which tables. To it, and as the result, the number of facts that were left
        out, since their key is lost. All changes are held in memory.
        """

    def lost_keys(self) -> int:
        """Keys of fragments that were made, and have gone since the log was last folded whole."""

    def probe(self) -> None:
        """Writes a little, and changes nothing. Raises StoreUnavailableError if that cannot be."""

    def pseudonym(self, namespace: str, value: str) -> events.FragmentId: ...

    def scratch(self) -> "Store":
        """An empty store with the same pseudonyms, deleted when it is closed: for folding the log
        again."""

    def close(self) -> None: ...
