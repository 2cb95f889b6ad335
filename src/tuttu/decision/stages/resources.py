"""Is enough left of everything it uses; what the customer holds already is theirs."""

from collections.abc import Sequence

import msgspec

from tuttu.decision.stage import ALWAYS, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary.verdicts import Reason, ReceiptEvidence


def _reason(candidate: Candidate, view: DecisionView) -> Reason | None:
    treatment = candidate.treatment
    if not treatment.uses:
        return None
    if view.history.held(candidate.action, treatment, candidate.item) is not None:
        return None
    for name, units in treatment.uses.items():
        free = view.free.get(name, 0)
        if not free and units:
            return Reason("none_left", {"resource": name})
        if free < units:
            return Reason("too_few_left", {"resource": name, "free": free, "needed": units})
    return None


def _keeps(view: DecisionView, candidates: Sequence[Candidate]) -> dict[str, object]:
    """Offers are read back by `suppressions`, as all of the ledger."""
    used: set[str] = set()
    offers = []
    for each in candidates:
        used.update(each.treatment.uses)
        if view.history.entries:
            held = view.history.held(each.action, each.treatment, each.item)
            if held is not None:
                offers.append(held)
    free = {name: view.free.get(name, 0) for name in sorted(used)}
    return {"free": free, "offers": tuple(offers)}


def _recalls(evidence: ReceiptEvidence, view: DecisionView) -> DecisionView:
    return msgspec.structs.replace(view, free=evidence.free)


RESOURCES = Stage(
    name="resources",
    reason=_reason,
    codes={"none_left": ("resource",), "too_few_left": ("resource",)},
    reads=lambda _action, treatment, _project: StageReads(
        roots=(ALWAYS,) if treatment.uses else ()
    ),
    keeps=_keeps,
    recalls=_recalls,
)
