"""What one decision sees: everything read once, from one snapshot."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tuttu import consent, identity, ledger, profile, reach
from tuttu.decision.chance import POLICY, arm_of
from tuttu.decision.groups import (
    GroupView,
    WideRow,
    consents_of,
    counted_groups,
    groups_of,
    traits_of,
)
from tuttu.vocabulary import company, conversion, events, facts, library, people, values, verdicts
from tuttu.vocabulary.errors import UnknownSurface, did_you_mean
from tuttu.vocabulary.project import Project, cached_by
from tuttu.vocabulary.room import Rooms


class DecisionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. fragment: whose address is used, and who keeps the contacts.

    slots: how many of a surface, else as declared. seed: else it follows from the decision's id.
    """

    surfaces: tuple[str, ...]
    fragment: events.FragmentId
    slots: Mapping[str, int] = {}
    seed: int | None = None


CandidateKey = tuple[str, str, str | None]
"""Names of action and treatment, and the item's key."""


class Candidate(msgspec.Struct, frozen=True):
    """One way to carry one action out, on the surface that the treatment names.

    item: key of the item that an action with `about` is judged for; None: the action is about no
    item, or the customer has none.
    """

    action: library.Action
    treatment: library.Treatment
    item: str | None = None

    @property
    def key(self) -> CandidateKey:
        return self.action.name, self.treatment.name, self.item

    @property
    def lacks_item(self) -> bool:
        """It is about an item, and there is none."""
        return self.action.about is not None and self.item is None


NO_ITEMS: values.Row = {}


class ViewMemo(msgspec.Struct):
    """What was worked out of one view, kept because it is asked for often. It says nothing that the
    view does not say: a view that differs in more than its contacts has a memo of its own.

    figures: of one candidate; worths: of many, by collection and item. blocking: by purpose,
    collection and item. rows: by collection and item. too_many: see `DecisionView.too_many`.
    """

    figures: dict[CandidateKey, Any] = {}
    worths: dict[tuple[str | None, str | None], Any] = {}
    blocking: dict[tuple[str, str | None, str | None], tuple[library.Guard, ...]] = {}
    rows: dict[tuple[str, str], values.Row] = {}
    too_many: tuple[str, ...] | None = None


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """What every stage is asked about: one snapshot, seen for one customer at one moment.

    row: the customer's traits and collections, the ledger's columns, and ``now``. free: resource to
    units that nobody used or holds; closed: of these, what offers may not take. position: of the
    log. overlays: by collection and item, what is laid over that item's row. groups: those of which
    something is asked, by name. worths: of candidates whose worth is given, not worked out. shade:
    the same of the customer and all who may be them, of which vetoes are asked again; None: the
    customer shares no identifier. unsettled: if more may be them than are asked, a namespace in
    which they share one. addresses: channel to the fragment of the address that it reaches the
    customer at, of channels that need one and find it. beyond_limit: by collection, how many of the
    customer's items are beyond its limit, if any are: rules do not see them.
    """

    project: Project
    now: values.Instant
    position: int
    customer: people.Customer
    row: values.Row
    consents: consent.Consents
    history: ledger.History
    free: Mapping[str, int]
    closed: Mapping[str, int] = {}
    arm: str
    overlays: Mapping[tuple[str, str], values.Row] = {}
    groups: Mapping[str, GroupView] = {}
    worths: Mapping[CandidateKey, verdicts.Score] = {}
    shade: "DecisionView | None" = None
    unsettled: str = ""
    addresses: Mapping[str, events.FragmentId] = {}
    beyond_limit: Mapping[str, int] = {}
    memo: ViewMemo = msgspec.field(default_factory=ViewMemo)

    @property
    def profiling(self) -> bool:
        """Whether the customer may be profiled; who may be them can refuse it."""
        return self.consents.profiling and (self.shade is None or self.shade.consents.profiling)

    def skips(self, candidate: Candidate, stage: str) -> bool:
        return stage in self.project.purposes[candidate.action.purpose].skips

    def is_owed(self, candidate: Candidate) -> bool:
        """Whether it is said because law, contract or a promise obliges us to."""
        return self._owes(candidate.action.purpose)

    def _owes(self, name: str) -> bool:
        purpose = self.project.purposes.get(name)
        return purpose is not None and purpose.owed

    def units_for(self, candidate: Candidate, resource: str) -> int:
        """Units that the candidate may take: of what is free, offers leave what is closed to
        them."""
        free = self.free.get(resource, 0)
        return free if self.is_owed(candidate) else max(0, free - self.closed.get(resource, 0))

    def row_of(self, candidate: Candidate) -> values.Row:
        """The row that the candidate's conditions and formulas are asked on."""
        about, item = candidate.action.about, candidate.item
        if about is None or item is None:
            return self.row
        return self.row_about(about, item)

    def row_about(self, about: str, item: str) -> values.Row:
        """The row that rules about one item of a collection are asked on: the customer's, with the
        item's fields and, of actions about such items, what was contacted and answered about this
        one."""
        known = self.memo.rows.get((about, item))
        if known is None:
            actions = {n for n, action in self.project.actions.items() if action.about == about}
            of_item = items_of(self.project, self.row, about).get(item, {})
            fields = {values.item_column(name): value for name, value in of_item.items()}
            of_ledger = self.history.columns_about(item, actions)
            laid = self.overlays.get((about, item), {})
            known = WideRow({**self.row, **of_ledger, **fields, **laid})
            self.memo.rows[about, item] = known
        return known

    @property
    def too_many(self) -> tuple[str, ...]:
        """Groups of more members than are read."""
        if self.memo.too_many is None:
            crowded = [name for name, group in self.groups.items() if group.members is None]
            self.memo.too_many = tuple(crowded)
        return self.memo.too_many

    def row_of_group(self, name: str) -> values.Row:
        """The row of all members of one of the customer's groups as one customer."""
        group = self.groups[name]
        return self.row if group.alone else group.row

    def after(self, contact: verdicts.Contact) -> "DecisionView":
        """As the next slot of the same request sees it, once this contact is made."""
        left = {name: units - contact.uses.get(name, 0) for name, units in self.free.items()}
        closed = self.closed
        if self._owes(contact.purpose):
            closed = {
                name: max(0, units - contact.uses.get(name, 0)) for name, units in closed.items()
            }
        return msgspec.structs.replace(
            self,
            history=self.history.adding(contact),
            free=left,
            closed=closed,
            shade=None if self.shade is None else self.shade.after(contact),
        )

    def at(self, now: values.Instant) -> "DecisionView":
        """As it will be seen at a later moment, if nothing more happens until then. The ledger's
        columns move on with the history where they say what it says."""
        before, history = self.history.columns(), self.history.at(now)
        moved = {
            name: value
            for name, value in history.columns().items()
            if self.row.get(name) == before.get(name)
        }
        row = profile.with_columns(self.project, self.row, {**moved, "now": now})
        groups = {name: each.at(self.project, now) for name, each in self.groups.items()}
        shade = None if self.shade is None else self.shade.at(now)
        return msgspec.structs.replace(
            self,
            now=now,
            history=history,
            row=WideRow(row),
            groups=groups,
            shade=shade,
            memo=ViewMemo(),
        )


def view(  # noqa: PLR0913
    reader: facts.Reader,
    project: Project,
    customer: people.Customer,
    now: values.Instant,
    *,
    rooms: Rooms = (),
    context: Mapping[str, values.Value] | None = None,
    asked: Collection[str] | None = None,
    asked_with: Sequence[events.FragmentId] = (),
    every_contact: bool = False,
) -> DecisionView:
    """Read everything that a decision for this customer can rest on.

    rooms: those that have columns of their own in the row. context: columns of this moment that
    overlay the customer's; traits made of them follow. asked: the surfaces that it will be asked
    about; None: any. asked_with: other identifiers of the question: whoever they lead to may be the
    customer, for all we know. every_contact: those of the customer, too, that no decision asks for.
    """
    consents = consents_of(reader, project, customer, asked_with)
    arm = _arm(reader, project, customer)
    seen = _Snapshot(reader, project, now, rooms, context or {}, arm, every_contact)
    profiling = consents.profiling
    found = seen.view(customer, consents.own, profiling=profiling)
    if consents.shade is not None:
        whole, refusals = consents.shade
        found = msgspec.structs.replace(
            found,
            shade=seen.view(whole.customer, refusals, profiling=profiling),
            unsettled="" if whole.whole else whole.namespace,
        )
    used = _used(project, None if asked is None else frozenset(asked))
    resources = {name: ledger.resource_state(reader, project, name, now) for name in used}
    return msgspec.structs.replace(
        found,
        free={name: each.free for name, each in resources.items()},
        closed={name: each.closed for name, each in resources.items() if each.closed},
    )


class _Snapshot(NamedTuple):
    """What is the same for the customer and for their shade."""

    reader: facts.Reader
    project: Project
    now: values.Instant
    rooms: Rooms
    context: Mapping[str, values.Value]
    arm: str
    every_contact: bool

    def view(
        self, customer: people.Customer, consents: consent.Consents, *, profiling: bool
    ) -> DecisionView:
        """Without the resources."""
        reader, project, now = self.reader, self.project, self.now
        state = profile.state_of(reader, customer, project)
        own = profile.ProfiledMember(state, profiling)
        groups = groups_of(reader, project, customer, own, now)
        given = traits_of(project, groups)
        if values.ZONE in self.context:  # in which the customer's items are counted, too
            given[values.ZONE] = self.context[values.ZONE]
        known = profile.own_row(project, state, now, profiling=profiling, given=given)
        counted = counted_groups(project)
        others = {name: group.others for name, group in groups.items() if name in counted}
        asked_of = profile.with_columns(project, known, self.context) if self.context else known
        zone = profile.zone_of(project, asked_of)
        history = ledger.read(
            reader, customer, project, now, others, zone, everything=self.every_contact
        )
        reached = reach.reached(reader, project, customer)
        columns = {**history.columns(), **reach.columns_of(reached)}
        for room in self.rooms:
            columns.update(room.read(reader, customer, project, now))
        row = WideRow(profile.with_ledger(project, known, columns, profiling=profiling))
        if self.context:
            row = WideRow(profile.with_columns(project, row, self.context))
        return DecisionView(
            project=project,
            now=now,
            position=reader.position,
            customer=customer,
            row=row,
            consents=consents,
            history=history,
            free={},
            arm=self.arm,
            groups=groups,
            addresses={
                channel: each.address
                for channel, each in reached.items()
                if each.address is not None
            },
            beyond_limit=profile.beyond_limits(project, state),
        )


def _arm(reader: facts.Reader, project: Project, customer: people.Customer) -> str:
    controls = project.policy.controls
    if not any(arm.share for arm in controls.arms.values()):
        return POLICY
    return arm_of(controls, identity.anchor_of(reader, project, customer))


@cached_by
def _used(project: Project, asked: frozenset[str] | None) -> Collection[str]:
    """Resources that something on these surfaces uses; each one that is read costs a round trip."""
    if asked is None:
        return project.resources
    used: set[str] = set()
    for action in project.actions.values():
        for treatment in action.treatments.values():
            if treatment.uses and treatment.surface in asked:
                used.update(treatment.uses)
    return used & project.resources.keys()


def candidates(
    project: Project, query: DecisionQuery, row: values.Row = NO_ITEMS
) -> list[Candidate]:
    """All treatments of the asked surfaces, but those of retired actions, in the order of names.

    Of an action about a collection there is one for each item that the row has in it, in the order
    of the row; where it has none, a single one without an item, which will be refused. Raises
    UnknownSurface.
    """
    found: list[Candidate] = []
    surfaces(project, query)
    for name in sorted(project.actions):
        action = project.actions[name]
        if action.status == "retired":
            continue
        keys = [] if action.about is None else items_of(project, row, action.about)
        for treatment in action.treatments.values():
            if treatment.surface in query.surfaces:
                found += [Candidate(action, treatment, item) for item in keys or (None,)]
    return found


def items_of(project: Project, row: values.Row, collection: str) -> dict[str, values.Item]:
    """The row's items of a collection by their keys as text; one without a key is none."""
    declared = project.profile.collections[collection]
    found = row.get(collection)
    keyed = (
        (conversion.key_text(item.get(declared.key), declared.fields[declared.key]), item)
        for item in (found if isinstance(found, list) else [])
    )
    return {key: item for key, item in keyed if key is not None}


def surfaces(project: Project, query: DecisionQuery) -> tuple[company.Surface, ...]:
    """Each asked surface once, in the order of asking. Raises UnknownSurface."""
    for name in query.surfaces:
        if name not in project.surfaces:
            declared = ", ".join(project.surfaces) or "none is declared"
            hint = did_you_mean(name, project.surfaces)
            raise UnknownSurface(f"the surface {name!r}", f"one of: {declared}{hint}")
    return tuple(map(project.surfaces.__getitem__, dict.fromkeys(query.surfaces)))
