"""The active version of a store kept in step with a project folder, at the start and afterwards."""

import threading
from collections.abc import Collection
from pathlib import Path

import msgspec

from tuttu import api, ledger, versions
from tuttu.catalog import Survey
from tuttu.storage import Store
from tuttu.versions import Activation, ActiveVersion, BackfillProgress, Report, no_report
from tuttu.vocabulary import conversion, errors, room, values
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.monotonic_clock import NotBefore, newest_moment, require_present

OPENING = "opening"


class Reloads:
    """Keeps the active version of one store in step with one project folder.

    opened: what the opening itself changed. filling: a backfill at work. failed: when and why the
    last reload failed, if it did.
    """

    def __init__(
        self,
        folder: Path,
        survey: Survey,
        rooms: room.Rooms,
        store: Store,
        clock: Clock,
        report: Report = no_report,
    ) -> None:
        """Activates what was read of the folder. Raises ProjectError, Unavailable."""
        self._folder = folder
        self._rooms = rooms
        self._store = store
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._stopped = threading.Event()
        self.filling: BackfillProgress | None = None
        self.failed: tuple[values.Instant, list[errors.Fault]] | None = None
        with versions.view(store, newest_moment) as seen:
            not_before = NotBefore(clock, seen.version)
        activation = versions.Activator(survey, rooms, store, not_before, OPENING).run(report)
        self.versions = ActiveVersion(store, rooms)
        self.opened = self._withdraw(activation, not_before)

    def reload(
        self, by: str, report: Report = no_report, removes: Collection[str] = ()
    ) -> api.ReloadAnswer:
        """Durable when it returns; live traffic continues meanwhile, by the active version.

        Raises ProjectError with every fault, and then the active version stays;
        AlreadyReloading, Unavailable.
        """
        if not self._one_at_a_time.acquire(blocking=False):
            raise errors.AlreadyReloading(
                "a reload is running already; ask again when it has ended"
            )
        try:
            return self._reload(by, report, removes)
        except errors.ProjectError as error:
            self.failed = (self._clock.now(), error.faults)
            raise
        finally:
            self.filling = None
            self._one_at_a_time.release()

    def rehearse(self) -> api.ReloadRehearsal:
        """What `reload` would do. Raises ProjectError with every fault."""
        return rehearsal(self._read(), self._rooms, self._store, self._clock)

    def interrupt(self) -> None:
        """Ends a backfill that is at work, between two of its commits."""
        self._stopped.set()

    def _reload(self, by: str, report: Report, removes: Collection[str]) -> api.ReloadAnswer:
        def note(progress: BackfillProgress) -> None:
            self.filling = progress
            if self._stopped.is_set():
                raise errors.Unavailable(
                    "the server stops; the backfill goes on when it starts again"
                )
            report(progress)

        require_present(self._clock, self.versions.newest.project.company.limits)
        survey = msgspec.structs.replace(self._read(), removes=frozenset(removes))
        activation = versions.Activator(
            survey, self._rooms, self._store, self._clock, by
        ).run(note)  # fmt: skip
        self.failed = None
        return self._withdraw(activation, self._clock)

    def _read(self) -> Survey:
        survey = versions.read_project(self._folder, self._rooms)
        faults = versions.another_store(self.versions.newest.project, survey.project)
        if faults:
            raise errors.ProjectError(faults)
        return survey

    def _withdraw(self, activation: Activation, clock: Clock) -> api.ReloadAnswer:
        """Withdraws what the version has no action for. clock: of these withdrawals."""
        now = clock.now()
        with versions.view(self._store, self.versions.at) as seen:
            project, queued = seen.version.project, list(ledger.queued(seen.snapshot))
        withdrawn = versions.withdraw(
            project, queued, lambda units: self.versions.commit(units, now), now
        )
        return api.ReloadAnswer(
            project_digest=activation.active.digest,
            before=activation.before,
            changed=activation.changed,
            since=conversion.format_instant(activation.active.since),
            filled=activation.filled,
            facts=activation.facts,
            unreadable=activation.unreadable,
            withdrawn=api.shown_withdrawals(withdrawn),
        )


def rehearsal(survey: Survey, rooms: room.Rooms, store: Store, clock: Clock) -> api.ReloadRehearsal:
    """What activating a version in a store would do."""
    found = versions.Activator(survey, rooms, store, clock, OPENING).rehearse()
    return api.ReloadRehearsal(
        project_digest=survey.project.digest,
        before=found.before,
        changed=found.changed,
        filled=found.filled if found.facts else 0,
        facts=found.facts,
        customers_before=found.people.before,
        customers_after=found.people.after,
        respelled=found.people.respelled,
        nobodies=found.people.nobodies,
        joined=found.people.joined,
        parted=found.people.parted,
        removes=list(found.removes),
    )
