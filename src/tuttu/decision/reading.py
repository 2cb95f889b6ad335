"""Which columns a decision read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tuttu.decision.situation import Candidate, Situation
from tuttu.vocabulary.library import Action
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Expression, Value


def columns_read(situation: Situation, field: Iterable[Candidate]) -> dict[str, Value]:
    """Every column that a condition or formula of a candidate, or a guard over its purpose, names;
    in the order of names."""
    actions = {each.action.name: each.action for each in field}
    named: set[str] = set()
    for action in actions.values():
        for expression in _of_action(action):
            named |= expression.columns
    purposes = {action.purpose for action in actions.values()}
    for expression in _of_guards(situation.project, purposes):
        named |= expression.columns
    return {column: situation.row.get(column) for column in sorted(named)}


def _of_action(action: Action) -> Iterator[Expression]:
    for condition in (*action.eligible, *action.applicable, *action.suitable):
        yield condition.test
    for formula in (action.value, action.relevance, action.effort, action.propensity):
        if formula is not None:
            yield formula


def _of_guards(project: Project, purposes: set[str]) -> Iterator[Expression]:
    for guard in project.policy.guards:
        if guard.blocks in purposes:
            yield guard.when
            if guard.after is not None:
                yield guard.after
