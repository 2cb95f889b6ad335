"""The project folder read anew, at the start and while the engine runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from tuttu.api.answers import (
    FailedReload,
    FillingAnswer,
    ProjectAnswer,
    ReloadAnswer,
    WithdrawnContact,
    shown_fault,
)
from tuttu.catalog import Survey
from tuttu.engine.monotonic_clock import NotBefore, newest_moment
from tuttu.storage import Store
from tuttu.versions import history
from tuttu.versions.activation import Activating, Activation, Progress, quietly
from tuttu.versions.active_version import ActiveVersion
from tuttu.versions.checking import read_project
from tuttu.versions.compatibility import another_store
from tuttu.versions.withdrawal import withdraw_the_gone
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import AlreadyReloading, Fault, ProjectError, Unavailable
from tuttu.vocabulary.verdicts import Contact

OPENING = "opening"
Tell = Callable[[Progress], None]


class Reloading:
    """Keeps the active version of one store in step with one project folder."""

    def __init__(
        self, folder: Path, survey: Survey, store: Store, clock: Clock, tell: Tell = quietly
    ) -> None:
        """Activates what was read of the folder. Raises ProjectError, Unavailable."""
        self._folder = folder
        self._store = store
        self._clock = clock
        self._turn = threading.Lock()
        self._stopped = threading.Event()
        self._filling: Progress | None = None
        self._failed: FailedReload | None = None
        with store.read() as snapshot:
            late = NotBefore(clock, newest_moment(snapshot))
        activation = Activating(survey, store, late, OPENING).run(tell)
        self.present = ActiveVersion(store, clock)
        self.opened = self._settled(activation, late)
        """What the opening itself changed."""

    def reload(self, by: str, tell: Tell = quietly) -> ReloadAnswer:
        """Durable when it returns; live traffic goes on beside it, by the version that holds.

        Raises ProjectError with every fault, and then the version that holds goes on;
        AlreadyReloading, Unavailable.
        """
        if not self._turn.acquire(blocking=False):
            raise AlreadyReloading("a reload is running already; ask again when it has ended")
        try:
            return self._reloaded(by, tell)
        except ProjectError as error:
            self._failed = _failed(error.faults, format_instant(self._clock.now()))
            raise
        finally:
            self._filling = None
            self._turn.release()

    def interrupt(self) -> None:
        """Ends a fill that is at work, between two of its commits."""
        self._stopped.set()

    def shown(self) -> ProjectAnswer:
        """The active version, a fill at work, and the faults of the last reload if it failed."""
        with self._store.read() as snapshot:
            house = self.present.at(snapshot)
            active = history.active(snapshot)
        assert active is not None  # noqa: S101 - opening activated one
        filling = self._filling
        return ProjectAnswer(
            project=house.project.company.name,
            project_digest=active.digest,
            since=format_instant(active.since),
            by=active.by,
            filling=None if filling is None else _filling(filling),
            failed=self._failed,
        )

    def _reloaded(self, by: str, tell: Tell) -> ReloadAnswer:
        def note(progress: Progress) -> None:
            self._filling = progress
            if self._stopped.is_set():
                raise Unavailable("the server stops; the fill goes on when it starts again")
            tell(progress)

        survey = read_project(self._folder)
        faults = another_store(self.present.house.project, survey.project)
        if faults:
            raise ProjectError(faults)
        activation = Activating(survey, self._store, self._clock, by).run(note)
        self._failed = None
        return self._settled(activation, self._clock)

    def _settled(self, activation: Activation, clock: Clock) -> ReloadAnswer:
        with self._store.read() as snapshot:
            house = msgspec.structs.replace(self.present.at(snapshot), clock=clock)
        return _answer(activation, withdraw_the_gone(house))


def _answer(activation: Activation, withdrawn: list[Contact]) -> ReloadAnswer:
    return ReloadAnswer(
        project_digest=activation.active.digest,
        before=activation.before,
        changed=activation.changed,
        since=format_instant(activation.active.since),
        filled=activation.filled,
        facts=activation.facts,
        withdrawn=[
            WithdrawnContact(contact_id=each.id, action=each.action, treatment=each.treatment)
            for each in withdrawn
        ],
    )


def _filling(progress: Progress) -> FillingAnswer:
    return FillingAnswer(project_digest=progress.digest, done=progress.done, of=progress.of)


def _failed(faults: list[Fault], at: str) -> FailedReload:
    return FailedReload(at=at, faults=[shown_fault(fault) for fault in faults])
