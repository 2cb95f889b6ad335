"""Does the recipient permit the purpose in the channel."""

from collections.abc import Sequence

import msgspec

from tuttu import consent
from tuttu.decision.stage import CHOICES, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary.verdicts import Reason, ReceiptEvidence

_CELL = ("purpose", "channel")
_UNSETTLED = "unsettled"
"""Name of what a receipt keeps of a shade that is not whole."""


def _reason(candidate: Candidate, view: DecisionView) -> Reason | None:
    purpose = candidate.action.purpose
    reason = view.consents.why_not(purpose, candidate.treatment.channel)
    if reason is None and view.unsettled and not view.is_owed(candidate):
        # Among those who were not asked there may be one who refused it.
        reason = Reason("unsettled", {"namespace": view.unsettled})
    return reason


def _keeps(view: DecisionView, candidates: Sequence[Candidate]) -> dict[str, object]:
    cells = sorted({(each.action.purpose, each.treatment.channel) for each in candidates})
    found: dict[str, dict[str, Reason | str]] = {}
    for purpose, channel in cells:
        reason = view.consents.why_not(purpose, channel)
        found.setdefault(purpose, {})[channel] = "" if reason is None else reason
    return {"consents": found, **({_UNSETTLED: view.unsettled} if view.unsettled else {})}


def _recalls(evidence: ReceiptEvidence, view: DecisionView) -> DecisionView:
    consents = consent.ConsentsFromReceipt(view.project, evidence.consents)
    unsettled = evidence.others.get(_UNSETTLED, "")
    return msgspec.structs.replace(view, consents=consents, unsettled=unsettled)


CONSENT = Stage(
    name="consent",
    reason=_reason,
    codes={
        "undeclared_purpose": _CELL,
        "undeclared_channel": _CELL,
        "not_consented": _CELL,
        "refused_by_customer": _CELL,
        "not_asked": _CELL,
        "unsettled": ("namespace",),
    },
    reads=lambda action, _treatment, _project: StageReads(roots=(CHOICES + action.purpose,)),
    keeps=_keeps,
    recalls=_recalls,
    vetoes=True,
)
