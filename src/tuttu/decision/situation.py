"""What one decision sees: everything read once, from one snapshot, and frozen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec

from tuttu import consent, ledger, profile
from tuttu.decision.chance import arm_of
from tuttu.decision.errors import UnknownSurfaceError
from tuttu.vocabulary.company import Purpose, Surface
from tuttu.vocabulary.conversion import key_text
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.library import Action, Guard, Treatment
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Rooms
from tuttu.vocabulary.values import Instant, Item, Row, Value, item_column
from tuttu.vocabulary.verdicts import Contact, Score


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. fragment: whose address is used, and who keeps the contacts.

    slots: how many of a surface, else as declared. seed: else it follows from the decision's id.
    """

    surfaces: tuple[str, ...]
    fragment: FragmentId
    slots: Mapping[str, int] = {}
    seed: int | None = None


CandidateKey = tuple[str, str, str | None]
"""Names of action and treatment, and the item's key."""


class Candidate(msgspec.Struct, frozen=True):
    """One way to carry one action out, on the surface that the treatment names.

    item: key of the item that an action with `about` is judged for; None: the action is about no
    item, or the customer has none.
    """

    action: Action
    treatment: Treatment
    item: str | None = None

    @property
    def key(self) -> CandidateKey:
        return self.action.name, self.treatment.name, self.item

    @property
    def lacks_item(self) -> bool:
        """It is about an item, and there is none."""
        return self.action.about is not None and self.item is None


NO_ITEMS: Row = {}


class Wide(dict[str, Value]):
    """A wide row, in which a column that nothing wrote is NULL."""

    def __missing__(self, column: str) -> Value:
        return None


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """The frozen snapshot that every stage is asked about.

    row: the customer's traits and collections, the ledger's columns, and ``now``. free: resource
    to units that nobody used or holds. position: of the log. about: by collection and item, what
    is laid over that item's row. scores, blocking, rows: worked out once, as they are asked for.
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
    about: Mapping[tuple[str, str], Row] = {}
    scores: dict[CandidateKey, Score | str] = {}
    blocking: dict[tuple[str, str | None, str | None], tuple[Guard, ...]] = {}
    rows: dict[tuple[str, str], Row] = {}

    def purpose(self, candidate: Candidate) -> Purpose:
        return self.project.purposes[candidate.action.purpose]

    def skips(self, candidate: Candidate, stage: str) -> bool:
        return stage in self.purpose(candidate).skips

    def row_of(self, candidate: Candidate) -> Row:
        """The row that the candidate's conditions and formulas are asked on."""
        about, item = candidate.action.about, candidate.item
        if about is None or item is None:
            return self.row
        return self.row_about(about, item)

    def row_about(self, about: str, item: str) -> Row:
        """The row that rules about one item of a collection are asked on."""
        if (about, item) not in self.rows:
            self.rows[about, item] = self._row_about(about, item)
        return self.rows[about, item]

    def _row_about(self, about: str, item: str) -> Row:
        """The customer's row, with the item's fields and, of actions about such items, what was
        contacted and answered about this one."""
        actions = {name for name, action in self.project.actions.items() if action.about == about}
        of_item = items_of(self.project, self.row, about).get(item, {})
        fields = {item_column(name): value for name, value in of_item.items()}
        laid = self.about.get((about, item), {})
        return Wide({**self.row, **self.history.columns_about(item, actions), **fields, **laid})

    def after(self, contact: Contact) -> Situation:
        """As the next slot of the same request sees it, once this contact is made."""
        left = {name: units - contact.uses.get(name, 0) for name, units in self.free.items()}
        return msgspec.structs.replace(self, history=self.history.adding(contact), free=left)


def situation(  # noqa: PLR0913
    reader: Reader,
    project: Project,
    customer: Customer,
    now: Instant,
    *,
    context: Mapping[str, Value] | None = None,
    asked: Collection[str] | None = None,
    rooms: Rooms = (),
) -> Situation:
    """Read everything that a decision for this customer can rest on.

    context: columns of this moment that overlay the customer's; traits made of them follow. asked:
    the surfaces that it will be asked about; None: any.
    """
    consents = consent.read(reader, customer, project)
    known = profile.read(reader, customer, project, now, profiling=consents.profiling)
    groups = {
        name: profile.group_members(reader, customer, project, name, known)
        for name in _limited_groups(project)
    }
    history = ledger.read(reader, customer, project, now, groups)
    contributed = history.columns()
    for room in rooms:
        contributed.update(room.read(reader, customer, project, now))
    row = Wide(profile.with_ledger(project, known, contributed, profiling=consents.profiling))
    return Situation(
        project=project,
        now=now,
        position=reader.position,
        customer=customer,
        row=Wide(profile.with_columns(project, row, context)) if context else row,
        consents=consents,
        history=history,
        free={name: ledger.free(reader, project, name, now) for name in _used(project, asked)},
        arm=arm_of(project.policy.controls, customer.oldest),
    )


def _used(project: Project, asked: Collection[str] | None) -> Collection[str]:
    """Resources that something on these surfaces uses; each one that is read costs a question."""
    if asked is None:
        return project.resources
    treatments = (
        each for action in project.actions.values() for each in action.treatments.values()
    )
    used = {name for each in treatments if each.surface in asked for name in each.uses}
    return used & project.resources.keys()


def _limited_groups(project: Project) -> list[str]:
    return sorted({limit.group for limit in project.policy.contact_limits if limit.group})


def candidates(project: Project, question: Question, row: Row = NO_ITEMS) -> Iterator[Candidate]:
    """All treatments of the asked surfaces, but those of retired actions, in the order of names.

    Of an action about a collection there is one for each item that the row has in it, in the order
    of the row; where it has none, a single one without an item, which will be refused.
    """
    asked = {surface.name for surface in surfaces(project, question)}
    for name in sorted(project.actions):
        action = project.actions[name]
        if action.status != "retired":
            items = _judged_for(project, action, row)
            for treatment in action.treatments.values():
                if treatment.surface in asked:
                    yield from (Candidate(action, treatment, item) for item in items)


def _judged_for(project: Project, action: Action, row: Row) -> list[str | None]:
    keys = items_of(project, row, action.about) if action.about is not None else {}
    return list(keys) or [None]


def items_of(project: Project, row: Row, collection: str) -> dict[str, Item]:
    """The row's items of a collection by their keys as text; one without a key is none."""
    declared = project.profile.collections[collection]
    found = row.get(collection)
    keyed = (
        (key_text(item.get(declared.key), declared.fields[declared.key]), item)
        for item in (found if isinstance(found, list) else [])
    )
    return {key: item for key, item in keyed if key is not None}


def surfaces(project: Project, question: Question) -> tuple[Surface, ...]:
    """Each asked surface once, in the order of asking. Raises UnknownSurfaceError."""
    for name in question.surfaces:
        if name not in project.surfaces:
            raise UnknownSurfaceError(name, project)
    return tuple(project.surfaces[name] for name in dict.fromkeys(question.surfaces))
