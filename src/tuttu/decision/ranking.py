"""Who comes first on a surface, and with what probability each wins the next slot."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from tuttu.decision.chance import PROPENSITY_ONLY, RANDOM_CHOICE, pick
from tuttu.decision.stages.guards import Substitute
from tuttu.decision.view import Candidate, DecisionView
from tuttu.decision.ways import Numbers, Pool, by_action, numbers_of
from tuttu.decision.worths import Amounts, Figures, figures_of, worths_of
from tuttu.vocabulary.values import Figure
from tuttu.vocabulary.verdicts import Reason, Score

Entrants = Mapping[Pool, int]
"""Who may take a slot: of each pool, the bits of its ways."""

Precedence = tuple[int, int]
"""What counts before the worth, the least first."""

_NONE: Precedence = (2, 0)


class _Columns(NamedTuple):
    """All entrants side by side. pool: the number of it. name: in the order of names and items."""

    pool: Numbers
    way: Numbers
    worth: Amounts
    propensity: Amounts
    name: Numbers


class Ranking:
    """The `entrants` for one slot, best first by the policy, with the odds of the draw.

    Best first: offers that are kept, substitutes, then by worth, then by name and item. Only who is
    asked for becomes a candidate. view: as the slot sees it. first: what stands in for what a guard
    blocked on this surface, in order.
    """

    def __init__(self, entrants: Entrants, view: DecisionView, first: Sequence[Substitute]) -> None:
        self.view = view
        self.first = first
        self.entrants = {pool: bits for pool, bits in entrants.items() if bits}
        self._pools = tuple(self.entrants)
        self._size = sum(map(int.bit_count, self.entrants.values()))

    def __len__(self) -> int:
        return self._size

    def without(self, candidate: Candidate) -> "Ranking":
        """As it would have been if the candidate had not taken part."""
        left = {pool: bits & ~pool.bit(candidate) for pool, bits in self.entrants.items()}
        return Ranking(left, self.view, self.first)

    def __iter__(self) -> Iterator[Candidate]:
        if len(self):
            yield self.best
            yield from map(self._candidate, self._ranked[1:].tolist())

    @cached_property
    def best(self) -> Candidate:
        if self._preceding:
            number = min(self._preceding, key=lambda n: (*self._preceding[n], *self._after(n)))
        else:
            tied = (self._columns.worth == self._columns.worth.max()).nonzero()[0]
            number = int(tied[self._columns.name[tied].argmin()])
        return self._candidate(number)

    @cached_property
    def forced(self) -> bool:
        """Whether the best one wins whatever the arm and the draw say.

        A kept offer always wins. A control arm must not touch a purpose that skips controls: where
        such a candidate is best, it wins as it would have. Substitutes come from guards, not from
        the ranking that the arms replace, so they win too."""
        best, view = self.best, self.view
        if view.history.kept(best.action, best.treatment, best.item) is not None:
            return True
        spared = stands_in(best, self.first) or view.skips(best, "controls")
        return view.arm in (RANDOM_CHOICE, PROPENSITY_ONLY) and spared

    def drawn(self, number: float) -> tuple[Candidate, float]:
        """The one on whom a number in [0, 1) falls, and how probable that was."""
        if self.forced:
            return self.best, 1.0
        if self.view.arm == PROPENSITY_ONLY:
            return self._candidate(self._likeliest), 1.0
        if self.view.arm == RANDOM_CHOICE:
            ranked = self._ranked[self._touched[self._ranked]]
            odds = np.full(len(ranked), 1 / len(ranked))
        else:
            exploration = self.view.project.policy.controls.exploration
            share = exploration / len(self)
            if number < 1 - exploration + share:
                return self.best, 1 - exploration + share
            ranked, odds = self._ranked, np.full(len(self), share)
            odds[0] += 1 - exploration
        place = pick(odds.tolist(), number)
        return self._candidate(int(ranked[place])), float(odds[place])

    @cached_property
    def _columns(self) -> _Columns:
        keys = sorted({each.item or "" for each in self._pools})
        items = {key: number for number, key in enumerate(keys)}
        parts = []
        for number, (pool, bits) in enumerate(self.entrants.items()):
            ways, found = numbers_of(bits), worths_of(pool, self.view, bits)
            name = pool.ways.order[ways] * len(items) + items[pool.item or ""]
            place = np.full(len(ways), number)
            parts.append((place, ways, found.worth[ways], found.propensity[ways], name))
        return _Columns(*map(np.concatenate, zip(*parts, strict=True)))

    def _candidate(self, number: int) -> Candidate:
        columns = self._columns
        return self._pools[int(columns.pool[number])].candidate(int(columns.way[number]))

    def _after(self, number: int) -> tuple[float, int]:
        """What counts after the precedence."""
        return -float(self._columns.worth[number]), int(self._columns.name[number])

    @cached_property
    def _preceding(self) -> Mapping[int, Precedence]:
        """Those who come before all others, by their numbers."""
        history, found = self.view.history, {}
        named = history.actions.union(map(attrgetter("action"), self.first))
        for number in self._numbers_of(named) if named else ():
            candidate = self._candidate(number)
            kept = history.kept(candidate.action, candidate.treatment, candidate.item)
            places = (n for n, each in enumerate(self.first) if each.is_for(candidate))
            place = next(places, None)
            if kept is not None:
                found[number] = (0, kept.time)
            elif place is not None:
                found[number] = (1, place)
        return found

    def _numbers_of(self, actions: Collection[str]) -> Iterator[int]:
        """Of the entrants by these actions."""
        before = 0
        for pool, bits in self.entrants.items():
            by_them = bits & pool.ways.bits(by_action, actions)
            if by_them:
                ways = self._columns.way[before : before + bits.bit_count()]
                yield from (before + np.isin(ways, numbers_of(by_them)).nonzero()[0]).tolist()
            before += bits.bit_count()

    @cached_property
    def _ranked(self) -> Numbers:
        """The numbers of all, best first."""
        columns, precedence = self._columns, np.tile(np.array(_NONE), (len(self), 1))
        for number, before in self._preceding.items():
            precedence[number] = before
        ranked: Numbers = np.lexsort(
            (columns.name, -columns.worth, precedence[:, 1], precedence[:, 0])
        )
        return ranked

    @cached_property
    def _touched(self) -> "np.ndarray[tuple[int], np.dtype[np.bool]]":
        """Of each, whether the arms touch its purpose."""
        parts = [
            np.isin(numbers_of(bits), numbers_of(pool.ways.skipping("controls")), invert=True)
            for pool, bits in self.entrants.items()
        ]
        return np.concatenate(parts)

    @property
    def _likeliest(self) -> int:
        """Of those whom the arms touch, the best of those with the highest propensity."""
        ranked = self._ranked[self._touched[self._ranked]]
        return int(ranked[self._columns.propensity[ranked].argmax()])


def stands_in(candidate: Candidate, first: Sequence[Substitute]) -> bool:
    return any(each.is_for(candidate) for each in first)


def why_lost(loser: Candidate, winner: Candidate, ranking: Ranking) -> Reason:
    """The key of an item stays out of it: reasons are counted over all customers."""
    view = ranking.view
    rivals: dict[str, Figure] = {"action": loser.action.name, "winner": winner.action.name}
    if winner.action.name == loser.action.name:
        if winner.item != loser.item:
            rivals["other_item"] = True
        else:
            rivals["treatment"] = loser.treatment.name
            rivals["winner_treatment"] = winner.treatment.name
    if view.history.kept(winner.action, winner.treatment, winner.item) is not None:
        return Reason("lost_to_kept_offer", rivals)
    best = winner == ranking.best
    if stands_in(winner, ranking.first) and best:
        return Reason("lost_to_substitute", rivals)
    its, other, tied = ranked_by(loser, view), ranked_by(winner, view), Reason("tied", rivals)
    if not ranking.forced and view.arm == PROPENSITY_ONLY:
        ahead = other.propensity - its.propensity
        return Reason("lost_by_propensity", {**rivals, "by": ahead}) if ahead else tied
    if not best or (not ranking.forced and view.arm == RANDOM_CHOICE):
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
