"""Why, why not, and what would change it: of a question asked now, or of an earlier decision."""

from __future__ import annotations

import msgspec

from tuttu import decision, identity
from tuttu.api.answers import DecideRequest, ExplainAnswer, ExplainRequest, ShownRefusal
from tuttu.api.changes import NOT_FOUND, NOT_LOOKED_FOR, parts_of
from tuttu.api.presenters import answer_of
from tuttu.decision import CandidateKey, Change, DecisionView
from tuttu.decision.receipts import receipt_of
from tuttu.engine.deciding import Rendering, asked_of, named, version_of
from tuttu.engine.house import House
from tuttu.vocabulary.errors import BadRequest, NotFound
from tuttu.vocabulary.ids import new_id
from tuttu.vocabulary.values import Schema
from tuttu.vocabulary.verdicts import Receipt

OTHER_RULES = "the version of the project that decided is not kept: only what the receipt says"
NO_GROUNDS = "issued before receipts kept what they rest on: only what the receipt says"

Changes = dict[CandidateKey, Change | None]


def explain(house: House, request: ExplainRequest, by: str) -> ExplainAnswer:
    """Only the look is kept. Raises BadRequest, NotFound."""
    if request.decision is not None:
        return _of_decision(house, request, request.decision, by)
    asked = _as_asked(request)
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        view, query = asked_of(house, snapshot, asked)

        def renders(seen: DecisionView) -> Rendering:
            return Rendering(house, seen, asked)

        receipt = decision.explain(
            view, query, decision_id=new_id(), render=renders(view)
        )
        seeded = msgspec.structs.replace(query, seed=receipt.seed)
        changes = None
        if request.changes:
            keys = _refused(receipt)
            changes = decision.least_changes(view, seeded, keys, renders)
    house.looked(view.customer, by, "explain")
    schema = house.project.row_schema
    return _answer(named(receipt, view), changes, schema, kept=False)


def _as_asked(request: ExplainRequest) -> DecideRequest:
    if not request.who and not request.surfaces:
        raise BadRequest("neither a question nor a decision", "who and surfaces, or a decision")
    return DecideRequest(
        who=request.who,
        surfaces=request.surfaces,
        slots=request.slots,
        language=request.language,
        dry_run=True,
        seed=request.seed,
        context=request.context,
    )


def _of_decision(house: House, request: ExplainRequest, decision_id: str, by: str) -> ExplainAnswer:
    """By the receipt's own moment, row and rules, whatever holds today."""
    if request.who or request.surfaces or request.context or request.slots:
        raise BadRequest("a decision and a question", "one of the two: a decision has its own")
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        receipt = receipt_of(snapshot, decision_id)
        if receipt is None:
            raise NotFound(f"no decision has the id {decision_id!r}")
        customer = identity.resolve_fragment(snapshot, house.project, receipt.customer)
        project = version_of(house, snapshot, receipt)
    house.looked(customer, by, "explain")
    if project is None or receipt.evidence is None:
        note = OTHER_RULES if project is None else NO_GROUNDS
        schema = house.project.row_schema
        return _answer(receipt, None, schema, kept=True, note=note)
    again = decision.explain_again(receipt, receipt.evidence, project)
    changes = None
    if request.changes:
        keys = [key for key in _refused(again) if key in _reckoned(again)]
        changes = decision.least_changes(
            decision.recalled(receipt, receipt.evidence, project),
            decision.query_of(receipt, receipt.evidence),
            keys,
            lambda _seen: decision.rendered_then(receipt),
        )
    return _answer(again, changes, project.row_schema, kept=True)


def _refused(receipt: Receipt) -> list[CandidateKey]:
    refused = (each for each in receipt.verdicts if each.refusal is not None)
    return [(each.action, each.treatment, each.item) for each in refused]


def _reckoned(receipt: Receipt) -> set[CandidateKey]:
    """Candidates whose refusal came out the same again."""
    again = (each for each in receipt.verdicts if each.all_refusals)
    return {(each.action, each.treatment, each.item) for each in again}


def _answer(
    receipt: Receipt, changes: Changes | None, schema: Schema, *, kept: bool, note: str = ""
) -> ExplainAnswer:
    answer = answer_of(receipt, kept=kept)
    refused = answer.refused
    if changes is not None:
        refused = [_with_change(each, changes, schema) for each in refused]
    plain = {name: getattr(answer, name) for name in answer.__struct_fields__}
    return ExplainAnswer(**{**plain, "refused": refused}, note=note)


def _with_change(refused: ShownRefusal, changes: Changes, schema: Schema) -> ShownRefusal:
    key = (refused.action, refused.treatment, refused.item)
    if key not in changes:
        return msgspec.structs.replace(refused, no_change=NOT_LOOKED_FOR)
    change = changes[key]
    if change is None:
        return msgspec.structs.replace(refused, no_change=NOT_FOUND)
    return msgspec.structs.replace(refused, would_pass_if=parts_of(change, schema))
