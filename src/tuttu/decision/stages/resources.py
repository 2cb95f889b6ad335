"""Is enough left of everything it uses; what the customer holds already is theirs."""

from collections.abc import Hashable

import msgspec

from tuttu.decision.stage import ALWAYS, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.decision.ways import Pool, Pools, by_action
from tuttu.vocabulary import library
from tuttu.vocabulary.verdicts import Contact, Reason, ReceiptEvidence


def _reason(candidate: Candidate, view: DecisionView) -> Reason | None:
    treatment = candidate.treatment
    if not treatment.uses or _reused(candidate, view) is not None:
        return None
    return _short(candidate, view)


def _refuses(pool: Pool, view: DecisionView, asked: int) -> int:
    """Ways that use the same are asked once; of those for which too little is left, the ones that
    may have it already are asked again."""
    refused = 0
    for bits, each in pool.candidates(asked, _alike):
        if each.treatment.uses and _short(each, view) is not None:
            refused |= bits
    if refused and view.history.entries:
        contacted = pool.ways.bits(by_action, view.history.actions)
        for bit, each in pool.candidates(refused & contacted):
            if _reused(each, view) is not None:
                refused ^= bit
    return refused


def _alike(action: library.Action, treatment: library.Treatment) -> Hashable:
    return action.purpose, tuple(treatment.uses.items())


def _short(candidate: Candidate, view: DecisionView) -> Reason | None:
    """Of which resource too little is left, if everything it uses is new."""
    for name, units in candidate.treatment.uses.items():
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


def _keeps(view: DecisionView, pools: Pools) -> dict[str, object]:
    """Offers are read back by `suppressions`, as all of the ledger."""
    used = {name for way, _ in pools.ways.groups(_alike).values() for name in way.treatment.uses}
    contacted = pools.ways.bits(by_action, view.history.actions)
    offers = []
    for pool in pools:
        for _, each in pool.candidates(contacted):
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
    refuses=_refuses,
    codes={"none_left": ("resource",), "too_few_left": ("resource",)},
    reads=lambda _action, treatment, _project: StageReads(
        roots=(ALWAYS,) if treatment.uses else ()
    ),
    keeps=_keeps,
    recalls=_recalls,
)
