"""Why, why not, and what would change it: of a question asked now, or of an earlier decision."""

from __future__ import annotations

import msgspec

from tuttu import api, counterfactual, decision, identity
from tuttu.counterfactual import Change
from tuttu.decision import CandidateKey, Situation
from tuttu.engine.decide import Rendering, deciding_project, named, read_question, stored_receipt
from tuttu.engine.runtime import Runtime
from tuttu.vocabulary.errors import BadRequest
from tuttu.vocabulary.ids import new_id
from tuttu.vocabulary.values import Schema
from tuttu.vocabulary.verdicts import Receipt

OTHER_RULES = "the version of the project that decided is not kept: only what the receipt says"
NO_GROUNDS = "issued before receipts kept what they rest on: only what the receipt says"

Changes = dict[CandidateKey, Change | None]


def explain(runtime: Runtime, request: api.ExplainRequest, by: str) -> api.ExplainAnswer:
    """Why, why not, and the least change that would turn each refusal: of a question asked now, or
    of an earlier decision by its own rules. Only the look is recorded."""
    if request.decision is not None:
        return _of_decision(runtime, request, request.decision, by)
    asked = _as_asked(request)
    with runtime.view() as seen:
        situation, question = read_question(runtime, seen, asked)

        def renders(of: Situation) -> Rendering:
            return Rendering(seen.version, of, asked)

        receipt = decision.explain(
            situation, question, decision_id=new_id(), render=renders(situation)
        )
        seeded = msgspec.structs.replace(question, seed=receipt.seed)
        changes = None
        if request.changes:
            keys = _refused(receipt)
            changes = counterfactual.least_changes(situation, seeded, keys, renders)
    runtime.record_look(situation.customer, by, "explain")
    schema = seen.version.project.row_schema
    return _answer(named(receipt, situation), changes, schema, kept=False)


def _as_asked(request: api.ExplainRequest) -> api.DecideRequest:
    if not request.who and not request.surfaces:
        raise BadRequest("neither a question nor a decision", "who and surfaces, or a decision")
    return api.DecideRequest(
        who=request.who,
        surfaces=request.surfaces,
        slots=request.slots,
        language=request.language,
        dry_run=True,
        seed=request.seed,
        context=request.context,
    )


def _of_decision(
    runtime: Runtime, request: api.ExplainRequest, decision_id: str, by: str
) -> api.ExplainAnswer:
    """By the receipt's own moment, row and rules, whatever holds today."""
    if request.who or request.surfaces or request.context or request.slots:
        raise BadRequest("a decision and a question", "one of the two: a decision has its own")
    with runtime.view() as seen:
        receipt = stored_receipt(seen.snapshot, decision_id)
        customer = identity.resolve_fragment(seen.snapshot, seen.version.project, receipt.customer)
        project = deciding_project(seen, receipt)
    runtime.record_look(customer, by, "explain")
    if project is None or receipt.grounds is None:
        note = OTHER_RULES if project is None else NO_GROUNDS
        schema = seen.version.project.row_schema
        return _answer(receipt, None, schema, kept=True, note=note)
    again = decision.explain_again(receipt, receipt.grounds, project)
    changes = None
    if request.changes:
        keys = [key for key in _refused(again) if key in _reckoned(again)]
        changes = counterfactual.least_changes(
            decision.recalled(receipt, receipt.grounds, project),
            decision.question_of(receipt, receipt.grounds),
            keys,
            lambda _: decision.rendered_then(receipt),
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
) -> api.ExplainAnswer:
    answer = api.answer_of(receipt, kept=kept)
    refused = answer.refused
    if changes is not None:
        refused = [_with_change(each, changes, schema) for each in refused]
    plain = {name: getattr(answer, name) for name in answer.__struct_fields__}
    return api.ExplainAnswer(**{**plain, "refused": refused}, note=note)


def _with_change(refused: api.ShownRefusal, changes: Changes, schema: Schema) -> api.ShownRefusal:
    key = (refused.action, refused.treatment, refused.item)
    if key not in changes:
        return msgspec.structs.replace(refused, no_change=api.NOT_LOOKED_FOR)
    change = changes[key]
    if change is None:
        return msgspec.structs.replace(refused, no_change=api.NOT_FOUND)
    return msgspec.structs.replace(refused, would_pass_if=api.parts_of(change, schema))
