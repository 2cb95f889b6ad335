"""Did the customer say, or keep, enough to be left alone."""

from collections.abc import Iterator

import msgspec

from tuttu import ledger
from tuttu.decision.stage import OUTCOMES, OWN_ZONE, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.decision.ways import SCOPES, Pool, Pools, by_action
from tuttu.vocabulary import library, verdicts
from tuttu.vocabulary.project import Project

_NAME = "suppressions"


def _reason(candidate: Candidate, view: DecisionView) -> verdicts.Reason | None:
    if view.skips(candidate, _NAME):
        return None
    for suppression in view.project.policy.suppressions:
        if view.history.is_suppressed(suppression, candidate.action, candidate.item):
            return verdicts.Reason("suppressed", {"suppression": suppression.name})
    return None


def _refuses(pool: Pool, view: DecisionView, asked: int) -> int:
    """One of all that are alike for the suppression is asked."""
    asked &= ~pool.ways.skipping(_NAME)
    refused = 0
    for suppression in view.project.policy.suppressions:
        scope, names = view.history.may_be_silent(suppression)
        if not names:
            continue
        alike = SCOPES[scope]
        for bits, each in pool.candidates(asked & pool.ways.bits(alike, names), alike):
            if view.history.is_suppressed(suppression, each.action, each.item):
                refused |= bits
    return refused


def _reads(action: library.Action, _treatment: library.Treatment, project: Project) -> StageReads:
    asked = project.policy.suppressions and _NAME not in project.purposes[action.purpose].skips
    return StageReads(roots=(OUTCOMES,) if asked else ())


def _keeps(view: DecisionView, pools: Pools) -> dict[str, object]:
    return {"silences": tuple(_silences(view, pools))}


def _silences(view: DecisionView, pools: Pools) -> Iterator[verdicts.Silence]:
    """Those that hold."""
    for suppression in view.project.policy.suppressions:
        scope, names = view.history.may_be_silent(suppression)
        alike = SCOPES[scope]
        bits = pools.ways.bits(alike, names) if names else 0
        for pool in pools if bits else ():
            for silent, one in pool.candidates(bits, alike):
                until = view.history.silent_until(suppression, one.action, one.item)
                if until is None or view.now >= until:
                    continue
                for _, each in pool.candidates(silent, by_action):
                    yield verdicts.Silence(
                        rule=suppression.name, action=each.action.name, item=each.item, until=until
                    )


def _recalls(evidence: verdicts.ReceiptEvidence, view: DecisionView) -> DecisionView:
    """The ledger is one: what the stages after this one keep of it is read back here too."""
    history = ledger.from_receipt(
        view.now,
        view.project,
        silences=evidence.silences,
        limits={each.rule: each for each in evidence.limits},
        offers=evidence.offers,
        own_zone=evidence.others.get(OWN_ZONE),
    )
    return msgspec.structs.replace(view, history=history)


SUPPRESSIONS = Stage(
    name=_NAME,
    reason=_reason,
    refuses=_refuses,
    codes={"suppressed": ("suppression",)},
    reads=_reads,
    keeps=_keeps,
    recalls=_recalls,
    vetoes=True,
)
