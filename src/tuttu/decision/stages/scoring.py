"""Can it be ranked at all, if it is ranked."""

from tuttu.decision.stage import NamedExpression, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.decision.ways import Pool
from tuttu.decision.worths import figures_of, worths_of
from tuttu.vocabulary import library, project, verdicts


def _reason(candidate: Candidate, view: DecisionView) -> verdicts.Reason | None:
    """What is owed is not ranked, and needs no score."""
    if view.is_owed(candidate):
        return None
    found = figures_of(candidate, view)
    return found if isinstance(found, verdicts.Reason) else None


def _refuses(pool: Pool, view: DecisionView, asked: int) -> int:
    asked &= ~pool.ways.owed
    return worths_of(pool, view, asked).refused & asked


def _reads(
    action: library.Action, _treatment: library.Treatment, _project: project.Project
) -> StageReads:
    return StageReads(
        tuple(
            NamedExpression("formulas", f"{action.name}, {key}", formula, action.about)
            for key, formula in action.formulas.items()
        )
    )


SCORING = Stage(
    name="scoring",
    reason=_reason,
    refuses=_refuses,
    codes={
        "figure_unknown": ("figure",),
        "no_propensity": (),
        "no_score_yet": ("model",),
        "propensity_out_of_range": (),
        "worth_out_of_range": (),
    },
    reads=_reads,
)
