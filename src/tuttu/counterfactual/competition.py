"""What lets a candidate take a slot that others take: its own figures, else its worth."""

from collections.abc import Iterator, Sequence
from heapq import nlargest
from typing import TypeVar

from tuttu.counterfactual import change as c
from tuttu.counterfactual.refused_candidate import RefusedCandidate, Trial, fixed_columns
from tuttu.counterfactual.timing import held_offers
from tuttu.decision.chance import POLICY
from tuttu.decision.view import Candidate, DecisionView, candidates, items_of, surfaces
from tuttu.decision.worths import score_of
from tuttu.policy import solver
from tuttu.policy.tree import NOW
from tuttu.vocabulary import library, values, verdicts

P = TypeVar("P", bound=c.ChangePart)

_FOR_WORTH = 2.0
_FOR_RULES = 3.0
_SPARE = 16
"""Slots before it that a limit may have to allow beside it."""


def competition_moves(refused: RefusedCandidate, trial: Trial) -> Iterator[solver.Move]:
    """Moves with which the candidate takes a slot; if no single one is enough, those that may be
    part of what is."""
    if refused.is_unrenderable(trial):
        return
    rivals = _rivals(refused, trial)
    own = [*_figures(refused, trial, rivals)]
    yield from own
    if not own and not any(isinstance(part, c.Worth) for part in trial.parts):
        worth = _worth(refused, trial, rivals)
        yield solver.Move(f"worth {worth.key}", worth, _FOR_WORTH)
        if refused.turned((*trial.parts, worth)):
            return
    if not own:
        yield from _by_chance(trial)
        yield from held_offers(refused, trial)
        yield from _by_guards(refused, trial)
        yield from _by_rules(refused, trial)


def _rivals(refused: RefusedCandidate, trial: Trial) -> list[float]:
    """What the others on its surface are worth, in currency units, least first."""
    surface = trial.candidate.treatment.surface
    worths = set()
    for each in candidates(trial.view.project, refused.query, trial.view.row):
        if each.treatment.surface == surface and each.key != refused.key:
            score = score_of(each, trial.view)
            if not isinstance(score, verdicts.Reason):
                worths.add(score.worth)
    return sorted(worths)


def _figures(refused: RefusedCandidate, trial: Trial, rivals: list[float]) -> Iterator[solver.Move]:
    """Values of the columns that its formulas read, with which it is chosen; of each column the
    nearest one."""
    known = score_of(trial.candidate, trial.view)
    before = None if isinstance(known, verdicts.Reason) else known.worth
    done: set[str] = set()
    moves = sorted(
        refused.figure_values(trial, _targets(trial, rivals)), key=lambda move: move.distance
    )
    tried: set[str] = set()
    for move in moves:
        part = refused.part_of(move, trial.item_row, of_item=True)
        if move.name in done or not isinstance(part, c.ColumnSet) or repr(part) in tried:
            continue
        tried.add(repr(part))
        then = refused.trial((*trial.parts, part))
        score = score_of(then.candidate, then.view)
        better = not isinstance(score, verdicts.Reason) and (before is None or score.worth > before)
        if better and refused.refusal(then) is None:
            done.add(move.name)
            yield solver.Move(move.name, part, move.distance)


def _targets(trial: Trial, rivals: list[float]) -> list[float]:
    """Figures that would do, with the others as they are: of the value and of the propensity."""
    score = score_of(trial.candidate, trial.view)
    if isinstance(score, verdicts.Reason) or not rivals:
        return [0.5, 1.0]
    needed = max(rivals) + (1 + score.effort + score.cost) / values.MONEY_SCALE
    rest = score.relevance * score.lever
    found = [1.0]
    if score.value and rest:
        found.append(needed / (score.value / values.MONEY_SCALE * rest))
    if score.propensity and rest:
        found.append(needed / (score.propensity * rest))
    return found


def _worth(refused: RefusedCandidate, trial: Trial, rivals: list[float]) -> c.Worth:
    """The least amount that can be shown and with which it is chosen: just positive, as much as
    another one is worth, or a little more; the greatest of these if none is enough."""
    shown = [round(worth * values.MONEY_SCALE) for worth in rivals if worth > 0]
    steps = sorted({1, *(amount + more for amount in shown for more in (0, 1))})
    parts = [_of_worth(trial, trial.candidate, worth) for worth in steps]
    return _first_enough(refused, trial, parts)


def _first_enough(refused: RefusedCandidate, trial: Trial, parts: Sequence[P]) -> P:
    """Of parts that go further and further, the first that turns the refusal; else the last."""
    low, high = 0, len(parts) - 1
    while low < high:
        middle = (low + high) // 2
        if refused.turned((*trial.parts, parts[middle])):
            high = middle
        else:
            low = middle + 1
    return parts[low]


def _of_worth(trial: Trial, candidate: Candidate, worth: int) -> c.Worth:
    score = score_of(candidate, trial.view)
    return c.Worth(
        action=candidate.action.name,
        treatment=candidate.treatment.name,
        item=candidate.item,
        now=None if isinstance(score, verdicts.Reason) else score.rounded,
        would_be=worth,
    )


def _by_chance(trial: Trial) -> Iterator[solver.Move]:
    """In the slice that follows the policy, with nothing drawn."""
    view = trial.view
    if view.arm != POLICY:
        yield solver.Move("arm", c.Arm(now=view.arm, would_be=POLICY), _FOR_RULES)
    exploration = view.project.policy.controls.exploration
    if exploration:
        yield solver.Move("dice", c.NoExploration(now=exploration), _FOR_RULES)


def _by_guards(refused: RefusedCandidate, trial: Trial) -> Iterator[solver.Move]:
    """Guards that put something in its place for what they block, lifted."""
    for guard in trial.view.project.policy.guards:
        if guard.instead is not None:
            for about, row in _guarded(guard, trial.view):
                yield from _lifted(refused, trial, guard, about, row)


def _guarded(
    guard: library.Guard, view: DecisionView
) -> Iterator[tuple[tuple[str, str] | None, values.Row]]:
    """The rows that a guard is evaluated on: the customer's, that of their group, or that of each
    item."""
    if guard.group is not None:
        yield None, view.row_of_group(guard.group)
        return
    if guard.about is None:
        yield None, view.row
        return
    for item in items_of(view.project, view.row, guard.about):
        yield (guard.about, item), view.row_about(guard.about, item)


def _lifted(
    refused: RefusedCandidate,
    trial: Trial,
    guard: library.Guard,
    about: tuple[str, str] | None,
    row: values.Row,
) -> Iterator[solver.Move]:
    alone = guard.group is not None and trial.view.groups[guard.group].alone
    group = None if alone else guard.group
    fixed = fixed_columns(trial.parts, None if about is None else about[1], group)
    for goal in refused.project_constraints.guard(guard, refused.derivable):
        if goal.met(row):
            continue
        for move in solver.moves_for(goal, row, fixed, refused.domains[about is not None]):
            of = about if move.name.startswith(values.OF_ITEM) else None
            part: c.ChangePart = c.ColumnSet(
                name=move.name,
                now=row.get(move.name),
                would_be=move.value,
                of=of,
                group=group,
            )
            if move.name == NOW:
                part = c.Later(now=refused.view.now, would_be=move.value)
            yield solver.Move(f"{about} {group} {move.name}", part, move.distance)


def _other_ways(refused: RefusedCandidate, trial: Trial) -> Iterator[solver.Move]:
    """The action's other treatments, which may have its place, out of the way: by a channel that
    is not allowed, or, in the same channel, by being worth nothing."""
    own, found = trial.candidate, set()
    for each in candidates(trial.view.project, refused.query, trial.view.row):
        if each.action.name != own.action.name or each.treatment is own.treatment:
            continue
        channel = each.treatment.channel
        if channel == own.treatment.channel:
            yield solver.Move(f"worth {each.key}", _of_worth(trial, each, 0), _FOR_RULES)
        elif channel not in found:
            found.add(channel)
            purpose = own.action.purpose
            part = c.Allowed(purpose=purpose, channel=channel, now=True, would_be=False)
            yield solver.Move(f"consent {channel}", part, _FOR_WORTH)


def _by_rules(refused: RefusedCandidate, trial: Trial) -> Iterator[solver.Move]:
    """What the slots before it take away: its place, contacts, units."""
    yield from _other_ways(refused, trial)
    for limit in trial.view.project.policy.contact_limits:
        steps = range(limit.at_most + 1, limit.at_most + _SPARE + 1)
        rooms = [c.HigherLimit(name=limit.name, now=limit.at_most, would_be=step) for step in steps]
        yield solver.Move(f"limit {limit.name}", _first_enough(refused, trial, rooms), _FOR_RULES)
    for name in trial.candidate.treatment.uses:
        now = refused.view.free.get(name, 0)
        steps = range(trial.view.free.get(name, 0) + 1, _most_used(refused, trial, name) + 1)
        units = [c.Units(name=name, now=now, would_be=step) for step in steps]
        if units:
            yield solver.Move(f"resource {name}", _first_enough(refused, trial, units), _FOR_RULES)


def _most_used(refused: RefusedCandidate, trial: Trial, name: str) -> int:
    """Units of a resource that are enough whatever fills the slots before it."""
    project, query = trial.view.project, refused.query
    slots = sum(query.slots.get(each.name, each.slots) for each in surfaces(project, query))
    others = (
        each.treatment.uses.get(name, 0)
        for each in candidates(project, query, trial.view.row)
        if each.key != refused.key
    )
    kept = trial.view.closed.get(name, 0)
    return trial.candidate.treatment.uses[name] + kept + sum(nlargest(max(slots - 1, 0), others))
