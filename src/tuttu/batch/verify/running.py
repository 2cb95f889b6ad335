"""One run: export, ask, compute, compare, and leave nothing behind."""

from __future__ import annotations

from tuttu.batch.verify import comparing
from tuttu.batch.verify.exporting import CUSTOMERS, Export, Progress
from tuttu.batch.verify.definition_checks import definition_checks, expressions, subjects
from tuttu.batch.verify.report import Verification
from tuttu.engine.unwatched import Unwatched
from tuttu.profile.batch import Veils, compute, layout_of
from tuttu.storage import Store, Workbench, open_workbench
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.ids import new_id
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant


class Runs:
    """The runs of one engine, each in its own thread; all can be ended from outside."""

    def __init__(self) -> None:
        self._benches: set[Workbench] = set()
        self._over = False

    def verify(
        self, project: Project, store: Store, now: Instant, progress: Progress
    ) -> Verification:
        """Raises ExportError, InterruptedRunError; the files are gone in any case."""
        with open_workbench() as bench:
            self._benches.add(bench)
            if self._over:
                bench.interrupt()
            try:
                key = bytes.fromhex(new_id())
                return verify(project, store, now, bench, key=key, progress=progress)
            finally:
                self._benches.discard(bench)

    def interrupt(self) -> None:
        """Ends what is at work, and what would begin."""
        self._over = True
        for bench in list(self._benches):
            bench.interrupt()


def verify(
    project: Project,
    store: Store,
    now: Instant,
    bench: Workbench,
    *,
    key: bytes,
    progress: Progress = lambda _said: None,
) -> Verification:
    """Judge everybody both ways on one snapshot, at `now`. Writes nothing but the workbench.

    key: of the veils of this run. Raises ExportError, InterruptedRunError.
    """
    layout = layout_of(project, expressions(project))
    export = Export(
        bench=bench,
        layout=layout,
        asked={about: definition_checks(project, about) for about in subjects(project)},
        veils=Veils(key),
    )
    with store.read() as snapshot:
        position = snapshot.position
        counts = export.write(Unwatched(snapshot), now, progress)
    comparison = comparing.Comparison(bench)
    for about, asked in export.asked.items():
        comparison.add(comparing.answers(layout, about, asked))
        if about is not None:
            comparison.add(comparing.judged(layout, about))
        progress(f"{len(asked):,} questions about {about or 'customers'} compared")
    compute(bench, layout, CUSTOMERS, now)
    progress("traits computed over the log")
    for side in comparing.from_log(layout):
        comparison.add(side)
    parts = comparison.parts
    return Verification(
        now=format_instant(now),
        position=position,
        customers=counts.customers,
        events=counts.events,
        parts=parts,
        differences=tuple(comparison.differences),
        agree=not any(each.different for each in parts),
    )
