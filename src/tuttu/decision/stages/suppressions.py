"""Did the customer say, or keep, enough to be left alone."""

from collections.abc import Iterator, Sequence

import msgspec

from tuttu import ledger
from tuttu.decision.stage import OUTCOMES, OWN_ZONE, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
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


def _reads(action: library.Action, _treatment: library.Treatment, project: Project) -> StageReads:
    asked = project.policy.suppressions and _NAME not in project.purposes[action.purpose].skips
    return StageReads(roots=(OUTCOMES,) if asked else ())


def _keeps(view: DecisionView, candidates: Sequence[Candidate]) -> dict[str, object]:
    return {"silences": tuple(_silences(view, candidates))}


def _silences(view: DecisionView, candidates: Sequence[Candidate]) -> Iterator[verdicts.Silence]:
    """Those that hold; there are none without contacts."""
    if not view.history.entries:
        return
    for action, item in {(each.action.name, each.item): each for each in candidates}:
        for suppression in view.project.policy.suppressions:
            until = view.history.silent_until(suppression, view.project.actions[action], item)
            if until is not None and view.now < until:
                yield verdicts.Silence(rule=suppression.name, action=action, item=item, until=until)


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
    codes={"suppressed": ("suppression",)},
    reads=_reads,
    keeps=_keeps,
    recalls=_recalls,
    vetoes=True,
)
