"""The engine: one object that answers every door."""

from __future__ import annotations

from tuttu.access.keyring import Keyring
from tuttu.access.keys import KeyHolder
from tuttu.api.answers import (
    ClockAnswer,
    ClockRequest,
    CustomerAnswer,
    DeadLetterAnswer,
    DeadLettersAnswer,
    DecideAnswer,
    DecideRequest,
    DecisionAnswer,
    ExplainAnswer,
    ExplainRequest,
    HealthAnswer,
    PreferencesAnswer,
    PreferencesRequest,
    ProjectAnswer,
    ReloadAnswer,
    ReplayAnswer,
    ResourceAnswer,
    ResourceRequest,
    TimelineAnswer,
    UnmergeAnswer,
    UnmergeRequest,
    Who,
)
from tuttu.batch import digest as digests
from tuttu.batch import replay
from tuttu.batch.funnel import Funnel, funnel
from tuttu.batch.verify import Progress, Runs, Verification
from tuttu.engine import calls, deciding, explaining, people, resources, unmerging
from tuttu.engine.calls import AcceptOutcome
from tuttu.engine.house import House
from tuttu.engine.reloading import Reloading, Tell
from tuttu.storage import Store, StoreUnavailableError
from tuttu.versions.activation import quietly
from tuttu.versions.active_version import ActiveVersion, OneVersion
from tuttu.vocabulary.clock import Clock, ManualClock
from tuttu.vocabulary.conversion import format_instant, parse_instant
from tuttu.vocabulary.errors import BadRequest, Unavailable
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant


class Engine:
    """Safe to use from several threads. `by` is the name of the key that asks."""

    def __init__(
        self,
        present: OneVersion | ActiveVersion,
        store: Store,
        clock: Clock,
        reloading: Reloading | None = None,
    ) -> None:
        self.store = store
        self._clock = clock
        self._present = present
        self._reloading = reloading
        self._keyring = Keyring(self._house)
        self._unauthenticated = 0
        self._runs = Runs()

    @property
    def _house(self) -> House:
        return self._present.house

    def _latest(self) -> Project:
        """The version that is active in the store at this moment."""
        with self.store.read() as snapshot:
            return self._present.at(snapshot).project

    @property
    def project(self) -> Project:
        """The version that holds, as far as this process knows."""
        return self._house.project

    @property
    def remote(self) -> bool:
        """The store is asked over a network: see `Store.remote`."""
        return self.store.remote

    # What senders send

    def accept(self, route: str, body: bytes, encoding: str | None, sender: str) -> AcceptOutcome:
        return calls.accept(self._house, route, body, encoding, sender)

    def note_unauthenticated(self) -> None:
        """Of senders without a key only their number is kept."""
        self._unauthenticated += 1

    def dead_letters(self, after: str | None = None, limit: int = 100) -> DeadLettersAnswer:
        return calls.dead_letters(self._house, after, limit, self._unauthenticated)

    def dead_letter(self, letter_id: str) -> DeadLetterAnswer:
        return calls.dead_letter(self._house, letter_id)

    def repair(self, letter_id: str, body: bytes, by: str) -> AcceptOutcome:
        return calls.repair(self._house, letter_id, body, by)

    def send_again(self, letter_id: str, by: str) -> AcceptOutcome:
        return calls.repair(self._house, letter_id, None, by)

    def drop(self, letter_id: str, by: str) -> None:
        calls.drop(self._house, letter_id, by)

    # What is decided

    def decide(self, request: DecideRequest, *, idempotency: bytes | None = None) -> DecideAnswer:
        return deciding.decide(self._house, request, idempotency)

    def explain(self, request: ExplainRequest, by: str) -> ExplainAnswer:
        return explaining.explain(self._house, request, by)

    def decision(self, decision_id: str, by: str) -> DecisionAnswer:
        return deciding.decision_of(self._house, decision_id, by)

    def funnel(self, surfaces: tuple[str, ...] = (), at: str | None = None) -> Funnel:
        """All customers through all stages, as a dry run. Raises BadRequest."""
        now = self.now() if at is None else parse_instant(at)
        if now is None:
            raise BadRequest(f"the moment {at!r}", "ISO 8601, as 2026-03-01T09:00:00Z")
        return funnel(self._latest(), self.store, now, surfaces=surfaces)

    def verify(self, progress: Progress = lambda _said: None) -> Verification:
        """Everybody judged row by row and in DuckDB over an export that is gone afterwards, and
        the two compared. Raises ExportError, InterruptedRunError."""
        return self._runs.verify(self._latest(), self.store, self.now(), progress)

    def interrupt(self) -> None:
        """Ends batch work that other threads are at, and lets none begin: we are about to close."""
        self._runs.interrupt()
        if self._reloading is not None:
            self._reloading.interrupt()

    # Who it is about

    def customer(self, who: Who, by: str) -> CustomerAnswer:
        return people.customer(self._house, who, by)

    def timeline(self, who: Who, by: str, after: int = 0, limit: int = 100) -> TimelineAnswer:
        return people.timeline(self._house, who, by, after, limit)

    def preferences(self, who: Who, by: str) -> PreferencesAnswer:
        return people.preferences(self._house, who, by)

    def set_preferences(self, who: Who, request: PreferencesRequest, by: str) -> PreferencesAnswer:
        return people.set_preferences(self._house, who, request, by)

    def unmerge(self, request: UnmergeRequest, by: str) -> UnmergeAnswer:
        return unmerging.unmerge(self._house, request, by)

    # What there is of it

    def resources(self) -> list[ResourceAnswer]:
        return resources.resources(self._house)

    def resource(self, name: str) -> ResourceAnswer:
        return resources.resource(self._house, name)

    def set_resource(self, name: str, request: ResourceRequest, by: str) -> ResourceAnswer:
        return resources.set_resource(self._house, name, request, by)

    # Who may ask

    def issue_key(self, name: str, scopes: tuple[str, ...]) -> str:
        return self._keyring.issue(name, scopes)

    def revoke_key(self, name: str) -> None:
        self._keyring.revoke(name)

    def keys(self) -> list[tuple[str, frozenset[str]]]:
        return self._keyring.names()

    def key(self, secret: str) -> KeyHolder | None:
        return self._keyring.holder(secret)

    # How it runs

    def now(self) -> Instant:
        return self._clock.now()

    @property
    def clock_is_manual(self) -> bool:
        return isinstance(self._clock, ManualClock)

    def clock(self) -> ClockAnswer:
        return ClockAnswer(now=format_instant(self.now()), manual=self.clock_is_manual)

    def set_clock(self, request: ClockRequest) -> ClockAnswer:
        """Moves a manual clock on; time never goes back. Raises BadRequest."""
        if not isinstance(self._clock, ManualClock):
            raise BadRequest("a server on the system's clock", "one started with --clock manual")
        now = parse_instant(request.now)
        if now is None:
            raise BadRequest(f"the time {request.now!r}", "ISO 8601, as 2026-03-01T09:00:00Z")
        if now < self.now():
            present = format_instant(self.now())
            raise BadRequest(
                f"the time {request.now!r}", f"{present} or later: it does not go back"
            )
        self._clock.set(now)
        return self.clock()

    def health(self) -> HealthAnswer:
        company = self.project.company
        return HealthAnswer(status="ok", project=company.name, project_digest=self.project.digest)

    def ready(self) -> HealthAnswer:
        """Raises Unavailable when the store cannot be read and written."""
        try:
            with self.store.read() as snapshot:
                self._present.at(snapshot)
            self.store.probe()
        except StoreUnavailableError as error:
            raise Unavailable(str(error)) from error
        return self.health()

    def reload(self, by: str, tell: Tell = quietly) -> ReloadAnswer:
        """The project folder read anew. Raises ProjectError with its faults, AlreadyReloading."""
        return self._folder.reload(by, tell)

    def version(self) -> ProjectAnswer:
        """Which version of the project holds, and how the last reload went."""
        return self._folder.shown()

    @property
    def opened(self) -> ReloadAnswer:
        """What the opening changed."""
        return self._folder.opened

    @property
    def _folder(self) -> Reloading:
        if self._reloading is None:
            raise BadRequest("an engine that was made of no project folder", "one that was")
        return self._reloading

    def digest(self) -> str:
        with self.store.read() as snapshot:
            return digests.digest(snapshot, self._present.at(snapshot).project)

    def replay(self) -> ReplayAnswer:
        """The whole log folded anew in a scratch store, compared with what is kept."""
        return replay.replay(self._house)

    def close(self) -> None:
        self.store.close()
