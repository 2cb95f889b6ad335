"""Who comes first on a surface, and with what probability each wins the next slot."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tuttu.decision.chance import PROPENSITY_ONLY, RANDOM_CHOICE
from tuttu.decision.guards import StandIn
from tuttu.decision.scoring import score_of
from tuttu.decision.situation import Candidate, Situation
from tuttu.decision.stages import controls
from tuttu.vocabulary.values import MONEY_SCALE
from tuttu.vocabulary.verdicts import Score


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """The candidates for one slot, best first by the policy, with the odds of the draw.

    forced: the first one wins whatever the arm and the dice say. first: what stands in for what a
    guard blocked on this surface, in order. spare: takes the slot when the winner is
    withheld, which comes about with the probability `share`.
    """

    ranked: tuple[Candidate, ...]
    odds: tuple[float, ...]
    forced: bool
    first: Sequence[StandIn]
    spare: Candidate | None
    share: float

    @property
    def possible(self) -> list[Candidate]:
        """Whoever could end in the slot, or be withheld from it."""
        return [
            each
            for each, odds in zip(self.ranked, self.odds, strict=True)
            if odds > 0 or (each is self.spare and self.share > 0)
        ]

    def probability(self, winner: Candidate) -> float:
        """Of ending in the slot. Sums of shares may pass 1 by a rounding error; it may not."""
        odds = self.odds[self.ranked.index(winner)]
        return min(1.0, odds + self.share) if winner is self.spare else odds


def field_of(
    candidates: Sequence[Candidate], situation: Situation, first: Sequence[StandIn]
) -> Field:
    """Best first: offers that are kept, stand-ins, then by worth, then by name and item."""
    ranked = tuple(sorted(candidates, key=lambda each: _place(each, situation, first)))
    forced = _is_forced(ranked, situation, first)
    odds = _odds(ranked, situation, forced=forced)
    withheld = [controls(each, situation) is not None for each in ranked]
    return Field(
        ranked=ranked,
        odds=odds,
        forced=forced,
        first=first,
        spare=next((each for each, out in zip(ranked, withheld, strict=True) if not out), None),
        share=sum(share for share, out in zip(odds, withheld, strict=True) if out),
    )


def _is_forced(ranked: Sequence[Candidate], situation: Situation, first: Sequence[StandIn]) -> bool:
    """A kept offer always wins. A control arm must not touch a purpose that skips controls: where
    such a candidate is best, it wins as it would have. Stand-ins come from guards, not from the
    ranking that the arms replace, so they win too."""
    if not ranked:
        return False
    best = ranked[0]
    if situation.history.kept(best.action, best.treatment, best.item) is not None:
        return True
    spared = stands_in(best, first) or situation.skips(best, "controls")
    return situation.arm in (RANDOM_CHOICE, PROPENSITY_ONLY) and spared


def _odds(ranked: Sequence[Candidate], situation: Situation, *, forced: bool) -> tuple[float, ...]:
    """The probability of each to be drawn; they add up to 1."""
    if not ranked or forced:
        return _certain(ranked, 0)
    touched = [n for n, each in enumerate(ranked) if not situation.skips(each, "controls")]
    if situation.arm == RANDOM_CHOICE:
        return tuple((n in touched) / len(touched) for n in range(len(ranked)))
    if situation.arm == PROPENSITY_ONLY:
        return _certain(ranked, max(touched, key=lambda n: scored(ranked[n], situation).propensity))
    exploration = situation.project.policy.controls.exploration
    share = exploration / len(ranked)
    return tuple((1 - exploration) * (n == 0) + share for n in range(len(ranked)))


def stands_in(candidate: Candidate, first: Sequence[StandIn]) -> bool:
    return any(each.is_for(candidate) for each in first)


def why_lost(loser: Candidate, winner: Candidate, field: Field, situation: Situation) -> str:
    """In the words of whoever asks why the other one. The key of an item stays out of it: reasons
    are counted over all customers."""
    name = winner.action.name
    if name == loser.action.name:
        other = winner.item != loser.item
        name = f"{name} (about another item)" if other else f"{name} ({winner.treatment.name})"
    if situation.history.kept(winner.action, winner.treatment, winner.item) is not None:
        return f"lost to {name}, an offer that was shown before and is kept"
    if stands_in(winner, field.first) and winner is field.ranked[0]:
        return f"lost to {name}, which stands in for what a guard blocked"
    if not field.forced and situation.arm == PROPENSITY_ONLY:
        ahead = scored(winner, situation).propensity - scored(loser, situation).propensity
        return f"lost to {name} by a propensity of {ahead:g}" if ahead else f"tied with {name}"
    ahead = scored(winner, situation).worth - scored(loser, situation).worth
    if winner is not field.ranked[0] or (not field.forced and situation.arm == RANDOM_CHOICE):
        return f"lost to {name} in a random draw"
    return f"lost to {name} by {_money(ahead, situation)}" if ahead else f"tied with {name}"


def scored(candidate: Candidate, situation: Situation) -> Score:
    """The score of a candidate that has passed the stage of scoring."""
    score = score_of(candidate, situation)
    if isinstance(score, str):
        raise TypeError(f"{candidate.action.name}: found no score ({score}), expected one")
    return score


def _place(
    candidate: Candidate, situation: Situation, first: Sequence[StandIn]
) -> tuple[int, int, int, str, str, str]:
    action, treatment = candidate.action, candidate.treatment
    kept = situation.history.kept(action, treatment, candidate.item)
    names = (action.name, treatment.name, candidate.item or "")
    worth = scored(candidate, situation).worth
    if kept is not None:
        return (0, kept.time, -worth, *names)
    for place, stand_in in enumerate(first):
        if stand_in.is_for(candidate):
            return (1, place, -worth, *names)
    return (2, 0, -worth, *names)


def _certain(ranked: Sequence[Candidate], winner: int) -> tuple[float, ...]:
    return tuple(float(n == winner) for n in range(len(ranked)))


def _money(amount: int, situation: Situation) -> str:
    """Two decimals, or four where two would hide the difference."""
    digits = 2 if amount % 100 == 0 else 4
    return f"{amount / MONEY_SCALE:.{digits}f} {situation.project.company.currency}"
