"""From a project folder to a running engine."""

from __future__ import annotations

from pathlib import Path

from tuttu.engine.checking import load_project
from tuttu.engine.engine import Engine
from tuttu.storage import open_store
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.project import Project

SCRATCH = "sqlite::memory:"


def open_engine(folder: Path, *, clock: Clock, storage: str | None = None) -> Engine:
    """Load the project and open its store.

    storage: the URL of the store, else the one that the project declares.
    Raises ProjectError with every fault of the folder before anything is opened, and the errors of
    `storage.open_store`.
    """
    project = load_project(folder)
    return Engine(project, open_store(storage or project.company.storage, folder), clock)


def scratch_engine(project: Project, *, clock: Clock) -> Engine:
    """An engine over a store of its own, which is gone when the engine is closed.

    The store's secret follows from the project's salt: the same story gives the same answers.
    """
    salt = project.policy.controls.salt
    return Engine(project, open_store(SCRATCH, Path.cwd(), salt=salt), clock)
