"""A loaded version of a project, and a snapshot in which it is active: what a use case works on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

import msgspec

from tuttu.content import Renderer
from tuttu.storage import Snapshot, Store, WriteTransaction
from tuttu.versions.history import Active
from tuttu.vocabulary.facts import Reader, Result, Unit, sound
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import RoomFolds, Rooms


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A project with all that is made of it once. active: its activation; None: it never was.
    contributing: the rooms that have columns in its rows."""

    project: Project
    rooms: Rooms
    contributing: Rooms
    renderer: Renderer
    folds: tuple[RoomFolds, ...]
    active: Active | None = None


def make_version(project: Project, rooms: Rooms, active: Active | None = None) -> Version:
    return Version(
        project=project,
        rooms=rooms,
        contributing=tuple(room for room in rooms if room.columns(project)),
        renderer=Renderer(project),
        folds=tuple(room.live_folds(project) for room in rooms),
        active=active,
    )


V = TypeVar("V")


class View(msgspec.Struct, Generic[V], frozen=True):
    """A snapshot, and the version that was found in it."""

    version: V
    snapshot: Snapshot
    transaction: WriteTransaction | None = None
    """Of an exclusive view: the snapshot itself, on which can be committed."""

    def commit(self, units: Sequence[Unit], folds: Sequence[RoomFolds]) -> list[Result]:
        """The end of an exclusive view. Raises our own mistake, if a fold failed."""
        assert self.transaction is not None  # noqa: S101 - nothing can be committed on another
        return sound(self.transaction.commit(units, folds=folds))


@contextmanager
def view(
    store: Store, choose: Callable[[Reader], V], *, exclusive: bool = False
) -> Iterator[View[V]]:
    """One snapshot, and the version that `choose` finds in it: opened together here and nowhere
    else, so that no request reads the state of one version by the rules of another.

    exclusive: the newest state; everybody who writes waits meanwhile. Raises Unavailable.
    """
    if exclusive:
        with store.write() as transaction:
            yield View(choose(transaction), transaction, transaction)
    else:
        with store.read() as snapshot:
            yield View(choose(snapshot), snapshot)
