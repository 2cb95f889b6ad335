"""Every room's check of a project folder, told together."""

from __future__ import annotations

from pathlib import Path

from tuttu import catalog, content
from tuttu.vocabulary.errors import Fault, ProjectError
from tuttu.vocabulary.project import Project

TRAITS = frozenset({"traits.yaml", "events.yaml"})
"""Where the names that templates may print come from: with a fault there, they are not judged."""


def check(folder: Path) -> list[Fault]:
    """All faults, by file and line; those of scenarios and of message templates included."""
    project, faults = catalog.survey(folder)
    return sorted({*catalog.check(folder), *_of_templates(project, faults)})


def load_project(folder: Path) -> Project:
    """The project as a server runs it. Raises ProjectError with all faults."""
    project, faults = catalog.survey(folder)
    found = sorted({*faults, *_of_templates(project, faults)})
    if found:
        raise ProjectError(found)
    return project


def _of_templates(project: Project, faults: list[Fault]) -> list[Fault]:
    if TRAITS & {fault.where.file for fault in faults}:
        return []
    return content.check(project)
