"""History told to what is declared anew, so that it knows all that the rest knows.

State is kept by *parts*, one for each definition. A store knows which parts hear every commit, and
through which position each other part has heard the log: nothing when it was never declared, and
as far as it was dropped when it comes back. A commit of `filling` tells some part more of the log
and says so in the same transaction: nothing is told twice, and a fill that was killed goes on
where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from tuttu import consent, ledger, profile
from tuttu.vocabulary.events import FragmentId, HistoryFolded, ProjectActivated
from tuttu.vocabulary.facts import Logged, Reader, Table, Transaction
from tuttu.vocabulary.history import Behind, Part
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Room, RoomFolds

T = TypeVar("T")

PAGE = 250
"""Facts that are read at once, and told in one commit beside live traffic."""
HERE = b""

ROOMS: Mapping[str, Room] = {room.name: room for room in (consent.ROOM, profile.ROOM, ledger.ROOM)}
"""Whose state rests on definitions; in the order of their folds."""

Parts = frozenset[tuple[str, Part]]
"""Room and part."""


class Heard(msgspec.Struct, frozen=True):
    """hearing: parts that hear every commit. through: of the others, what they have heard."""

    hearing: tuple[tuple[str, Part], ...] = ()
    through: tuple[tuple[str, Part, int], ...] = ()

    def of(self, wanted: Parts) -> dict[tuple[str, Part], int]:
        """Those of the wanted parts that have not heard all, and how far each has."""
        known = {(room, part): position for room, part, position in self.through}
        return {each: known.get(each, 0) for each in sorted(wanted - set(self.hearing))}


HEARD = Table("engine.heard", Heard)
"""One record."""


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """What one version of a project still has to hear. behind: by room."""

    project: Project
    wanted: Parts
    behind: Mapping[str, Behind]

    @property
    def start(self) -> int | None:
        """The log up to here is known to all; None: nothing is to be told."""
        return min((each.start for each in self.behind.values()), default=None)

    @property
    def parts(self) -> int:
        """How many definitions are filled."""
        return sum(len(each.through) for each in self.behind.values())

    def folds(self, through: Callable[[Logged], int]) -> list[RoomFolds]:
        """Of a commit that tells the log up to a position, which its own fact may say."""
        return [
            _telling(ROOMS[room].filling(self.project, behind), behind.start, through)
            for room, behind in self.behind.items()
        ]


def parts_of(project: Project) -> Parts:
    return frozenset((name, part) for name, room in ROOMS.items() for part in room.parts(project))


def heard(reader: Reader, *, watch: bool = True) -> Heard:
    return reader.get(HEARD, HERE, watch=watch) or Heard()


def fill_of(project: Project, kept: Heard) -> Fill:
    wanted = parts_of(project)
    late: dict[str, dict[Part, int]] = {}
    for (room, part), position in kept.of(wanted).items():
        late.setdefault(room, {})[part] = position
    behind = {room: Behind(late[room]) for room in ROOMS if room in late}
    return Fill(project=project, wanted=wanted, behind=behind)


def told(kept: Heard, fill: Fill, through: int) -> Heard:
    """After a commit that told the log up to a position."""
    known = {(room, part): position for room, part, position in kept.through}
    for each, position in kept.of(fill.wanted).items():
        known[each] = max(position, through)
    return Heard(kept.hearing, tuple((*each, known[each]) for each in sorted(known)))


def taken_over(kept: Heard, wanted: Parts, through: int) -> Heard:
    """After an activation: the wanted parts hear all; what is dropped has heard it so far."""
    known = {(room, part): position for room, part, position in kept.through}
    known.update(dict.fromkeys(set(kept.hearing) - wanted, through))
    rest = ((*each, known[each]) for each in sorted(known.keys() - wanted))
    return Heard(tuple(sorted(wanted)), tuple(rest))


def _telling(filling: RoomFolds, start: int, through: Callable[[Logged], int]) -> RoomFolds:
    def fold(transaction: Transaction, logged: Logged) -> None:
        unseen = _Unseen(transaction)
        for past in _history(transaction, start, through(logged)):
            fill = filling.folds.get(type(past.fact.body))
            if fill is not None:
                fill(unseen, past)

    folds = {HistoryFolded: fold, ProjectActivated: fold}
    return msgspec.structs.replace(filling, folds=folds)


class _Unseen:
    """A transaction that writes what only a version reads which does not hold yet: no decision in
    flight is void because of it."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @property
    def position(self) -> int:
        return self._transaction.position

    def get(self, table: Table[T], key: bytes, *, watch: bool = True) -> T | None:
        return self._transaction.get(table, key, watch=watch)

    def scan(self, table: Table[T], prefix: bytes = b"") -> Iterator[tuple[bytes, T]]:
        return self._transaction.scan(table, prefix)

    def facts(
        self, fragment: FragmentId | None = None, after: int = 0, limit: int = 1_000
    ) -> list[Logged]:
        return self._transaction.facts(fragment, after, limit)

    def fact(self, position: int) -> Logged:
        return self._transaction.fact(position)

    def pseudonym(self, namespace: str, value: str) -> FragmentId:
        return self._transaction.pseudonym(namespace, value)

    def put(self, table: Table[T], key: bytes, value: T, *, unseen: bool = True) -> None:
        self._transaction.put(table, key, value, unseen=unseen)

    def delete(self, table: Table[Any], key: bytes) -> None:
        self._transaction.delete(table, key)


def _history(reader: Reader, start: int, through: int) -> Iterator[Logged]:
    """By positions, not by what was found: what cannot be read any more is left out."""
    for after in range(start, through, PAGE):
        end = min(after + PAGE, through)
        found = reader.facts(after=after, limit=end - after)
        yield from (logged for logged in found if logged.position <= end)
