"""What a candidate is worth: of one by row functions, of many side by side as arrays.

Worth = (((propensity × value) × relevance) × lever) − effort − cost, in currency units: doubles, in
this order, never rounded, so that `decision.sql`, the row and the arrays compute the same bits.
What other figures may be subtracted is subtracted after the cost.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tuttu.decision.view import Candidate, DecisionView
from tuttu.decision.ways import Numbers, Pool, Ways, numbers_of, ways_of
from tuttu.policy import is_constant
from tuttu.vocabulary import conversion, library, values, verdicts
from tuttu.vocabulary.project import Project, cached_by

_MOST = 1e13
"""Up to here every amount is certain to be money."""
_NO_ROW: values.Row = {}

Amounts = np.ndarray[tuple[int], np.dtype[np.float64]]
"""One for each way, in currency units; not a number: see where it stands."""


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


# Of one candidate


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
        propensity, value, relevance, effort = [each(action, row) for each in _FIGURES.values()]
    except _Unknown as unknown:
        return unknown.reason
    lever = _lever(action, view.project.policy.levers, view.now)
    cost = candidate.treatment.cost
    worth = ((propensity * value) * relevance) * lever - effort - cost
    for amount in (value, effort, cost, worth):
        if not -_MOST < amount < _MOST and conversion.money(amount) is None:
            return verdicts.Reason("worth_out_of_range")
    return Figures(propensity, value, relevance, lever, effort, cost, worth)


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


_Figure = Callable[[library.Action, values.Row], float]
"""In currency units, if it is money. Raises _Unknown."""


def _figure(name: str, absent: float) -> _Figure:
    """absent: where the action has none."""

    def figure(action: library.Action, row: values.Row) -> float:
        formula: values.Expression | None = getattr(action, name)
        if formula is None:
            return absent
        value = formula(row)
        if not isinstance(value, int | float):
            raise _Unknown(verdicts.Reason("figure_unknown", {"figure": name}))
        if formula.type.kind is values.Kind.MONEY:
            return float(value) / float(values.MONEY_SCALE)
        return float(value)

    return figure


_FIGURES: Mapping[str, _Figure] = {
    "propensity": _propensity,
    "value": _figure("value", 0.0),
    "relevance": _figure("relevance", 1.0),
    "effort": _figure("effort", 0.0),
}
"""Those that may depend on the row, in the order in which what is missing is told."""


def _lever(action: library.Action, levers: Iterable[library.Lever], now: values.Instant) -> float:
    """All levers that lift the action, multiplied in the order of the file."""
    return math.prod(
        [each.times for each in levers if _holds(each, now) and _lifts(each, action)], start=1.0
    )


def _holds(lever: library.Lever, now: values.Instant) -> bool:
    return lever.valid_until is None or now < lever.valid_until


def _lifts(lever: library.Lever, action: library.Action) -> bool:
    return (
        lever.action in (None, action.name)
        and lever.issue_group in (None, action.issue_group)
        and lever.owner in (None, action.owner)
    )


def _money(units: float) -> int:
    """As it is shown."""
    amount = conversion.money(units)
    assert amount is not None  # noqa: S101 - figures are in range
    return amount


# Of many, side by side


class PoolWorths(NamedTuple):
    """Of the ways in a pool whose bits are `asked`; the amounts of all others mean nothing.
    refused: the bits of those that have a reason in place of a worth."""

    asked: int
    refused: int
    worth: Amounts
    propensity: Amounts


def worths_of(pool: Pool, view: DecisionView, asked: int) -> PoolWorths:
    """Of these at least. What is not sure to be a worth is asked of the candidate itself."""
    if view.worths:
        return _with_given(pool, view, _side_by_side(pool, view, asked))
    key = (pool.about, pool.item)
    known: PoolWorths | None = view.memo.worths.get(key)
    if known is None or asked & ~known.asked:
        known = view.memo.worths[key] = _side_by_side(pool, view, asked)
    return known


def _side_by_side(pool: Pool, view: DecisionView, asked: int) -> PoolWorths:
    table, row, ways = (
        _table_of(pool.ways.project, pool.ways.surfaces),
        pool.row(view),
        numbers_of(asked),
    )
    propensity, value, relevance, effort = [each.on(row, ways) for each in table.figures]
    lever = table.levers(view.project.policy.levers, view.now)[ways]
    cost = table.cost[ways]
    with np.errstate(all="ignore"):
        worth = ((propensity * value) * relevance) * lever - effort - cost
        sure = (propensity >= 0) & (propensity <= 1)
        for amount in (value, effort, cost, worth):
            sure &= np.abs(amount) < _MOST
    found = PoolWorths(asked, 0, np.zeros(len(table.cost)), np.zeros(len(table.cost)))
    found.worth[ways], found.propensity[ways] = worth, propensity
    refused = 0
    for number in ways[~sure].tolist():
        known = figures_of(pool.candidate(number), view)
        if isinstance(known, verdicts.Reason):
            refused |= 1 << number
        else:
            found.worth[number], found.propensity[number] = known.worth, known.propensity
    return found._replace(refused=refused)


def _with_given(pool: Pool, view: DecisionView, found: PoolWorths) -> PoolWorths:
    for (action, treatment, item), score in view.worths.items():
        number = pool.ways.number(action, treatment) if item == pool.item else None
        if number is not None:
            found.worth[number], found.propensity[number] = score.worth, score.propensity
    return found


class _FigureColumn:
    """One figure of all ways: where it is the same for all customers, it stands here; else which
    of the different formulas gives it. Not a number: it is not known, or to be asked."""

    def __init__(self, name: str, figure: _Figure, actions: Sequence[library.Action]) -> None:
        self._figure = figure
        self._same = np.full(len(actions), np.nan)
        self._formula = np.full(len(actions), -1)
        self._asked: list[library.Action] = []
        """An action with each formula."""
        numbers: dict[int, int] = {}
        for way, action in enumerate(actions):
            formula: values.Expression | None = getattr(action, name)
            if formula is None or is_constant(formula):
                self._same[way] = self._of(action, _NO_ROW)
                continue
            # The same text over the same schema is the same object.
            number = numbers.setdefault(id(formula), len(numbers))
            if number == len(self._asked):
                self._asked.append(action)
            self._formula[way] = number

    def _of(self, action: library.Action, row: values.Row) -> float:
        try:
            return self._figure(action, row)
        except _Unknown:
            return math.nan

    def on(self, row: values.Row, ways: Numbers) -> Amounts:
        """Each formula is asked once."""
        found: Amounts = self._same[ways]
        if self._asked:
            formula = self._formula[ways]
            varies = formula >= 0
            numbers, place = np.unique(formula[varies], return_inverse=True)
            asked = [self._of(self._asked[number], row) for number in numbers.tolist()]
            found[varies] = np.array(asked, dtype=np.float64)[place]
        return found


class _WorthTable:
    """What worths of a version's ways are made of, but for the customer."""

    def __init__(self, ways: Ways) -> None:
        self._actions = [way.action for way in ways.listed]
        self.cost = np.array([way.treatment.cost for way in ways.listed], dtype=np.float64)
        self.figures = [_FigureColumn(*each, self._actions) for each in _FIGURES.items()]
        self._lifted: dict[tuple[bool, ...], Amounts] = {}

    def levers(self, levers: Sequence[library.Lever], now: values.Instant) -> Amounts:
        """By which each way is lifted; worked out once for those that hold together."""
        holding = tuple(_holds(each, now) for each in levers)
        known = self._lifted.get(holding)
        if known is None:
            lifted = [_lever(action, levers, now) for action in self._actions]
            known = self._lifted[holding] = np.array(lifted, dtype=np.float64)
        return known


@cached_by
def _table_of(project: Project, surfaces: frozenset[str]) -> _WorthTable:
    return _WorthTable(ways_of(project, surfaces))
