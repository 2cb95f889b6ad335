"""The snapshot that a receipt was issued on, as far as the receipt keeps it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tuttu import consent, ledger
from tuttu.content import ContentError
from tuttu.decision.contest import Render
from tuttu.decision.deciding import explain
from tuttu.decision.situation import Candidate, Question, Situation, Wide
from tuttu.vocabulary.conversion import convert
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import ITEM, Row, Value
from tuttu.vocabulary.verdicts import Grounds, Receipt

_OF_ITEM = f"{ITEM}."
_CONTENT = "content: "


def recalled(receipt: Receipt, grounds: Grounds, project: Project) -> Situation:
    """What the decision saw: its own moment, row, permits, and what the ledger forbade.

    project: the version that the receipt names. What no rule read is NULL.
    """
    row: dict[str, Value] = {**receipt.read, **_items(receipt, project), "now": receipt.now}
    return Situation(
        project=project,
        now=receipt.now,
        position=receipt.position,
        customer=Customer(fragments=receipt.fragments or (receipt.customer,), identifiers=()),
        row=Wide(row),
        consents=consent.ConsentsFromReceipt(project, grounds.consents),
        history=_history(receipt, grounds, project),
        free=grounds.free,
        arm=receipt.arm,
        about={
            (collection, key): columns
            for collection, items in receipt.read_of_items.items()
            for key, columns in items.items()
        },
    )


def explain_again(receipt: Receipt, grounds: Grounds, project: Project) -> Receipt:
    """The receipt, with every stage that would have refused each candidate, reckoned anew from
    what it kept. Where that does not come to the same first refusal, the receipt's own stands
    alone."""
    situation, question = recalled(receipt, grounds, project), question_of(receipt, grounds)
    found = explain(situation, question, receipt.id, rendered_then(receipt))
    again = {(each.action, each.treatment, each.item): each for each in found.verdicts}
    verdicts = tuple(
        each if other is None or other.refusal != each.refusal
        else msgspec.structs.replace(each, all_refusals=other.all_refusals)
        for each in receipt.verdicts
        for other in (again.get((each.action, each.treatment, each.item)),)
    )  # fmt: skip
    return msgspec.structs.replace(receipt, verdicts=verdicts)


def question_of(receipt: Receipt, grounds: Grounds) -> Question:
    """What was asked, with the seed that was drawn from."""
    return Question(
        surfaces=receipt.surfaces,
        fragment=receipt.customer,
        slots=grounds.slots,
        seed=receipt.seed,
    )


def rendered_then(receipt: Receipt) -> Render:
    """The messages as they were: those that failed fail, of those not shown nothing is known."""
    shown = {
        (each.action, each.treatment, each.item): each.rendered
        for each in (*receipt.choices, *receipt.withheld)
    }
    failed = {
        (each.action, each.treatment, each.item): each.refusal.reason.removeprefix(_CONTENT)
        for each in receipt.verdicts
        if each.refusal is not None and each.refusal.reason.startswith(_CONTENT)
    }

    def render(candidate: Candidate) -> str:
        if candidate.key in failed:
            raise ContentError(failed[candidate.key])
        return shown.get(candidate.key, "")

    return render


def _items(receipt: Receipt, project: Project) -> dict[str, Value]:
    """Collections of which only what rules about single items read was kept."""
    found: dict[str, Value] = {}
    for name, items in receipt.read_of_items.items():
        if name not in receipt.read and name in project.profile.collections:
            found[name] = [_item(project, name, key, columns) for key, columns in items.items()]
    return found


def _item(project: Project, collection: str, key: str, columns: Mapping[str, Value]) -> Row:
    declared = project.profile.collections[collection]
    fields = {
        column.removeprefix(_OF_ITEM): value
        for column, value in columns.items()
        if column.startswith(_OF_ITEM)
    }
    return {**fields, declared.key: convert(key, declared.fields[declared.key])}


def _history(receipt: Receipt, grounds: Grounds, project: Project) -> ledger.History:
    return ledger.from_receipt(
        receipt.now,
        project,
        silences=grounds.silences,
        limits={each.rule: each for each in grounds.limits},
        offers=grounds.offers,
    )
