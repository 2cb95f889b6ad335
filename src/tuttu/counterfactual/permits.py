"""What gives a permit that is refused: the customer allows it, or they are, or bought, something
else."""

from collections.abc import Iterator

from tuttu.counterfactual import change as c
from tuttu.counterfactual.constraints import Constraint
from tuttu.counterfactual.refused_candidate import RefusedCandidate, Trial
from tuttu.decision.stages import CONSENT


def lacks_permit(trial: Trial) -> bool:
    return CONSENT.reason(trial.candidate, trial.view) is not None


def allowing(trial: Trial) -> c.Allowed | None:
    """None for a channel or purpose that is not declared: nobody can allow it."""
    purpose, channel = trial.candidate.action.purpose, trial.candidate.treatment.channel
    assumed = trial.view.consents.assuming(purpose, channel, allowed=True)
    if assumed.permit(purpose, channel) is None:
        return None
    return c.Allowed(purpose=purpose, channel=channel, now=False, would_be=True)


def other_ways(refused: RefusedCandidate, trial: Trial) -> Iterator[Constraint]:
    """Another kind of person, and the one part of a soft opt-in that is missed and is easiest to
    have; none of them against what the customer chose."""
    purpose, channel = trial.candidate.action.purpose, trial.candidate.treatment.channel
    if trial.view.consents.chosen(purpose, channel) is not None:
        return
    yield from refused.kinds
    row = trial.view.row
    lacking = [each for each in refused.soft_opt_in if not each.met(row, trial.item_row)]
    if lacking:
        yield min(lacking, key=lambda each: len(each.goal.columns - trial.fixed))
