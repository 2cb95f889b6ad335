"""Does it make sense now."""

from tuttu.decision.stage import REQUIREMENTS, Stage, StageReads, conditions_of, requirement

APPLICABILITY = Stage(
    name="applicability",
    reason=lambda candidate, view: requirement(candidate.action.applicable, candidate, view),
    codes=REQUIREMENTS,
    reads=lambda action, _treatment, _project: StageReads(
        conditions_of(action, "applicable", action.applicable)
    ),
)
