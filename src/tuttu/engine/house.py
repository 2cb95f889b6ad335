"""The rooms of one company, built once and handed to whoever answers a door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import msgspec

from tuttu import consent, identity, intake, ledger, profile
from tuttu.access import keys
from tuttu.content import Renderer
from tuttu.decision import receipts
from tuttu.storage import Store, StoreUnavailableError, Turn
from tuttu.versions import history
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.errors import Unavailable
from tuttu.vocabulary.events import (
    FragmentId,
    KeyIssued,
    KeyRevoked,
    PersonLookedAt,
    ProjectActivated,
)
from tuttu.vocabulary.facts import Body, Fact, Reader, Result, Unit
from tuttu.vocabulary.ids import new_id
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Room, RoomFolds
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Receipt


class Present(Protocol):
    """Which version holds now; see `present`."""

    def at(self, reader: Reader) -> House:
        """The version that is active in a snapshot."""

    def commit(self, units: Sequence[Unit]) -> list[Result]:
        """Folded by the version that holds when they are committed."""

    def commit_in(self, turn: Turn, units: Sequence[Unit]) -> list[Result]:
        """The same in a turn, which sees that version."""


class House(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a project over one store. activated: log position; 0: it never was."""

    project: Project
    store: Store
    clock: Clock
    renderer: Renderer
    folds: Sequence[RoomFolds]
    present: Present
    activated: int = 0

    def now(self) -> Instant:
        return self.clock.now()

    def at(self, reader: Reader) -> House:
        """The house of the version that is active in a snapshot: to be asked of each snapshot
        before anything is read from it."""
        return self.present.at(reader)

    def commit(self, units: Sequence[Unit]) -> list[Result]:
        """Raises Unavailable; then nothing was kept, or nobody knows (see `Store.commit`)."""
        with retrying():
            return self.present.commit(units)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """A turn of the store, of which `commit_in` makes the end. Raises Unavailable."""
        with retrying(), self.store.turn() as turn:
            yield turn

    def commit_in(self, turn: Turn, units: Sequence[Unit]) -> list[Result]:
        return self.present.commit_in(turn, units)

    def append(self, body: Body, fragment: FragmentId | None = None) -> Result:
        """One fact of our own making, at the present moment."""
        return self.commit([Unit(facts=(self.fact(body, fragment),))])[0]

    def looked(self, person: Customer, by: str, what: str) -> None:
        """Somebody read what is known of a person: that is known of him too."""
        self.append(PersonLookedAt(by=by, what=what), person.oldest)

    def fact(self, body: Body, fragment: FragmentId | None = None) -> Fact:
        now = self.now()
        return Fact(id=new_id(), fragment=fragment, time=now, received=now, body=body)


@contextmanager
def retrying() -> Iterator[None]:
    """A store that is away is told as the engine tells it."""
    try:
        yield
    except StoreUnavailableError as error:
        raise Unavailable(str(error)) from error


ROOMS = (
    identity.ROOM,
    consent.ROOM,
    profile.ROOM,
    ledger.ROOM,
    intake.ROOM,
    Room(
        name="access",
        tables=(keys.KEYS,),
        folds=lambda _project: {KeyIssued: keys.fold, KeyRevoked: keys.fold},
    ),
    Room(
        name="decision",
        tables=(receipts.RECEIPTS,),
        folds=lambda _project: {Receipt: receipts.fold},
    ),
    Room(
        name="versions",
        tables=(history.VERSIONS,),
        folds=lambda _project: {ProjectActivated: history.fold},
    ),
)
"""In the order in which state rests on state."""


def folds_of(project: Project) -> list[RoomFolds]:
    """What each room hears in a commit."""
    return [room.hearing(project) for room in ROOMS]
