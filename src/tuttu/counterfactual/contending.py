"""What lets a candidate take a slot that others take: its own figures, else its worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import nlargest
from typing import TypeVar

from tuttu.counterfactual.case import Case, Seen, settled_names
from tuttu.counterfactual.parts import (
    OF_ITEM,
    Allowed,
    Arm,
    ColumnSet,
    Later,
    NoDice,
    Part,
    Room,
    Units,
    Worth,
)
from tuttu.counterfactual.waiting import kept_offers
from tuttu.decision.chance import POLICY
from tuttu.decision.scoring import score_of
from tuttu.decision.situation import Candidate, Situation, candidates, items_of, surfaces
from tuttu.policy import solver
from tuttu.policy.tree import NOW
from tuttu.vocabulary.library import Guard
from tuttu.vocabulary.values import MONEY_SCALE, Row

P = TypeVar("P", bound=Part)

_FOR_WORTH = 2.0
_FOR_RULES = 3.0
_SPARE = 16
"""Slots before it that a limit may have to bear beside it."""


def contending(case: Case, seen: Seen) -> Iterator[solver.Move]:
    """Moves with which the candidate takes a slot; if no single one is enough, those that may be
    part of what is."""
    if case.is_speechless(seen):
        return
    rivals = _rivals(case, seen)
    own = [*_figures(case, seen, rivals)]
    yield from own
    if not own and not any(isinstance(part, Worth) for part in seen.parts):
        worth = _worth(case, seen, rivals)
        yield solver.Move(f"worth {worth.key}", worth, _FOR_WORTH)
        if case.turned((*seen.parts, worth)):
            return
    if not own:
        yield from _by_chance(seen)
        yield from kept_offers(case, seen)
        yield from _by_guards(case, seen)
        yield from _by_rules(case, seen)


def _rivals(case: Case, seen: Seen) -> list[int]:
    """What the others on its surface are worth, least first."""
    surface = seen.candidate.treatment.surface
    worths = set()
    for each in candidates(seen.situation.project, case.question, seen.situation.row):
        if each.treatment.surface == surface and each.key != case.key:
            score = score_of(each, seen.situation)
            if not isinstance(score, str):
                worths.add(score.worth)
    return sorted(worths)


def _figures(case: Case, seen: Seen, rivals: list[int]) -> Iterator[solver.Move]:
    """Values of the columns that its formulas read, with which it is chosen; of each column the
    nearest one."""
    known = score_of(seen.candidate, seen.situation)
    before = None if isinstance(known, str) else known.worth
    done: set[str] = set()
    moves = sorted(case.figure_values(seen, _targets(seen, rivals)), key=lambda move: move.distance)
    tried: set[str] = set()
    for move in moves:
        part = case.part_of(move, seen.item_row, of_item=True)
        if move.name in done or not isinstance(part, ColumnSet) or repr(part) in tried:
            continue
        tried.add(repr(part))
        then = case.see((*seen.parts, part))
        score = score_of(then.candidate, then.situation)
        better = not isinstance(score, str) and (before is None or score.worth > before)
        if better and case.refusal(then) is None:
            done.add(move.name)
            yield solver.Move(move.name, part, move.distance)


def _targets(seen: Seen, rivals: list[int]) -> list[float]:
    """Figures that would do, with the others as they are: of the value and of the propensity."""
    score = score_of(seen.candidate, seen.situation)
    if isinstance(score, str) or not rivals:
        return [0.5, 1.0]
    needed = (max(rivals) + 1 + score.effort + score.cost) / MONEY_SCALE
    rest = score.relevance * score.lever
    found = [1.0]
    if score.value and rest:
        found.append(needed / (score.value / MONEY_SCALE * rest))
    if score.propensity and rest:
        found.append(needed / (score.propensity * rest))
    return found


def _worth(case: Case, seen: Seen, rivals: list[int]) -> Worth:
    """The least worth with which it is chosen: just positive, as much as another one's, or a
    little more; the greatest of these if none is enough."""
    steps = sorted({1, *(worth + more for worth in rivals if worth > 0 for more in (0, 1))})
    parts = [_of_worth(seen, seen.candidate, worth) for worth in steps]
    return _first_enough(case, seen, parts)


def _first_enough(case: Case, seen: Seen, parts: Sequence[P]) -> P:
    """Of parts that go further and further, the first that turns the refusal; else the last."""
    low, high = 0, len(parts) - 1
    while low < high:
        middle = (low + high) // 2
        if case.turned((*seen.parts, parts[middle])):
            high = middle
        else:
            low = middle + 1
    return parts[low]


def _of_worth(seen: Seen, candidate: Candidate, worth: int) -> Worth:
    score = score_of(candidate, seen.situation)
    return Worth(
        action=candidate.action.name,
        treatment=candidate.treatment.name,
        item=candidate.item,
        now=None if isinstance(score, str) else score.worth,
        would_be=worth,
    )


def _by_chance(seen: Seen) -> Iterator[solver.Move]:
    """In the slice that follows the policy, with nothing drawn."""
    situation = seen.situation
    if situation.arm != POLICY:
        yield solver.Move("arm", Arm(now=situation.arm, would_be=POLICY), _FOR_RULES)
    exploration = situation.project.policy.controls.exploration
    if exploration:
        yield solver.Move("dice", NoDice(now=exploration), _FOR_RULES)


def _by_guards(case: Case, seen: Seen) -> Iterator[solver.Move]:
    """Guards that put something in its place for what they block, lifted."""
    for guard in seen.situation.project.policy.guards:
        if guard.instead is not None:
            for about, row in _guarded(guard, seen.situation):
                yield from _lifted(case, seen, guard, about, row)


def _guarded(guard: Guard, situation: Situation) -> Iterator[tuple[tuple[str, str] | None, Row]]:
    """The rows that a guard is asked on: the customer's, or that of each item."""
    if guard.about is None:
        yield None, situation.row
        return
    for item in items_of(situation.project, situation.row, guard.about):
        yield (guard.about, item), situation.row_about(guard.about, item)


def _lifted(
    case: Case, seen: Seen, guard: Guard, about: tuple[str, str] | None, row: Row
) -> Iterator[solver.Move]:
    taken = settled_names(seen.parts, None if about is None else about[1])
    for goal in case.book.guard(guard, case.follows):
        if goal.met(row):
            continue
        for move in solver.moves_for(goal, row, taken, case.domains[about is not None]):
            of = about if move.name.startswith(OF_ITEM) else None
            part: Part = ColumnSet(
                name=move.name, now=row.get(move.name), would_be=move.value, of=of
            )
            if move.name == NOW:
                part = Later(now=case.situation.now, would_be=move.value)
            yield solver.Move(f"{about} {move.name}", part, move.distance)


def _other_ways(case: Case, seen: Seen) -> Iterator[solver.Move]:
    """The action's other treatments, which may have its place, out of the way: by a channel that
    is not allowed, or, in the same channel, by being worth nothing."""
    own, found = seen.candidate, set()
    for each in candidates(seen.situation.project, case.question, seen.situation.row):
        if each.action.name != own.action.name or each.treatment is own.treatment:
            continue
        channel = each.treatment.channel
        if channel == own.treatment.channel:
            yield solver.Move(f"worth {each.key}", _of_worth(seen, each, 0), _FOR_RULES)
        elif channel not in found:
            found.add(channel)
            purpose = own.action.purpose
            part = Allowed(purpose=purpose, channel=channel, now=True, would_be=False)
            yield solver.Move(f"consent {channel}", part, _FOR_WORTH)


def _by_rules(case: Case, seen: Seen) -> Iterator[solver.Move]:
    """What the slots before it take away: its place, contacts, units."""
    yield from _other_ways(case, seen)
    for limit in seen.situation.project.policy.contact_limits:
        steps = range(limit.at_most + 1, limit.at_most + _SPARE + 1)
        rooms = [Room(name=limit.name, now=limit.at_most, would_be=step) for step in steps]
        yield solver.Move(f"limit {limit.name}", _first_enough(case, seen, rooms), _FOR_RULES)
    for name in seen.candidate.treatment.uses:
        now = case.situation.free.get(name, 0)
        steps = range(seen.situation.free.get(name, 0) + 1, _most_used(case, seen, name) + 1)
        units = [Units(name=name, now=now, would_be=step) for step in steps]
        if units:
            yield solver.Move(f"resource {name}", _first_enough(case, seen, units), _FOR_RULES)


def _most_used(case: Case, seen: Seen, name: str) -> int:
    """Units of a resource that are enough whoever fills the slots before it."""
    project, question = seen.situation.project, case.question
    slots = sum(question.slots.get(each.name, each.slots) for each in surfaces(project, question))
    others = (
        each.treatment.uses.get(name, 0)
        for each in candidates(project, question, seen.situation.row)
        if each.key != case.key
    )
    return seen.candidate.treatment.uses[name] + sum(nlargest(max(slots - 1, 0), others))
