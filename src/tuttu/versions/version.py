"""One version of a project at work."""

from __future__ import annotations

import msgspec

from tuttu.content import Renderer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import RoomFolds, Rooms


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A project with all that is made of it once. position: of its activation in the log; 0: it
    was never activated."""

    project: Project
    rooms: Rooms
    renderer: Renderer
    folds: tuple[RoomFolds, ...]
    position: int = 0


def make_version(project: Project, rooms: Rooms, position: int = 0) -> Version:
    return Version(
        project=project,
        rooms=rooms,
        renderer=Renderer(project),
        folds=tuple(room.hearing(project) for room in rooms),
        position=position,
    )
