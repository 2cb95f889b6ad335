"""Is enough left of everything it uses; what the customer holds already is theirs."""

from collections.abc import Sequence

import msgspec

from tuttu.decision.stage import ALWAYS, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary.verdicts import Contact, Reason, ReceiptEvidence


def _reason(candidate: Candidate, view: DecisionView) -> Reason | None:
    treatment = candidate.treatment
    if not treatment.uses:
        return None
    if _reused(candidate, view) is not None:
        return None
    for name, units in treatment.uses.items():
        free = view.units_for(candidate, name)
        if not free and units:
            return Reason("none_left", {"resource": name})
        if free < units:
            return Reason("too_few_left", {"resource": name, "free": free, "needed": units})
    return None


def _reused(candidate: Candidate, view: DecisionView) -> Contact | None:
    """The contact that has its units already."""
    action, treatment, item = candidate.action, candidate.treatment, candidate.item
    held = view.history.held(action, treatment, item)
    if held is None and view.is_owed(candidate):
        return view.history.underway(action, item, reminder=not treatment.fulfils)
    return held


def _keeps(view: DecisionView, candidates: Sequence[Candidate]) -> dict[str, object]:
    """Offers are read back by `suppressions`, as all of the ledger."""
    used: set[str] = set()
    offers = []
    for each in candidates:
        used.update(each.treatment.uses)
        if view.history.entries:
            earlier = _reused(each, view)
            if earlier is not None and earlier not in offers:
                offers.append(earlier)
    free = {name: view.free.get(name, 0) for name in sorted(used)}
    closed = {name: view.closed[name] for name in sorted(used & view.closed.keys())}
    kept: dict[str, object] = {"free": free, "offers": tuple(offers)}
    return {**kept, "closed": closed} if closed else kept


def _recalls(evidence: ReceiptEvidence, view: DecisionView) -> DecisionView:
    closed = evidence.others.get("closed", {})
    return msgspec.structs.replace(view, free=evidence.free, closed=closed)


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
