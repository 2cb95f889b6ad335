"""The contact that a filled slot makes, or the earlier one that it reuses."""

from __future__ import annotations

import msgspec

from tuttu.decision.situation import Candidate, Situation
from tuttu.ledger import HOLD
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Contact


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """contact: as made, or as made earlier (reused). until: how long it is kept or held."""

    contact: Contact
    reused: bool
    until: Instant | None


def offer_of(
    candidate: Candidate, situation: Situation, fragment: FragmentId, contact_id: str
) -> Offer:
    """contact_id: of the new contact, if one is made; it names the decision before the point."""
    action, treatment = candidate.action, candidate.treatment
    earlier = situation.history.held(action, treatment, candidate.item)
    if earlier is not None:
        return Offer(contact=earlier, reused=True, until=_until(earlier, candidate, situation.now))
    outbound = situation.project.surfaces[treatment.surface].outbound
    until = None if outbound else situation.now + HOLD
    contact = Contact(
        id=contact_id,
        fragment=fragment,
        action=action.name,
        treatment=treatment.name,
        issue_group=action.issue_group,
        owner=action.owner,
        purpose=action.purpose,
        channel=treatment.channel,
        surface=treatment.surface,
        state="queued" if outbound else "held",
        time=situation.now,
        held_until=until,
        answer_within=treatment.answer_within,
        decision_id=contact_id.rpartition(".")[0],
        uses=treatment.uses,
        cost=treatment.cost,
        item=candidate.item,
    )
    return Offer(contact=contact, reused=False, until=until)


def seen_by_the_next_slot(offer: Offer, situation: Situation) -> Situation:
    """A new contact uses resources and counts; one seen before counts as shown again today; one
    that is still held counts already."""
    if not offer.reused:
        return situation.after(offer.contact)
    if offer.contact.state == "held":
        return situation
    again = msgspec.structs.replace(offer.contact, state="held", time=situation.now, uses={})
    return situation.after(again)


def _until(contact: Contact, candidate: Candidate, now: Instant) -> Instant | None:
    holds = candidate.treatment.holds
    kept_until = contact.time + holds if holds is not None else 0
    return max(kept_until, contact.held_until or now)
