"""Can it be ranked at all, if it is ranked.

Worth = (((propensity × value) × relevance) × lever) − effort − cost, in currency units: doubles, in
this order, never rounded, so that `decision.sql` computes the same bits. What other figures may be
subtracted is subtracted after the cost.
"""

import math

from tuttu.decision.stage import NamedExpression, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary import conversion, library, project, values, verdicts


class _Unknown(Exception):  # noqa: N818 - a missing figure, not a mistake
    """One figure of the formula is missing."""

    def __init__(self, reason: verdicts.Reason) -> None:
        self.reason = reason
        super().__init__(reason.code)


def score_of(candidate: Candidate, view: DecisionView) -> verdicts.Score | verdicts.Reason:
    """The score, or the reason why there is none."""
    key = candidate.key
    known: verdicts.Score | verdicts.Reason | None = view.worths.get(key) or view.memo.scores.get(
        key
    )
    if known is None:
        known = view.memo.scores[key] = _score(candidate, view)
    return known


def _score(candidate: Candidate, view: DecisionView) -> verdicts.Score | verdicts.Reason:
    action, row = candidate.action, view.row_of(candidate)
    try:
        propensity = _propensity(action, row)
        value = _figure("value", action.value, row, 0.0)
        relevance = _figure("relevance", action.relevance, row, 1.0)
        effort = _figure("effort", action.effort, row, 0.0)
        lever = _lever(action, view.project.policy.levers, view.now)
        cost = candidate.treatment.cost
        worth = ((propensity * value) * relevance) * lever - effort - cost
        return verdicts.Score(
            propensity=propensity,
            value=_money(value),
            relevance=relevance,
            lever=lever,
            effort=_money(effort),
            cost=_money(cost),
            rounded=_money(worth),
            exact=worth,
        )
    except _Unknown as unknown:
        return unknown.reason


def _figure(name: str, formula: values.Expression | None, row: values.Row, absent: float) -> float:
    """In currency units, if it is money."""
    if formula is None:
        return absent
    value = formula(row)
    if not isinstance(value, int | float):
        raise _Unknown(verdicts.Reason("figure_unknown", {"figure": name}))
    if formula.type.kind is values.Kind.MONEY:
        return float(value) / float(values.MONEY_SCALE)
    return float(value)


def _propensity(action: library.Action, row: values.Row) -> float:
    if action.propensity is None:
        if action.model is None:
            raise _Unknown(verdicts.Reason("no_propensity"))
        raise _Unknown(verdicts.Reason("no_score_yet", {"model": action.model}))
    value = action.propensity(row)
    if not isinstance(value, int | float):
        raise _Unknown(verdicts.Reason("figure_unknown", {"figure": "propensity"}))
    if not 0 <= value <= 1:
        raise _Unknown(verdicts.Reason("propensity_out_of_range", {"propensity": value}))
    return float(value)


def _lever(action: library.Action, levers: tuple[library.Lever, ...], now: values.Instant) -> float:
    """All levers that lift the action, multiplied in the order of the file."""
    holding = (each for each in levers if each.valid_until is None or now < each.valid_until)
    return math.prod(
        (
            lever.times
            for lever in holding
            if lever.action in (None, action.name)
            and lever.issue_group in (None, action.issue_group)
            and lever.owner in (None, action.owner)
        ),
        start=1.0,
    )


def _money(units: float) -> int:
    """As it is shown."""
    amount = conversion.money(units)
    if amount is None:
        raise _Unknown(verdicts.Reason("worth_out_of_range"))
    return amount


def _reason(candidate: Candidate, view: DecisionView) -> verdicts.Reason | None:
    """What is owed is not ranked, and needs no score."""
    if view.is_owed(candidate):
        return None
    score = score_of(candidate, view)
    return score if isinstance(score, verdicts.Reason) else None


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
    codes={
        "figure_unknown": ("figure",),
        "no_propensity": (),
        "no_score_yet": ("model",),
        "propensity_out_of_range": (),
        "worth_out_of_range": (),
    },
    reads=_reads,
)
