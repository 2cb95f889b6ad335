"""The view that a receipt was issued on, as far as the receipt keeps it."""

from collections.abc import Mapping, Sequence

import msgspec

from tuttu import consent, ledger
from tuttu.content import ContentError, Rendered
from tuttu.decision.arbitration import Render
from tuttu.decision.deciding import explain, judge, verdicts_of
from tuttu.decision.groups import WideRow
from tuttu.decision.receipts import RowEvidence, shade_of
from tuttu.decision.stage import Stages
from tuttu.decision.stages import ARBITRATION, STAGES
from tuttu.decision.view import Candidate, DecisionQuery, DecisionView
from tuttu.decision.ways import unpacked
from tuttu.vocabulary import conversion, events, people, values, verdicts
from tuttu.vocabulary.project import Project


def recalled(
    receipt: verdicts.Receipt,
    evidence: verdicts.ReceiptEvidence,
    project: Project,
    stages: Stages = STAGES,
) -> DecisionView:
    """What the decision saw: its own moment, row, permits, and what the ledger forbade.

    project: the version that the receipt names. What no rule read is NULL.
    """
    own = RowEvidence(read=receipt.read, read_of_items=receipt.read_of_items, evidence=evidence)
    view, kept = _recalled(receipt, own, project, stages), shade_of(evidence)
    if kept is None:
        return view
    return msgspec.structs.replace(view, shade=_recalled(receipt, kept, project, stages))


def _recalled(
    receipt: verdicts.Receipt, kept: RowEvidence, project: Project, stages: Stages
) -> DecisionView:
    """The customer, or their shade."""
    row: dict[str, values.Value] = {**kept.read, **_items(kept, project), "now": receipt.now}
    view = DecisionView(
        project=project,
        now=receipt.now,
        position=receipt.position,
        customer=people.Customer(
            fragments=receipt.fragments or (receipt.customer,), identifiers=()
        ),
        row=WideRow(row),
        consents=consent.ConsentsFromReceipt(project, {}),
        history=ledger.from_receipt(receipt.now, project, silences=(), limits={}, offers=()),
        free={},
        arm=receipt.arm,
        overlays={
            (collection, key): columns
            for collection, items in kept.read_of_items.items()
            for key, columns in items.items()
        },
    )
    for stage in stages:
        view = stage.recalls(kept.evidence, view)
    return view


def told(receipt: verdicts.Receipt, project: Project, stages: Stages = STAGES) -> verdicts.Receipt:
    """The receipt with its verdicts: which stage refused whom as it was kept, why as it is worked
    out again from what the receipt keeps."""
    evidence = receipt.evidence
    if receipt.verdicts or evidence is None:
        return receipt
    view, query = recalled(receipt, evidence, project, stages), query_of(receipt, evidence)
    kept = receipt.refused
    judged = judge(view, query, receipt.id, rendered_then(receipt), stages, kept)
    return msgspec.structs.replace(receipt, verdicts=verdicts_of(judged))


def told_by_order(receipt: verdicts.Receipt, ways: Sequence[events.JudgedWay]) -> verdicts.Receipt:
    """The same without the version of the project: what became of each candidate, and not why.
    ways: all of the version, in its order."""
    if receipt.verdicts:
        return receipt
    asked = [way for way in ways if way.surface in receipt.surfaces]
    chosen = {(each.action, each.treatment, each.item) for each in receipt.told}
    found = []
    for pool in receipt.refused:
        stages = [(stage, unpacked(bits)) for stage, bits in pool.stages.items()]
        for number, way in enumerate(asked):
            if way.about != pool.about:
                continue
            of = (stage for stage, bits in stages if bits >> number & 1)
            stage = next(of, ARBITRATION.name)
            why = verdicts.refusal(stage, verdicts.Reason("reason_not_kept"))
            refused = (way.action, way.treatment, pool.item) not in chosen
            found.append(
                verdicts.Verdict(
                    action=way.action,
                    treatment=way.treatment,
                    surface=way.surface,
                    item=pool.item,
                    refusal=why if refused else None,
                )
            )
    return msgspec.structs.replace(receipt, verdicts=tuple(found))


def explain_again(
    receipt: verdicts.Receipt,
    evidence: verdicts.ReceiptEvidence,
    project: Project,
    stages: Stages = STAGES,
) -> verdicts.Receipt:
    """The receipt, with every stage that would have refused each candidate, worked out again from
    what it kept. Where that does not come to the same first refusal, the receipt's own stands
    alone."""
    receipt = told(receipt, project, stages)
    view, query = recalled(receipt, evidence, project, stages), query_of(receipt, evidence)
    found = explain(view, query, receipt.id, rendered_then(receipt), stages)
    again = {(each.action, each.treatment, each.item): each for each in found.verdicts}

    def explained(verdict: verdicts.Verdict) -> verdicts.Verdict:
        other = again.get((verdict.action, verdict.treatment, verdict.item))
        if other is None or verdict.refusal is None or not verdict.refusal.same_as(other.refusal):
            return verdict
        return msgspec.structs.replace(verdict, all_refusals=other.all_refusals)

    return msgspec.structs.replace(
        receipt, verdicts=tuple(explained(each) for each in receipt.verdicts)
    )


def query_of(receipt: verdicts.Receipt, evidence: verdicts.ReceiptEvidence) -> DecisionQuery:
    """What was asked, with the seed that was drawn from."""
    return DecisionQuery(
        surfaces=receipt.surfaces,
        fragment=receipt.customer,
        slots=evidence.slots,
        seed=receipt.seed,
    )


def rendered_then(receipt: verdicts.Receipt) -> Render:
    """The messages as they were: those that failed fail, of those not shown nothing is known."""
    shown = {
        (each.action, each.treatment, each.item): Rendered(
            text=each.rendered, language=each.language, subject=each.subject
        )
        for each in (*receipt.told, *receipt.withheld)
    }
    failed = {(each.action, each.treatment, each.item): each.error for each in receipt.failed}
    failed |= {
        (each.action, each.treatment, each.item): str(each.refusal.values.get("error"))
        for each in receipt.verdicts
        if each.refusal is not None and each.refusal.code == "content"
    }

    def render(candidate: Candidate) -> Rendered:
        if candidate.key in failed:
            raise ContentError(failed[candidate.key])
        return shown.get(candidate.key, Rendered(""))

    return render


def _items(kept: RowEvidence, project: Project) -> dict[str, values.Value]:
    """Collections of which only what rules about single items read was kept."""
    found: dict[str, values.Value] = {}
    for name, items in kept.read_of_items.items():
        if name not in kept.read and name in project.profile.collections:
            found[name] = [_item(project, name, key, columns) for key, columns in items.items()]
    return found


def _item(
    project: Project, collection: str, key: str, columns: Mapping[str, values.Value]
) -> values.Row:
    declared = project.profile.collections[collection]
    fields = {
        column.removeprefix(values.OF_ITEM): value
        for column, value in columns.items()
        if column.startswith(values.OF_ITEM)
    }
    zone, kind = project.company.zone, declared.fields[declared.key]
    return {**fields, declared.key: conversion.convert(key, kind, zone)}
