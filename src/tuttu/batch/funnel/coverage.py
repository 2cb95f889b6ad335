"""Which stages the data feeds: one that nothing feeds has refused nobody, and says nothing of it.

A stage reads columns, and a column rests on roots: what was written, collected, contacted or
chosen. A stage is fed once one of its roots is known of one customer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from tuttu.decision import Candidate, Situation
from tuttu.vocabulary.company import Trait
from tuttu.vocabulary.library import Action
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Expression, item_column
from tuttu.vocabulary.verdicts import Stage

Root = str
"""A column of the wide row, or one of the names below."""
ALWAYS: Root = "now"
"""There for everybody: time, a constant, a declared amount, a share of customers."""
CONTACTS: Root = "\x00contacts"
OUTCOMES: Root = "\x00outcomes"
CHOICES: Root = "\x00choices:"
"""Of a purpose, whose name follows."""

Probe = Callable[[Situation], bool]


class Feeding:
    """Looks at one customer after the other for what has not been seen of anybody yet."""

    def __init__(self, project: Project, candidates: Iterable[Candidate]) -> None:
        self._roots = {
            (each.key, stage): _roots(project, each, stage)
            for each in candidates
            for stage in Stage
        }
        self._waiting = {
            root: _probe(project, root) for root in frozenset().union(*self._roots.values())
        }

    def see(self, situation: Situation) -> None:
        found = [root for root, probe in self._waiting.items() if probe(situation)]
        for root in found:
            del self._waiting[root]

    def feeds(self, candidate: Candidate, stage: Stage) -> bool:
        """Whether anything that the stage reads of the candidate was known of anybody."""
        return any(root not in self._waiting for root in self._roots[candidate.key, stage])


def _probe(project: Project, root: Root) -> Probe:
    if root == CONTACTS:
        return lambda situation: bool(situation.history.contacts)
    if root == OUTCOMES:
        return lambda situation: bool(situation.history.outcomes())
    if root.startswith(CHOICES):
        purpose = root.removeprefix(CHOICES)
        return lambda situation: any(
            chosen and of == purpose for of, _, _, chosen in situation.consents.preferences()
        )
    trait = project.profile.traits.get(root)
    if trait is not None and _counts(trait):
        return lambda situation: bool(situation.row.get(root))
    return lambda situation: situation.row.get(root) not in (None, [])


def _counts(trait: Trait) -> bool:
    """Never NULL: a count of nothing is 0, and what never happened in order is FALSE."""
    return bool(trait.sequence) or trait.aggregate is not None


def _roots(project: Project, candidate: Candidate, stage: Stage) -> frozenset[Root]:
    """What the stage's rules for the candidate rest on; empty where there is no rule."""
    roots = set(_marks(project, candidate, stage))
    for expression in _expressions(project, candidate.action, stage):
        roots.update(*(_origins(project, column) for column in expression.columns or {ALWAYS}))
    return frozenset(_of_collection(root, candidate.action.about) for root in roots)


def _of_collection(root: Root, about: str | None) -> Root:
    """What an item says rests on the collection that it is of."""
    return about if about is not None and root.startswith(item_column("")) else root


def _expressions(project: Project, action: Action, stage: Stage) -> list[Expression]:
    match stage:
        case Stage.ELIGIBILITY:
            return [each.test for each in action.eligible]
        case Stage.APPLICABILITY:
            return [each.test for each in action.applicable]
        case Stage.SUITABILITY:
            return [each.test for each in action.suitable]
        case Stage.GUARDS:
            guards = [
                each
                for each in project.policy.guards
                if each.blocks == action.purpose and each.about in (None, action.about)
            ]
            tests = chain.from_iterable((each.when, each.after) for each in guards)
            return [each for each in tests if each is not None]
        case Stage.SCORING:
            formulas = (action.value, action.relevance, action.effort, action.propensity)
            return [each for each in formulas if each is not None]
        case _:
            return []


def _marks(project: Project, candidate: Candidate, stage: Stage) -> Iterator[Root]:
    """Roots of rules that are no expressions."""
    action, policy = candidate.action, project.policy
    skipped = stage in project.purposes[action.purpose].skips
    match stage:
        case Stage.ELIGIBILITY if action.valid_from is not None or action.valid_until is not None:
            yield ALWAYS
        case Stage.ELIGIBILITY if action.about is not None:
            yield action.about
        case Stage.CONSENT:
            yield CHOICES + action.purpose
        case Stage.SUPPRESSIONS if policy.suppressions and not skipped:
            yield OUTCOMES
        case Stage.CONTACT_LIMITS if policy.contact_limits and not skipped:
            yield CONTACTS
        case Stage.RESOURCES if candidate.treatment.uses:
            yield ALWAYS
        case Stage.ARBITRATION:
            yield ALWAYS
        case Stage.CONTROLS if policy.controls.no_marketing and not skipped:
            yield ALWAYS


def _origins(project: Project, column: str) -> frozenset[Root]:
    """A column's roots: itself, unless it is made of other columns."""
    trait = project.profile.traits.get(column)
    if trait is None:
        return frozenset({column.partition(".")[0] if _is_field(project, column) else column})
    if trait.derived is not None:
        read = trait.derived.columns or frozenset({ALWAYS})
    elif trait.aggregate is not None and trait.over != "events":
        read = frozenset({trait.over})
    else:
        read = frozenset(trait.first_known)
    return frozenset().union(*(_origins(project, each) for each in read)) or frozenset({column})


def _is_field(project: Project, column: str) -> bool:
    return column.partition(".")[0] in project.profile.collections
