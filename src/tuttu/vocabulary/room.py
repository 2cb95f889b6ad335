"""A room as a record: all that the other packages need to know of it, in one place.

The list of rooms is in `engine.rooms`. Loading and activating a project, the digest and the wide
row iterate over that list, and know no room by name. Every field but the name has an empty default,
so that a room declares only what it does.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from tuttu.vocabulary.errors import Fault
from tuttu.vocabulary.facts import Fold, Reader, Table
from tuttu.vocabulary.history import Behind, Part
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant, Type, Value

Folds = Mapping[type[Any], Fold]
"""Type of a fact's body to the fold of such facts; it is called for no others."""


class RoomFolds(msgspec.Struct, frozen=True, kw_only=True):
    """One room's folds in one commit, and the tables that they may write.

    keep_versions: nothing reads yet what they write: a record keeps its version, and decisions
    that have read it do not conflict.
    """

    room: str
    tables: frozenset[str]
    folds: Folds
    keep_versions: bool = False


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """One room.

    tables: those that only its folds write. folds: of a project, by type of fact. parts: the names
    under which its state is kept, one for each definition; filler: the folds of facts of the log
    into parts that do not cover them yet. columns: of the wide row, for the project's expressions:
    called before those are read, with a project that has only company, channels, surfaces,
    resources, namespaces, purposes and messages. read: the values of these columns for one
    customer, before derived traits are computed. canonical: what it keeps of a customer, for the
    digest; whole: what belongs to no customer; None: nothing, and the digest leaves the room out.
    can_follow: incompatibilities of a version of the project with its predecessor. check: faults of
    a project that only this room can see. warnings: what works, and is probably not meant.
    """

    name: str
    tables: tuple[Table[Any], ...] = ()
    folds: Callable[[Project], Folds] = lambda _project: {}
    parts: Callable[[Project], frozenset[Part]] = lambda _project: frozenset()
    filler: Callable[[Project, Behind], Folds] = lambda _project, _behind: {}
    columns: Callable[[Project], Mapping[str, Type]] = lambda _project: {}
    read: Callable[[Reader, Customer, Project, Instant], Mapping[str, Value]] = lambda *_: {}
    canonical: Callable[[Reader, Customer, Project], object] = lambda *_: None
    whole: Callable[[Reader, Project], object] = lambda *_: None
    can_follow: Callable[[Project, Project], Iterable[Fault]] = lambda *_: ()
    check: Callable[[Project], list[Fault]] = lambda _project: []
    warnings: Callable[[Project], Iterable[Fault]] = lambda _project: ()

    def live_folds(self, project: Project) -> RoomFolds:
        """Its folds of a version, as a store registers them."""
        return RoomFolds(room=self.name, tables=self._written, folds=self.folds(project))

    def backfill_folds(self, project: Project, behind: Behind) -> RoomFolds:
        """The folds of a backfill's commit, into some of its parts."""
        return RoomFolds(room=self.name, tables=self._written, folds=self.filler(project, behind))

    @property
    def _written(self) -> frozenset[str]:
        return frozenset(table.name for table in self.tables)


Rooms = tuple[Room, ...]
