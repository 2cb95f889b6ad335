"""One run: export, evaluate, compute, compare, and clean up."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tuttu.api import Verification
from tuttu.batch.verify import comparing
from tuttu.batch.verify.definition_checks import definition_checks, expressions, subjects
from tuttu.batch.verify.exporting import CUSTOMERS, SHADES, Counts, ExportWriter, Progress
from tuttu.profile.batch import Masks, compute, layout_of, learn_zones
from tuttu.storage import ExportWorkspace, open_workspace
from tuttu.vocabulary import conversion, facts, room, values
from tuttu.vocabulary.counting import so_many
from tuttu.vocabulary.project import Project


def no_progress(_: str) -> None:
    """Nobody watches."""


class ExportPlan(NamedTuple):
    """What is exported, and as of when. key: of the masks of this run."""

    project: Project
    rooms: room.Rooms
    now: values.Instant
    key: bytes


class Export(NamedTuple):
    """An export that is written. position: of the log, in its snapshot."""

    writer: ExportWriter
    now: values.Instant
    position: int
    counts: Counts


class Runs:
    """The runs of one process, each in its own thread; all can be ended from outside."""

    def __init__(self) -> None:
        self._workspaces: set[ExportWorkspace] = set()
        self._over = False

    @contextmanager
    def workspace(self) -> Iterator[ExportWorkspace]:
        """A private folder for one run. Raises ExportError, InterruptedRunError; the files are
        deleted in any case."""
        with open_workspace() as workspace:
            self._workspaces.add(workspace)
            if self._over:
                workspace.interrupt()
            try:
                yield workspace
            finally:
                self._workspaces.discard(workspace)

    @property
    def over(self) -> bool:
        """No work may begin, or go on."""
        return self._over

    def interrupt(self) -> None:
        """Interrupts running work, and any that would begin."""
        self._over = True
        for workspace in list(self._workspaces):
            workspace.interrupt()


def export(
    reader: facts.Reader, plan: ExportPlan, workspace: ExportWorkspace, progress: Progress
) -> Export:
    """Exports the row-by-row results for all customers of one snapshot, and the whole log.

    Raises ExportError, InterruptedRunError.
    """
    project = plan.project
    writer = ExportWriter(
        workspace=workspace,
        layout=layout_of(project, expressions(project)),
        rooms=plan.rooms,
        asked={kind: definition_checks(project, kind) for kind in subjects(project)},
        masks=Masks(plan.key),
    )
    counts = writer.write(reader, plan.now, progress)
    return Export(writer, plan.now, reader.position, counts)


def compare(found: Export, progress: Progress) -> Verification:
    """Compares both implementations. Raises ExportError, InterruptedRunError."""
    workspace, layout = found.writer.workspace, found.writer.layout
    comparison = comparing.Comparison(workspace)
    compute(workspace, layout, CUSTOMERS, found.now)
    for rows in (CUSTOMERS, SHADES) if layout.by_calendar else ():
        learn_zones(workspace, layout.project, rows)
    progress("traits computed over the log")
    for kind, asked in found.writer.asked.items():
        comparison.add(comparing.answers(layout, kind, asked))
        if kind.about is not None and not kind.shade:
            comparison.add(comparing.judged(layout, kind.about))
        progress(f"{so_many(len(asked), 'question')} about {kind} compared")
    for side in comparing.from_log(layout):
        comparison.add(side)
    parts = comparison.parts
    return Verification(
        now=conversion.format_instant(found.now),
        position=found.position,
        customers=found.counts.customers,
        events=found.counts.events,
        parts=parts,
        differences=tuple(comparison.differences),
        agree=not any(each.different for each in parts),
    )
