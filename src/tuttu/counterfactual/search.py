"""The least change that would turn a refusal."""

from collections.abc import Iterable, Iterator

from tuttu.content import Rendered
from tuttu.counterfactual import permits, refused_candidate
from tuttu.counterfactual.change import Change, ChangePart, Later, subsets
from tuttu.counterfactual.competition import competition_moves
from tuttu.counterfactual.constraints import Constraint
from tuttu.counterfactual.timing import held_offers, must_wait, time_distance, waiting_moves
from tuttu.decision.arbitration import Render
from tuttu.decision.stage import Stages
from tuttu.decision.stages import STAGES
from tuttu.decision.view import CandidateKey, DecisionQuery, DecisionView
from tuttu.policy import solver
from tuttu.policy.tree import NOW

MOST_PARTS = 8
LOOKS = 3_000
"""Views that are looked at for one candidate before the search gives up."""
LOOKS_IN_ALL = 20_000
"""For all candidates of one question."""

KNOWN_STAGES = frozenset(stage.name for stage in STAGES)
"""Those of which is known here what would turn their refusal. For what another one refuses nothing
is looked for."""

_PAST = ("contacted.", "answered.", "fulfilled.", "last_contact.")
_OF_PAST = 1.0
"""What was contacted and answered stays so: anything else of as few parts is nearer."""
_NEVER = MOST_PARTS + 1


def _unrendered(_view: DecisionView) -> Render:
    return lambda _candidate: Rendered("")


def least_change(
    view: DecisionView,
    query: DecisionQuery,
    key: CandidateKey,
    renders: refused_candidate.Renders = _unrendered,
    looks: int = LOOKS,
) -> Change | None:
    """The fewest parts, and of these the nearest, with which a refused candidate would be chosen.

    Applied to the same view they turn the decision of the same question, and no fewer of them
    do. Empty for a candidate that is chosen; None if no change of at most `MOST_PARTS` was found.
    query: its seed is the one of the decision that refused; without one, any. key: as the
    verdict names the candidate. renders: how messages are rendered on a view. Raises
    KeyError for an unknown action or treatment.
    """
    return _least(
        refused_candidate.RefusedCandidate(view, query, key, renders, STAGES), solver.Budget(looks)
    )


def least_changes(
    view: DecisionView,
    query: DecisionQuery,
    keys: Iterable[CandidateKey],
    renders: refused_candidate.Renders = _unrendered,
    stages: Stages = STAGES,
) -> dict[CandidateKey, Change | None]:
    """`least_change` of several candidates, in this order; those are absent for which no looks were
    left, and those that a stage refuses which is not among `KNOWN_STAGES`."""
    others = [stage for stage in stages if stage.name not in KNOWN_STAGES]
    found: dict[CandidateKey, Change | None] = {}
    left = LOOKS_IN_ALL
    for key in keys:
        if left <= 0:
            break
        if any(
            stage.reason(refused_candidate.named_candidate(view, key), view) for stage in others
        ):
            continue
        budget = solver.Budget(min(left, LOOKS))
        before = budget.left
        found[key] = _least(
            refused_candidate.RefusedCandidate(view, query, key, renders, stages), budget
        )
        left -= before - budget.left
    return found


def _least(refused: refused_candidate.RefusedCandidate, budget: solver.Budget) -> Change | None:
    def evaluate(moves: solver.Moves, thorough: bool) -> solver.SearchState:
        return _evaluate(refused, moves, thorough=thorough)

    found = solver.find_least(evaluate, most=MOST_PARTS, budget=budget, trusted=MOST_PARTS)
    if found is None:
        return None
    return _smallest(refused, Change(tuple(move.value for move in found)))


def _smallest(refused: refused_candidate.RefusedCandidate, change: Change) -> Change:
    """The change, or the smallest part of it that is enough alone."""
    return next((each for each in subsets(change) if refused.turned(each.parts)), change)


def _evaluate(
    refused: refused_candidate.RefusedCandidate, moves: solver.Moves, *, thorough: bool
) -> solver.SearchState:
    trial = refused.trial(tuple(move.value for move in moves))
    required = [*refused_candidate.required_parts(trial)]
    lacking, wait = permits.lacks_permit(trial), must_wait(trial)
    instead = [*permits.other_ways(refused, trial)] if lacking else []
    if lacking and not instead:
        required.append(permits.allowing(trial))
    return solver.SearchState(
        needed=_needed(trial, required, instead, wait=wait),
        solved=lambda: (
            not required
            and not lacking
            and not wait
            and not trial.unmet
            and refused.refusal(trial) is None
        ),
        moves=lambda: _moves(refused, trial, required, instead, wait=wait, thorough=thorough),
    )


def _needed(
    trial: refused_candidate.Trial,
    required: list[ChangePart | None],
    instead: list[Constraint],
    *,
    wait: bool,
) -> int:
    """How many parts are needed at least beside those taken. instead: of consent; what meets
    another rule may give the permit too."""
    if None in required or (wait and NOW in trial.fixed):
        return _NEVER
    timed = any(NOW in constraint.goal.columns for constraint in trial.unmet)
    # Rows of groups have columns of their own, but time is one: it may serve several of them.
    apart = {each.group: _fixed(trial, each.group) for each in trial.unmet}
    needed = (
        solver.moves_needed([each.goal for each in trial.unmet if each.group == group], fixed)
        for group, fixed in apart.items()
    )
    others = max(needed, default=0) + (wait and not timed)
    return len(required) + max(others, bool(instead))


def _fixed(trial: refused_candidate.Trial, group: str | None) -> frozenset[str]:
    if group is None:
        return trial.fixed
    return refused_candidate.fixed_columns(trial.parts, trial.candidate.item, group)


def _moves(
    refused: refused_candidate.RefusedCandidate,
    trial: refused_candidate.Trial,
    required: list[ChangePart | None],
    instead: list[Constraint],
    *,
    wait: bool,
    thorough: bool,
) -> Iterator[solver.Move]:
    """What could come next: the one obstacle with the fewest ways around it is taken up."""
    if required:
        yield solver.Move(repr(required[0]), required[0], 0.0)
    elif wait:
        yield from waiting_moves(refused, trial)
    elif instead:
        allowing = permits.allowing(trial)
        yield solver.Move(repr(allowing), allowing, 0.0)
        for constraint in instead:
            yield from _constraint_moves(refused, trial, constraint, thorough=thorough)
    elif trial.unmet:
        easiest = min(
            trial.unmet, key=lambda each: len(each.goal.columns - _fixed(trial, each.group))
        )
        yield from _constraint_moves(refused, trial, easiest, thorough=thorough)
    else:
        yield from competition_moves(refused, trial)


def _constraint_moves(
    refused: refused_candidate.RefusedCandidate,
    trial: refused_candidate.Trial,
    constraint: Constraint,
    *,
    thorough: bool,
) -> Iterator[solver.Move]:
    row, fixed = constraint.row(trial.view, trial.item_row), _fixed(trial, constraint.group)
    domain = refused.domains[constraint.of_item]
    beside = [
        each.goal
        for each in trial.unmet
        if each is not constraint
        and (each.group, each.of_item) == (constraint.group, constraint.of_item)
    ]
    for move in solver.moves_for(
        constraint.goal, row, fixed, domain, thorough=thorough, beside=beside
    ):
        part = refused.part_of(move, row, constraint.of_item, constraint.group)
        if isinstance(part, Later):
            yield solver.Move(move.name, part, time_distance(refused.view.now, part.would_be))
        else:
            past = _OF_PAST if move.name.startswith(_PAST) else 0.0
            of_group = "" if constraint.group is None else f"{constraint.group} "
            yield solver.Move(of_group + move.name, part, move.distance + past)
    if NOW in constraint.goal.columns - fixed:
        yield from held_offers(refused, trial)
