"""What gives a permit that is refused: the customer allows it, or they are, or bought, something
else."""

from collections.abc import Iterator

from tuttu.counterfactual import change as c
from tuttu.counterfactual.constraints import Constraint
from tuttu.counterfactual.refused_candidate import RefusedCandidate, Trial
from tuttu.decision.stages import CONSENT


def lacks_permit(trial: Trial) -> bool:
    return CONSENT.why_not(trial.candidate, trial.view) is not None


def allowing(trial: Trial) -> c.Allowed | None:
    """None where nobody can allow it: a channel or purpose that is not declared, or an identifier
    that too many share."""
    purpose, channel = trial.candidate.action.purpose, trial.candidate.treatment.channel
    part = c.Allowed(purpose=purpose, channel=channel, now=False, would_be=True)
    allowed = c.apply(trial.view, c.Change((part,)))
    return None if CONSENT.why_not(trial.candidate, allowed) is not None else part


def other_ways(refused: RefusedCandidate, trial: Trial) -> Iterator[Constraint]:
    """Another kind of person, and the one part of a soft opt-in that is missed and is easiest to
    have; none of them against what the customer, or who may be them, chose."""
    purpose, channel = trial.candidate.action.purpose, trial.candidate.treatment.channel
    views = (trial.view,) if trial.view.shade is None else (trial.view, trial.view.shade)
    if allowing(trial) is None or any(each.consents.chosen(purpose, channel) for each in views):
        return
    yield from refused.kinds
    view, item_row = trial.view, trial.item_row
    lacking = [each for each in refused.soft_opt_in if not each.goal.met(each.row(view, item_row))]
    if lacking:
        yield min(lacking, key=lambda each: len(each.goal.columns - trial.fixed))
