"""Runs every customer of a store against every action, one dry run each."""

from collections.abc import Sequence

from tuttu import decision, identity
from tuttu.api.words import ENGLISH, words_in
from tuttu.batch.funnel.coverage import StageCoverage
from tuttu.batch.funnel.tally import Funnel, Tally
from tuttu.content import Rendered
from tuttu.decision import STAGES, DecisionQuery, DecisionView, Stages, candidates
from tuttu.vocabulary import conversion, errors, events, facts, room, values, verdicts
from tuttu.vocabulary.project import Project

NOBODY: events.FragmentId = bytes(events.FRAGMENT_BYTES)


def funnel_of(  # noqa: PLR0913
    reader: facts.Reader,
    project: Project,
    rooms: room.Rooms,
    now: values.Instant,
    *,
    surfaces: Sequence[str] = (),
    language: str = ENGLISH,
    stages: Stages = STAGES,
) -> Funnel:
    """Judge every customer of one snapshot with every action. Writes nothing.

    surfaces: requested together, in this order; all of them by default. language: of the words of
    reasons. Holds one customer at a time. Raises BadRequest for a surface that is not declared.
    """
    asked = tuple(surfaces) or tuple(project.surfaces)
    try:
        judged = list(candidates(project, DecisionQuery(surfaces=asked, fragment=NOBODY)))
    except errors.UnknownSurface as error:
        # Over HTTP a funnel refuses it as bad_request.
        raise errors.BadRequest(error.found, error.expected) from error
    tally, coverage = Tally(judged, stages), StageCoverage(project, judged, stages)
    for customer in identity.customers(reader, project):
        view = decision.view(reader, project, customer, now, rooms=rooms)
        coverage.see(view)
        tally.add(_verdicts(view, asked, stages))
    lines = tally.lines(coverage.feeds, words_in(language))
    return Funnel(
        now=conversion.format_instant(now), surfaces=asked, customers=tally.customers, lines=lines
    )


def _verdicts(
    view: DecisionView, surfaces: tuple[str, ...], stages: Stages
) -> tuple[verdicts.Verdict, ...]:
    """Of a dry run whose seed follows from the customer: the same store gives the same funnel.
    Nothing is rendered: whether a message can be is checked when the project is loaded."""
    fragment = view.customer.oldest
    query = DecisionQuery(surfaces=surfaces, fragment=fragment)
    decision_id = f"funnel-{fragment.hex()}"
    return decision.decide(view, query, decision_id, lambda _: Rendered(""), stages).verdicts
