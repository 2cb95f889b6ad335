"""The port that every store implements."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from tuttu.vocabulary import events, facts, room

T = TypeVar("T")
Said_co = TypeVar("Said_co", covariant=True)


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
        """As `Store.commit`, once; then the context is to be left. Durable when it was."""


class Ticket(Protocol[Said_co]):
    """What became of a piece of work; to be asked when its tick is closed."""

    def result(self) -> Said_co:
        """Raises what the work raised, or StoreUnavailableError if what it committed or rests on
        could not be kept."""


class Tick(Protocol):
    """Work of one thread that shares one transaction and one sync. It has to be closed."""

    def add(self, work: Callable[[], T]) -> Ticket[T]:
        """Runs it. What it reads and commits in the store is the tick's: it sees what was
        committed before it, and so do those that follow; a unit that fails leaves no trace."""

    def close(self) -> Sequence[Ticket[Any]]:
        """All tickets, in the order in which they were added; what was committed is durable. If it
        cannot be kept, all of it is lost; work that was done before the first commit stands."""


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

    def tick(self) -> Tick:
        """A new one. Nothing of it is durable, or seen outside it, before it is closed."""

    def share(self, work: Callable[[], T], units: Sequence[facts.Unit] = ()) -> T:
        """What `work` returns, which commits: done in the tick that this thread is in, to be
        durable with it; else in one that all threads share who want to commit at this moment, and
        durable when it returns. In there nobody else writes: what conflicts can be decided again.

        units: those that it will try first, so that a store over a network reads what they rest
        on together with that of others.
        """

    def when_durable(self, do: Callable[[], None]) -> None:
        """What this thread has committed so far is to be remembered outside the store, too: done
        at once, or when its tick is closed, and never if that cannot be kept."""

    def commit(
        self, units: Sequence[facts.Unit], *, folds: Sequence[room.RoomFolds] | None = None
    ) -> list[facts.Result]:
        """Append and fold; one result for each unit, in order. Durable when it returns, or in a
        tick when that is closed.

        folds: instead of the registered ones, for a fact that says how state itself changes.
        Raises StoreUnavailableError if nothing could be kept, or if the outcome is not known: to be
        retried with the same dedupe keys.
        """

    def write(self) -> AbstractContextManager[WriteTransaction]:
        """Waits for the write lock; what was not committed at the end, or an error ended, is rolled
        back. All other writers wait meanwhile.

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
