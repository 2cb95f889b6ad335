"""Making a version of the project the active one.

What it declares anew is filled from the log first, page by page beside live traffic; the last page
and the activation are one commit, so that no event slips between. A version that is faulty, or
that would need state which the log cannot give, is not activated: the one that holds goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tuttu import catalog, identity
from tuttu.catalog import Survey
from tuttu.storage import Snapshot, Store, StoreUnavailableError
from tuttu.versions import backfill, history
from tuttu.versions.backfill import PAGE, Fill, Heard
from tuttu.versions.compatibility import faults_between
from tuttu.versions.history import Active
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.errors import ProjectError, Unavailable
from tuttu.vocabulary.events import HistoryFolded, ProjectActivated
from tuttu.vocabulary.facts import Body, Committed, Fact, Logged, Result, Transaction, Unit
from tuttu.vocabulary.ids import new_id
from tuttu.vocabulary.room import RoomFolds

Reads = tuple[tuple[str, bytes, int], ...]
TABLES = frozenset({history.VERSIONS.name, history.ACTIVE.name, backfill.HEARD.name})


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A fill at work: through which log position it is, of how many."""

    digest: str
    done: int
    of: int


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. before: the version that held; changed: another one holds now. filled: how
    many definitions were filled, from how many facts."""

    active: Active
    before: str | None
    changed: bool
    filled: int = 0
    facts: int = 0


Tell = Callable[[Progress], None]


def quietly(_: Progress) -> None:
    """Tells nobody."""


class Activating:
    """One version on its way to be the active one of a store."""

    def __init__(
        self, survey: Survey, store: Store, clock: Clock, by: str, *, page: int = PAGE
    ) -> None:
        """page: facts of one commit of a fill, for which live traffic waits; 2 or more, since each
        commit adds a fact of its own."""
        self._page = page
        self._survey = survey
        self._project = survey.project
        self._store = store
        self._clock = clock
        self._by = by
        self._follows: str | None = None
        self._filled = 0
        self._facts = 0

    def run(self, tell: Tell = quietly) -> Activation:
        """Durable when it returns. Raises ProjectError for what cannot follow the version that
        holds, Unavailable."""
        history.remember(self._project)
        try:
            while True:
                done = self._step(tell)
                if done is not None:
                    return done
        except StoreUnavailableError as error:
            raise Unavailable(str(error)) from error

    def _step(self, tell: Tell) -> Activation | None:
        """One commit; None: it is not the last one, or somebody else was faster."""
        with self._store.read() as snapshot:
            active = history.active(snapshot, watch=True)
            kept = backfill.heard(snapshot)
            head, reads = snapshot.position, snapshot.reads
            self._require_possible(snapshot, active)
        fill = backfill.fill_of(self._project, kept)
        if active is not None and self._holds(active, kept, fill):
            return self._result(active, active.digest)
        start = head if fill.start is None else fill.start
        tell(Progress(digest=self._project.digest, done=start, of=head))
        self._filled = max(self._filled, fill.parts)
        self._facts = max(self._facts, head - start)
        if head - start > self._page:
            self._tell_a_page(fill, start + self._page, reads)
            return None
        return self._activate(active, fill, reads)

    def _require_possible(self, snapshot: Snapshot, active: Active | None) -> None:
        """Before anybody is known, everything may still change."""
        if active is None or active.digest in (self._project.digest, self._follows):
            return
        texts = history.texts_of(snapshot, active.digest)
        before = history.project_of(snapshot, active.digest)
        if before is None and texts is not None:
            # Faulty to the present code: what can be read of it says what it was.
            before = catalog.survey(texts).project
        faults = [] if before is None else faults_between(before, self._project)
        if faults and next(identity.customers(snapshot, self._project), None) is not None:
            raise ProjectError(faults)
        self._follows = active.digest

    def _holds(self, active: Active, kept: Heard, fill: Fill) -> bool:
        """Whether there is nothing to do."""
        same = active.digest == self._project.digest
        return same and not fill.behind and set(kept.hearing) == fill.wanted

    def _tell_a_page(self, fill: Fill, through: int, reads: Reads) -> None:
        def note(transaction: Transaction, logged: Logged) -> None:  # noqa: ARG001 - a fold
            kept = backfill.heard(transaction)
            transaction.put(backfill.HEARD, backfill.HERE, backfill.told(kept, fill, through))

        noting = RoomFolds(room="versions", tables=TABLES, folds={HistoryFolded: note})
        folds = [*fill.folds(lambda _: through), noting]
        self._commit(HistoryFolded(digest=self._project.digest, through=through), reads, folds)

    def _activate(self, before: Active | None, fill: Fill, reads: Reads) -> Activation | None:
        def take_over(transaction: Transaction, logged: Logged) -> None:
            history.activate(transaction, logged)
            kept, through = backfill.heard(transaction), logged.position - 1
            after = backfill.taken_over(kept, fill.wanted, through)
            transaction.put(backfill.HEARD, backfill.HERE, after)

        body = ProjectActivated(digest=self._project.digest, files=self._survey.texts, by=self._by)
        told = fill.folds(lambda logged: logged.position - 1)
        folds = [*told, RoomFolds(room="versions", tables=TABLES, folds={type(body): take_over})]
        fact, result = self._commit(body, reads, folds)
        if not isinstance(result, Committed):
            return None
        active = Active(body.digest, fact.time, self._by, result.position)
        return self._result(active, before.digest if before else None)

    def _commit(self, body: Body, reads: Reads, folds: Sequence[RoomFolds]) -> tuple[Fact, Result]:
        now = self._clock.now()
        fact = Fact(id=new_id(), fragment=None, time=now, received=now, body=body)
        return fact, self._store.commit([Unit(facts=(fact,), reads=reads)], folds=folds)[0]

    def _result(self, active: Active, before: str | None) -> Activation:
        return Activation(
            active=active,
            before=before,
            changed=active.digest != before,
            filled=self._filled if self._facts else 0,
            facts=self._facts,
        )
