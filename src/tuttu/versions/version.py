"""One version of a project at work."""

from __future__ import annotations

import msgspec

from tuttu.content import Renderer
from tuttu.versions.history import Active
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import RoomFolds, Rooms


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A project with all that is made of it once. active: its activation; None: it never was."""

    project: Project
    rooms: Rooms
    renderer: Renderer
    folds: tuple[RoomFolds, ...]
    active: Active | None = None


def make_version(project: Project, rooms: Rooms, active: Active | None = None) -> Version:
    return Version(
        project=project,
        rooms=rooms,
        renderer=Renderer(project),
        folds=tuple(room.hearing(project) for room in rooms),
        active=active,
    )
