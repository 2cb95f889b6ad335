"""Who comes first on a surface, and with what probability each wins the next slot."""

from collections.abc import Sequence

import msgspec

from tuttu.decision.chance import PROPENSITY_ONLY, RANDOM_CHOICE
from tuttu.decision.stages.guards import Substitute
from tuttu.decision.stages.scoring import Figures, figures_of
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary.values import Figure
from tuttu.vocabulary.verdicts import Reason, Score


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """The candidates for one slot, best first by the policy, with the odds of the draw.

    forced: the first one wins whatever the arm and the draw say. first: what stands in for
    what a guard blocked on this surface, in order.
    """

    ranked: tuple[Candidate, ...]
    odds: tuple[float, ...]
    forced: bool
    first: Sequence[Substitute]

    def without(self, number: int, view: DecisionView) -> "Ranking":
        """As it would have been if the candidate of this number had not taken part."""
        left = self.ranked[:number] + self.ranked[number + 1 :]
        return _ranking_in_order(left, view, self.first)


def ranking_of(
    candidates: Sequence[Candidate], view: DecisionView, first: Sequence[Substitute]
) -> Ranking:
    """Best first: offers that are kept, substitutes, then by worth, then by name and item."""
    ranked = tuple(sorted(candidates, key=lambda each: _place(each, view, first)))
    return _ranking_in_order(ranked, view, first)


def _ranking_in_order(
    ranked: tuple[Candidate, ...], view: DecisionView, first: Sequence[Substitute]
) -> Ranking:
    forced = _is_forced(ranked, view, first)
    odds = _odds(ranked, view, forced=forced)
    return Ranking(ranked=ranked, odds=odds, forced=forced, first=first)


def _is_forced(
    ranked: Sequence[Candidate], view: DecisionView, first: Sequence[Substitute]
) -> bool:
    """A kept offer always wins. A control arm must not touch a purpose that skips controls: where
    such a candidate is best, it wins as it would have. Substitutes come from guards, not from the
    ranking that the arms replace, so they win too."""
    if not ranked:
        return False
    best = ranked[0]
    if view.history.kept(best.action, best.treatment, best.item) is not None:
        return True
    spared = stands_in(best, first) or view.skips(best, "controls")
    return view.arm in (RANDOM_CHOICE, PROPENSITY_ONLY) and spared


def _odds(ranked: Sequence[Candidate], view: DecisionView, *, forced: bool) -> tuple[float, ...]:
    """The probability of each to be drawn; they add up to 1."""
    if not ranked or forced:
        return _certain(ranked, 0)
    touched = [n for n, each in enumerate(ranked) if not view.skips(each, "controls")]
    if view.arm == RANDOM_CHOICE:
        return tuple((n in touched) / len(touched) for n in range(len(ranked)))
    if view.arm == PROPENSITY_ONLY:
        return _certain(ranked, max(touched, key=lambda n: ranked_by(ranked[n], view).propensity))
    exploration = view.project.policy.controls.exploration
    share = exploration / len(ranked)
    return tuple((1 - exploration) * (n == 0) + share for n in range(len(ranked)))


def stands_in(candidate: Candidate, first: Sequence[Substitute]) -> bool:
    return any(each.is_for(candidate) for each in first)


def why_lost(loser: Candidate, winner: Candidate, ranking: Ranking, view: DecisionView) -> Reason:
    """The key of an item stays out of it: reasons are counted over all customers."""
    rivals: dict[str, Figure] = {"action": loser.action.name, "winner": winner.action.name}
    if winner.action.name == loser.action.name:
        if winner.item != loser.item:
            rivals["other_item"] = True
        else:
            rivals["treatment"] = loser.treatment.name
            rivals["winner_treatment"] = winner.treatment.name
    if view.history.kept(winner.action, winner.treatment, winner.item) is not None:
        return Reason("lost_to_kept_offer", rivals)
    if stands_in(winner, ranking.first) and winner is ranking.ranked[0]:
        return Reason("lost_to_substitute", rivals)
    its, other, tied = ranked_by(loser, view), ranked_by(winner, view), Reason("tied", rivals)
    if not ranking.forced and view.arm == PROPENSITY_ONLY:
        ahead = other.propensity - its.propensity
        return Reason("lost_by_propensity", {**rivals, "by": ahead}) if ahead else tied
    if winner is not ranking.ranked[0] or (not ranking.forced and view.arm == RANDOM_CHOICE):
        return Reason("lost_in_draw", rivals)
    if its.worth == other.worth:
        return tied
    by, currency = other.worth - its.worth, view.project.company.currency
    return Reason("lost", {**rivals, "by": by, "currency": currency})


def ranked_by(candidate: Candidate, view: DecisionView) -> Figures | Score:
    """The figures of a candidate that has passed the stage of scoring."""
    found = figures_of(candidate, view)
    if isinstance(found, Reason):
        raise TypeError(f"{candidate.action.name}: found no score ({found.code}), expected one")
    return found


def _place(
    candidate: Candidate, view: DecisionView, first: Sequence[Substitute]
) -> tuple[int, int, float, str, str, str]:
    action, treatment = candidate.action, candidate.treatment
    kept = view.history.kept(action, treatment, candidate.item)
    names = (action.name, treatment.name, candidate.item or "")
    worth = ranked_by(candidate, view).worth
    if kept is not None:
        return (0, kept.time, -worth, *names)
    for place, substitute in enumerate(first):
        if substitute.is_for(candidate):
            return (1, place, -worth, *names)
    return (2, 0, -worth, *names)


def _certain(ranked: Sequence[Candidate], winner: int) -> tuple[float, ...]:
    return tuple(float(n == winner) for n in range(len(ranked)))
