"""Everything that is evaluated for a customer, each with both of its implementations."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from tuttu.decision import STAGES, Candidate, DecisionView, Stage
from tuttu.decision.sql import (
    JUDGED,
    guard_sql,
    permit_sql,
    reachable_sql,
    stage_sql,
    worth_sql,
)
from tuttu.decision.stage import NamedExpression
from tuttu.decision.stages import REACHABLE
from tuttu.decision.stages.consent import permit
from tuttu.decision.stages.guards import blocking, may_block
from tuttu.decision.worths import score_of
from tuttu.policy import quoted_name, to_sql
from tuttu.profile.batch import KEY, TOO_MANY
from tuttu.vocabulary import library, values
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Score

TEXT = values.Type(values.Kind.TEXT)
BOOL = values.Type(values.Kind.BOOL)
REAL = values.Type(values.Kind.REAL)
ITEM_KEY = f'"{KEY}"'


class SubjectKind(msgspec.Struct, frozen=True):
    """A customer, each of their items in the collection `about`, or all members of one of their
    groups as one customer. shade: not of the customer, but of all who may be them, of which guards
    are asked again."""

    about: str | None = None
    group: str | None = None
    shade: bool = False

    def __str__(self) -> str:
        if self.shade:
            return f"{self.about} of shades" if self.about else "shades"
        return self.about or self.group or "customers"


class CheckSubject(msgspec.Struct, frozen=True):
    """The subject: of its kind, one. item None, of a collection: the customer has none."""

    view: DecisionView
    row: values.Row
    kind: SubjectKind = SubjectKind()
    item: str | None = None


Live = Callable[[CheckSubject], values.Value]


class DefinitionCheck(msgspec.Struct, frozen=True, kw_only=True):
    """part: the kind of definition. sql: over a subject's columns. live: the same, row by row."""

    part: str
    name: str
    type: values.Type
    sql: str
    live: Live


def subjects(project: Project) -> list[SubjectKind]:
    """The subjects of rules: customers, the items of collections, groups; and of guards the
    customers' shades, but for their groups."""
    abouts = sorted({each.about for each, _ in ways(project) if each.about is not None})
    guards = project.policy.guards
    groups = sorted({each.group for each in guards if each.group is not None})
    again = {each.about for each in guards if each.group is None}
    return [
        SubjectKind(),
        *(SubjectKind(about=each) for each in abouts),
        *(SubjectKind(group=each) for each in groups),
        *(SubjectKind(about=each, shade=True) for each in (None, *abouts) if each in again),
    ]


def asking(project: Project, about: str) -> tuple[library.Action, library.Treatment]:
    """An action about the items of a collection, with a treatment: any of them."""
    return next(way for way in ways(project) if way[0].about == about)


def ways(project: Project) -> Iterator[tuple[library.Action, library.Treatment]]:
    """Every action by every one of its treatments."""
    for action in project.actions.values():
        yield from ((action, treatment) for treatment in action.treatments.values())


def choices(project: Project) -> list[tuple[str, str]]:
    """The purposes and channels for which some treatment needs a permit."""
    return sorted({(action.purpose, treatment.channel) for action, treatment in ways(project)})


def choice_column(purpose: str, channel: str) -> str:
    """What the customer chose themselves: TRUE, FALSE, or NULL."""
    return f"tuttu chose {purpose} by {channel}"


def _named(project: Project) -> Iterator[NamedExpression]:
    for action, treatment in ways(project):
        for stage in STAGES:
            yield from stage.reads(action, treatment, project).expressions


def expressions(project: Project) -> Iterator[values.Expression]:
    """All conditions and formulas that are evaluated for a customer or one of their items."""
    return (each.expression for each in _named(project))


def definition_checks(project: Project, kind: SubjectKind) -> list[DefinitionCheck]:
    """The checks for each subject of a kind. An expression that several rules share is evaluated
    once."""
    if kind.shade:
        return list(_guards(project, kind))
    found = list(_derived(project)) if kind == SubjectKind() else []
    for action in project.actions.values():
        if SubjectKind(action.about) == kind:
            found += _stages(action)
            found += _worths(project, action)
            found += _permits(project, action)
    if kind.group is None:
        found += _reached(project, kind.about)
    found += _guards(project, kind)
    named = [each for each in _named(project) if SubjectKind(each.about, each.group) == kind]
    guards_last = sorted(named, key=lambda each: each.kind == "guards")
    return [*_distinct(guards_last), *found]


def _guards(project: Project, kind: SubjectKind) -> Iterator[DefinitionCheck]:
    for guard in project.policy.guards:
        if SubjectKind(guard.about, guard.group, kind.shade) == kind:
            yield from _blocks(project, guard, "guards of shades" if kind.shade else "guards")


def _distinct(named: Iterable[NamedExpression]) -> Iterator[DefinitionCheck]:
    seen: set[tuple[str, int]] = set()
    for each in named:
        key = (each.kind, id(each.expression))
        if key not in seen:
            seen.add(key)
            yield DefinitionCheck(
                part=each.kind,
                name=each.name,
                type=each.expression.type,
                sql=to_sql(each.expression),
                live=_on_row(each.expression),
            )


def _derived(project: Project) -> Iterator[DefinitionCheck]:
    """Segments and other derived traits, as conditions over the columns that they read."""
    for trait in project.profile.traits.values():
        if trait.derived is not None and trait.group is None:
            part = "segments" if trait.segment else "derived traits"
            sql = to_sql(trait.derived)
            if "profiling" in trait.uses:
                sql = f'CASE WHEN "tuttu profiling" THEN {sql} END'
            yield DefinitionCheck(
                part=part,
                name=trait.name,
                type=trait.type,
                sql=sql,
                live=_column(trait.name),
            )


def _stages(action: library.Action) -> Iterator[DefinitionCheck]:
    treatment = next(iter(action.treatments.values()), None)
    if treatment is None:
        return
    for stage in STAGES:
        if stage.name in JUDGED:
            yield DefinitionCheck(
                part="stages",
                name=f"{action.name}, {stage.name}",
                type=BOOL,
                sql=stage_sql(action, stage.name, ITEM_KEY),
                live=_passes(action, treatment, stage),
            )


def _reached(project: Project, about: str | None) -> Iterator[DefinitionCheck]:
    """Each channel that needs something, asked of any treatment by it; of customers only."""
    if about is not None:
        return
    for channel in project.channels.values():
        way = next((way for way in ways(project) if way[1].channel == channel.name), None)
        if channel.needs is not None and way is not None:
            yield DefinitionCheck(
                part="stages",
                name=f"{channel.name}, {REACHABLE.name}",
                type=BOOL,
                sql=reachable_sql(channel),
                live=_passes(*way, REACHABLE),
            )


def _worths(project: Project, action: library.Action) -> Iterator[DefinitionCheck]:
    """To the last bit: what ranks is not rounded."""
    for treatment in action.treatments.values():
        yield DefinitionCheck(
            part="worths",
            name=f"{action.name}, {treatment.name}",
            type=REAL,
            sql=worth_sql(action, treatment, project.policy.levers),
            live=_worth(action, treatment),
        )


def _permits(project: Project, action: library.Action) -> Iterator[DefinitionCheck]:
    """Their bases; NULL where there is none."""
    for treatment in action.treatments.values():
        choice = quoted_name(choice_column(action.purpose, treatment.channel))
        yield DefinitionCheck(
            part="permits",
            name=f"{action.name}, {treatment.name}",
            type=TEXT,
            sql=permit_sql(project, action, treatment, choice),
            live=_permit(action, treatment),
        )


def _permit(action: library.Action, treatment: library.Treatment) -> Live:
    def basis(subject: CheckSubject) -> str | None:
        found = permit(Candidate(action, treatment, subject.item), subject.view)
        return None if found is None else found.basis

    return basis


def _worth(action: library.Action, treatment: library.Treatment) -> Live:
    def worth(subject: CheckSubject) -> float | None:
        score = score_of(Candidate(action, treatment, subject.item), subject.view)
        return score.worth if isinstance(score, Score) else None

    return worth


def _on_row(expression: values.Expression) -> Live:
    return lambda subject: expression(subject.row)


def _column(name: str) -> Live:
    return lambda subject: subject.row.get(name)


def _passes(action: library.Action, treatment: library.Treatment, stage: Stage) -> Live:
    def passes(subject: CheckSubject) -> bool:
        return stage.reason(Candidate(action, treatment, subject.item), subject.view) is None

    return passes


def _blocks(project: Project, guard: library.Guard, part: str) -> Iterator[DefinitionCheck]:
    """Asked of an action that the guard concerns; if there is none, it never blocks anything."""
    asked = (way for way in ways(project) if may_block(guard, way[0].purpose, way[0].about))
    concerned = next(asked, None)
    if concerned is None:
        return

    def blocks(subject: CheckSubject) -> bool:
        return guard in blocking(Candidate(*concerned, subject.item), subject.view)

    yield DefinitionCheck(
        part=part,
        name=f"{guard.name}, blocks",
        type=BOOL,
        sql=guard_sql(guard, ITEM_KEY, f'"{TOO_MANY}"'),
        live=blocks,
    )
