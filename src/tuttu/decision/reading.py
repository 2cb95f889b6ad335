"""Which columns a decision read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tuttu import profile
from tuttu.decision.situation import Candidate, Situation
from tuttu.vocabulary.library import Action
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Expression, Value, item_column

OF_ITEM = item_column("")


def columns_read(situation: Situation, field: Iterable[Candidate]) -> dict[str, Value]:
    """Every column that a condition or formula of a candidate, or a guard over its purpose, names,
    and what derived ones are made of; in the order of names. What an item says stands in
    `items_read`."""
    actions = {each.action.name: each.action for each in field}
    named = _columns(situation.project, actions.values())
    return {column: situation.row.get(column) for column in named if not column.startswith(OF_ITEM)}


def items_read(
    situation: Situation, field: Iterable[Candidate]
) -> dict[str, dict[str, dict[str, Value]]]:
    """By collection and item: what rules about that item read otherwise than rules about the
    customer would, that is its fields and what was contacted and answered about it."""
    about_items: dict[tuple[str, str], dict[str, Candidate]] = {}
    for each in field:
        if each.action.about is not None and each.item is not None:
            about_items.setdefault((each.action.about, each.item), {})[each.action.name] = each
    found: dict[str, dict[str, dict[str, Value]]] = {}
    for (about, item), by_action in about_items.items():
        row = situation.row_of(next(iter(by_action.values())))
        named = _columns(situation.project, [each.action for each in by_action.values()])
        found.setdefault(about, {})[item] = {
            column: row.get(column)
            for column in named
            if column.startswith(OF_ITEM) or row.get(column) != situation.row.get(column)
        }
    return found


def _columns(project: Project, actions: Iterable[Action]) -> list[str]:
    named: set[str] = set()
    kinds = set()
    for action in actions:
        kinds.add((action.purpose, action.about))
        named.update(*(expression.columns for expression in _of_action(action)))
    for purpose, about in kinds:
        named.update(*(expression.columns for expression in _of_guards(project, purpose, about)))
    return sorted(profile.dependencies(project, named))


def _of_action(action: Action) -> Iterator[Expression]:
    for condition in (*action.eligible, *action.applicable, *action.suitable):
        yield condition.test
    for formula in (action.value, action.relevance, action.effort, action.propensity):
        if formula is not None:
            yield formula


def _of_guards(project: Project, purpose: str, about: str | None) -> Iterator[Expression]:
    for guard in project.policy.guards:
        if guard.blocks == purpose and guard.about in (None, about):
            yield guard.when
            if guard.after is not None:
                yield guard.after
