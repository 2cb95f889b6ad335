"""Worth = propensity × value × relevance × lever − effort − cost, rounded once, half to even."""

from __future__ import annotations

import math

from tuttu.decision.situation import Candidate, Situation
from tuttu.vocabulary.library import Action, Lever
from tuttu.vocabulary.values import INTEGER_MAX, MONEY_SCALE, Expression, Instant, Kind, Row
from tuttu.vocabulary.verdicts import Score


class _Unknown(Exception):  # noqa: N818 - a missing figure, not a mistake
    """One figure of the formula is missing; the message is the reason."""


def score_of(candidate: Candidate, situation: Situation) -> Score | str:
    """The score, or the reason why there is none."""
    known = situation.scores.get(candidate.key)
    if known is None:
        known = situation.scores[candidate.key] = _score(candidate, situation)
    return known


def _score(candidate: Candidate, situation: Situation) -> Score | str:
    action, row = candidate.action, situation.row_of(candidate)

    def figure(name: str, formula: Expression | None, absent: float) -> float:
        value = absent if formula is None else formula(row)
        if value is None or not isinstance(value, int | float):
            raise _Unknown(f"{name} is unknown")
        in_units = formula is None or formula.type.kind is not Kind.MONEY
        return float(value) if in_units else value / MONEY_SCALE

    try:
        propensity = _propensity(action, row)
        value = figure("value", action.value, 0.0)
        relevance = figure("relevance", action.relevance, 1.0)
        effort = figure("effort", action.effort, 0.0)
        lever = _lever(action, situation.project.policy.levers, situation.now)
        cost = candidate.treatment.cost
        gain = propensity * value * relevance * lever
        return Score(
            propensity=propensity,
            value=_money(value),
            relevance=relevance,
            lever=lever,
            effort=_money(effort),
            cost=cost,
            worth=_money(gain - effort, less=cost),
        )
    except _Unknown as reason:
        return str(reason)


def _propensity(action: Action, row: Row) -> float:
    if action.propensity is None:
        if action.model is None:
            raise _Unknown("no propensity")
        raise _Unknown(f"model {action.model} has no score yet")
    value = action.propensity(row)
    if value is None or not isinstance(value, int | float):
        raise _Unknown("propensity is unknown")
    if not 0 <= value <= 1:
        raise _Unknown(f"propensity {value:g} is not between 0 and 1")
    return float(value)


def _lever(action: Action, levers: tuple[Lever, ...], now: Instant) -> float:
    """All levers that name the action, its issue group or its owner, multiplied."""
    return math.prod(
        lever.times
        for lever in levers
        if lever.action in (None, action.name)
        and lever.issue_group in (None, action.issue_group)
        and lever.owner in (None, action.owner)
        and (lever.valid_until is None or now < lever.valid_until)
    )


def _money(units: float, *, less: int = 0) -> int:
    """Currency units to 1/10,000 of them, less an amount that is in these already."""
    amount = units * MONEY_SCALE - less
    if not math.isfinite(amount) or abs(amount) > INTEGER_MAX:
        raise _Unknown("worth is out of range")
    return round(amount)
