"""What one decision sees: everything read once, from one snapshot, and frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from tuttu import consent, ledger, profile
from tuttu.decision.chance import arm_of
from tuttu.decision.errors import UnknownSurfaceError
from tuttu.vocabulary.company import Purpose, Surface
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.library import Action, Guard, Treatment
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant, Row, Value
from tuttu.vocabulary.verdicts import Contact, Score


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. fragment: whose address is used, and who keeps the contacts.

    slots: how many of a surface, else as declared. seed: else it follows from the decision's id.
    """

    surfaces: tuple[str, ...]
    fragment: FragmentId
    slots: Mapping[str, int] = {}
    seed: int | None = None


class Candidate(msgspec.Struct, frozen=True):
    """One way to carry one action out, on the surface that the treatment names."""

    action: Action
    treatment: Treatment

    @property
    def key(self) -> tuple[str, str]:
        return self.action.name, self.treatment.name


class Wide(dict[str, Value]):
    """A wide row, in which a column that nothing wrote is NULL."""

    def __missing__(self, column: str) -> Value:
        return None


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """The frozen snapshot that every stage is asked about.

    row: the customer's traits and collections, the ledger's columns, and ``now``. free: resource
    to units that nobody used or holds. position: of the log. scores, blocking: worked out once,
    as they are asked for.
    """

    project: Project
    now: Instant
    position: int
    customer: Customer
    row: Row
    consents: consent.Consents
    history: ledger.History
    free: Mapping[str, int]
    arm: str
    scores: dict[tuple[str, str], Score | str] = {}
    blocking: dict[str, tuple[Guard, ...]] = {}

    def purpose(self, candidate: Candidate) -> Purpose:
        return self.project.purposes[candidate.action.purpose]

    def skips(self, candidate: Candidate, stage: str) -> bool:
        return stage in self.purpose(candidate).skips

    def after(self, contact: Contact) -> Situation:
        """As the next slot of the same request sees it, once this contact is made."""
        left = {name: units - contact.uses.get(name, 0) for name, units in self.free.items()}
        return msgspec.structs.replace(self, history=self.history.adding(contact), free=left)


def situation(
    reader: Reader,
    project: Project,
    customer: Customer,
    now: Instant,
    *,
    context: Mapping[str, Value] | None = None,
) -> Situation:
    """Read everything that a decision for this customer can rest on.

    context: columns of this moment that overlay the customer's.
    """
    consents = consent.read(reader, customer, project)
    known = profile.read(reader, customer, project, now, profiling=consents.profiling)
    groups = {
        name: profile.group_members(reader, customer, project, name, known)
        for name in _limited_groups(project)
    }
    history = ledger.read(reader, customer, project, now, groups)
    return Situation(
        project=project,
        now=now,
        position=reader.position,
        customer=customer,
        row=Wide({**known, **history.columns(), **(context or {}), "now": now}),
        consents=consents,
        history=history,
        free={name: ledger.free(reader, project, name, now) for name in project.resources},
        arm=arm_of(project.policy.controls, customer.oldest),
    )


def _limited_groups(project: Project) -> list[str]:
    return sorted({limit.group for limit in project.policy.contact_limits if limit.group})


def candidates(project: Project, question: Question) -> Iterator[Candidate]:
    """All treatments of the asked surfaces, but those of retired actions, in the order of names."""
    asked = {surface.name for surface in surfaces(project, question)}
    for name in sorted(project.actions):
        action = project.actions[name]
        if action.status != "retired":
            for treatment in action.treatments.values():
                if treatment.surface in asked:
                    yield Candidate(action, treatment)


def surfaces(project: Project, question: Question) -> tuple[Surface, ...]:
    """Each asked surface once, in the order of asking. Raises UnknownSurfaceError."""
    for name in question.surfaces:
        if name not in project.surfaces:
            raise UnknownSurfaceError(name, project)
    return tuple(project.surfaces[name] for name in dict.fromkeys(question.surfaces))
