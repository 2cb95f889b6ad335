"""Does the recipient permit the purpose in the channel."""

from collections.abc import Hashable

import msgspec

from tuttu import consent
from tuttu.decision.stage import CHOICES, NamedExpression, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.decision.ways import Pools
from tuttu.vocabulary import library
from tuttu.vocabulary.company import ConsentTerms
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Permit, Reason, ReceiptEvidence

_CELL = ("purpose", "channel")
_GIVEN = "consents_given"
_UNSETTLED = "unsettled"
"""Names of what a receipt keeps: consents that were the customer's own, and a namespace of a shade
that is not whole."""


def permit(candidate: Candidate, view: DecisionView) -> Permit | None:
    """The one that the candidate would be sent on."""
    purpose, channel = candidate.action.purpose, candidate.treatment.channel
    return view.consents.permit(purpose, channel, _circumstances(candidate, view))


def rests_on(candidate: Candidate, view: DecisionView) -> tuple[str, str]:
    """The permit's basis and kind of person; empty where there is none."""
    found = permit(candidate, view)
    return ("", "") if found is None else (found.basis, found.kind)


def terms(candidate: Candidate, view: DecisionView) -> ConsentTerms:
    """What holds for the customer's kind of person, permit or not."""
    declared = view.project.purposes[candidate.action.purpose]
    return declared.terms_in(candidate.treatment.channel, consent.kind_of(view.project, view.row))


def _circumstances(candidate: Candidate, view: DecisionView) -> consent.Circumstances:
    return consent.Circumstances(view.row_of(candidate), candidate.action.similar_to)


def _reason(candidate: Candidate, view: DecisionView) -> Reason | None:
    purpose, channel = candidate.action.purpose, candidate.treatment.channel
    reason = view.consents.why_not(purpose, channel, _circumstances(candidate, view))
    if reason is None and view.unsettled and not view.is_owed(candidate):
        # Among those who were not asked there may be one who refused it.
        reason = Reason("unsettled", {"namespace": view.unsettled})
    return reason


def cell(action: library.Action, treatment: library.Treatment) -> tuple[str, str]:
    """By which the terms are told apart."""
    return action.purpose, treatment.channel


def _alike(action: library.Action, treatment: library.Treatment) -> Hashable:
    return action.purpose, treatment.channel, action.similar_to


def _refusal(candidate: Candidate, shade: DecisionView) -> Reason | None:
    """Whoever may be the customer can refuse; of what kind they are, and what they bought, says
    nothing of the customer."""
    chosen = shade.consents.chosen(candidate.action.purpose, candidate.treatment.channel)
    return None if chosen is None else chosen.refusal


def _keeps(view: DecisionView, pools: Pools) -> dict[str, object]:
    """Of each cell what the customer's choice and the terms say. A soft opt-in is worked out again
    from the row, and so are the terms of another kind of person."""
    cells = sorted(cell(*way) for way, _ in pools.ways.groups(cell).values())
    without_sale = consent.Circumstances(view.row)
    found: dict[str, dict[str, Reason | str]] = {}
    given = []
    for purpose, channel in cells:
        reason = view.consents.why_not(purpose, channel, without_sale)
        found.setdefault(purpose, {})[channel] = "" if reason is None else reason
        declared = view.project.purposes.get(purpose)
        by_kind = reason is None and declared is not None and declared.differs(channel)
        if by_kind and view.consents.chosen(purpose, channel) is not None:
            given.append([purpose, channel])
    own = {_GIVEN: given} if given else {}
    return {"consents": found, **own, **({_UNSETTLED: view.unsettled} if view.unsettled else {})}


def _recalls(evidence: ReceiptEvidence, view: DecisionView) -> DecisionView:
    given = {(purpose, channel) for purpose, channel in evidence.others.get(_GIVEN, ())}
    consents = consent.ConsentsFromReceipt(view.project, evidence.consents, given)
    unsettled = evidence.others.get(_UNSETTLED, "")
    return msgspec.structs.replace(view, consents=consents, unsettled=unsettled)


def _reads(action: library.Action, treatment: library.Treatment, project: Project) -> StageReads:
    roots = (CHOICES + action.purpose,)
    purpose = project.purposes.get(action.purpose)
    if purpose is None:
        return StageReads(roots=roots)
    asked = []
    if project.kinds is not None and purpose.differs(treatment.channel):
        asked.append(NamedExpression("formulas", "kind of person", project.kinds.read, None))
    soft = purpose.soft_opt_in
    if soft is not None and treatment.channel in soft.channels and action.similar_to is not None:
        for key, test in (("sale", soft.sale), ("offered", soft.offered)):
            name = f"{purpose.name}, soft opt-in: {key}"
            asked.append(NamedExpression("conditions", name, test, action.about))
        name = f"{action.name}, similar to a sale"
        asked.append(NamedExpression("conditions", name, action.similar_to, action.about))
    return StageReads(tuple(asked), roots)


CONSENT = Stage(
    name="consent",
    reason=_reason,
    alike=_alike,
    codes={
        "undeclared_purpose": _CELL,
        "undeclared_channel": _CELL,
        "not_consented": (*_CELL, "kind"),
        "kind_not_known": _CELL,
        "refused_by_customer": _CELL,
        "no_sale": _CELL,
        "refusal_not_offered": _CELL,
        "not_similar": _CELL,
        "not_asked": _CELL,
        "unsettled": ("namespace",),
    },
    reads=_reads,
    keeps=_keeps,
    recalls=_recalls,
    vetoes=True,
    veto=_refusal,
)
