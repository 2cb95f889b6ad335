"""Every customer of a store before every action, one dry run each."""

from __future__ import annotations

from collections.abc import Sequence

from tuttu import decision, identity
from tuttu.batch.funnel.counting import Funnel, Tally
from tuttu.batch.funnel.coverage import Feeding
from tuttu.decision import Question, Situation, UnknownSurfaceError, candidates
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import BadRequest
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Rooms
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Verdict

NOBODY: FragmentId = bytes(16)


def funnel_of(
    reader: Reader,
    project: Project,
    rooms: Rooms,
    now: Instant,
    *,
    surfaces: Sequence[str] = (),
) -> Funnel:
    """Judge every customer of one snapshot with every action. Writes nothing.

    surfaces: asked together, as one request, in this order; all of them by default. Holds one
    customer at a time. Raises BadRequest for a surface that is not declared.
    """
    asked = tuple(surfaces) or tuple(project.surfaces)
    field = _candidates(project, asked)
    tally, feeding = Tally(field), Feeding(project, field)
    for customer in identity.customers(reader, project):
        situation = decision.situation(reader, project, customer, now, rooms=rooms)
        feeding.see(situation)
        tally.add(_verdicts(situation, asked))
    lines = tally.lines(feeding.feeds)
    return Funnel(now=format_instant(now), surfaces=asked, customers=tally.customers, lines=lines)


def _candidates(project: Project, surfaces: tuple[str, ...]) -> list[decision.Candidate]:
    try:
        return list(candidates(project, Question(surfaces=surfaces, fragment=NOBODY)))
    except UnknownSurfaceError as error:
        raise BadRequest(error.found, error.expected) from error


def _verdicts(situation: Situation, surfaces: tuple[str, ...]) -> tuple[Verdict, ...]:
    """Of a dry run whose seed follows from the customer: the same store gives the same funnel.
    Nothing is rendered: whether a message can be is checked when the project is loaded."""
    fragment = situation.customer.oldest
    question = Question(surfaces=surfaces, fragment=fragment)
    decision_id = f"funnel-{fragment.hex()}"
    return decision.decide(situation, question, decision_id, lambda _candidate: "").verdicts
