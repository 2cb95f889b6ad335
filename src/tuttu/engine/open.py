"""From a project folder to a running engine."""

from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import msgspec

from tuttu import api, decision, versions
from tuttu.catalog import Survey
from tuttu.engine.links import settle
from tuttu.engine.reloads import Reloads, rehearsal
from tuttu.engine.rooms import ROOMS
from tuttu.engine.runtime import Runtime
from tuttu.storage import MEMORY, open_store, sweep
from tuttu.versions import FixedVersion, Report, no_report
from tuttu.versions.refold import refold
from tuttu.vocabulary import errors, room
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.project import Project


def open_engine(
    folder: Path,
    *,
    clock: Clock,
    storage: str | None = None,
    report: Report = no_report,
    rooms: room.Rooms = ROOMS,
    removes: Collection[str] = (),
) -> Runtime:
    """Load the project, open its store, and make the project's version the active one of it: what
    the store does not know of it yet is backfilled from the log.

    storage: the URL of the store, else the one that the project declares. report: how far the
    backfill is. rooms: all of them. removes: names of guards, contact limits, suppressions,
    purposes and consents that the folder lacks on purpose. Raises ProjectError with every fault of
    the folder before anything is opened, or for what cannot follow the version that the store ran
    before; and the errors of `storage.open_store`.
    """
    survey = versions.read_project(folder, rooms)
    survey = msgspec.structs.replace(survey, removes=frozenset(removes))
    sweep()  # what a killed process of ours had exported or folded again
    store = open_store(storage or survey.project.company.storage, folder)
    try:
        refolded = refold(store, survey.project, rooms)
        reloads = Reloads(folder, survey, rooms, store, clock, report)
        runtime = Runtime(store, clock, reloads.versions, reloads)
        runtime.refolded = refolded
        settle(runtime)  # what a killed process of ours had begun
        return runtime
    except BaseException:
        store.close()
        raise


def rehearse_opening(
    folder: Path, *, clock: Clock, storage: str | None = None, rooms: room.Rooms = ROOMS
) -> api.ReloadRehearsal:
    """What opening the engine would change in the store. Raises as `open_engine`."""
    survey = versions.read_project(folder, rooms)
    with closing(open_store(storage or survey.project.company.storage, folder)) as store:
        return rehearsal(survey, rooms, store, clock)


def scratch_engine(project: Project, *, clock: Clock, rooms: room.Rooms = ROOMS) -> Runtime:
    """An engine over a scratch store, which is deleted when the engine is closed.

    The store's secret follows from the project's salt: the same scenario gives the same answers.
    """
    salt = project.policy.controls.salt
    store = open_store(MEMORY, Path.cwd(), salt=salt)
    return Runtime(store, clock, FixedVersion(project, rooms, store))


def warnings(project: Project) -> list[errors.Fault]:
    """What a project without faults probably does not mean."""
    return versions.warnings(project, ROOMS)


def costs(project: Project) -> list[api.ShownCost]:
    """What of it makes decisions and events dear."""
    return api.shown_costs(decision.costs(project))


def load_project(folder: Path) -> Project:
    """The project as a server runs it. Raises ProjectError with all faults."""
    return versions.read_project(folder, ROOMS).project


def check(folder: Path) -> Survey:
    """The project, and all faults, by file and line; those of scenarios and of message templates
    included. With a fault, the project is not whole."""
    return versions.check(folder, ROOMS)
