"""Is the customer in the slice that gets no marketing, so that its effect can be measured."""

from tuttu.decision.chance import NO_MARKETING
from tuttu.decision.stage import ALWAYS, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary import library, verdicts
from tuttu.vocabulary.project import Project

CONTROLLED_PURPOSE = "marketing"
_NAME = "controls"


def _reason(candidate: Candidate, view: DecisionView) -> verdicts.Reason | None:
    if view.arm != NO_MARKETING or candidate.action.purpose != CONTROLLED_PURPOSE:
        return None
    return None if view.skips(candidate, _NAME) else verdicts.Reason("control_group")


def _reads(action: library.Action, _treatment: library.Treatment, project: Project) -> StageReads:
    skipped = _NAME in project.purposes[action.purpose].skips
    share = project.policy.controls.arms[NO_MARKETING].share
    return StageReads(roots=(ALWAYS,) if share and not skipped else ())


CONTROLS = Stage(
    name=_NAME,
    reason=_reason,
    codes={"control_group": ()},
    reads=_reads,
    of_winner=True,
)
