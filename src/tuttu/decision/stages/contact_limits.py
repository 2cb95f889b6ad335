"""Would one more contact be too many, for the customer or for their group."""

from collections.abc import Sequence

from tuttu.decision.stage import CONTACTS, OWN_ZONE, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary import library, verdicts
from tuttu.vocabulary.project import Project

_NAME = "contact_limits"


def _reason(candidate: Candidate, view: DecisionView) -> verdicts.Reason | None:
    if view.skips(candidate, _NAME):
        return None
    action, treatment = candidate.action, candidate.treatment
    for limit in view.project.policy.contact_limits:
        if view.history.breaks_limit(limit, action, treatment, candidate.item):
            return verdicts.Reason("contact_limit", {"limit": limit.name})
    return None


def _reads(action: library.Action, _treatment: library.Treatment, project: Project) -> StageReads:
    asked = project.policy.contact_limits and _NAME not in project.purposes[action.purpose].skips
    return StageReads(roots=(CONTACTS,) if asked else ())


def _keeps(view: DecisionView, _candidates: Sequence[Candidate]) -> dict[str, object]:
    """Of every limit that counts something, and by whose days; `suppressions` reads it back."""
    limits, moment = view.project.policy.contact_limits, view.history.moment
    kept: dict[str, object] = {"limits": tuple(filter(None, map(view.history.state, limits)))}
    others = moment.own_zone != moment.zone
    if others and any(moment.zone_for(limit) != moment.zone for limit in limits):
        kept[OWN_ZONE] = moment.own_zone
    return kept


CONTACT_LIMITS = Stage(
    name=_NAME,
    reason=_reason,
    codes={"contact_limit": ("limit",)},
    reads=_reads,
    keeps=_keeps,
    vetoes=True,
)
