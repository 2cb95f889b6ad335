"""Decide and explain: from a situation and a question to a receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from tuttu.decision.chance import seed_of
from tuttu.decision.contest import Contest, Render, Terms
from tuttu.decision.grounds import grounds_of
from tuttu.decision.guards import stand_ins
from tuttu.decision.reading import columns_read, items_read
from tuttu.decision.scoring import score_of
from tuttu.decision.situation import (
    Candidate,
    CandidateKey,
    Question,
    Situation,
    candidates,
    surfaces,
)
from tuttu.decision.stages import all_refusals, first_refusal
from tuttu.vocabulary.verdicts import Receipt, Refusal, Stage, Verdict

Refusals = Mapping[CandidateKey, Refusal | None]


def decide(situation: Situation, question: Question, decision_id: str, render: Render) -> Receipt:
    """Choose for every slot, and say of every other candidate why not it. Pure: the same
    arguments give the same receipt, and nothing is reserved before the receipt is committed.

    Raises UnknownSurfaceError.
    """
    judged = judge(situation, question, decision_id, render)
    field = judged.field
    verdicts = _verdicts(situation, field, judged.refusals)
    receipt = _receipt(situation, judged.terms, verdicts, judged.contest)
    return msgspec.structs.replace(
        receipt,
        read=columns_read(situation, field),
        read_of_items=items_read(situation, field),
        grounds=grounds_of(situation, question, field),
    )


class Judged(NamedTuple):
    """Every candidate, and why it was not chosen; the slots are filled."""

    field: tuple[Candidate, ...]
    refusals: Refusals
    terms: Terms
    contest: Contest


def judge(situation: Situation, question: Question, decision_id: str, render: Render) -> Judged:
    """The decision itself, before anything is written of it. Raises UnknownSurfaceError."""
    field = tuple(candidates(situation.project, question, situation.row))
    refused = {each.key: first_refusal(each, situation) for each in field}
    terms = Terms(
        question=question,
        decision_id=decision_id,
        seed=_seed(situation, question, decision_id),
        render=render,
        stand_ins=stand_ins(_blocked(field, refused), situation),
    )
    entrants = [each for each in field if refused[each.key] is None]
    contest = Contest(entrants, situation, terms).run()
    return Judged(field, {**refused, **contest.refusals}, terms, contest)


def explain(situation: Situation, question: Question, decision_id: str, render: Render) -> Receipt:
    """What `decide` would say, with every stage that would refuse; reserves nothing."""
    receipt = decide(situation, question, decision_id, render)
    field = candidates(situation.project, question, situation.row)
    by_key = {each.key: each for each in field}
    verdicts = tuple(
        _explained(verdict, by_key[verdict.action, verdict.treatment, verdict.item], situation)
        for verdict in receipt.verdicts
    )
    return msgspec.structs.replace(receipt, verdicts=verdicts, contacts=())


def _explained(verdict: Verdict, candidate: Candidate, situation: Situation) -> Verdict:
    first = verdict.refusal
    if first is None:
        return verdict
    others = (each for each in all_refusals(candidate, situation) if each.stage != first.stage)
    return msgspec.structs.replace(verdict, all_refusals=(first, *others))


def _blocked(field: Sequence[Candidate], refused: Refusals) -> list[Candidate]:
    """Those that a guard stopped."""
    stopped = []
    for candidate in field:
        refusal = refused[candidate.key]
        if refusal is not None and refusal.stage is Stage.GUARDS:
            stopped.append(candidate)
    return stopped


def _seed(situation: Situation, question: Question, decision_id: str) -> int:
    if question.seed is not None:
        return question.seed
    return seed_of(situation.project.policy.controls.salt, decision_id)


def _verdicts(
    situation: Situation, field: Sequence[Candidate], refusals: Refusals
) -> tuple[Verdict, ...]:
    """One for each candidate; with its score, if it came as far as that."""
    verdicts = []
    for candidate in field:
        refusal = refusals[candidate.key]
        ranked = refusal is None or refusal.stage in (Stage.ARBITRATION, Stage.CONTROLS)
        score = score_of(candidate, situation) if ranked else None
        verdicts.append(
            Verdict(
                action=candidate.action.name,
                treatment=candidate.treatment.name,
                surface=candidate.treatment.surface,
                item=candidate.item,
                refusal=refusal,
                score=None if isinstance(score, str) else score,
            )
        )
    return tuple(verdicts)


def _receipt(
    situation: Situation, terms: Terms, verdicts: tuple[Verdict, ...], contest: Contest
) -> Receipt:
    project, question = situation.project, terms.question
    asked = surfaces(project, question)
    return Receipt(
        id=terms.decision_id,
        now=situation.now,
        customer=question.fragment,
        position=situation.position,
        surfaces=tuple(surface.name for surface in asked),
        choices=tuple(contest.choices),
        verdicts=verdicts,
        defaults={each.name: each.default for each in asked if each.name in contest.empty},
        withheld=tuple(contest.withheld),
        arm=situation.arm,
        seed=terms.seed,
        project_digest=project.digest,
        contacts=tuple(contest.contacts),
        fragments=situation.customer.fragments,
    )
