"""A project folder read whole: what the catalog says of it, and what each room does."""

from pathlib import Path

from tuttu import catalog
from tuttu.catalog import Survey
from tuttu.decision import STAGE_NAMES
from tuttu.vocabulary import errors, project
from tuttu.vocabulary.room import Rooms

COLUMN_FILES = frozenset({"traits.yaml", "events.yaml"})
"""Files that declare the columns that rooms' checks read: they do not run if one has a fault."""


def check(folder: Path, rooms: Rooms) -> list[errors.Fault]:
    """All faults, by file and line; those of scenarios included."""
    survey = catalog.survey(folder, rooms)
    return sorted({*catalog.check(folder, rooms, STAGE_NAMES), *_faults(survey, rooms)})


def warnings(project: project.Project, rooms: Rooms) -> list[errors.Fault]:
    """What a project without faults probably does not mean, by file and line."""
    return sorted(each for room in rooms for each in room.warnings(project))


def read_project(folder: Path, rooms: Rooms) -> Survey:
    """The project as a server runs it, with the files that it was read from. Raises ProjectError
    with all faults."""
    survey = catalog.survey(folder, rooms)
    faults = _faults(survey, rooms)
    if faults:
        raise errors.ProjectError(faults)
    return survey


def _faults(survey: Survey, rooms: Rooms) -> list[errors.Fault]:
    found = set(survey.faults)
    if not COLUMN_FILES & {fault.where.file for fault in found}:
        found.update(fault for room in rooms for fault in room.check(survey.project))
    return sorted(found)


def another_store(before: project.Project, after: project.Project) -> list[errors.Fault]:
    """A running server keeps the store that it opened."""
    if before.company.storage == after.company.storage:
        return []
    # The URL itself may hold a password.
    expected = "the store that is open; stop the server and start it again to use another one"
    return [errors.Fault(errors.Where("tuttu.yaml", 1), "another `storage`", expected)]
