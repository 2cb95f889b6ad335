"""A project folder read whole: what the catalog says of it, and what each room does."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from tuttu import catalog
from tuttu.catalog import Survey
from tuttu.decision import STAGE_NAMES
from tuttu.vocabulary import errors, project
from tuttu.vocabulary.room import Rooms

READINGS = 3
"""How often a folder is read at most until it is the same twice."""


class Removal(NamedTuple):
    """A guard, limit, suppression, purpose or consent that a version does not have any more. name:
    the kind and its name, `guards.open case stops marketing`; file: where it was declared."""

    name: str
    file: str


COLUMN_FILES = frozenset({"traits.yaml", "events.yaml"})
"""Files that declare the columns that rooms' checks read: they do not run if one has a fault."""


def check(folder: Path, rooms: Rooms) -> Survey:
    """What a folder says, with all faults, by file and line; those of scenarios included."""
    survey = catalog.survey_all(folder, rooms, STAGE_NAMES)
    return msgspec.structs.replace(survey, faults=_faults(survey, rooms))


def warnings(project: project.Project, rooms: Rooms) -> list[errors.Fault]:
    """What a project without faults probably does not mean, by file and line."""
    return sorted(each for room in rooms for each in room.warnings(project))


def read_project(folder: Path, rooms: Rooms) -> Survey:
    """The project as a server runs it, with the files that it was read from: read twice, so that
    a folder which is being written is not taken. Raises ProjectError with all faults."""
    for _ in range(READINGS):
        survey = catalog.survey(folder, rooms)
        if catalog.is_still(folder, survey):
            break
    else:
        found = "files that change while they are read"
        expected = "a folder that nobody writes: put a finished one in its place, and try again"
        raise errors.ProjectError([errors.Fault(errors.Where(".", 1), found, expected)])
    faults = _faults(survey, rooms)
    if faults:
        raise errors.ProjectError(faults)
    return survey


def removed(before: project.Project, after: project.Project) -> list[Removal]:
    """What protects customers in the one version, and is not there in the other."""
    kept = {name for name, _ in _protections(after)}
    return [Removal(name, file) for name, file in _protections(before) if name not in kept]


def _protections(of: project.Project) -> Iterator[tuple[str, str]]:
    """Name, and the file that declares it."""
    policy = of.policy
    for kind, named in (
        ("guards", policy.guards),
        ("contact_limits", policy.contact_limits),
        ("suppressions", policy.suppressions),
    ):
        yield from ((f"{kind}.{each.name}", "policy.yaml") for each in named)
    yield from ((f"purposes.{name}", "consent.yaml") for name in of.purposes)
    for each in of.tracking.consent:
        said = (each.event, each.purpose, each.channel, "allowed" if each.allowed else "refused")
        yield f"consent.{'.'.join(part for part in said if part)}", "events.yaml"


def not_agreed(removals: Iterable[Removal], agreed: Collection[str]) -> list[errors.Fault]:
    """Each removal that nobody agreed to: its absence may as well be an accident."""
    return [
        errors.Fault(
            errors.Where(each.file, 1),
            f"no {each.name!r}, which the active version has",
            "it, or its name among what the change removes (--removes)",
        )
        for each in removals
        if each.name not in agreed
    ]


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
