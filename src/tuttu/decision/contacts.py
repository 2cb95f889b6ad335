"""The contact that a filled slot makes, or the earlier one that it reuses."""

import msgspec

from tuttu.decision.view import Candidate, DecisionView
from tuttu.ledger import HOLD
from tuttu.vocabulary import events, values, verdicts


class PlannedContact(msgspec.Struct, frozen=True, kw_only=True):
    """contact: as made, or as made earlier (reused). until: how long it is kept or held."""

    contact: verdicts.Contact
    reused: bool
    until: values.Instant | None


def planned_contact(
    candidate: Candidate, view: DecisionView, fragment: events.FragmentId, contact_id: str
) -> PlannedContact:
    """contact_id: of the new contact, if one is made; it names the decision before the point."""
    action, treatment = candidate.action, candidate.treatment
    earlier = view.history.held(action, treatment, candidate.item)
    if earlier is not None:
        return PlannedContact(
            contact=earlier, reused=True, until=_until(earlier, candidate, view.now)
        )
    outbound = view.project.surfaces[treatment.surface].outbound
    until = None if outbound else view.now + HOLD
    contact = verdicts.Contact(
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
        time=view.now,
        held_until=until,
        answer_within=treatment.answer_within,
        decision_id=contact_id.rpartition(".")[0],
        uses=treatment.uses,
        cost=treatment.cost,
        item=candidate.item,
    )
    return PlannedContact(contact=contact, reused=False, until=until)


def seen_by_the_next_slot(planned: PlannedContact, view: DecisionView) -> DecisionView:
    """A new contact uses resources and counts; one seen before counts as shown again today; one
    that is still held counts already."""
    if not planned.reused:
        return view.after(planned.contact)
    if planned.contact.state == "held":
        return view
    again = msgspec.structs.replace(planned.contact, state="held", time=view.now, uses={})
    return view.after(again)


def _until(
    contact: verdicts.Contact, candidate: Candidate, now: values.Instant
) -> values.Instant | None:
    holds = candidate.treatment.holds
    kept_until = contact.time + holds if holds is not None else 0
    return max(kept_until, contact.held_until or now)
