"""What a decision's receipt keeps of what it rests on, and where it lies in the log."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tuttu import profile
from tuttu.decision.stage import Stages
from tuttu.decision.view import DecisionQuery, DecisionView
from tuttu.decision.ways import Pools, ways_of
from tuttu.vocabulary import facts, room, values, verdicts
from tuttu.vocabulary.project import Project, cached_by

_FIELDS = frozenset(verdicts.ReceiptEvidence.__struct_fields__)

NOTHING: Mapping[str, object] = {}

ReadColumns = dict[str, values.Value]
ReadOfItems = dict[str, dict[str, ReadColumns]]
"""By collection and item."""


def read_set(view: DecisionView, pools: Pools, stages: Stages) -> tuple[ReadColumns, ReadOfItems]:
    """Every column that a rule for a way names, and what derived ones are made of, in the order of
    names; and what rules about an item read otherwise than rules about the customer would: its
    fields, and what was contacted and answered about it."""
    read = _columns_of(view.project, pools.ways.surfaces, stages)
    of_items: ReadOfItems = {}
    for pool in pools:
        if pool.about is not None and pool.item is not None:
            row = pool.row(view)
            of_items.setdefault(pool.about, {})[pool.item] = {
                name: row.get(name)
                for name in read[pool.about]
                if name.startswith(values.OF_ITEM) or row.get(name) != view.row.get(name)
            }
    of_customer = sorted(frozenset().union(*read.values()))
    return {
        name: view.row.get(name) for name in of_customer if not name.startswith(values.OF_ITEM)
    }, of_items


@cached_by
def _columns_of(
    project: Project, surfaces: frozenset[str], stages: Stages
) -> Mapping[str | None, Sequence[str]]:
    """In order: what the rules for ways about each collection read, and for those about none."""
    named: dict[str | None, set[str]] = {}
    for action, treatment in ways_of(project, surfaces).listed:
        found = named.setdefault(action.about, set())
        for stage in stages:
            reads = stage.reads(action, treatment, project)
            found.update(*(each.expression.columns for each in reads.expressions))
            found.update(name for name in reads.roots if name in project.row_schema.columns)
    return {about: sorted(profile.dependencies(project, found)) for about, found in named.items()}


def evidence_of(
    view: DecisionView,
    query: DecisionQuery,
    pools: Pools,
    stages: Stages,
    more: Mapping[str, object] = NOTHING,
) -> verdicts.ReceiptEvidence:
    """What stages keep beside the row, only of what the ways could ask for; and more."""
    kept: dict[str, object] = {"slots": dict(query.slots), **more}
    for stage in stages:
        if stage.keeps is not None:
            kept.update(stage.keeps(view, pools))
    if view.shade is not None:
        vetoes = tuple(stage for stage in stages if stage.vetoes)
        read, read_of_items = read_set(view.shade, pools, vetoes)
        kept[_SHADE] = RowEvidence(
            read=read,
            read_of_items=read_of_items,
            evidence=evidence_of(view.shade, query, pools, stages),
        )
    if view.beyond_limit:
        kept[verdicts.BEYOND_LIMIT] = view.beyond_limit
    others = {name: kept.pop(name) for name in sorted(kept.keys() - _FIELDS)}
    return verdicts.ReceiptEvidence(**kept, others=others)  # type: ignore[arg-type]


class RowEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What rules read of the customer, or of their shade, and what stages keep beside it; as in a
    receipt."""

    read: Mapping[str, Any]
    read_of_items: Mapping[str, Mapping[str, Mapping[str, Any]]]
    evidence: verdicts.ReceiptEvidence


_SHADE = "shade"
"""Name of it in the evidence."""


def shade_of(evidence: verdicts.ReceiptEvidence) -> RowEvidence | None:
    """None: nothing was asked of a shade."""
    kept = evidence.others.get(_SHADE)
    return None if kept is None else msgspec.convert(kept, RowEvidence)


class ReceiptPosition(msgspec.Struct, frozen=True):
    """Log position of a receipt."""

    position: int


RECEIPTS = facts.Table("engine.receipts", ReceiptPosition)


def folds(_project: Project) -> room.Folds:
    return {verdicts.Receipt: _keep_position}


def _keep_position(transaction: facts.Transaction, logged: facts.Logged) -> None:
    transaction.put(RECEIPTS, logged.fact.id.encode(), ReceiptPosition(logged.position))


def receipt_of(reader: facts.Reader, decision_id: str) -> verdicts.Receipt | None:
    """The receipt as it was issued; None if no decision has this id, or its key is lost."""
    kept = reader.get(RECEIPTS, decision_id.encode("utf-8", "replace"), watch=False)
    return None if kept is None else receipt_at(reader, kept.position)


def receipt_at(reader: facts.Reader, position: int) -> verdicts.Receipt | None:
    """None: it can no longer be read."""
    logged = reader.fact(position)
    if logged is None:
        return None
    body = logged.fact.body
    if not isinstance(body, verdicts.Receipt):
        raise TypeError(f"log position {position}: found {type(body).__name__}, expected a receipt")
    return body
