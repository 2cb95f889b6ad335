"""Every customer of a store before every action, one dry run each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

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
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import BadRequest
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Rooms
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Verdict

PROGRESS_EVERY = 500
NOBODY: FragmentId = bytes(16)

Progress = Callable[[int], None]
"""Called now and then with the number of customers that are done."""


class FunnelPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. surfaces: together, as one request, in this order; all of them by default.
    language: of the words of reasons."""

    project: Project
    rooms: Rooms
    now: Instant
    surfaces: Sequence[str] = ()
    language: str = ENGLISH
    stages: Stages = STAGES


def funnel_of(reader: Reader, plan: FunnelPlan, progress: Progress = lambda _done: None) -> Funnel:
    """Judge every customer of one snapshot with every action. Writes nothing.

    Holds one customer at a time. Raises BadRequest for a surface that is not declared.
    """
    project, now = plan.project, plan.now
    surfaces = tuple(plan.surfaces) or tuple(project.surfaces)
    try:
        asked = list(candidates(project, DecisionQuery(surfaces=surfaces, fragment=NOBODY)))
    except UnknownSurfaceError as error:
        raise BadRequest(error.found, error.expected) from error
    tally, coverage = Tally(asked, plan.stages), Coverage(project, asked, plan.stages)
    for customer in identity.customers(reader, project):
        view = decision.view(reader, project, customer, now, rooms=plan.rooms)
        coverage.see(view)
        tally.add(_verdicts(view, surfaces, plan.stages))
        if tally.customers % PROGRESS_EVERY == 0:
            progress(tally.customers)
    progress(tally.customers)
    lines = tally.lines(coverage.feeds, words_in(plan.language))
    customers = tally.customers
    return Funnel(now=format_instant(now), surfaces=surfaces, customers=customers, lines=lines)


def _verdicts(view: DecisionView, surfaces: tuple[str, ...], stages: Stages) -> tuple[Verdict, ...]:
    """Of a dry run whose seed follows from the customer: the same store gives the same funnel.
    Nothing is rendered: whether a message can be is checked when the project is loaded."""
    fragment = view.customer.oldest
    query = DecisionQuery(surfaces=surfaces, fragment=fragment)
    decision_id = f"funnel-{fragment.hex()}"
    return decision.decide(view, query, decision_id, lambda _: "", stages).verdicts
