"""Decide and explain: from a view and a query to a receipt."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from tuttu.decision.arbitration import Arbitration, ArbitrationTerms, Render
from tuttu.decision.chance import seed_of
from tuttu.decision.owed import OwedResult, choose_owed
from tuttu.decision.receipts import evidence_of, read_set
from tuttu.decision.stage import Stage, Stages, all_refusals
from tuttu.decision.stages import ARBITRATION, CONTROLS, GUARDS, STAGES
from tuttu.decision.stages.guards import replaced_alike, substitutes
from tuttu.decision.view import (
    Candidate,
    DecisionQuery,
    DecisionView,
    candidates,
    surfaces,
)
from tuttu.decision.ways import Pool, Pools, packed, pools_of, unpacked
from tuttu.decision.worths import score_of
from tuttu.vocabulary.verdicts import (
    OWED_LEFT,
    FailedContent,
    Reason,
    Receipt,
    Refusal,
    RefusedWays,
    Score,
    Verdict,
    refusal,
)

_RANKED = frozenset({ARBITRATION.name, CONTROLS.name})
"""Who is refused here has a score."""


def decide(
    view: DecisionView,
    query: DecisionQuery,
    decision_id: str,
    render: Render,
    stages: Stages = STAGES,
    *,
    tells: bool = True,
) -> Receipt:
    """Choose for every slot, and say of every other candidate why not it. Pure: the same
    arguments give the same receipt, and nothing is reserved before the receipt is committed.

    tells False: without verdicts, as a receipt is kept; `told` works them out. Raises
    UnknownSurface.
    """
    judged = judge(view, query, decision_id, render, stages)
    asked, won = surfaces(view.project, query), judged.arbitration
    read, read_of_items = read_set(view, judged.pools, stages)
    return Receipt(
        id=decision_id,
        now=view.now,
        customer=query.fragment,
        position=view.position,
        surfaces=tuple(surface.name for surface in asked),
        choices=tuple(won.choices),
        verdicts=verdicts_of(judged) if tells else (),
        refused=_refused_ways(judged),
        failed=_failed(judged),
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
        evidence=evidence_of(view, query, judged.pools, stages, _owed_left(judged)),
    )


def _refused_ways(judged: "Judgement") -> tuple[RefusedWays, ...]:
    return tuple(
        RefusedWays(
            about=pool.about,
            item=pool.item,
            stages={stage.name: packed(bits) for stage, bits in refused},
        )
        for pool, refused in judged.refused.items()
    )


def _failed(judged: "Judgement") -> tuple[FailedContent, ...]:
    of_owed = {
        key: str(no.values["error"])
        for key, no in judged.owed.refusals.items()
        if no.code == "content"
    }
    return tuple(
        FailedContent(action=action, treatment=way, item=item, error=error)
        for (action, way, item), error in {**of_owed, **judged.arbitration.failed}.items()
    )


def _owed_left(judged: "Judgement") -> dict[str, object]:
    """Each once, whatever treatments there are of it."""
    left = {
        (action, item): no.values["surface"]
        for (action, _, item), no in judged.owed.refusals.items()
        if no.code == "owed_beyond"
    }
    return {OWED_LEFT: [[*of, surface] for of, surface in left.items()]} if left else {}


class Judgement(NamedTuple):
    """Which stage refused which ways, and what became of the others: the slots are filled, beside
    what is owed. refused: by pool, for each stage the bits of the ways that it refused first."""

    view: DecisionView
    pools: Pools
    stages: Stages
    refused: Mapping[Pool, Sequence[tuple[Stage, int]]]
    seed: int
    owed: OwedResult
    arbitration: Arbitration

    def refusal(self, candidate: Candidate, bit: int, pool: Pool) -> Refusal | None:
        """Why it was not chosen. bit, pool: the candidate's."""
        for stage, bits in self.refused[pool]:
            if bits & bit:
                reason = stage.why_not(candidate, self.view)
                return refusal(stage.name, reason or Reason("reason_not_kept"))
        return self.loss(candidate, pool)

    def loss(self, candidate: Candidate, pool: Pool) -> Refusal | None:
        """Why one that no stage refuses was not chosen. pool: the candidate's."""
        if self.view.is_owed(candidate):
            return self.owed.refusals.get(candidate.key)
        return self.arbitration.refusal(candidate, pool)


def judge(
    view: DecisionView,
    query: DecisionQuery,
    decision_id: str,
    render: Render,
    stages: Stages = STAGES,
    kept: Sequence[RefusedWays] | None = None,
) -> Judgement:
    """The decision itself, before anything is written of it. kept: which stages refused which ways,
    if that was found before. Raises UnknownSurface."""
    pools = pools_of(view, query)
    if kept is None:
        refused = {pool: _refused_first(pool, view, stages) for pool in pools}
    else:
        refused = {pool: _refused_then(pool, kept, stages) for pool in pools}
    passed: dict[Pool, int] = {}
    due: list[Candidate] = []
    for pool in pools:
        left = pool.bits
        for _, bits in refused[pool]:
            left &= ~bits
        due += [each for _, each in pool.candidates(left & pool.ways.owed)]
        passed[pool] = left & ~pool.ways.owed
    seed = query.seed
    if seed is None:
        seed = seed_of(view.project.policy.controls.salt, decision_id)
    terms = ArbitrationTerms(
        query=query,
        decision_id=decision_id,
        seed=seed,
        render=render,
        substitutes=substitutes(_blocked(refused), view),
    )
    owed = choose_owed(due, view, terms)
    arbitration = Arbitration(passed, owed.view, terms).run()
    return Judgement(view, pools, stages, refused, seed, owed, arbitration)


def _refused_first(pool: Pool, view: DecisionView, stages: Stages) -> list[tuple[Stage, int]]:
    """Of each stage that refuses some, the bits of those that no stage before it does."""
    found, left = [], pool.bits
    for stage in stages:
        if stage.of_winner or not left:
            continue
        bits = stage.refused(pool, view, left)
        if bits:
            found.append((stage, bits))
            left &= ~bits
    return found


def _refused_then(
    pool: Pool, kept: Sequence[RefusedWays], stages: Stages
) -> list[tuple[Stage, int]]:
    named = {stage.name: stage for stage in stages}
    for each in kept:
        if (each.about, each.item) == (pool.about, pool.item):
            return [(named[name], unpacked(bits)) for name, bits in each.stages.items()]
    return []


def _blocked(refused: Mapping[Pool, Sequence[tuple[Stage, int]]]) -> Iterator[Candidate]:
    """Of all that guards refused, one of those that are alike for what may come in their place."""
    for pool, stages in refused.items():
        for stage, bits in stages:
            if stage is GUARDS:
                yield from (each for _, each in pool.candidates(bits, replaced_alike))


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


def verdicts_of(judged: Judgement) -> tuple[Verdict, ...]:
    """One for each candidate; with its score, if it came as far as that."""
    verdicts: list[Verdict] = []
    for candidate, bit, pool in judged.pools.candidates():
        why = judged.refusal(candidate, bit, pool)
        ranked = why is None or why.stage in _RANKED
        score = score_of(candidate, judged.view) if ranked else None
        verdicts.append(
            Verdict(
                action=candidate.action.name,
                treatment=candidate.treatment.name,
                surface=candidate.treatment.surface,
                item=candidate.item,
                refusal=why,
                score=score if isinstance(score, Score) else None,
            )
        )
    return tuple(verdicts)
