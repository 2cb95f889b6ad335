"""Arbitration: the candidates that passed every stage meet, slot by slot."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

import msgspec

from tuttu.content import ContentError, Rendered
from tuttu.decision.chance import draw, pick
from tuttu.decision.ranking import Ranking, ranking_of, why_lost
from tuttu.decision.stages.arbitration import ARBITRATION
from tuttu.decision.stages.consent import rests_on
from tuttu.decision.stages.contact_limits import CONTACT_LIMITS
from tuttu.decision.stages.controls import CONTROLS
from tuttu.decision.stages.guards import Substitute
from tuttu.decision.stages.resources import RESOURCES
from tuttu.decision.stages.scoring import score_of
from tuttu.decision.view import Candidate, CandidateKey, DecisionQuery, DecisionView, surfaces
from tuttu.ledger import HOLD
from tuttu.vocabulary import company, conversion, events, values
from tuttu.vocabulary.verdicts import Choice, Contact, Reason, Refusal, Score, refusal

Render = Callable[[Candidate], Rendered]
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


class RequestSlot(NamedTuple):
    """number: through the whole request, from 1. place: on its surface, from 0."""

    number: int
    surface: company.Surface
    place: int


class Winner(NamedTuple):
    """Who is in a slot, as it will be told and kept."""

    candidate: Candidate
    choice: Choice
    planned: PlannedContact


class Contest(NamedTuple):
    """One slot that was won. view: as it was seen then."""

    ranking: Ranking
    winner: Candidate
    view: DecisionView


class SlotBoard:
    """What stands in the slots so far, and what that changes for those who are not in one."""

    def __init__(self, view: DecisionView) -> None:
        self.view = view
        self.winners: dict[int, Winner] = {}
        self._placed: dict[tuple[str, str | None], str] = {}
        self._shown: Counter[tuple[str, str]] = Counter()

    def place(self, number: int, winner: Winner) -> None:
        action, surface = winner.candidate.action, winner.candidate.treatment.surface
        self.winners[number] = winner
        self.view = seen_by_the_next_slot(winner.planned, self.view)
        self._placed[action.name, winner.candidate.item] = surface
        self._shown[surface, action.issue_group] += 1

    def obstacle(self, candidate: Candidate, surface: company.Surface) -> Reason | None:
        """What the slots that are filled have changed for the candidate."""
        name, group = candidate.action.name, candidate.action.issue_group
        placed = self._placed.get((name, candidate.item))
        if placed is not None:
            return Reason("placed_elsewhere", {"action": name, "surface": placed})
        most = surface.variety
        if most is not None and self._shown[surface.name, group] >= most:
            return Reason(
                "variety", {"at_most": most, "issue_group": group, "surface": surface.name}
            )
        if not self.winners:
            return None
        limit = CONTACT_LIMITS.why_not(candidate, self.view)
        if limit is not None:
            return Reason("limit_with_slots_before", limit.values)
        units = RESOURCES.reason(candidate, self.view)
        return None if units is None else Reason("resource_with_slots_before", units.values)


class Arbitration:
    """Fills the slots of all surfaces in the order of asking; each slot sees the ones before it.

    In the arm without marketing the contest is run to its end as by the policy; only then its
    marketing winners are withheld. The others keep their slots, and the gaps are filled in order,
    by the best that is left of other purposes; what is withheld counts for nothing there.

    After `run`: choices, withheld, contacts (new reservations), empty (surfaces with a slot that
    nothing won), failed (messages that could not be rendered, with the error), and the `refusal` of
    a candidate that was not chosen, worked out when it is asked for.
    """

    def __init__(
        self, candidates: Sequence[Candidate], view: DecisionView, terms: ArbitrationTerms
    ) -> None:
        self._candidates = candidates
        self._view = view
        self._terms = terms
        self._contents: dict[CandidateKey, Rendered] = {}
        self._out: set[CandidateKey] = set()
        self.choices: list[Choice] = []
        self.withheld: list[Choice] = []
        self.contacts: list[Contact] = []
        self.empty: set[str] = set()
        self.failed: dict[CandidateKey, str] = {}
        left = refusal(ARBITRATION.name, Reason("no_slot_left"))
        self._refusals: dict[CandidateKey, Refusal | Contest] = {}
        self._refusals.update(dict.fromkeys([each.key for each in candidates], left))

    def run(self) -> "Arbitration":
        slots = list(self._slots())
        board = SlotBoard(self._view)
        for slot in slots:
            self._draw(slot, board)
        held_out = self._held_out(board)
        if held_out:
            board = self._without(held_out, board)
            for slot in slots:
                if slot.number not in board.winners:
                    self._fill_gap(slot, board)
        self._publish(slots, board)
        return self

    def refusal(self, candidate: Candidate) -> Refusal | None:
        """None: it was chosen, or took no part."""
        found = self._refusals.get(candidate.key)
        if not isinstance(found, Contest):
            return found
        return refusal(
            ARBITRATION.name, why_lost(candidate, found.winner, found.ranking, found.view)
        )

    def _slots(self) -> Iterator[RequestSlot]:
        number = 0
        for surface in surfaces(self._view.project, self._terms.query):
            for place in range(self._terms.query.slots.get(surface.name, surface.slots)):
                number += 1
                yield RequestSlot(number, surface, place)

    def _draw(self, slot: RequestSlot, board: SlotBoard) -> None:
        """The winner of one slot of the contest; for all others, why not they.

        Only who is drawn is rendered. Where that fails it is drawn again among the others, and the
        probability that is kept is that of the last draw: it is true of those who failed before.
        """
        candidates = [each for each in self._candidates if self._enters(each, slot.surface, board)]
        ranking = self._ranking(candidates, slot, board)
        for failed in range(len(candidates)):
            number = pick(ranking.odds, draw(self._terms.seed, slot.number, failed))
            if self._renders(ranking.ranked[number]):
                self._take(slot, number, ranking.odds[number], ranking, board)
                return
            ranking = ranking.without(number, board.view)

    def _held_out(self, contest: SlotBoard) -> dict[int, Reason]:
        """Numbers of the slots whose winner the customer's arm withholds."""
        reasons = {
            number: CONTROLS.reason(winner.candidate, self._view)
            for number, winner in contest.winners.items()
        }
        return {number: reason for number, reason in reasons.items() if reason is not None}

    def _without(self, held_out: Mapping[int, Reason], contest: SlotBoard) -> SlotBoard:
        """The board with the other winners alone; these are withheld."""
        board = SlotBoard(self._view)
        for number, winner in contest.winners.items():
            if number not in held_out:
                board.place(number, winner)
                continue
            contact_id = f"{winner.choice.contact_id}.withheld"
            self.withheld.append(msgspec.structs.replace(winner.choice, contact_id=contact_id))
            self._refusals[winner.candidate.key] = refusal(CONTROLS.name, held_out[number])
        return board

    def _fill_gap(self, slot: RequestSlot, board: SlotBoard) -> None:
        """Nothing is drawn for it: the best that is left of other purposes, for certain."""
        candidates = [
            each
            for each in self._candidates
            if CONTROLS.reason(each, self._view) is None and self._enters(each, slot.surface, board)
        ]
        ranking = self._ranking(candidates, slot, board)
        while ranking.ranked:
            if self._renders(ranking.ranked[0]):
                self._take(slot, 0, 1.0, ranking, board)
                return
            ranking = ranking.without(0, board.view)

    def _ranking(
        self, candidates: Sequence[Candidate], slot: RequestSlot, board: SlotBoard
    ) -> Ranking:
        substitutes = self._terms.substitutes.get(slot.surface.name, ())
        return ranking_of(candidates, board.view, substitutes)

    def _enters(self, candidate: Candidate, surface: company.Surface, board: SlotBoard) -> bool:
        if candidate.treatment.surface != surface.name or candidate.key in self._out:
            return False
        obstacle = board.obstacle(candidate, surface)
        if obstacle is not None:
            self._refuse(candidate, obstacle)
        return obstacle is None

    def _renders(self, candidate: Candidate) -> bool:
        if candidate.key not in self._contents:
            try:
                content = self._terms.render(candidate)
            except ContentError as error:
                self.failed[candidate.key] = str(error)
                self._refuse(candidate, Reason("content", {"error": str(error)}))
                self._out.add(candidate.key)
                return False
            self._contents[candidate.key] = content
        return True

    def _take(
        self,
        slot: RequestSlot,
        number: int,
        probability: float,
        ranking: Ranking,
        board: SlotBoard,
    ) -> None:
        """The ranking's candidate of this number takes the slot; the others lost it to them."""
        candidate = ranking.ranked[number]
        contest = Contest(ranking, candidate, board.view)
        self._refusals.update(dict.fromkeys([each.key for each in ranking.ranked], contest))
        contact_id = f"{self._terms.decision_id}.{slot.number}"
        fragment = self._terms.query.fragment
        planned = planned_contact(candidate, board.view, fragment, contact_id)
        action = candidate.action
        passed = (*action.eligible, *action.applicable, *action.suitable)
        basis, kind = rests_on(candidate, board.view)
        content = self._contents[candidate.key]
        choice = Choice(
            contact_id=planned.contact.id,
            action=action.name,
            treatment=candidate.treatment.name,
            surface=candidate.treatment.surface,
            slot=slot.place,
            item=candidate.item,
            probability=probability,
            score=_score(candidate, board.view),
            rendered=content.text,
            reused=planned.reused,
            held_until=planned.until,
            why=tuple(map(attrgetter("name"), passed)),
            basis=basis,
            kind=kind,
            language=content.language,
            subject=content.subject,
            address=board.view.addresses.get(candidate.treatment.channel),
        )
        self._out.add(candidate.key)
        board.place(slot.number, Winner(candidate, choice, planned))

    def _publish(self, slots: Sequence[RequestSlot], board: SlotBoard) -> None:
        for slot in slots:
            winner = board.winners.get(slot.number)
            if winner is None:
                self.empty.add(slot.surface.name)
                continue
            self.choices.append(winner.choice)
            del self._refusals[winner.candidate.key]
            if not winner.planned.reused:
                self.contacts.append(winner.planned.contact)

    def _refuse(self, candidate: Candidate, reason: Reason) -> None:
        self._refusals[candidate.key] = refusal(ARBITRATION.name, reason)


def _score(candidate: Candidate, view: DecisionView) -> Score:
    score = score_of(candidate, view)
    assert isinstance(score, Score), candidate.key  # noqa: S101 - it was ranked
    return score


def planned_contact(
    candidate: Candidate,
    view: DecisionView,
    fragment: events.FragmentId,
    contact_id: str,
    due: values.Instant | None = None,
) -> PlannedContact:
    """contact_id: of the new contact, if one is made; it names the decision before the point.
    fragment: whose contact it is where the channel needs no address. due: of what is owed."""
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
        fragment=view.addresses.get(treatment.channel, fragment),
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
        cost=conversion.money(treatment.cost) or 0,
        item=candidate.item,
        due=due,
    )
    return PlannedContact(contact=contact, reused=False, until=until)


def seen_by_the_next_slot(planned: PlannedContact, view: DecisionView) -> DecisionView:
    """A new contact uses resources and counts; one seen before counts as shown again today; one
    that is still held counts already."""
    if not planned.reused:
        return view.after(planned.contact)
    if planned.contact.state == "held":
        return view
    # It may yet be seen, however long ago the first hold of it ended.
    again = msgspec.structs.replace(
        planned.contact, state="held", time=view.now, held_until=view.now + HOLD, uses={}
    )
    return view.after(again)


def _until(contact: Contact, candidate: Candidate, now: values.Instant) -> values.Instant | None:
    holds = candidate.treatment.holds
    kept_until = contact.time + holds if holds is not None else 0
    return max(kept_until, contact.held_until or now)
