"""From a project folder to a running engine."""

from __future__ import annotations

from pathlib import Path

from tuttu.engine.engine import Engine
from tuttu.engine.reloading import Reloading, Tell
from tuttu.storage import open_store, sweep
from tuttu.versions.activation import quietly
from tuttu.versions.active_version import OneVersion
from tuttu.versions.checking import read_project
from tuttu.versions.refold import renew
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.project import Project

SCRATCH = "sqlite::memory:"


def open_engine(
    folder: Path, *, clock: Clock, storage: str | None = None, tell: Tell = quietly
) -> Engine:
    """Load the project, open its store, and make the project's version the active one of it: what
    the store does not know of it yet is filled from the log.

    storage: the URL of the store, else the one that the project declares. tell: how far the fill
    is. Raises ProjectError with every fault of the folder before anything is opened, or for what
    cannot follow the version that the store ran before; and the errors of `storage.open_store`.
    """
    survey = read_project(folder)
    sweep()  # what a killed process of ours had exported
    store = open_store(storage or survey.project.company.storage, folder)
    try:
        renew(store, survey.project)
        reloading = Reloading(folder, survey, store, clock, tell)
        return Engine(reloading.present, store, clock, reloading)
    except BaseException:
        store.close()
        raise


def scratch_engine(project: Project, *, clock: Clock) -> Engine:
    """An engine over a store of its own, which is gone when the engine is closed.

    The store's secret follows from the project's salt: the same story gives the same answers.
    """
    salt = project.policy.controls.salt
    store = open_store(SCRATCH, Path.cwd(), salt=salt)
    return Engine(OneVersion(project, store, clock), store, clock)
