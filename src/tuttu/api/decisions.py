"""Questions for a decision as they are asked, and receipts as the API shows them: what was chosen,
what was refused and why, what came of it."""

import hashlib
from collections.abc import Mapping

import msgspec

from tuttu import ledger
from tuttu.api import answers
from tuttu.api.changes import parts_of
from tuttu.api.owed import Addresses, OwedLeft, shown_owed
from tuttu.api.words import Words
from tuttu.counterfactual import KNOWN_STAGES, MOST_PARTS, Change
from tuttu.decision import CandidateKey
from tuttu.vocabulary import conversion, errors, values, verdicts
from tuttu.vocabulary.project import Project

FINGERPRINTED = frozenset({"who", "surfaces", "slots", "language", "dry_run", "seed", "context"})
"""Fields of a question that count in its `fingerprint` whatever they say."""

NOTHING_SHOWN: Addresses = {}

Changes = Mapping[CandidateKey, Change | None]
"""By candidate; without those for which none was looked for."""


def fingerprint(request: answers.DecideRequest) -> bytes:
    """Tells whether a question is the one that an Idempotency-Key was used with before. A field
    that `DecideRequest` gains later counts only where it says something: old keys stay valid."""
    said = msgspec.to_builtins(request)
    absent = msgspec.to_builtins(type(request)(who={}, surfaces=[]))
    kept = {n: each for n, each in said.items() if n in FINGERPRINTED or each != absent[n]}
    asked = msgspec.json.encode(kept, order="sorted")
    return hashlib.blake2b(asked, digest_size=16).digest()


def asked_slots(request: answers.DecideRequest) -> dict[str, int]:
    """How many of which surface, where it says so. Raises BadRequest."""
    for surface, slots in request.slots.items():
        if surface not in request.surfaces:
            raise errors.BadRequest(
                f"slots for {surface!r}", "slots of surfaces that are asked for"
            )
        if not 0 <= slots <= 100:
            raise errors.BadRequest(f"{slots} slots of {surface!r}", "0 to 100")
    return request.slots


def asked_context(project: Project, said: Mapping[str, object]) -> dict[str, values.Value]:
    """Columns of this moment, as declared traits. Raises BadRequest."""
    columns = project.row_schema.columns
    for name in said:
        if name not in columns:
            hint = errors.did_you_mean(name, columns)
            raise errors.BadRequest(f"the context column {name!r}", f"a declared trait{hint}")
    found = {}
    for name, value in said.items():
        found[name] = conversion.convert(value, columns[name], project.company.zone)
        if conversion.slipped(value, found[name]):
            raise errors.BadRequest(
                f"the context column {name!r}: {value!r:.60}", str(columns[name])
            )
    return found


def answer_of(
    receipt: verdicts.Receipt, words: Words, *, kept: bool, addresses: Addresses = NOTHING_SHOWN
) -> answers.DecideAnswer:
    """A receipt as the answer to the question it decided; kept False: a dry run or explain."""
    return answers.DecideAnswer(
        decision_id=receipt.id if kept else None,
        now=conversion.format_instant(receipt.now),
        customer=receipt.asked,
        known=receipt.known,
        shared=receipt.shared,
        nobodies=list(receipt.nobodies),
        beyond_limit=dict(receipt.beyond_limit),
        arm=receipt.arm,
        seed=receipt.seed,
        owed=[shown_owed(each, receipt.now, addresses) for each in receipt.owed],
        owed_left=[
            OwedLeft(action=action, item=item, surface=surface)
            for action, item, surface in receipt.owed_left
        ],
        choices=[_choice(each, words, addresses) for each in receipt.choices],
        refused=[shown_refusal(each, words) for each in receipt.verdicts if each.refusal],
        withheld=[_choice(each, words, addresses) for each in receipt.withheld],
        defaults=dict(receipt.defaults),
        project_digest=receipt.project_digest,
    )


def explained(
    receipt: verdicts.Receipt,
    changes: Changes | None,
    schema: values.Schema,
    words: Words,
    *,
    kept: bool,
    addresses: Addresses = NOTHING_SHOWN,
) -> answers.ExplainAnswer:
    """changes None: not asked for. schema: of the version that judged."""
    answer = answer_of(receipt, words, kept=kept, addresses=addresses)
    refused = answer.refused
    if changes is not None:
        refused = [_with_change(each, changes, schema, words) for each in refused]
    plain = {name: getattr(answer, name) for name in answer.__struct_fields__}
    return answers.ExplainAnswer(**{**plain, "refused": refused})


def _choice(choice: verdicts.Choice, words: Words, addresses: Addresses) -> answers.ShownChoice:
    return answers.ShownChoice(
        contact_id=choice.contact_id,
        action=choice.action,
        treatment=choice.treatment,
        surface=choice.surface,
        slot=choice.slot,
        item=choice.item,
        content=choice.rendered,
        worth=choice.score.rounded / values.MONEY_SCALE,
        propensity=choice.score.propensity,
        probability=choice.probability,
        why=[*choice.why, words.worth(choice.score)],
        reused=choice.reused,
        held_until=conversion.shown_instant(choice.held_until),
        basis=choice.basis or None,
        kind_of_person=choice.kind or None,
        address=addresses.get(choice.address or b""),
        language=choice.language or None,
        subject=choice.subject,
    )


def shown_refusal(verdict: verdicts.Verdict, words: Words) -> answers.ShownRefusal:
    first = verdict.refusal
    assert first is not None  # noqa: S101 - the caller chose the refused ones
    also = [
        answers.ShownReason(
            stage=each.stage,
            reason=words.reason(each.why),
            code=each.why.code,
            values=each.why.values,
        )
        for each in verdict.all_refusals[1:]
    ]
    why = first.why
    return answers.ShownRefusal(
        action=verdict.action,
        treatment=verdict.treatment,
        surface=verdict.surface,
        item=verdict.item,
        stage=first.stage,
        reason=words.reason(why),
        code=why.code,
        values=why.values,
        worth=verdict.score.rounded / values.MONEY_SCALE if verdict.score else None,
        also=also,
    )


def _with_change(
    refused: answers.ShownRefusal, changes: Changes, schema: values.Schema, words: Words
) -> answers.ShownRefusal:
    key = (refused.action, refused.treatment, refused.item)
    change = changes.get(key)
    if change is not None:
        parts = parts_of(change, schema, words)
        return msgspec.structs.replace(refused, would_pass_if=parts)
    if key in changes:
        note = words.note("not_found", parts=MOST_PARTS)
    else:
        stages = (refused.stage, *(each.stage for each in refused.also))
        unknown = [stage for stage in stages if stage not in KNOWN_STAGES]
        if unknown:
            note = words.note("stage_not_looked_for", stage=unknown[0])
        else:
            note = words.note("not_looked_for")
    return msgspec.structs.replace(refused, no_change=note)


def outcomes_of(
    receipt: verdicts.Receipt, history: ledger.History, words: Words
) -> list[answers.ShownOutcome]:
    """What came of the receipt's contacts. history: of its customer, as it stands."""
    chosen = {choice.contact_id: choice for choice in receipt.told}
    outcomes = [
        answers.ShownOutcome(
            contact_id=each.contact_id,
            action=chosen[each.contact_id].action,
            item=chosen[each.contact_id].item,
            outcome=each.name,
            time=conversion.format_instant(each.time),
        )
        for each in ledger.outcomes_of(history, chosen)
    ]
    withdrawn = [
        answers.ShownOutcome(
            contact_id=name,
            action=chosen[name].action,
            item=chosen[name].item,
            outcome="withdrawn",
            time=conversion.format_instant(time),
            why=words.reason(why),
            code=why.code,
            values=why.values,
        )
        for name, (time, why) in history.withdrawn().items()
        if name in chosen
    ]
    return [*outcomes, *withdrawn]
