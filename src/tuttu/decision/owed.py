"""What is owed to the customer: told beside the slots, before anything is offered.

Of the treatments of one action and item that pass every stage, the first that fulfils is taken, in
the order of the file; a reminder only where none of these can be. Nothing competes for it but
units: what is due first takes them first.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from tuttu.content import ContentError
from tuttu.decision.arbitration import (
    ArbitrationTerms,
    PlannedContact,
    planned_contact,
    seen_by_the_next_slot,
)
from tuttu.decision.stages.arbitration import ARBITRATION
from tuttu.decision.stages.consent import rests_on
from tuttu.decision.stages.resources import RESOURCES
from tuttu.decision.view import Candidate, CandidateKey, DecisionView
from tuttu.vocabulary import values
from tuttu.vocabulary.verdicts import Contact, OwedChoice, Reason, Refusal, refusal

Duty = tuple[str, str | None]
"""Names of action and item."""


class OwedResult(NamedTuple):
    """view: as the slots see it afterwards. refusals: of the candidates that are not chosen."""

    choices: tuple[OwedChoice, ...]
    contacts: tuple[Contact, ...]
    refusals: dict[CandidateKey, Refusal]
    view: DecisionView


def due_of(candidate: Candidate, view: DecisionView) -> values.Instant | None:
    """By when the candidate is owed; None: it is not known, and is now."""
    due = candidate.action.due
    found = None if due is None else due(view.row_of(candidate))
    return found if isinstance(found, int) else None


def is_reminder(candidate: Candidate) -> bool:
    return not candidate.treatment.fulfils


def choose_owed(
    passed: Iterable[Candidate], view: DecisionView, terms: ArbitrationTerms
) -> OwedResult:
    """passed: candidates of owed purposes that no stage refuses, in the order of the file."""
    duties: dict[Duty, list[Candidate]] = {}
    for each in passed:
        duties.setdefault((each.action.name, each.item), []).append(each)
    telling = _Telling(view, terms)
    for ways in sorted(duties.values(), key=lambda ways: _place(ways[0], view)):
        # A reminder never stands in for what it reminds of; sorting keeps the order of the file.
        telling.tell(sorted(ways, key=is_reminder))
    return OwedResult(
        tuple(telling.choices), tuple(telling.contacts), telling.refusals, telling.view
    )


def _place(candidate: Candidate, view: DecisionView) -> tuple[values.Instant, str, str]:
    due = due_of(candidate, view)
    return view.now if due is None else due, candidate.action.name, candidate.item or ""


class _Telling:
    """One duty after the other."""

    def __init__(self, view: DecisionView, terms: ArbitrationTerms) -> None:
        self.view = view
        self._terms = terms
        self._told: Counter[str] = Counter()
        self.choices: list[OwedChoice] = []
        self.contacts: list[Contact] = []
        self.refusals: dict[CandidateKey, Refusal] = {}

    def tell(self, ways: Sequence[Candidate]) -> None:
        """The first that can be taken; of all others, why not they."""
        why: Reason | None = None
        settled = False
        for way in ways:
            if not settled:
                why = self._not(way)
                settled = why is None or why.code == "owed_beyond"
                if why is None:
                    # What the treatments after it are refused for.
                    named = {"action": way.action.name, "surface": way.treatment.surface}
                    why = Reason("placed_elsewhere", named)
                    continue
            assert why is not None  # noqa: S101 - the first one has set it
            self.refusals[way.key] = refusal(ARBITRATION.name, why)

    def _not(self, way: Candidate) -> Reason | None:
        """Why the treatment cannot be taken; None: it was."""
        action, treatment = way.action, way.treatment
        earlier = self.view.history.underway(action, way.item, reminder=is_reminder(way))
        if earlier is not None and earlier.treatment != treatment.name:
            by = {"action": action.name, "treatment": earlier.treatment}
            return Reason("underway", by)
        units = None if earlier else RESOURCES.reason(way, self.view)
        if units is not None:
            return Reason("resource_with_slots_before", units.values)
        most = self.view.project.surfaces[treatment.surface].owed
        if most is not None and self._told[treatment.surface] >= most:
            return Reason("owed_beyond", {"at_most": most, "surface": treatment.surface})
        try:
            content = self._terms.render(way)
        except ContentError as error:
            return Reason("content", {"error": str(error)})
        self._take(way, content, earlier)
        return None

    def _take(self, way: Candidate, content: str, earlier: Contact | None) -> None:
        due, fragment = due_of(way, self.view), self._terms.query.fragment
        contact_id = f"{self._terms.decision_id}.owed-{len(self.choices) + 1}"
        if earlier is None:
            planned = planned_contact(way, self.view, fragment, contact_id, due)
        else:
            planned = PlannedContact(contact=earlier, reused=True, until=earlier.held_until)
        passed = way.action.conditions
        basis, kind = rests_on(way, self.view)
        self.choices.append(
            OwedChoice(
                contact_id=planned.contact.id,
                action=way.action.name,
                treatment=way.treatment.name,
                surface=way.treatment.surface,
                item=way.item,
                due=due,
                reminder=is_reminder(way),
                rendered=content,
                reused=planned.reused,
                held_until=planned.until,
                why=tuple(map(attrgetter("name"), passed)),
                address=self.view.addresses.get(way.treatment.channel),
                basis=basis,
                kind=kind,
            )
        )
        if not planned.reused:
            self.contacts.append(planned.contact)
        self.view = seen_by_the_next_slot(planned, self.view)
        self._told[way.treatment.surface] += 1
