"""Would one more contact be too many, for the customer or for their group."""

from tuttu.decision.stage import CONTACTS, OWN_ZONE, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.decision.ways import Pool, Pools, by_action
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


def _refuses(pool: Pool, view: DecisionView, asked: int) -> int:
    """Where there is room for nothing new, what may have been shown already is asked for itself."""
    asked &= ~pool.ways.skipping(_NAME)
    refused = 0
    for limit in view.project.policy.contact_limits:
        room = view.history.room_in(limit)
        concerned = pool.ways.concerned(limit) & asked & ~refused if room <= 0 else 0
        if room == 0 and concerned:
            shown = pool.ways.bits(by_action, view.history.may_be_shown(limit)) & concerned
            concerned ^= shown
            for bit, each in pool.candidates(shown):
                if view.history.breaks_limit(limit, each.action, each.treatment, each.item):
                    concerned |= bit
        refused |= concerned
    return refused


def _reads(action: library.Action, _treatment: library.Treatment, project: Project) -> StageReads:
    asked = project.policy.contact_limits and _NAME not in project.purposes[action.purpose].skips
    return StageReads(roots=(CONTACTS,) if asked else ())


def _keeps(view: DecisionView, _pools: Pools) -> dict[str, object]:
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
    refuses=_refuses,
    codes={"contact_limit": ("limit",)},
    reads=_reads,
    keeps=_keeps,
    vetoes=True,
)
