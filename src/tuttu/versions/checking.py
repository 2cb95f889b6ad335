"""Every room's check of a project folder, told together."""

from __future__ import annotations

from pathlib import Path

from tuttu import catalog, content
from tuttu.catalog import Survey
from tuttu.vocabulary.errors import Fault, ProjectError
from tuttu.vocabulary.project import Project

TRAITS = frozenset({"traits.yaml", "events.yaml"})
"""Where the names that templates may print come from: with a fault there, they are not judged."""


def check(folder: Path) -> list[Fault]:
    """All faults, by file and line; those of scenarios and of message templates included."""
    survey = catalog.survey(folder)
    return sorted({*catalog.check(folder), *_of_templates(survey.project, survey.faults)})


def load_project(folder: Path) -> Project:
    """The project as a server runs it. Raises ProjectError with all faults."""
    return read_project(folder).project


def read_project(folder: Path) -> Survey:
    """The same, together with the files that it was read from."""
    survey = catalog.survey(folder)
    found = sorted({*survey.faults, *_of_templates(survey.project, survey.faults)})
    if found:
        raise ProjectError(found)
    return survey


def _of_templates(project: Project, faults: list[Fault]) -> list[Fault]:
    if TRAITS & {fault.where.file for fault in faults}:
        return []
    return content.check(project)
