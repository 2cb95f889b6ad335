"""Everything that is asked of a customer, each question with both ways to its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from tuttu.decision import STAGES, Candidate, Situation
from tuttu.decision.guards import blocking
from tuttu.decision.sql import JUDGED, guard_sql, stage_sql
from tuttu.decision.stages import Judge
from tuttu.policy import to_sql
from tuttu.profile.batch import KEY
from tuttu.vocabulary.library import Action, Guard, Treatment
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Expression, Kind, Row, Type, Value

BOOL = Type(Kind.BOOL)
ITEM_KEY = f'"{KEY}"'
JUDGES = dict(STAGES)
Named = tuple[str, str, Expression]
"""Part, name and expression."""


class Subject(msgspec.Struct, frozen=True):
    """Who is judged: a customer, or one of his items in the collection `about`; item None there:
    he has none."""

    situation: Situation
    row: Row
    about: str | None = None
    item: str | None = None


Live = Callable[[Subject], Value]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """part: the kind of definition. sql: over a subject's columns. live: the same, row by row."""

    part: str
    name: str
    type: Type
    sql: str
    live: Live


def subjects(project: Project) -> list[str | None]:
    """Whom rules are about: customers (None), and the items of collections."""
    ways = ((action.about, action.treatments) for action in project.actions.values())
    return [None, *sorted({about for about, given in ways if about is not None and given})]


def asking(project: Project, about: str) -> tuple[Action, Treatment]:
    """An action about the items of a collection, with a treatment: any of them."""
    return next(
        (action, treatment)
        for action in project.actions.values()
        for treatment in action.treatments.values()
        if action.about == about
    )


def expressions(project: Project) -> Iterator[Expression]:
    """All conditions and formulas that are asked of a customer or of one of his items."""
    for action in project.actions.values():
        yield from (each for _, _, each in _of_action(action))
    for guard in project.policy.guards:
        yield from (each for _, each in _of_guard(guard))


def questions(project: Project, about: str | None) -> list[Question]:
    """What is asked of a customer (about None), or of each of his items in a collection. An
    expression that several rules have in common is asked once."""
    named: list[Named] = []
    found = list(_derived(project)) if about is None else []
    for action in project.actions.values():
        if action.about == about:
            named += _of_action(action)
            found += _stages(action)
    for guard in project.policy.guards:
        if guard.about == about:
            named += (("guards", name, each) for name, each in _of_guard(guard))
            found += _blocks(project, guard)
    return [*_asked(named), *found]


def _of_action(action: Action) -> Iterator[Named]:
    blocks = {
        "eligible": action.eligible,
        "applicable": action.applicable,
        "suitable": action.suitable,
    }
    for block, conditions in blocks.items():
        for condition in conditions:
            yield "conditions", f"{action.name}, {block}: {condition.name}", condition.test
    formulas = {
        "value": action.value,
        "relevance": action.relevance,
        "effort": action.effort,
        "propensity": action.propensity,
    }
    for name, formula in formulas.items():
        if formula is not None:
            yield "formulas", f"{action.name}, {name}", formula


def _of_guard(guard: Guard) -> Iterator[tuple[str, Expression]]:
    yield f"{guard.name}, when", guard.when
    if guard.after is not None:
        yield f"{guard.name}, after", guard.after


def _asked(named: Iterable[Named]) -> Iterator[Question]:
    seen: set[tuple[str, int]] = set()
    for part, name, expression in named:
        if (part, id(expression)) not in seen:
            seen.add((part, id(expression)))
            yield Question(
                part=part,
                name=name,
                type=expression.type,
                sql=to_sql(expression),
                live=_on_row(expression),
            )


def _derived(project: Project) -> Iterator[Question]:
    """Segments and other derived traits, as conditions over the columns that they read."""
    for trait in project.profile.traits.values():
        if trait.derived is not None:
            part = "segments" if trait.segment else "derived traits"
            sql = to_sql(trait.derived)
            if "profiling" in trait.uses:
                sql = f'CASE WHEN "tuttu profiling" THEN {sql} END'
            yield Question(
                part=part,
                name=trait.name,
                type=trait.type,
                sql=sql,
                live=_column(trait.name),
            )


def _stages(action: Action) -> Iterator[Question]:
    treatment = next(iter(action.treatments.values()), None)
    if treatment is None:
        return
    for stage in JUDGED:
        yield Question(
            part="stages",
            name=f"{action.name}, {stage.value}",
            type=BOOL,
            sql=stage_sql(action, stage, ITEM_KEY),
            live=_passes(action, treatment, JUDGES[stage]),
        )


def _on_row(expression: Expression) -> Live:
    return lambda subject: expression(subject.row)


def _column(name: str) -> Live:
    return lambda subject: subject.row.get(name)


def _passes(action: Action, treatment: Treatment, judge: Judge) -> Live:
    def passes(subject: Subject) -> bool:
        return judge(Candidate(action, treatment, subject.item), subject.situation) is None

    return passes


def _blocks(project: Project, guard: Guard) -> Iterator[Question]:
    """Asked of an action that the guard concerns; if there is none, it never blocks anything."""
    concerned = next(
        (
            (action, treatment)
            for action in project.actions.values()
            for treatment in action.treatments.values()
            if action.purpose == guard.blocks and guard.about in (None, action.about)
        ),
        None,
    )
    if concerned is None:
        return

    def blocks(subject: Subject) -> bool:
        return guard in blocking(Candidate(*concerned, subject.item), subject.situation)

    yield Question(
        part="guards",
        name=f"{guard.name}, blocks",
        type=BOOL,
        sql=guard_sql(guard, ITEM_KEY),
        live=blocks,
    )
