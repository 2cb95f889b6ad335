"""Which stages have data: one without any refuses nobody, which must not be read as a pass.

A stage reads columns, and a column depends on roots: what was written, collected, contacted or
chosen. A stage has data once one of its roots is known for one customer.
"""

from collections.abc import Callable, Iterable

from tuttu.decision import Candidate, DecisionView, Stage, Stages
from tuttu.decision.stage import ALWAYS, CHOICES, CONTACTS, OUTCOMES
from tuttu.policy import named_columns
from tuttu.vocabulary import company, values
from tuttu.vocabulary.project import Project

Root = str
"""A column of the wide row, or one of the names of `decision.stage`."""

Probe = Callable[[DecisionView], bool]


class StageCoverage:
    """Checks one customer after the other for roots that no customer had so far."""

    def __init__(self, project: Project, candidates: Iterable[Candidate], stages: Stages) -> None:
        self._roots = {
            (each.key, stage.name): _roots(project, each, stage)
            for each in candidates
            for stage in stages
        }
        self._waiting = {
            root: _probe(project, root) for root in frozenset().union(*self._roots.values())
        }

    def see(self, view: DecisionView) -> None:
        found = [root for root, probe in self._waiting.items() if probe(view)]
        for root in found:
            del self._waiting[root]

    def feeds(self, candidate: Candidate, stage: str) -> bool:
        """Whether anything that the stage reads for the candidate was known for any customer."""
        return any(root not in self._waiting for root in self._roots[candidate.key, stage])


def _probe(project: Project, root: Root) -> Probe:
    if root == CONTACTS:
        return lambda view: bool(view.history.contacts)
    if root == OUTCOMES:
        return lambda view: bool(view.history.outcomes())
    if root.startswith(CHOICES):
        purpose = root.removeprefix(CHOICES)
        return lambda view: any(
            view.consents.chosen(purpose, channel) for channel in view.project.channels
        )
    trait = project.profile.traits.get(root)
    if trait is not None and _counts(trait):
        return lambda view: bool(view.row.get(root))
    return lambda view: view.row.get(root) not in (None, [])


def _counts(trait: company.Trait) -> bool:
    """Never NULL: a count of nothing is 0, and a sequence that did not happen is FALSE."""
    return bool(trait.sequence) or trait.aggregate is not None


def _roots(project: Project, candidate: Candidate, stage: Stage) -> frozenset[Root]:
    """The roots of the stage's rules for the candidate; empty where there is no rule."""
    reads = stage.reads(candidate.action, candidate.treatment, project)
    roots = set(reads.roots)
    for each in reads.expressions:
        columns = named_columns(each.expression) or {ALWAYS}
        roots.update(*(_origins(project, column) for column in columns))
    return frozenset(_of_collection(root, candidate.action.about) for root in roots)


def _of_collection(root: Root, about: str | None) -> Root:
    """The root of an item's field is its collection."""
    return about if about is not None and root.startswith(values.OF_ITEM) else root


def _origins(project: Project, column: str) -> frozenset[Root]:
    """A column's roots: itself, unless it is made of other columns."""
    trait = project.profile.traits.get(column)
    if trait is None:
        return frozenset({column.partition(".")[0] if _is_field(project, column) else column})
    if trait.derived is not None:
        read = named_columns(trait.derived) or frozenset({ALWAYS})
    elif trait.aggregate is not None and trait.over != "events":
        read = frozenset({trait.over})
    else:
        read = frozenset(trait.first_known)
    return frozenset().union(*(_origins(project, each) for each in read)) or frozenset({column})


def _is_field(project: Project, column: str) -> bool:
    return column.partition(".")[0] in project.profile.collections
