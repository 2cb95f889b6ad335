"""What a candidate must fulfil, as conditions with their parts: the trees of its own
conditions, its validity, and the guards over its purpose."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from tuttu import profile
from tuttu.decision.stages.guards import asked_of
from tuttu.decision.view import Candidate, DecisionView
from tuttu.policy import CompiledExpression, solver
from tuttu.policy import tree as t
from tuttu.vocabulary import company, library
from tuttu.vocabulary.project import Project, cached
from tuttu.vocabulary.values import Expression, Row, Value


class Constraint(msgspec.Struct, frozen=True):
    """One goal, and the row that it is evaluated on: of the candidate's item, of a group of the
    customer, or the customer's."""

    goal: solver.Goal
    of_item: bool = False
    group: str | None = None

    def row(self, view: DecisionView, item_row: Row) -> Row:
        if self.group is not None:
            return view.row_of_group(self.group)
        return item_row if self.of_item else view.row


class ProjectConstraints:
    """One project's rules with derived traits expanded, on demand.

    known: text columns to the values that any rule compares them with.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self._derived = {
            trait.name: _made_of(trait, project) for trait in profile.computed_traits(project)
        }
        self.known: solver.KnownValues = _known(project, self._derived.values())
        self._spelled: dict[tuple[t.Node, frozenset[str]], t.Node] = {}

    def derivable(self, row: Row) -> frozenset[str]:
        """Traits that are made of others, on this row too: they can be spelled out."""
        return frozenset(trait.name for trait in profile.consistent_traits(self.project, row))

    def tree(self, expression: Expression | None, derivable: frozenset[str]) -> t.Node | None:
        """The tree with derived traits spelled out; None for what was not parsed from text."""
        if not isinstance(expression, CompiledExpression):
            return None
        key = expression.tree, derivable
        if key not in self._spelled:
            derived: dict[str, t.Node] = {}
            for name, tree in self._derived.items():
                if name in derivable:
                    derived[name] = solver.inlined(tree, derived)
            self._spelled[key] = solver.inlined(expression.tree, derived)
        return self._spelled[key]

    def of_candidate(self, candidate: Candidate, derivable: frozenset[str]) -> Iterator[Constraint]:
        """All conditions, in the order of evaluation."""
        action = candidate.action
        of_item = action.about is not None and candidate.item is not None
        if action.valid_from is not None:
            begins = t.Compare(">=", t.Now(), t.Literal(action.valid_from, t.TIMESTAMP))
            yield Constraint(solver.Goal(begins, want=True))
        for condition in action.conditions:
            tree = self.tree(condition.test, derivable)
            if tree is not None:
                yield from (Constraint(goal, of_item) for goal in solver.goals_of(tree, want=True))
        channel = self.project.channels.get(candidate.treatment.channel)
        reachable = None if channel is None else self.tree(channel.reachable, derivable)
        if reachable is not None:
            yield from (Constraint(goal) for goal in solver.goals_of(reachable, want=True))
        fulfilled = self.tree(action.fulfilled, derivable)
        if fulfilled is not None:
            yield from (Constraint(g, of_item) for g in solver.goals_of(fulfilled, want=False))
        for guard in asked_of(candidate, self.project):
            for goal in self.guard(guard, derivable):
                yield Constraint(goal, of_item and guard.about is not None, guard.group)

    def kinds(self, candidate: Candidate, derivable: frozenset[str]) -> Iterator[Constraint]:
        """To be of a certain kind of person, for each kind, where the terms of consent differ."""
        project, channel = self.project, candidate.treatment.channel
        if project.kinds is None or not project.purposes[candidate.action.purpose].differs(channel):
            return
        kind = self.tree(project.kinds.read, derivable)
        if kind is not None:
            for value in project.kinds.values:
                wanted = t.Compare("=", kind, t.Literal(value, kind.type))
                yield Constraint(solver.Goal(wanted, want=True))

    def soft_opt_in(self, candidate: Candidate, derivable: frozenset[str]) -> Iterator[Constraint]:
        """What stands in for consent, if all of it is met."""
        action, channel = candidate.action, candidate.treatment.channel
        soft = self.project.purposes[action.purpose].soft_opt_in
        if soft is None or action.similar_to is None or channel not in soft.channels:
            return
        of_item = action.about is not None and candidate.item is not None
        for test in (soft.sale, soft.offered, action.similar_to):
            tree = self.tree(test, derivable)
            if tree is not None:
                yield from (Constraint(goal, of_item) for goal in solver.goals_of(tree, want=True))

    def guard(self, guard: library.Guard, derivable: frozenset[str]) -> Iterator[solver.Goal]:
        """Neither blocking nor cooling."""
        when, after = self.tree(guard.when, derivable), self.tree(guard.after, derivable)
        if when is not None:
            yield from solver.goals_of(when, want=False)
        if after is not None:
            word: t.Comparison = "<=" if guard.inclusive else "<"
            cooling = t.Compare(word, t.Now(), t.Shift(after, guard.cooling))
            yield solver.Goal(t.Is(cooling, truth=True), want=False)

    def figures(self, action: library.Action, derivable: frozenset[str]) -> list[t.Node]:
        """The trees of its formulas."""
        trees = (self.tree(formula, derivable) for formula in action.formulas.values())
        return [tree for tree in trees if tree is not None]


@cached
def constraints_of(project: Project) -> ProjectConstraints:
    """Cached for each project."""
    return ProjectConstraints(project)


def _made_of(trait: company.Trait, project: Project) -> t.Node:
    """A derived trait as a tree; one whose parts are not known is a column of its own."""
    if isinstance(trait.derived, CompiledExpression):
        return trait.derived.tree
    columns = project.row_schema.columns
    chosen = tuple(t.Column(name, columns.get(name, trait.type)) for name in trait.first_known)
    return t.Choose("coalesce", chosen, trait.type) if chosen else t.Column(trait.name, trait.type)


def _known(project: Project, derived: Iterable[t.Node]) -> Mapping[str, list[Value]]:
    asked = (each for each in _asked(project) if isinstance(each, CompiledExpression))
    trees = [*derived, *(each.tree for each in asked)]
    found: dict[str, dict[Value, None]] = {}
    for tree in trees:
        for column, values in solver.literals_in(tree).items():
            texts = (value for value in values if isinstance(value, str))
            found.setdefault(column, {}).update(dict.fromkeys(texts))
    return {column: [*values] for column, values in found.items() if values}


def _asked(project: Project) -> Iterator[Expression]:
    """All rules for a candidate."""
    for action in project.actions.values():
        yield from (each.test for each in action.conditions)
        yield from action.formulas.values()
        if action.similar_to is not None:
            yield action.similar_to
    for guard in project.policy.guards:
        yield from guard.expressions.values()
    for purpose in project.purposes.values():
        if purpose.soft_opt_in is not None:
            yield from (purpose.soft_opt_in.sale, purpose.soft_opt_in.offered)
