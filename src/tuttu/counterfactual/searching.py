"""The least change that would turn a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tuttu.counterfactual.case import Case, Renders, Seen, settled
from tuttu.counterfactual.contending import contending
from tuttu.counterfactual.parts import Change, Later, Part, subsets
from tuttu.counterfactual.waiting import away, kept_offers, waiting, waits
from tuttu.decision.contest import Render
from tuttu.decision.situation import CandidateKey, Question, Situation
from tuttu.policy import solver
from tuttu.policy.tree import NOW

MOST_PARTS = 8
LOOKS = 3_000
"""Snapshots that are looked at for one candidate before the search gives up."""
LOOKS_IN_ALL = 20_000
"""For all candidates of one question."""

_PAST = ("contacted.", "answered.", "last_contact.")
_OF_PAST = 1.0
"""What was contacted and answered stays so: anything else of as few parts is nearer."""
_NEVER = MOST_PARTS + 1


def _unrendered(_situation: Situation) -> Render:
    return lambda _candidate: ""


def least_change(
    situation: Situation,
    question: Question,
    key: CandidateKey,
    renders: Renders = _unrendered,
    looks: int = LOOKS,
) -> Change | None:
    """The fewest parts, and of these the nearest, with which a refused candidate would be chosen.

    Applied to the same snapshot they turn the decision of the same question, and no fewer of them
    do. Empty for a candidate that is chosen; None if no change of at most `MOST_PARTS` was found.
    question: its seed is the one of the decision that refused; without one, any. key: as the
    verdict names the candidate. renders: how messages are rendered on a snapshot. Raises
    KeyError for an unknown action or treatment.
    """
    return _least(Case(situation, question, key, renders), solver.Budget(looks))


def least_changes(
    situation: Situation,
    question: Question,
    keys: Iterable[CandidateKey],
    renders: Renders = _unrendered,
) -> dict[CandidateKey, Change | None]:
    """`least_change` of several candidates, in this order; those for which no looks were left are
    absent."""
    found: dict[CandidateKey, Change | None] = {}
    left = LOOKS_IN_ALL
    for key in keys:
        if left <= 0:
            break
        budget = solver.Budget(min(left, LOOKS))
        before = budget.left
        found[key] = _least(Case(situation, question, key, renders), budget)
        left -= before - budget.left
    return found


def _least(case: Case, budget: solver.Budget) -> Change | None:
    def evaluate(moves: solver.Moves, thorough: bool) -> solver.SearchState:
        return _evaluate(case, moves, thorough=thorough)

    found = solver.find_least(evaluate, most=MOST_PARTS, budget=budget, trusted=MOST_PARTS)
    if found is None:
        return None
    return _smallest(case, Change(tuple(move.value for move in found)))


def _smallest(case: Case, change: Change) -> Change:
    """The change, or the smallest part of it that is enough alone."""
    return next((each for each in subsets(change) if case.turned(each.parts)), change)


def _evaluate(case: Case, moves: solver.Moves, *, thorough: bool) -> solver.SearchState:
    seen = case.see(tuple(move.value for move in moves))
    certain = [*settled(seen)]
    wait = waits(seen)
    return solver.SearchState(
        needed=_needed(seen, certain, wait=wait),
        solved=lambda: not certain and not wait and not seen.unmet and case.refusal(seen) is None,
        moves=lambda: _moves(case, seen, certain, wait=wait, thorough=thorough),
    )


def _needed(seen: Seen, certain: list[Part | None], *, wait: bool) -> int:
    """How many parts are needed at least beside those taken."""
    if None in certain or (wait and "now" in seen.taken):
        return _NEVER
    goals = [rule.goal for rule in seen.unmet]
    timed = any("now" in goal.columns for goal in goals)
    return len(certain) + solver.moves_needed(goals, seen.taken) + (wait and not timed)


def _moves(
    case: Case, seen: Seen, certain: list[Part | None], *, wait: bool, thorough: bool
) -> Iterator[solver.Move]:
    """What could come next: the one obstacle with the fewest ways around it is taken up."""
    if certain:
        yield solver.Move(repr(certain[0]), certain[0], 0.0)
    elif wait:
        yield from waiting(case, seen)
    elif seen.unmet:
        yield from _mending(case, seen, thorough=thorough)
    else:
        yield from contending(case, seen)


def _mending(case: Case, seen: Seen, *, thorough: bool) -> Iterator[solver.Move]:
    rule = min(seen.unmet, key=lambda each: len(each.goal.columns - seen.taken))
    row = seen.item_row if rule.of_item else seen.situation.row
    domain = case.domains[rule.of_item]
    for move in solver.moves_for(rule.goal, row, seen.taken, domain, thorough=thorough):
        part = case.part_of(move, row, rule.of_item)
        if isinstance(part, Later):
            yield solver.Move(move.name, part, away(case.situation.now, part.would_be))
        else:
            past = _OF_PAST if move.name.startswith(_PAST) else 0.0
            yield solver.Move(move.name, part, move.distance + past)
    if NOW in rule.goal.columns - seen.taken:
        yield from kept_offers(case, seen)
