"""The stages at which a candidate can be refused, to be read from top to bottom.

Each takes a candidate and the situation, and gives the reason of its refusal, or None. A
requirement passes only on TRUE; a guard blocks unless FALSE; what is missing refuses.

The last two see one candidate alone here. Arbitration goes on in `contest`, where candidates meet;
controls are asked there of the winner only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

from tuttu.decision import guards as guarding
from tuttu.decision.chance import NO_MARKETING
from tuttu.decision.scoring import score_of
from tuttu.decision.situation import Candidate, Situation
from tuttu.vocabulary.conversion import EPOCH
from tuttu.vocabulary.values import Condition, Instant
from tuttu.vocabulary.verdicts import Refusal, Stage

Judge = Callable[[Candidate, Situation], str | None]

CONTROLLED_PURPOSE = "marketing"
WANTED_BASES = frozenset({"consent", "legitimate interest"})
"""Legal bases of what the company wants to say. What it owes (contract, legal obligation, vital
interest, public task) is said also when it is worth nothing in money."""


def eligibility(candidate: Candidate, situation: Situation) -> str | None:
    """May we at all: status, validity, law, product."""
    action = candidate.action
    if action.status != "live":
        return f"is {'a draft' if action.status == 'draft' else action.status}"
    if action.valid_from is not None and situation.now < action.valid_from:
        return f"is valid from {_local(action.valid_from, situation)}"
    if action.valid_until is not None and situation.now >= action.valid_until:
        return f"was valid until {_local(action.valid_until, situation)}"
    if candidate.lacks_item:
        return f"there are no {action.about}"
    return _first_not_true(action.eligible, candidate, situation)


def applicability(candidate: Candidate, situation: Situation) -> str | None:
    """Does it make sense now."""
    return _first_not_true(candidate.action.applicable, candidate, situation)


def suitability(candidate: Candidate, situation: Situation) -> str | None:
    """Is it in the customer's interest."""
    return _first_not_true(candidate.action.suitable, candidate, situation)


def guards(candidate: Candidate, situation: Situation) -> str | None:
    """Does anything close the purpose for now."""
    return next((guard.name for guard in guarding.blocking(candidate, situation)), None)


def consent(candidate: Candidate, situation: Situation) -> str | None:
    """Does the recipient permit the purpose in the channel."""
    purpose, channel = candidate.action.purpose, candidate.treatment.channel
    if situation.consents.permit(purpose, channel) is not None:
        return None
    return situation.consents.why_not(purpose, channel)


def suppressions(candidate: Candidate, situation: Situation) -> str | None:
    """Did he say, or keep, enough to be left alone."""
    if situation.skips(candidate, "suppressions"):
        return None
    reasons = (
        situation.history.suppressed_by(suppression, candidate.action, candidate.item)
        for suppression in situation.project.policy.suppressions
    )
    return next((reason for reason in reasons if reason is not None), None)


def contact_limits(candidate: Candidate, situation: Situation) -> str | None:
    """Would one more contact be too many, for him or for his group."""
    if situation.skips(candidate, "contact_limits"):
        return None
    breaches = (
        situation.history.limit_breach(limit, candidate.action, candidate.treatment, candidate.item)
        for limit in situation.project.policy.contact_limits
    )
    return next((reason for reason in breaches if reason is not None), None)


def resources(candidate: Candidate, situation: Situation) -> str | None:
    """Is enough left of everything it uses; what he holds already is his."""
    treatment = candidate.treatment
    held = situation.history.held(candidate.action, treatment, candidate.item)
    if not treatment.uses or held is not None:
        return None
    for name, units in treatment.uses.items():
        free = situation.free.get(name, 0)
        if free < units:
            return f"{name}: {free} free, {units} needed" if free else f"no {name} left"
    return None


def scoring(candidate: Candidate, situation: Situation) -> str | None:
    """Can it be ranked at all."""
    score = score_of(candidate, situation)
    return score if isinstance(score, str) else None


def arbitration(candidate: Candidate, situation: Situation) -> str | None:
    """Is it worth more than nothing, unless it is owed to the customer."""
    score = score_of(candidate, situation)
    if isinstance(score, str) or score.worth > 0:
        return None
    wanted = situation.purpose(candidate).basis.lower() in WANTED_BASES
    return "worth is not positive" if wanted else None


def controls(candidate: Candidate, situation: Situation) -> str | None:
    """Is he in the slice that gets no marketing, so that its effect can be measured."""
    if situation.arm != NO_MARKETING or situation.skips(candidate, "controls"):
        return None
    marketing = candidate.action.purpose == CONTROLLED_PURPOSE
    return "is in the control group without marketing" if marketing else None


STAGES: tuple[tuple[Stage, Judge], ...] = (
    (Stage.ELIGIBILITY, eligibility),
    (Stage.APPLICABILITY, applicability),
    (Stage.SUITABILITY, suitability),
    (Stage.GUARDS, guards),
    (Stage.CONSENT, consent),
    (Stage.SUPPRESSIONS, suppressions),
    (Stage.CONTACT_LIMITS, contact_limits),
    (Stage.RESOURCES, resources),
    (Stage.SCORING, scoring),
    (Stage.ARBITRATION, arbitration),
    (Stage.CONTROLS, controls),
)


def first_refusal(candidate: Candidate, situation: Situation) -> Refusal | None:
    """Where the candidate drops out before it meets the others; controls come after that."""
    for stage, judge in STAGES[:-1]:
        reason = judge(candidate, situation)
        if reason is not None:
            return Refusal(stage, reason)
    return None


def all_refusals(candidate: Candidate, situation: Situation) -> tuple[Refusal, ...]:
    """Every stage that would refuse the candidate alone, in order."""
    asked = ((stage, judge(candidate, situation)) for stage, judge in STAGES)
    return tuple(Refusal(stage, reason) for stage, reason in asked if reason is not None)


def _first_not_true(
    conditions: Iterable[Condition], candidate: Candidate, situation: Situation
) -> str | None:
    row = situation.row_of(candidate)
    return next((each.name for each in conditions if each.test(row) is not True), None)


def _local(instant: Instant, situation: Situation) -> str:
    """In the project's zone; midnight as its date alone."""
    zone = ZoneInfo(situation.project.company.zone)
    moment = (EPOCH + timedelta(microseconds=instant)).astimezone(zone)
    return (
        moment.date().isoformat()
        if moment.time().isoformat() == "00:00:00"
        else f"{moment:%Y-%m-%d %H:%M}"
    )
