"""One refused candidate, and what stands in its way once some parts of a change are applied."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from tuttu.content import ContentError, Rendered
from tuttu.counterfactual import change as c
from tuttu.counterfactual.constraints import Constraint, constraints_of
from tuttu.decision.arbitration import Render
from tuttu.decision.chance import NO_MARKETING, POLICY
from tuttu.decision.deciding import judge
from tuttu.decision.stage import Stages, first_refusal
from tuttu.decision.stages import CONTROLS, RESOURCES
from tuttu.decision.stages.guards import blocking
from tuttu.decision.view import Candidate, CandidateKey, DecisionQuery, DecisionView
from tuttu.policy import solver
from tuttu.policy.tree import NOW
from tuttu.vocabulary.values import (
    OF_ITEM,
    Row,
    answered_column,
    contacted_column,
    fulfilled_column,
)
from tuttu.vocabulary.verdicts import Refusal

ASKED = "asked"
"""In place of the decision's id, which would only matter for an unset seed."""


Renders = Callable[[DecisionView], Render]
"""How messages are rendered on a view."""


class Trial(NamedTuple):
    """The view with some parts of a change applied, as the candidate's rules see it."""

    parts: tuple[c.ChangePart, ...]
    view: DecisionView
    candidate: Candidate
    item_row: Row
    fixed: frozenset[str]
    unmet: tuple[Constraint, ...]


class RefusedCandidate:
    """A candidate of one question about one view. Raises KeyError if it is none."""

    def __init__(
        self,
        view: DecisionView,
        query: DecisionQuery,
        key: CandidateKey,
        renders: Renders,
        stages: Stages,
    ) -> None:
        self.view = view
        self.stages = stages
        self.query = query
        self.key = key
        self._contents: dict[CandidateKey, Rendered] = {}
        self._renders = renders
        candidate = named_candidate(view, key)
        self.project_constraints = constraints_of(view.project)
        self.derivable = self.project_constraints.derivable(view.row)
        self.constraints = tuple(
            self._as_own(each)
            for each in self.project_constraints.of_candidate(candidate, self.derivable)
        )
        self.kinds = tuple(self.project_constraints.kinds(candidate, self.derivable))
        self.soft_opt_in = tuple(self.project_constraints.soft_opt_in(candidate, self.derivable))
        self.figures = self.project_constraints.figures(candidate.action, self.derivable)
        self._of_items = _names_of_items(view, candidate)
        self.domains = {of_item: self._domain(of_item) for of_item in (False, True)}

    def _as_own(self, constraint: Constraint) -> Constraint:
        """In a group of one, the customer's own row is that of the group."""
        alone = constraint.group is not None and self.view.groups[constraint.group].alone
        return msgspec.structs.replace(constraint, group=None) if alone else constraint

    def _domain(self, of_item: bool) -> solver.Domain:
        """Rules about the item read the customer's columns too, but not the other way round."""
        trees = [
            constraint.goal.tree
            for constraint in (*self.constraints, *self.kinds, *self.soft_opt_in)
            if of_item or not constraint.of_item
        ]
        return solver.Domain(
            watched=(*trees, *self.figures), known=self.project_constraints.known, values={}
        )

    def trial(self, parts: tuple[c.ChangePart, ...]) -> Trial:
        view = c.apply(self.view, c.Change(parts))
        candidate = named_candidate(view, self.key)
        item_row = view.row_of(candidate)
        unmet = tuple(
            each for each in self.constraints if not each.goal.met(each.row(view, item_row))
        )
        fixed = fixed_columns(parts, self.key[2])
        return Trial(parts, view, candidate, item_row, fixed, unmet)

    def refusal(self, trial: Trial) -> Refusal | None:
        """Why the whole decision would still refuse it."""
        first = first_refusal(trial.candidate, trial.view, self.stages)
        if first is not None:
            return first
        judged = judge(trial.view, self.query, ASKED, self._render(trial.view), self.stages)
        return judged.loss(trial.candidate, judged.pools.of(trial.candidate))

    def turned(self, parts: tuple[c.ChangePart, ...]) -> bool:
        return self.refusal(self.trial(parts)) is None

    def is_unrenderable(self, trial: Trial) -> bool:
        """Its message cannot be rendered, whatever it is worth."""
        try:
            self._render(trial.view)(trial.candidate)
        except ContentError:
            return True
        return False

    def _render(self, view: DecisionView) -> Render:
        """A message that could be rendered once stays so: a change is about the choice, not
        about the words. One that failed is tried on what has changed."""

        def rendered(candidate: Candidate) -> Rendered:
            if candidate.key not in self._contents:
                self._contents[candidate.key] = self._renders(view)(candidate)
            return self._contents[candidate.key]

        return rendered

    def part_of(
        self, move: solver.Move, row: Row, of_item: bool, group: str | None = None
    ) -> c.ChangePart:
        """What a move of a row's column is a part of."""
        if move.name == NOW:
            return c.Later(now=self.view.now, would_be=move.value)
        about, item = named_candidate(self.view, self.key).action.about, self.key[2]
        of = None
        if of_item and about is not None and item is not None and self.is_of_item(move.name):
            of = (about, item)
        return c.ColumnSet(
            name=move.name, now=row.get(move.name), would_be=move.value, of=of, group=group
        )

    def is_of_item(self, column: str) -> bool:
        return column.startswith((OF_ITEM, *self._of_items))

    def figure_values(self, trial: Trial, targets: Iterable[float]) -> Iterator[solver.Move]:
        """Values of the columns that the formulas read, at which a figure may change."""
        wanted = [*targets]
        domain = self.domains[True]
        for tree in self.figures:
            found = solver.propose(tree, trial.item_row, domain, targets=wanted)
            for column in found.columns():
                if column not in trial.fixed:
                    yield from found.moves(column, trial.item_row)


def named_candidate(view: DecisionView, key: CandidateKey) -> Candidate:
    """Raises KeyError if there is none."""
    name, treatment, item = key
    action = view.project.actions[name]
    return Candidate(action, action.treatments[treatment], item)


def _names_of_items(view: DecisionView, candidate: Candidate) -> tuple[str, ...]:
    """Beginnings of the ledger's columns that an item has of its own."""
    about = candidate.action.about
    actions = [each.name for each in view.project.actions.values() if each.about == about]
    if about is None:
        return ()
    ours = (contacted_column, fulfilled_column)
    return (
        *(column(name) for name in actions for column in ours),
        *(answered_column(name, "") for name in actions),
    )


def fixed_columns(
    parts: Iterable[c.ChangePart], item: str | None, group: str | None = None
) -> frozenset[str]:
    """The columns that parts set, as a row about the item, or that of the group, has them."""
    found = set()
    for part in parts:
        here = isinstance(part, c.ColumnSet) and part.group == group
        if isinstance(part, c.ColumnSet) and here and (part.of is None or part.of[1] == item):
            found.add(part.name)
        elif isinstance(part, c.Later):
            found.add(NOW)
    return frozenset(found)


def required_parts(trial: Trial) -> Iterator[c.ChangePart | None]:
    """What nothing but one certain part can mend; None: what nothing can."""
    action, view = trial.candidate.action, trial.view
    blocked = blocking(trial.candidate, view)
    if action.status != "live":
        yield c.Live(action=action.name, now=action.status)
    if action.valid_until is not None and view.now >= action.valid_until:
        yield c.Endless(action=action.name, now=action.valid_until)
    if trial.candidate.lacks_item:
        yield None
    if any(guard.group and view.groups[guard.group].members is None for guard in blocked):
        yield None
    yield from _units(trial)
    if view.arm == NO_MARKETING and CONTROLS.reason(trial.candidate, view) is not None:
        yield c.Arm(now=view.arm, would_be=POLICY)


def _units(trial: Trial) -> Iterator[c.ChangePart]:
    if RESOURCES.reason(trial.candidate, trial.view) is None:
        return
    for name, needed in trial.candidate.treatment.uses.items():
        free = trial.view.free.get(name, 0)
        if trial.view.units_for(trial.candidate, name) < needed:
            others = 0 if trial.view.is_owed(trial.candidate) else trial.view.closed.get(name, 0)
            yield c.Units(name=name, now=free, would_be=needed + others)
