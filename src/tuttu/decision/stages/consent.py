"""Does the recipient permit the purpose in the channel."""

from collections.abc import Sequence

import msgspec

from tuttu import consent
from tuttu.decision.stage import CHOICES, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary.verdicts import Reason, ReceiptEvidence

_CELL = ("purpose", "channel")


def _reason(candidate: Candidate, view: DecisionView) -> Reason | None:
    return view.consents.why_not(candidate.action.purpose, candidate.treatment.channel)


def _keeps(view: DecisionView, candidates: Sequence[Candidate]) -> dict[str, object]:
    cells = sorted({(each.action.purpose, each.treatment.channel) for each in candidates})
    found: dict[str, dict[str, Reason | str]] = {}
    for purpose, channel in cells:
        reason = view.consents.why_not(purpose, channel)
        found.setdefault(purpose, {})[channel] = "" if reason is None else reason
    return {"consents": found}


def _recalls(evidence: ReceiptEvidence, view: DecisionView) -> DecisionView:
    consents = consent.ConsentsFromReceipt(view.project, evidence.consents)
    return msgspec.structs.replace(view, consents=consents)


CONSENT = Stage(
    name="consent",
    reason=_reason,
    codes={
        "undeclared_purpose": _CELL,
        "undeclared_channel": _CELL,
        "not_consented": _CELL,
        "refused_by_customer": _CELL,
        "not_asked": _CELL,
    },
    reads=lambda action, _treatment, _project: StageReads(roots=(CHOICES + action.purpose,)),
    keeps=_keeps,
    recalls=_recalls,
)
