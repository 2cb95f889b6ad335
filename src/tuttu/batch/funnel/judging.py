"""Every customer of a store before every action, one dry run each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tuttu import decision, identity
from tuttu.api.words import ENGLISH, words_in
from tuttu.batch.funnel.coverage import Coverage
from tuttu.batch.funnel.tally import Funnel, Tally
from tuttu.decision import (
    STAGES,
    DecisionQuery,
    DecisionView,
    Stages,
    UnknownSurfaceError,
    candidates,
)
from tuttu.engine.unwatched import Unwatched
from tuttu.storage import Store
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import BadRequest
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Verdict

PROGRESS_EVERY = 500
NOBODY: FragmentId = bytes(16)

Progress = Callable[[int], None]
"""Called now and then with the number of customers that are done."""


def funnel(
    project: Project,
    store: Store,
    now: Instant,
    *,
    surfaces: Sequence[str] = (),
    progress: Progress = lambda _done: None,
) -> Funnel:
    """Judge every customer of the store with every action, on one snapshot. Writes nothing.

    surfaces: asked together, as one request, in this order; all of them by default. Holds one
    customer at a time. Raises BadRequest for a surface that is not declared.
    """
    asked = tuple(surfaces) or tuple(project.surfaces)
    field = _candidates(project, asked)
    tally, feeding = Tally(field), Feeding(project, field)
    with store.read() as snapshot:
        for view in _views(Unwatched(snapshot), project, now):
            feeding.see(view)
            tally.add(_verdicts(view, asked))
            if tally.customers % PROGRESS_EVERY == 0:
                progress(tally.customers)
    progress(tally.customers)
    lines = tally.lines(feeding.feeds)
    return Funnel(now=format_instant(now), surfaces=asked, customers=tally.customers, lines=lines)


def _candidates(project: Project, surfaces: tuple[str, ...]) -> list[decision.Candidate]:
    try:
        return list(candidates(project, DecisionQuery(surfaces=surfaces, fragment=NOBODY)))
    except UnknownSurfaceError as error:
        raise BadRequest(error.found, error.expected) from error


def _views(reader: Reader, project: Project, now: Instant) -> Iterator[DecisionView]:
    for customer in identity.customers(reader, project):
        yield decision.view(reader, project, customer, now)


def _verdicts(view: DecisionView, surfaces: tuple[str, ...]) -> tuple[Verdict, ...]:
    """Of a dry run whose seed follows from the customer: the same store gives the same funnel.
    Nothing is rendered: whether a message can be is checked when the project is loaded."""
    fragment = view.customer.oldest
    query = DecisionQuery(surfaces=surfaces, fragment=fragment)
    decision_id = f"funnel-{fragment.hex()}"
    return decision.decide(view, query, decision_id, lambda _candidate: "").verdicts
