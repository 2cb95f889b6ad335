"""Which columns a decision read."""

from collections.abc import Iterable

from tuttu import profile
from tuttu.decision.stage import Stages
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary.project import Project, remembered
from tuttu.vocabulary.values import Value, item_column

OF_ITEM = item_column("")

ReadColumns = dict[str, Value]
ReadOfItems = dict[str, dict[str, ReadColumns]]
"""By collection and item."""


def read_set(
    view: DecisionView, candidates: Iterable[Candidate], stages: Stages
) -> tuple[ReadColumns, ReadOfItems]:
    """Every column that a rule for a candidate names, and what derived ones are made of, in the
    order of names; and what rules about an item read otherwise than rules about the customer would:
    its fields, and what was contacted and answered about it."""
    known = _columns_by_way(view.project)
    named: set[str] = set()
    about_items: dict[tuple[str, str], tuple[Candidate, set[str]]] = {}
    for each in candidates:
        way = (stages, each.action.name, each.treatment.name)
        columns = known.get(way)
        if columns is None:
            columns = known[way] = _columns(view.project, each, stages)
        named |= columns
        if each.action.about is not None and each.item is not None:
            of_item = about_items.setdefault((each.action.about, each.item), (each, set()))
            of_item[1].update(columns)
    of_items: ReadOfItems = {}
    for (about, item), (candidate, columns_about) in about_items.items():
        row = view.row_of(candidate)
        of_items.setdefault(about, {})[item] = {
            name: row.get(name)
            for name in sorted(columns_about)
            if name.startswith(OF_ITEM) or row.get(name) != view.row.get(name)
        }
    read = {name: view.row.get(name) for name in sorted(named) if not name.startswith(OF_ITEM)}
    return read, of_items


@remembered
def _columns_by_way(_project: Project) -> dict[tuple[Stages, str, str], frozenset[str]]:
    """Worked out once for each treatment of a version, as it is asked for."""
    return {}


def _columns(project: Project, candidate: Candidate, stages: Stages) -> frozenset[str]:
    named: set[str] = set()
    for stage in stages:
        reads = stage.reads(candidate.action, candidate.treatment, project)
        named.update(*(each.expression.columns for each in reads.expressions))
        named.update(name for name in reads.roots if name in project.row_schema.columns)
    return frozenset(profile.dependencies(project, named))
