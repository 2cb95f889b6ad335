"""Is it in the customer's interest."""

from tuttu.decision.stage import REQUIREMENTS, Stage, StageReads, conditions_of, requirement

SUITABILITY = Stage(
    name="suitability",
    reason=lambda candidate, view: requirement(candidate.action.suitable, candidate, view),
    codes=REQUIREMENTS,
    reads=lambda action, _treatment, _project: StageReads(
        conditions_of(action, "suitable", action.suitable)
    ),
)
