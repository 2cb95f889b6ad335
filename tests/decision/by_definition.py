"""The worth, the order and the odds of candidates by their definitions, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tuttu.decision import STAGES, Candidate, DecisionQuery, DecisionView, pools_of
from tuttu.decision.arbitration import Arbitration
from tuttu.decision.chance import PROPENSITY_ONLY, RANDOM_CHOICE, pick
from tuttu.decision.ranking import Ranking, ranked_by
from tuttu.decision.stages.guards import Substitute
from tuttu.decision.ways import Pool
from tuttu.decision.worths import worths_of

NUMBERS = (0.0, 0.04, 0.3, 0.5, 0.71, 0.85, 0.93, 0.9999999999)


def check_rankings(
    view: DecisionView, question: DecisionQuery, first: Sequence[Substitute] = ()
) -> None:
    """Of all who can be ranked, on each surface: as arrays as by definition."""
    pools = list(pools_of(view, question))
    for surface in question.surfaces:
        entrants = {pool: _rankable(pool, view, surface) for pool in pools}
        candidates = [each for pool, bits in entrants.items() for _, each in pool.candidates(bits)]
        _check_worths(entrants, view)
        ranking, ranked = Ranking(entrants, view, first), in_order(candidates, view, first)
        assert list(ranking) == ranked
        assert len(ranking) == len(ranked)
        if ranked:
            _check_draws(ranking, ranked, odds_of(ranked, view, first))
            left = ranking.without(ranked[0])
            assert list(left) == ranked[1:]


def check_obstacles(arbitration: Arbitration) -> None:
    """What stands in slots keeps out as bits whom it keeps out by its reasons."""
    for surface, board, asked, *_ in arbitration.rounds:
        for pool, bits in asked.items():
            expected = sum(
                bit
                for bit, each in pool.candidates(bits)
                if board.obstacle(each, surface) is not None
            )
            assert board.obstructed(pool, surface, bits) == expected


def _rankable(pool: Pool, view: DecisionView, surface: str) -> int:
    """The bits of those that have a worth, by their reasons."""
    (scoring,) = (each for each in STAGES if each.name == "scoring")
    return sum(
        bit
        for bit, each in pool.candidates(pool.bits)
        if each.treatment.surface == surface
        and not view.is_owed(each)
        and scoring.reason(each, view) is None
    )


def _check_worths(entrants: Mapping[Pool, int], view: DecisionView) -> None:
    for pool, bits in entrants.items():
        found = worths_of(pool, view, bits)
        for bit, each in pool.candidates(bits):
            number, figures = bit.bit_length() - 1, ranked_by(each, view)
            assert float(found.worth[number]).hex() == figures.worth.hex()
            assert float(found.propensity[number]).hex() == figures.propensity.hex()


def _check_draws(ranking: Ranking, ranked: Sequence[Candidate], odds: Sequence[float]) -> None:
    assert ranking.best == ranked[0]
    for number in NUMBERS:
        place = pick(odds, number)
        assert ranking.drawn(number) == (ranked[place], odds[place])


def in_order(
    candidates: Sequence[Candidate], view: DecisionView, first: Sequence[Substitute]
) -> list[Candidate]:
    """Best first: offers that are kept, substitutes, then by worth, then by name and item."""

    def place(candidate: Candidate) -> tuple[object, ...]:
        action, treatment = candidate.action, candidate.treatment
        kept = view.history.kept(action, treatment, candidate.item)
        names = (action.name, treatment.name, candidate.item or "")
        worth = ranked_by(candidate, view).worth
        if kept is not None:
            return (0, kept.time, -worth, *names)
        for number, substitute in enumerate(first):
            if substitute.is_for(candidate):
                return (1, number, -worth, *names)
        return (2, 0, -worth, *names)

    return sorted(candidates, key=place)


def odds_of(
    ranked: Sequence[Candidate], view: DecisionView, first: Sequence[Substitute]
) -> list[float]:
    """The probability of each to be drawn; they add up to 1."""
    best = ranked[0]
    kept = view.history.kept(best.action, best.treatment, best.item) is not None
    stands_in = any(each.is_for(best) for each in first)
    in_arm = view.arm in (RANDOM_CHOICE, PROPENSITY_ONLY)
    if kept or (in_arm and (stands_in or view.skips(best, "controls"))):
        return [float(number == 0) for number in range(len(ranked))]
    touched = [n for n, each in enumerate(ranked) if not view.skips(each, "controls")]
    if view.arm == RANDOM_CHOICE:
        return [(n in touched) / len(touched) for n in range(len(ranked))]
    if view.arm == PROPENSITY_ONLY:
        likeliest = max(touched, key=lambda n: ranked_by(ranked[n], view).propensity)
        return [float(n == likeliest) for n in range(len(ranked))]
    exploration = view.project.policy.controls.exploration
    share = exploration / len(ranked)
    return [(1 - exploration) * (n == 0) + share for n in range(len(ranked))]
