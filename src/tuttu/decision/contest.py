"""Arbitration: the candidates that passed every stage meet, slot by slot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from tuttu.content import ContentError
from tuttu.decision import stages
from tuttu.decision.chance import draw, pick
from tuttu.decision.contacts import Offer, offer_of, seen_by_the_next_slot
from tuttu.decision.guards import StandIn
from tuttu.decision.ranking import Field, field_of, scored, why_lost
from tuttu.decision.situation import (
    Candidate,
    CandidateKey,
    Question,
    Situation,
    surfaces,
)
from tuttu.vocabulary.company import Surface
from tuttu.vocabulary.verdicts import Choice, Contact, Refusal, Stage

Render = Callable[[Candidate], str]
"""The message as it will be shown. Raises ContentError: then the next one takes the slot."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a contest is about. stand_ins: as `guards.stand_ins` gives them."""

    question: Question
    decision_id: str
    seed: int
    render: Render
    stand_ins: Mapping[str, Sequence[StandIn]]


class Contest:
    """Fills the slots of all surfaces in the order of asking; each slot sees the ones before it.

    After `run`: choices, withheld, contacts (new reservations), empty (surfaces with a slot that
    nothing won), and a refusal for every contestant that was not chosen.
    """

    def __init__(
        self, contestants: Sequence[Candidate], situation: Situation, terms: Terms
    ) -> None:
        self._contestants = contestants
        self._situation = situation
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
            each.key: Refusal(Stage.ARBITRATION, "no slot left") for each in contestants
        }

    def run(self) -> Contest:
        for surface in surfaces(self._situation.project, self._terms.question):
            shown: Counter[str] = Counter()
            for slot in range(self._terms.question.slots.get(surface.name, surface.slots)):
                self._number += 1
                winner = self._fill(surface, slot, shown)
                if winner is None:
                    self.empty.add(surface.name)
                else:
                    shown[winner.action.issue_group] += 1
        return self

    def _fill(self, surface: Surface, slot: int, shown: Counter[str]) -> Candidate | None:
        """The winner of one slot; for all others, why not they."""
        field = self._drawable(surface, shown)
        if not field.ranked:
            return None
        drawn = field.ranked[pick(field.odds, draw(self._terms.seed, self._number))]
        for loser in field.ranked:
            if loser is not drawn:
                self._refuse(loser, why_lost(loser, drawn, field, self._situation))
        reason = stages.controls(drawn, self._situation)
        if reason is None:
            return self._choose(drawn, slot, field)
        self._withhold(drawn, slot, field, reason)
        return None if field.spare is None else self._choose(field.spare, slot, field)

    def _drawable(self, surface: Surface, shown: Counter[str]) -> Field:
        """Everybody who can take the slot. Whoever could win it has been rendered: one whose
        message fails is out before the draw, so that the probabilities stay true."""
        entrants = [each for each in self._contestants if self._enters(each, surface, shown)]
        while True:
            field = field_of(entrants, self._situation, self._terms.stand_ins.get(surface.name, ()))
            failed = [each for each in field.possible if not self._renders(each)]
            if not failed:
                return field
            entrants = [each for each in entrants if each not in failed]

    def _enters(self, candidate: Candidate, surface: Surface, shown: Counter[str]) -> bool:
        if candidate.treatment.surface != surface.name or candidate.key in self._out:
            return False
        obstacle = self._obstacle(candidate, surface, shown)
        if obstacle is not None:
            self._refuse(candidate, obstacle)
        return obstacle is None

    def _obstacle(self, candidate: Candidate, surface: Surface, shown: Counter[str]) -> str | None:
        """What the slots before this one have changed for the candidate."""
        action = candidate.action
        placed = self._placed.get((action.name, candidate.item))
        if placed is not None:
            return f"{action.name} has its place on {placed}"
        if surface.variety is not None and shown[action.issue_group] >= surface.variety:
            return f"variety: {surface.variety} of {action.issue_group} on {surface.name} is enough"
        for judge in (stages.contact_limits, stages.resources) if self.choices else ():
            reason = judge(candidate, self._situation)
            if reason is not None:
                return f"{reason}, counting the slots before"
        return None

    def _renders(self, candidate: Candidate) -> bool:
        if candidate.key not in self._contents:
            try:
                content = self._terms.render(candidate)
            except ContentError as error:
                self._refuse(candidate, f"content: {error}")
                self._out.add(candidate.key)
                return False
            self._contents[candidate.key] = content
        return True

    def _choose(self, winner: Candidate, slot: int, field: Field) -> Candidate:
        choice, offer = self._choice(winner, slot, field.probability(winner))
        self.choices.append(choice)
        if not offer.reused:
            self.contacts.append(offer.contact)
        self._situation = seen_by_the_next_slot(offer, self._situation)
        self._leave(winner)
        del self.refusals[winner.key]
        return winner

    def _withhold(self, drawn: Candidate, slot: int, field: Field, reason: str) -> None:
        choice, _ = self._choice(drawn, slot, field.odds[field.ranked.index(drawn)])
        self.withheld.append(
            msgspec.structs.replace(choice, contact_id=f"{choice.contact_id}.withheld")
        )
        self._leave(drawn)
        self.refusals[drawn.key] = Refusal(Stage.CONTROLS, reason)

    def _choice(self, winner: Candidate, slot: int, probability: float) -> tuple[Choice, Offer]:
        contact_id = f"{self._terms.decision_id}.{self._number}"
        offer = offer_of(winner, self._situation, self._terms.question.fragment, contact_id)
        action = winner.action
        conditions = (*action.eligible, *action.applicable, *action.suitable)
        choice = Choice(
            contact_id=offer.contact.id,
            action=action.name,
            treatment=winner.treatment.name,
            surface=winner.treatment.surface,
            slot=slot,
            item=winner.item,
            probability=probability,
            score=scored(winner, self._situation),
            rendered=self._contents[winner.key],
            reused=offer.reused,
            held_until=offer.until,
            why=tuple(condition.name for condition in conditions),
        )
        return choice, offer

    def _leave(self, candidate: Candidate) -> None:
        self._out.add(candidate.key)
        self._placed[candidate.action.name, candidate.item] = candidate.treatment.surface

    def _refuse(self, candidate: Candidate, reason: str) -> None:
        self.refusals[candidate.key] = Refusal(Stage.ARBITRATION, reason)
