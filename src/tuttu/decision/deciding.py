"""Decide and explain: from a view and a query to a receipt."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from tuttu.decision.arbitration import Arbitration, ArbitrationTerms, Render
from tuttu.decision.chance import seed_of
from tuttu.decision.owed import OwedResult, choose_owed
from tuttu.decision.receipts import evidence_of, read_set
from tuttu.decision.stage import Stages, all_refusals, first_refusal
from tuttu.decision.stages import ARBITRATION, CONTROLS, GUARDS, STAGES
from tuttu.decision.stages.guards import substitutes
from tuttu.decision.stages.scoring import score_of
from tuttu.decision.view import (
    Candidate,
    CandidateKey,
    DecisionQuery,
    DecisionView,
    candidates,
    surfaces,
)
from tuttu.vocabulary.verdicts import Receipt, Refusal, Score, Verdict

_RANKED = frozenset({ARBITRATION.name, CONTROLS.name})
"""Who is refused here has a score."""


def decide(
    view: DecisionView,
    query: DecisionQuery,
    decision_id: str,
    render: Render,
    stages: Stages = STAGES,
) -> Receipt:
    """Choose for every slot, and say of every other candidate why not it. Pure: the same
    arguments give the same receipt, and nothing is reserved before the receipt is committed.

    Raises UnknownSurface.
    """
    judged = judge(view, query, decision_id, render, stages)
    asked, won = surfaces(view.project, query), judged.arbitration
    read, read_of_items = read_set(view, judged.candidates, stages)
    return Receipt(
        id=decision_id,
        now=view.now,
        customer=query.fragment,
        position=view.position,
        surfaces=tuple(surface.name for surface in asked),
        choices=tuple(won.choices),
        verdicts=_verdicts(view, judged),
        defaults={each.name: each.default for each in asked if each.name in won.empty},
        withheld=tuple(won.withheld),
        owed=judged.owed.choices,
        arm=view.arm,
        seed=judged.seed,
        read=read,
        read_of_items=read_of_items,
        project_digest=view.project.digest,
        contacts=(*judged.owed.contacts, *won.contacts),
        fragments=view.customer.fragments,
        evidence=evidence_of(view, query, judged.candidates, stages),
    )


class Judgement(NamedTuple):
    """Every candidate, and why it was not chosen; the slots are filled, beside what is owed."""

    candidates: Sequence[Candidate]
    refusals: Mapping[CandidateKey, Refusal | None]
    seed: int
    owed: OwedResult
    arbitration: Arbitration


def judge(
    view: DecisionView,
    query: DecisionQuery,
    decision_id: str,
    render: Render,
    stages: Stages = STAGES,
) -> Judgement:
    """The decision itself, before anything is written of it. Raises UnknownSurface."""
    judged = candidates(view.project, query, view.row)
    refused: dict[CandidateKey, Refusal | None] = {}
    passed: list[Candidate] = []
    due: list[Candidate] = []
    blocked: list[Candidate] = []
    for each in judged:
        refusal = refused[each.key] = first_refusal(each, view, stages)
        if refusal is None:
            (due if view.is_owed(each) else passed).append(each)
        elif refusal.stage == GUARDS.name:
            blocked.append(each)
    seed = query.seed
    if seed is None:
        seed = seed_of(view.project.policy.controls.salt, decision_id)
    terms = ArbitrationTerms(
        query=query,
        decision_id=decision_id,
        seed=seed,
        render=render,
        substitutes=substitutes(blocked, view),
    )
    owed = choose_owed(due, view, terms)
    arbitration = Arbitration(passed, owed.view, terms).run()
    refused.update({**owed.refusals, **arbitration.refusals})
    return Judgement(judged, refused, seed, owed, arbitration)


def explain(
    view: DecisionView,
    query: DecisionQuery,
    decision_id: str,
    render: Render,
    stages: Stages = STAGES,
) -> Receipt:
    """What `decide` would say, with every stage that would refuse; reserves nothing."""
    receipt = decide(view, query, decision_id, render, stages)
    by_key = {each.key: each for each in candidates(view.project, query, view.row)}

    def explained(verdict: Verdict) -> Verdict:
        first = verdict.refusal
        if first is None:
            return verdict
        candidate = by_key[verdict.action, verdict.treatment, verdict.item]
        found = all_refusals(candidate, view, stages)
        others = (each for each in found if each.stage != first.stage)
        return msgspec.structs.replace(verdict, all_refusals=(first, *others))

    verdicts = tuple(explained(each) for each in receipt.verdicts)
    return msgspec.structs.replace(receipt, verdicts=verdicts, contacts=())


def _verdicts(view: DecisionView, judged: Judgement) -> tuple[Verdict, ...]:
    """One for each candidate; with its score, if it came as far as that."""
    verdicts: list[Verdict] = []
    for candidate in judged.candidates:
        refusal = judged.refusals[candidate.key]
        ranked = refusal is None or refusal.stage in _RANKED
        score = score_of(candidate, view) if ranked else None
        verdicts.append(
            Verdict(
                action=candidate.action.name,
                treatment=candidate.treatment.name,
                surface=candidate.treatment.surface,
                item=candidate.item,
                refusal=refusal,
                score=score if isinstance(score, Score) else None,
            )
        )
    return tuple(verdicts)
