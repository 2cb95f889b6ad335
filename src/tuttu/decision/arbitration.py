"""Arbitration: the candidates that passed every stage meet, slot by slot."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

import msgspec

from tuttu.content import ContentError, Rendered
from tuttu.decision.chance import draw
from tuttu.decision.ranking import Entrants, Ranking, why_lost
from tuttu.decision.stages.arbitration import ARBITRATION
from tuttu.decision.stages.consent import rests_on
from tuttu.decision.stages.contact_limits import CONTACT_LIMITS
from tuttu.decision.stages.controls import CONTROLS
from tuttu.decision.stages.guards import Substitute
from tuttu.decision.stages.resources import RESOURCES
from tuttu.decision.view import Candidate, CandidateKey, DecisionQuery, DecisionView, surfaces
from tuttu.decision.ways import Pool, by_action, by_issue_group, by_purpose, by_surface
from tuttu.decision.worths import score_of
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


class SlotBoard(NamedTuple):
    """What stands in the slots so far, and what that changes for those who are not in one.

    view: as the next slot sees it. placed: by names of action and item, the surface. shown: how
    many of each issue group, by surface.
    """

    view: DecisionView
    winners: Mapping[int, Winner] = {}
    placed: Mapping[tuple[str, str | None], str] = {}
    shown: Mapping[tuple[str, str], int] = {}

    def with_winner(self, number: int, winner: Winner) -> "SlotBoard":
        action, surface = winner.candidate.action, winner.candidate.treatment.surface
        group = (surface, action.issue_group)
        return SlotBoard(
            seen_by_the_next_slot(winner.planned, self.view),
            {**self.winners, number: winner},
            {**self.placed, (action.name, winner.candidate.item): surface},
            {**self.shown, group: self.shown.get(group, 0) + 1},
        )

    def obstacle(self, candidate: Candidate, surface: company.Surface) -> Reason | None:
        """What the slots that are filled have changed for the candidate."""
        name, group = candidate.action.name, candidate.action.issue_group
        placed = self.placed.get((name, candidate.item))
        if placed is not None:
            return Reason("placed_elsewhere", {"action": name, "surface": placed})
        if self._is_full(group, surface):
            of_group = {"issue_group": group, "surface": surface.name}
            return Reason("variety", {"at_most": surface.variety, **of_group})
        if not self.winners:
            return None
        limit = CONTACT_LIMITS.why_not(candidate, self.view)
        if limit is not None:
            return Reason("limit_with_slots_before", limit.values)
        units = RESOURCES.reason(candidate, self.view)
        return None if units is None else Reason("resource_with_slots_before", units.values)

    def obstructed(self, pool: Pool, surface: company.Surface, asked: int) -> int:
        """Of the pool's ways whose bits are asked, the bits of those for which there is one."""
        if not self.winners:
            return 0
        placed = [name for name, item in self.placed if item == pool.item]
        full = [group for _, group in self.shown if self._is_full(group, surface)]
        bits = asked & (pool.ways.bits(by_action, placed) | pool.ways.bits(by_issue_group, full))
        bits |= CONTACT_LIMITS.refused(pool, self.view, asked & ~bits)
        return bits | RESOURCES.refused(pool, self.view, asked & ~bits)

    def _is_full(self, group: str, surface: company.Surface) -> bool:
        most = surface.variety
        return most is not None and self.shown.get((surface.name, group), 0) >= most


class Round(NamedTuple):
    """One slot that was to be filled. board: as it was found. asked: who was left on the surface.
    ranking: of those for whom there was no obstacle, and whose message did not fail. winner None:
    nobody was left."""

    surface: company.Surface
    board: SlotBoard
    asked: Entrants
    ranking: Ranking
    winner: Candidate | None = None


class Arbitration:
    """Fills the slots of all surfaces in the order of asking; each slot sees the ones before it.

    In the arm without marketing the contest is run to its end as by the policy; only then its
    marketing winners are withheld. The others keep their slots, and the gaps are filled in order,
    by the best that is left of other purposes; what is withheld counts for nothing there.

    passed: the bits of those that passed every stage, by pool. After `run`: choices, withheld,
    contacts (new reservations), empty (surfaces with a slot that nothing won), failed (messages
    that could not be rendered, with the error), rounds (one for each slot that was drawn for, then
    for each gap), and the `refusal` of a candidate that was not chosen, worked out when it is asked
    for.
    """

    def __init__(self, passed: Entrants, view: DecisionView, terms: ArbitrationTerms) -> None:
        self._left = dict(passed)
        self._view = view
        self._terms = terms
        self._contents: dict[CandidateKey, Rendered] = {}
        self.rounds: list[Round] = []
        self._settled: dict[CandidateKey, Refusal | None] = {}
        self.choices: list[Choice] = []
        self.withheld: list[Choice] = []
        self.contacts: list[Contact] = []
        self.empty: set[str] = set()
        self.failed: dict[CandidateKey, str] = {}

    def run(self) -> "Arbitration":
        slots = list(self._slots())
        board = SlotBoard(self._view)
        for slot in slots:
            board = self._draw(slot, board)
        held_out = self._held_out(board)
        if held_out:
            board = self._without(held_out, board)
            for slot in slots:
                if slot.number not in board.winners:
                    board = self._fill_gap(slot, board)
        self._publish(slots, board)
        return self

    def refusal(self, candidate: Candidate, pool: Pool) -> Refusal | None:
        """None: it was chosen. pool: the candidate's."""
        if candidate.key in self._settled:
            return self._settled[candidate.key]
        bit = pool.bit(candidate)
        asked = (each for each in reversed(self.rounds) if each.asked.get(pool, 0) & bit)
        last = next(asked, None)
        return refusal(ARBITRATION.name, _why_not(candidate, bit, pool, last))

    def _slots(self) -> Iterator[RequestSlot]:
        number = 0
        for surface in surfaces(self._view.project, self._terms.query):
            for place in range(self._terms.query.slots.get(surface.name, surface.slots)):
                number += 1
                yield RequestSlot(number, surface, place)

    def _draw(self, slot: RequestSlot, board: SlotBoard) -> SlotBoard:
        """With the winner of one slot of the contest.

        Only who is drawn is rendered. Where that fails it is drawn again among the others, and the
        probability that is kept is that of the last draw: it is true of those who failed before.
        """
        asked = self._on(slot.surface)
        entered = ranking = self._ranking(asked, slot, board)
        for failed in range(len(entered)):
            drawn, probability = ranking.drawn(draw(self._terms.seed, slot.number, failed))
            if self._renders(drawn):
                found = Round(slot.surface, board, asked, ranking, drawn)
                return self._take(slot, probability, found)
            ranking = ranking.without(drawn)
        self.rounds.append(Round(slot.surface, board, asked, ranking))
        return board

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
                board = board.with_winner(number, winner)
                continue
            contact_id = f"{winner.choice.contact_id}.withheld"
            self.withheld.append(msgspec.structs.replace(winner.choice, contact_id=contact_id))
            why = refusal(CONTROLS.name, held_out[number])
            self._settled[winner.candidate.key] = why
        return board

    def _fill_gap(self, slot: RequestSlot, board: SlotBoard) -> SlotBoard:
        """Nothing is drawn for it: the best that is left of other purposes, for certain."""
        left = self._on(slot.surface).items()
        asked = {pool: self._not_held_out(pool, bits) for pool, bits in left}
        ranking = self._ranking(asked, slot, board)
        for best in ranking:
            if self._renders(best):
                return self._take(slot, 1.0, Round(slot.surface, board, asked, ranking, best))
            ranking = ranking.without(best)
        self.rounds.append(Round(slot.surface, board, asked, ranking))
        return board

    def _on(self, surface: company.Surface) -> dict[Pool, int]:
        """Who is left on it."""
        names = (surface.name,)
        return {pool: bits & pool.ways.bits(by_surface, names) for pool, bits in self._left.items()}

    def _not_held_out(self, pool: Pool, bits: int) -> int:
        for held_out, each in pool.candidates(bits, by_purpose):
            if CONTROLS.reason(each, self._view) is not None:
                bits &= ~held_out
        return bits

    def _ranking(self, asked: Entrants, slot: RequestSlot, board: SlotBoard) -> Ranking:
        entrants = {
            pool: bits & ~board.obstructed(pool, slot.surface, bits) for pool, bits in asked.items()
        }
        return Ranking(entrants, board.view, self._terms.substitutes.get(slot.surface.name, ()))

    def _renders(self, candidate: Candidate) -> bool:
        """If not, it is out."""
        try:
            self._contents[candidate.key] = self._terms.render(candidate)
        except ContentError as error:
            self.failed[candidate.key] = str(error)
            why = Reason("content", {"error": str(error)})
            self._settled[candidate.key] = refusal(ARBITRATION.name, why)
            self._leaves(candidate)
            return False
        return True

    def _leaves(self, candidate: Candidate) -> None:
        for pool in self._left:
            self._left[pool] &= ~pool.bit(candidate)

    def _take(self, slot: RequestSlot, probability: float, won: Round) -> SlotBoard:
        """The winner of the round takes the slot; the others lost it to them."""
        candidate, view = won.winner, won.board.view
        assert candidate is not None  # noqa: S101 - it was won
        contact_id = f"{self._terms.decision_id}.{slot.number}"
        planned = planned_contact(candidate, view, self._terms.query.fragment, contact_id)
        action = candidate.action
        passed = (*action.eligible, *action.applicable, *action.suitable)
        basis, kind = rests_on(candidate, view)
        content = self._contents[candidate.key]
        choice = Choice(
            contact_id=planned.contact.id,
            action=action.name,
            treatment=candidate.treatment.name,
            surface=candidate.treatment.surface,
            slot=slot.place,
            item=candidate.item,
            probability=probability,
            score=_score(candidate, view),
            rendered=content.text,
            reused=planned.reused,
            held_until=planned.until,
            why=tuple(map(attrgetter("name"), passed)),
            basis=basis,
            kind=kind,
            language=content.language,
            subject=content.subject,
            address=view.addresses.get(candidate.treatment.channel),
        )
        self.rounds.append(won)
        self._leaves(candidate)
        return won.board.with_winner(slot.number, Winner(candidate, choice, planned))

    def _publish(self, slots: Sequence[RequestSlot], board: SlotBoard) -> None:
        for slot in slots:
            winner = board.winners.get(slot.number)
            if winner is None:
                self.empty.add(slot.surface.name)
                continue
            self.choices.append(winner.choice)
            self._settled[winner.candidate.key] = None
            if not winner.planned.reused:
                self.contacts.append(winner.planned.contact)


def _why_not(candidate: Candidate, bit: int, pool: Pool, last: Round | None) -> Reason:
    """last: the last round in which it was asked about."""
    if last is None:
        return Reason("no_slot_left")
    if last.winner is not None and last.ranking.entrants.get(pool, 0) & bit:
        return why_lost(candidate, last.winner, last.ranking)
    obstacle = last.board.obstacle(candidate, last.surface)
    assert obstacle is not None, candidate.key  # noqa: S101 - it did not enter
    return obstacle


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
