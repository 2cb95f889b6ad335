"""Facts, and the protocol by which rooms fold them into state.

A room never calls another room's fold, and never writes another room's table: `versions` gives the
folds of every room, and `storage` runs them, in order, inside the transaction of the fact.
"""

import heapq
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from tuttu.vocabulary import events as e
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Receipt

Body = (
    e.Event
    | Receipt
    | e.TraitsRefused
    | e.Unmerge
    | e.LinkClaimed
    | e.LinksRead
    | e.LinksClosed
    | e.LinksSettled
    | e.PreferenceSet
    | e.ResourceSet
    | e.DeadLetter
    | e.DeadLetterClosed
    | e.KeyIssued
    | e.KeyRevoked
    | e.PersonLookedAt
    | e.ClockTurnedBack
    | e.ProjectActivated
    | e.HistoryFolded
    | e.ContactWithdrawn
)

T = TypeVar("T")

Pseudonym = Callable[[str, str], e.FragmentId]
"""Namespace and value to the keyed hash of an identifier."""
Reads = tuple[tuple[str, bytes, int], ...]
"""(table, key, version) of records that were read; version 0: there was none."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Any appended record.

    fragment: whose key encrypts the body; None: the store's own key. time: effective; received: by
    our clock. id: unique among facts (an event's messageId, a receipt's id, …).
    """

    id: str
    fragment: e.FragmentId | None
    time: Instant
    received: Instant
    body: Body


class Logged(msgspec.Struct, frozen=True):
    """A fact with its place in the log; positions grow, and are never reused."""

    position: int
    fact: Fact


class Table(msgspec.Struct, Generic[T], frozen=True):
    """A table of records by key, written by the one room whose record lists it.

    personal: every key begins with a fragment id, whose key encrypts the record. indexed_by_time
    and the like do not exist: a room that needs another order keeps another table.
    """

    name: str
    type: type[T]
    personal: bool = False


class Reader(Protocol):
    """One consistent snapshot of tables and log."""

    @property
    def position(self) -> int:
        """Of the newest fact; 0 for an empty log."""

    def get(self, table: Table[T], key: bytes, *, watch: bool = True) -> T | None:
        """The record, a fresh object. Watched: a decision that read it conflicts if it changes."""

    def get_many(self, table: Table[T], keys: Sequence[bytes]) -> list[T | None]:
        """The record at each key, in one query. Never watched."""

    def scan(self, table: Table[T], prefix: bytes = b"") -> Iterator[tuple[bytes, T]]:
        """Records whose key begins with `prefix`, in the order of keys. Never watched."""

    def facts(
        self, fragment: e.FragmentId | None = None, after: int = 0, limit: int = 1_000
    ) -> list[Logged]:
        """Facts after a position, oldest first: what can be read of the next `limit` positions;
        with `fragment`, of that fragment only, the next `limit` that can be read."""

    def fact(self, position: int) -> Logged | None:
        """None: it can no longer be read, since the key of its fragment is lost."""

    def pseudonym(self, namespace: str, value: str) -> e.FragmentId:
        """Keyed hash of an identifier: the same for the life of the store, useless without it."""


PAGE = 250
"""Facts of a stretch of the log that are in memory at once."""


def facts_between(reader: Reader, after: int, through: int) -> Iterator[Logged]:
    """A stretch of the log, oldest first. By position, not by count: facts that can no longer be
    read are left out, and a page of nothing else does not end it."""
    for start in range(after, through, PAGE):
        end = min(start + PAGE, through)
        found = reader.facts(after=start, limit=end - start)
        yield from (logged for logged in found if logged.position <= end)


def by_time(
    reader: Reader, fragments: Collection[e.FragmentId], behind: int, limit: int
) -> list[Logged]:
    """The first facts of these fragments by when they happened, behind the one at the position
    `behind`; from the first one on if that is none of theirs. At the same moment by when they came,
    so that what tuttu did stands behind what it was asked."""
    at = reader.facts(after=behind - 1, limit=1) if behind > 0 else []
    edges = [
        _moment(one) for one in at if one.position == behind and one.fact.fragment in fragments
    ]
    everything = chain.from_iterable(_facts_of(reader, each) for each in fragments)
    later = (one for one in everything if not edges or _moment(one) > edges[0])
    return heapq.nsmallest(limit, later, key=_moment)


def _moment(logged: Logged) -> tuple[Instant, int]:
    return logged.fact.time, logged.position


def _facts_of(reader: Reader, fragment: e.FragmentId) -> Iterator[Logged]:
    after = 0
    while found := reader.facts(fragment, after, PAGE):
        yield from found
        after = found[-1].position


class Transaction(Reader, Protocol):
    """What a fold sees: reads see the writes before it; it may write its own room's tables."""

    def put(self, table: Table[T], key: bytes, value: T) -> None: ...

    def delete(self, table: Table[Any], key: bytes) -> None: ...


class Fold(Protocol):
    """A room's pure step from state and fact to state. Raises `Exhausted` to refuse the unit."""

    def __call__(self, transaction: Transaction, logged: Logged) -> None: ...


class Exhausted(Exception):  # noqa: N818 - a refusal, not a mistake
    """A claim that no longer fits: the whole unit is refused, and nothing of it is kept."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Check(Protocol):
    """Asked once, under the lock of the writers, of the state before the unit."""

    def __call__(self, reader: Reader) -> str | None:
        """Why the unit is refused; None: it is not."""


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed or refused as a whole: one event or one decision.

    dedupe_keys: of which none may ever have been committed before (dedupe, idempotency). reads:
    versions that must be unchanged, as `Snapshot.reads` of storage gives them. expects: table and
    key of records that its folds will read, so that a store over a network reads those of all
    units at once. unless: refuses it; a log that is folded again is not asked.
    """

    facts: tuple[Fact, ...]
    dedupe_keys: tuple[bytes, ...] = ()
    reads: Reads = ()
    expects: tuple[tuple[str, bytes], ...] = ()
    unless: Check | None = None


class Committed(msgspec.Struct, frozen=True):
    """The unit is committed; position of its first fact."""

    position: int


class Duplicate(msgspec.Struct, frozen=True):
    """Seen before under the same dedupe key; position of the first fact then."""

    position: int


class Conflict(msgspec.Struct, frozen=True):
    """Something that it read has changed: read and decide again."""

    table: str


class Refused(msgspec.Struct, frozen=True):
    """A claim did not fit (`Exhausted`)."""

    what: str


class Failed(msgspec.Struct, frozen=True):
    """A fold failed unforeseen, which is our mistake: nothing of the unit is kept."""

    error: Exception


Result = Committed | Duplicate | Conflict | Refused | Failed


def sound(results: Sequence[Result]) -> list[Result]:
    """The same; raises the error of the first one that failed."""
    for result in results:
        if isinstance(result, Failed):
            raise result.error
    return list(results)
