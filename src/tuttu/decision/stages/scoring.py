"""Can it be ranked at all, if it is ranked.

Worth = (((propensity × value) × relevance) × lever) − effort − cost, in currency units: doubles, in
this order, never rounded, so that `decision.sql` computes the same bits. What other figures may be
subtracted is subtracted after the cost.
"""

import math
from typing import NamedTuple

from tuttu.decision.stage import NamedExpression, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary import conversion, library, project, values, verdicts

_MOST = 1e13
"""Up to here every amount is certain to be money."""


class _Unknown(Exception):  # noqa: N818 - a missing figure, not a mistake
    """One figure of the formula is missing."""

    def __init__(self, reason: verdicts.Reason) -> None:
        self.reason = reason
        super().__init__(reason.code)


class Figures(NamedTuple):
    """What a worth is made of, in currency units."""

    propensity: float
    value: float
    relevance: float
    lever: float
    effort: float
    cost: float
    worth: float


def score_of(candidate: Candidate, view: DecisionView) -> verdicts.Score | verdicts.Reason:
    """The score, or the reason why there is none."""
    given = view.worths.get(candidate.key)
    found = given or figures_of(candidate, view)
    if not isinstance(found, Figures):
        return found
    return verdicts.Score(
        propensity=found.propensity,
        value=_money(found.value),
        relevance=found.relevance,
        lever=found.lever,
        effort=_money(found.effort),
        cost=_money(found.cost),
        rounded=_money(found.worth),
        exact=found.worth,
    )


def figures_of(
    candidate: Candidate, view: DecisionView
) -> Figures | verdicts.Score | verdicts.Reason:
    """The same before anything is rounded to be shown: what ranks. A worth that is given is a
    score."""
    key = candidate.key
    if view.worths and key in view.worths:
        return view.worths[key]
    known: Figures | verdicts.Reason | None = view.memo.figures.get(key)
    if known is None:
        known = view.memo.figures[key] = _worked_out(candidate, view)
    return known


def _worked_out(candidate: Candidate, view: DecisionView) -> Figures | verdicts.Reason:
    action, row = candidate.action, view.row_of(candidate)
    try:
        propensity = _propensity(action, row)
        value = _figure("value", action.value, row, 0.0)
        relevance = _figure("relevance", action.relevance, row, 1.0)
        effort = _figure("effort", action.effort, row, 0.0)
    except _Unknown as unknown:
        return unknown.reason
    lever = _lever(action, view.project.policy.levers, view.now)
    cost = candidate.treatment.cost
    worth = ((propensity * value) * relevance) * lever - effort - cost
    for amount in (value, effort, cost, worth):
        if not -_MOST < amount < _MOST and conversion.money(amount) is None:
            return verdicts.Reason("worth_out_of_range")
    return Figures(propensity, value, relevance, lever, effort, cost, worth)


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
    if not levers:
        return 1.0
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
    assert amount is not None  # noqa: S101 - figures are in range
    return amount


def _reason(candidate: Candidate, view: DecisionView) -> verdicts.Reason | None:
    """What is owed is not ranked, and needs no score."""
    if view.is_owed(candidate):
        return None
    found = figures_of(candidate, view)
    return found if isinstance(found, verdicts.Reason) else None


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
