"""Arbitration: the candidates that passed every stage meet, slot by slot."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import filterfalse
from operator import attrgetter

import msgspec

from tuttu.content import ContentError
from tuttu.decision.chance import draw, pick
from tuttu.decision.ranking import Ranking, ranking_of, scored, why_lost
from tuttu.decision.stages.arbitration import ARBITRATION
from tuttu.decision.stages.contact_limits import CONTACT_LIMITS
from tuttu.decision.stages.controls import CONTROLS
from tuttu.decision.stages.guards import Substitute
from tuttu.decision.stages.resources import RESOURCES
from tuttu.decision.view import Candidate, CandidateKey, DecisionQuery, DecisionView, surfaces
from tuttu.ledger import HOLD
from tuttu.vocabulary import company, events, values
from tuttu.vocabulary.verdicts import Choice, Contact, Reason, refusal

Render = Callable[[Candidate], str]
"""The message as it will be shown. Raises ContentError: then the next one takes the slot."""


class ArbitrationTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. substitutes: as `guards.substitutes` gives them."""

    query: DecisionQuery
    decision_id: str
    seed: int
    render: Render
    substitutes: Mapping[str, Sequence[Substitute]]


class PlannedContact(msgspec.Struct, frozen=True, kw_only=True):
    """contact: as made, or as made earlier (reused). until: how long it is kept or held."""

    contact: Contact
    reused: bool
    until: values.Instant | None


class Arbitration:
    """Fills the slots of all surfaces in the order of asking; each slot sees the ones before it.

    After `run`: choices, withheld, contacts (new reservations), empty (surfaces with a slot that
    nothing won), and a refusal for every candidate that was not chosen.
    """

    def __init__(
        self, candidates: Sequence[Candidate], view: DecisionView, terms: ArbitrationTerms
    ) -> None:
        self._candidates = candidates
        self._view = view
        self._terms = terms
        self._contents: dict[CandidateKey, str] = {}
        self._out: set[CandidateKey] = set()
        self._placed: dict[tuple[str, str | None], str] = {}
        self._number = 0
        self.choices: list[Choice] = []
        self.withheld: list[Choice] = []
        self.contacts: list[Contact] = []
        self.empty: set[str] = set()
        self.refusals = {
            each.key: refusal(ARBITRATION.name, Reason("no_slot_left")) for each in candidates
        }

    def run(self) -> "Arbitration":
        for surface in surfaces(self._view.project, self._terms.query):
            shown: Counter[str] = Counter()
            for slot in range(self._terms.query.slots.get(surface.name, surface.slots)):
                self._number += 1
                winner = self._fill(surface, slot, shown)
                if winner is None:
                    self.empty.add(surface.name)
                else:
                    shown[winner.action.issue_group] += 1
        return self

    def _fill(self, surface: company.Surface, slot: int, shown: Counter[str]) -> Candidate | None:
        """The winner of one slot; for all others, why not they."""
        ranking = self._drawable(surface, shown)
        if not ranking.ranked:
            return None
        drawn = ranking.ranked[pick(ranking.odds, draw(self._terms.seed, self._number))]
        for loser in ranking.ranked:
            if loser is not drawn:
                self._refuse(loser, why_lost(loser, drawn, ranking, self._view))
        reason = CONTROLS.reason(drawn, self._view)
        if reason is None:
            return self._choose(drawn, slot, ranking)
        self._withhold(drawn, slot, ranking, reason)
        return None if ranking.spare is None else self._choose(ranking.spare, slot, ranking)

    def _drawable(self, surface: company.Surface, shown: Counter[str]) -> Ranking:
        """All that can take the slot. Each that could win it has been rendered: one whose
        message fails is out before the draw, so that the probabilities stay true."""
        candidates = [each for each in self._candidates if self._enters(each, surface, shown)]
        while True:
            ranking = ranking_of(
                candidates, self._view, self._terms.substitutes.get(surface.name, ())
            )
            failed = list(filterfalse(self._renders, ranking.possible))
            if not failed:
                return ranking
            candidates = [each for each in candidates if each not in failed]

    def _enters(self, candidate: Candidate, surface: company.Surface, shown: Counter[str]) -> bool:
        if candidate.treatment.surface != surface.name or candidate.key in self._out:
            return False
        obstacle = self._obstacle(candidate, surface, shown)
        if obstacle is not None:
            self._refuse(candidate, obstacle)
        return obstacle is None

    def _obstacle(
        self, candidate: Candidate, surface: company.Surface, shown: Counter[str]
    ) -> Reason | None:
        """What the slots before this one have changed for the candidate."""
        name, group = candidate.action.name, candidate.action.issue_group
        placed = self._placed.get((name, candidate.item))
        if placed is not None:
            return Reason("placed_elsewhere", {"action": name, "surface": placed})
        most = surface.variety
        if most is not None and shown[group] >= most:
            return Reason(
                "variety", {"at_most": most, "issue_group": group, "surface": surface.name}
            )
        if not self.choices:
            return None
        limit = CONTACT_LIMITS.reason(candidate, self._view)
        if limit is not None:
            return Reason("limit_with_slots_before", limit.values)
        units = RESOURCES.reason(candidate, self._view)
        return None if units is None else Reason("resource_with_slots_before", units.values)

    def _renders(self, candidate: Candidate) -> bool:
        if candidate.key not in self._contents:
            try:
                content = self._terms.render(candidate)
            except ContentError as error:
                self._refuse(candidate, Reason("content", {"error": str(error)}))
                self._out.add(candidate.key)
                return False
            self._contents[candidate.key] = content
        return True

    def _choose(self, winner: Candidate, slot: int, ranking: Ranking) -> Candidate:
        choice, planned = self._choice(winner, slot, ranking.probability(winner))
        self.choices.append(choice)
        if not planned.reused:
            self.contacts.append(planned.contact)
        self._view = seen_by_the_next_slot(planned, self._view)
        self._leave(winner)
        del self.refusals[winner.key]
        return winner

    def _withhold(self, drawn: Candidate, slot: int, ranking: Ranking, reason: Reason) -> None:
        choice, _ = self._choice(drawn, slot, ranking.odds[ranking.ranked.index(drawn)])
        self.withheld.append(
            msgspec.structs.replace(choice, contact_id=f"{choice.contact_id}.withheld")
        )
        self._leave(drawn)
        self.refusals[drawn.key] = refusal(CONTROLS.name, reason)

    def _choice(
        self, winner: Candidate, slot: int, probability: float
    ) -> tuple[Choice, PlannedContact]:
        contact_id = f"{self._terms.decision_id}.{self._number}"
        planned = planned_contact(winner, self._view, self._terms.query.fragment, contact_id)
        action = winner.action
        passed = (*action.eligible, *action.applicable, *action.suitable)
        choice = Choice(
            contact_id=planned.contact.id,
            action=action.name,
            treatment=winner.treatment.name,
            surface=winner.treatment.surface,
            slot=slot,
            item=winner.item,
            probability=probability,
            score=scored(winner, self._view),
            rendered=self._contents[winner.key],
            reused=planned.reused,
            held_until=planned.until,
            why=tuple(map(attrgetter("name"), passed)),
        )
        return choice, planned

    def _leave(self, candidate: Candidate) -> None:
        self._out.add(candidate.key)
        self._placed[candidate.action.name, candidate.item] = candidate.treatment.surface

    def _refuse(self, candidate: Candidate, reason: Reason) -> None:
        self.refusals[candidate.key] = refusal(ARBITRATION.name, reason)


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


def _until(contact: Contact, candidate: Candidate, now: values.Instant) -> values.Instant | None:
    holds = candidate.treatment.holds
    kept_until = contact.time + holds if holds is not None else 0
    return max(kept_until, contact.held_until or now)
