"""Making a version of the project the active one.

What it declares for the first time is backfilled from the log first, page by page between the
commits of live traffic; the last page and the activation are one commit, so that no event is
missed in between. A version that has faults, or that needs state which the log cannot give, is not
activated: the active one stays.
"""

from collections.abc import Callable, Sequence

import msgspec

from tuttu import catalog, identity
from tuttu.catalog import Survey
from tuttu.decision import judged_ways
from tuttu.storage import Snapshot, Store
from tuttu.versions import backfill, history, loading
from tuttu.versions.backfill import Backfill, Coverage
from tuttu.versions.version import view
from tuttu.vocabulary import errors, events, ids
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.facts import (
    Body,
    Committed,
    Fact,
    Logged,
    Reads,
    Result,
    Transaction,
    Unit,
    sound,
)
from tuttu.vocabulary.room import RoomFolds, Rooms


class BackfillProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A running backfill: the log position it has reached, and the last one."""

    digest: str
    done: int
    of: int


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome. before: the previously active version; changed: another one is active now.
    filled: how many definitions were backfilled, from how many facts; unreadable: how many of
    these were left out, since their key is lost."""

    active: history.Active
    before: str | None
    changed: bool
    filled: int = 0
    facts: int = 0
    unreadable: int = 0


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What an activation would do. before: the active version, if there is one. filled, facts: as
    of an activation. people: what becomes of customers. removes: what would have to be agreed to.
    """

    before: str | None
    changed: bool
    filled: int
    facts: int
    people: identity.IdentityChange
    removes: tuple[str, ...] = ()


Report = Callable[[BackfillProgress], None]


def no_report(_: BackfillProgress) -> None:
    """Nobody watches."""


class Activator:
    """The activation of one version in a store."""

    def __init__(
        self, survey: Survey, rooms: Rooms, store: Store, clock: Clock, by: str, *, page: int = 0
    ) -> None:
        """page: facts of one commit of a backfill, for which live traffic waits; 2 or more, since
        each commit adds a fact of its own. 0: `backfill.PAGE`."""
        self._page = page or backfill.PAGE
        self._survey = survey
        self._project = survey.project
        self._rooms = rooms
        self._store = store
        self._clock = clock
        self._by = by
        self._follows: str | None = None
        self._filled = 0
        self._facts = 0
        self._unreadable = 0

    def run(self, report: Report = no_report) -> Activation:
        """Durable when it returns. Raises ProjectError for what cannot follow the active version,
        Unavailable."""
        history.remember(self._project, self._rooms)
        while True:
            done = self._step(report)
            if done is not None:
                return done

    def rehearse(self) -> Rehearsal:
        """Changes nothing. Raises as `run`."""
        with view(self._store, lambda reader: reader.get(history.ACTIVE, history.HERE)) as seen:
            active, snapshot = seen.version, seen.snapshot
            removes = self._require_possible(snapshot, active)
            fill = backfill.backfill_of(self._project, self._rooms, backfill.coverage(snapshot))
            digest = None if active is None else active.digest
            before = digest and history.project_of(snapshot, digest, self._rooms)
            return Rehearsal(
                before=digest,
                changed=digest != self._project.digest,
                filled=fill.parts,
                facts=0 if fill.start is None else snapshot.position - fill.start,
                removes=tuple(each.name for each in removes),
                people=identity.rehearse(snapshot, before or self._project, self._project),
            )

    def _step(self, report: Report) -> Activation | None:
        """One commit; None: it is not the last one, or another process was faster."""
        with view(self._store, lambda reader: reader.get(history.ACTIVE, history.HERE)) as seen:
            active, snapshot = seen.version, seen.snapshot
            kept = backfill.coverage(snapshot)
            head, reads = snapshot.position, snapshot.reads
            removes = self._require_possible(snapshot, active)
            faults = loading.not_agreed(removes, self._survey.removes)
            if faults:
                raise errors.ProjectError(sorted(faults))
        fill = backfill.backfill_of(self._project, self._rooms, kept)
        if active is not None and self._holds(active, kept, fill):
            return self._result(active, active.digest)
        start = head if fill.start is None else fill.start
        report(BackfillProgress(digest=self._project.digest, done=start, of=head))
        self._filled = max(self._filled, fill.parts)
        self._facts = max(self._facts, head - start)
        if head - start > self._page:
            self._fold_a_page(fill, start + self._page, reads)
            self._unreadable += max(fill.left_out.values(), default=0)
            return None
        return self._activate(active, fill, reads)

    def _require_possible(
        self, snapshot: Snapshot, active: history.Active | None
    ) -> list[loading.Removal]:
        """What the version removes. Until the first customer is known, any change is compatible."""
        if active is None or active.digest in (self._project.digest, self._follows):
            return []
        texts = history.texts_of(snapshot, active.digest)
        before = history.project_of(snapshot, active.digest, self._rooms)
        if before is None and texts is not None:
            # This version of tuttu finds faults in it: compare with what it can read.
            before = catalog.survey(texts, self._rooms).project
        faults = set() if before is None else {
            fault for room in self._rooms for fault in room.can_follow(before, self._project)
        }  # fmt: skip
        if faults and identity.knows_anybody(snapshot):
            raise errors.ProjectError(sorted(faults))
        removals = [] if before is None else loading.removed(before, self._project)
        if not loading.not_agreed(removals, self._survey.removes):
            self._follows = active.digest
        return removals

    def _holds(self, active: history.Active, kept: Coverage, fill: Backfill) -> bool:
        """Whether there is nothing to do."""
        same = active.digest == self._project.digest
        return same and not fill.behind and set(kept.current) == fill.wanted

    def _fold_a_page(self, fill: Backfill, through: int, reads: Reads) -> None:
        def note(transaction: Transaction, logged: Logged) -> None:  # noqa: ARG001 - a fold
            after = backfill.coverage(transaction).after_page(fill.wanted, through)
            transaction.put(backfill.COVERAGE, history.HERE, after)

        body = events.HistoryFolded(digest=self._project.digest, through=through)
        folds = fill.folds(events.HistoryFolded, lambda _: through)
        self._commit(body, reads, [*folds, backfill.own_folds(events.HistoryFolded, note)])

    def _activate(
        self, before: history.Active | None, fill: Backfill, reads: Reads
    ) -> Activation | None:
        def take_over(transaction: Transaction, logged: Logged) -> None:
            history.activate(transaction, logged)
            through = logged.position - 1
            after = backfill.coverage(transaction).after_activation(fill.wanted, through)
            transaction.put(backfill.COVERAGE, history.HERE, after)

        body = events.ProjectActivated(
            digest=self._project.digest,
            files=self._survey.texts,
            by=self._by,
            ways=judged_ways(self._project),
        )
        folds = fill.folds(events.ProjectActivated, lambda logged: logged.position - 1)
        fact, result = self._commit(
            body, reads, [*folds, backfill.own_folds(events.ProjectActivated, take_over)]
        )
        if not isinstance(result, Committed):
            return None
        self._unreadable += max(fill.left_out.values(), default=0)
        active = history.Active(body.digest, fact.time, self._by, result.position)
        return self._result(active, before.digest if before else None)

    def _commit(self, body: Body, reads: Reads, folds: Sequence[RoomFolds]) -> tuple[Fact, Result]:
        now = self._clock.now()
        fact = Fact(id=ids.new_id(), fragment=None, time=now, received=now, body=body)
        results = self._store.commit([Unit(facts=(fact,), reads=reads)], folds=folds)
        return fact, sound(results)[0]

    def _result(self, active: history.Active, before: str | None) -> Activation:
        return Activation(
            active=active,
            before=before,
            changed=active.digest != before,
            filled=self._filled if self._facts else 0,
            facts=self._facts,
            unreadable=self._unreadable,
        )
