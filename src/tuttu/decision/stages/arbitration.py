"""Is it worth more than nothing, unless by its basis it is owed to the customer: that is said also
when it is worth nothing in money.

Who lost to whom is worked out in `decision.arbitration`, under this stage's name.
"""

from tuttu.decision.stage import ALWAYS, Stage, StageReads
from tuttu.decision.stages import consent
from tuttu.decision.stages.scoring import score_of
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary.company import BASES
from tuttu.vocabulary.verdicts import Reason

_RIVALS = ("action", "treatment", "winner", "winner_treatment", "other_item")


def _reason(candidate: Candidate, view: DecisionView) -> Reason | None:
    score = score_of(candidate, view)
    if isinstance(score, Reason) or score.worth > 0:
        return None
    basis = BASES.get(consent.terms(candidate, view).basis)
    return Reason("worth_not_positive") if basis is not None and basis.wanted else None


ARBITRATION = Stage(
    name="arbitration",
    reason=_reason,
    codes={
        "worth_not_positive": (),
        "no_slot_left": (),
        "placed_elsewhere": ("action", "surface"),
        "variety": ("at_most", "issue_group", "surface"),
        "limit_with_slots_before": ("limit",),
        "resource_with_slots_before": ("resource",),
        "content": ("error",),
        "lost": (*_RIVALS, "currency"),
        "lost_by_propensity": _RIVALS,
        "lost_to_kept_offer": _RIVALS,
        "lost_to_substitute": _RIVALS,
        "lost_in_draw": _RIVALS,
        "tied": _RIVALS,
    },
    reads=lambda *_: StageReads(roots=(ALWAYS,)),
)
