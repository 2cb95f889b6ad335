"""Why, why not, and what would change it: of a question asked now, or of an earlier decision."""

import msgspec

from tuttu import api, counterfactual, decision, identity
from tuttu.decision import CandidateKey, DecisionView, MessageRenderer
from tuttu.engine.asking import Asker
from tuttu.engine.decide import (
    addresses_of,
    deciding_project,
    named,
    question_of,
    read_question,
    stored_receipt,
    told,
)
from tuttu.engine.runtime import Runtime
from tuttu.vocabulary import errors, ids, verdicts


def explain(
    runtime: Runtime,
    request: api.ExplainRequest,
    by: str,
    language: str = api.ENGLISH,
) -> api.ExplainAnswer:
    """Why, why not, and the least change that would turn each refusal: of a question asked now, or
    of an earlier decision by its own rules. Only the look is recorded."""
    words = api.words_in(language)
    if request.decision is not None:
        return _of_decision(runtime, request, by, words)
    asked, asker = _as_asked(request), Asker(runtime, by)
    with asker.told_who_it_may_be():
        question = question_of(runtime, asked, asker)
    with asker.told_who_it_may_be(), runtime.view() as seen:
        view, query, who = read_question(runtime, seen, question)

        def renders(of: DecisionView) -> MessageRenderer:
            return MessageRenderer(seen.version.renderer, of, asked.language)

        receipt = decision.explain(view, query, decision_id=ids.new_id(), render=renders(view))
        seeded = msgspec.structs.replace(query, seed=receipt.seed)
        changes = None
        if request.changes:
            keys = _refused(receipt)
            changes = counterfactual.least_changes(view, seeded, keys, renders)
        shown = addresses_of(seen, receipt)
    asker.looked(view.customer, "explain")
    schema = seen.version.project.row_schema
    return api.explained(named(receipt, who), changes, schema, words, kept=False, addresses=shown)


def _as_asked(request: api.ExplainRequest) -> api.DecideRequest:
    if not request.who and not request.surfaces:
        raise errors.BadRequest(
            "neither a question nor a decision", "who and surfaces, or a decision"
        )
    return api.DecideRequest(
        who=request.who,
        surfaces=request.surfaces,
        slots=request.slots,
        language=request.language,
        dry_run=True,
        seed=request.seed,
        context=request.context,
        answers=request.answers,
    )


def _of_decision(
    runtime: Runtime, request: api.ExplainRequest, by: str, words: api.Words
) -> api.ExplainAnswer:
    """By the receipt's own moment, row and rules, whatever holds today."""
    if request.who or request.surfaces or request.context or request.slots:
        raise errors.BadRequest(
            "a decision and a question", "one of the two: a decision has its own"
        )
    with runtime.view() as seen:
        receipt = told(seen, stored_receipt(seen.snapshot, request.decision or ""))
        customer = identity.resolve_fragment(seen.snapshot, seen.version.project, receipt.customer)
        project = deciding_project(seen, receipt)
        shown = addresses_of(seen, receipt)
    runtime.record_look(customer, by, "explain")
    if project is None or receipt.evidence is None:
        note = words.note("version_not_kept" if project is None else "no_evidence")
        schema = seen.version.project.row_schema
        answer = api.explained(receipt, None, schema, words, kept=True, addresses=shown)
        return msgspec.structs.replace(answer, note=note)
    again = decision.explain_again(receipt, receipt.evidence, project)
    changes = None
    if request.changes:
        keys = [key for key in _refused(again) if key in _same_again(again)]
        changes = counterfactual.least_changes(
            decision.recalled(receipt, receipt.evidence, project),
            decision.query_of(receipt, receipt.evidence),
            keys,
            lambda _: decision.rendered_then(receipt),
        )
    return api.explained(again, changes, project.row_schema, words, kept=True, addresses=shown)


def _refused(receipt: verdicts.Receipt) -> list[CandidateKey]:
    refused = (each for each in receipt.verdicts if each.refusal is not None)
    return [(each.action, each.treatment, each.item) for each in refused]


def _same_again(receipt: verdicts.Receipt) -> set[CandidateKey]:
    """Candidates whose refusal came out the same again."""
    again = (each for each in receipt.verdicts if each.all_refusals)
    return {(each.action, each.treatment, each.item) for each in again}
