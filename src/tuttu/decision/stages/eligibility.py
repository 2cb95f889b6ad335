"""May we at all: status, validity, law, product."""

from zoneinfo import ZoneInfo

from tuttu.decision import stage
from tuttu.decision.view import Candidate, DecisionView
from tuttu.decision.ways import Pool
from tuttu.vocabulary import conversion, library, project, values, verdicts

_conditions = stage.requires("eligible")


def _reason(candidate: Candidate, view: DecisionView) -> verdicts.Reason | None:
    action = candidate.action
    if action.status == "draft":
        return verdicts.Reason("draft")
    if action.status != "live":
        return verdicts.Reason("not_live", {"status": action.status})
    if action.valid_from is not None and view.now < action.valid_from:
        return verdicts.Reason("not_valid_yet", {"valid_from": _local(action.valid_from, view)})
    if action.valid_until is not None and view.now >= action.valid_until:
        return verdicts.Reason(
            "not_valid_any_more", {"valid_until": _local(action.valid_until, view)}
        )
    if candidate.lacks_item:
        return verdicts.Reason("no_item", {"about": action.about})
    return _conditions(candidate, view)


def _refuses(pool: Pool, view: DecisionView, asked: int) -> int:
    if pool.lacks_item:
        return asked
    return asked & ~(pool.ways.open_at(view.now) & pool.meeting("eligible", view))


def _local(instant: values.Instant, view: DecisionView) -> str:
    """In the project's zone; midnight as its date alone."""
    moment = conversion.local_time(instant, ZoneInfo(view.project.company.zone))
    if moment.time().isoformat() == "00:00:00":
        return moment.date().isoformat()
    return f"{moment:%Y-%m-%d %H:%M}"


def _reads(
    action: library.Action, _treatment: library.Treatment, _project: project.Project
) -> stage.StageReads:
    roots = []
    if action.valid_from is not None or action.valid_until is not None:
        roots.append(stage.ALWAYS)
    elif action.about is not None:
        roots.append(action.about)
    return stage.StageReads(stage.conditions_of(action, "eligible"), tuple(roots))


ELIGIBILITY = stage.Stage(
    name="eligibility",
    reason=_reason,
    refuses=_refuses,
    codes={
        "draft": (),
        "not_live": ("status",),
        "not_valid_yet": ("valid_from",),
        "not_valid_any_more": ("valid_until",),
        "no_item": ("about",),
        **stage.REQUIREMENTS,
    },
    reads=_reads,
)
