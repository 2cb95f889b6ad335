"""Decide, and look a decision up again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from difflib import get_close_matches

import msgspec

from tuttu import decision, identity, ledger
from tuttu.api.answers import DecideAnswer, DecideRequest, DecisionAnswer, ShownOutcome
from tuttu.api.identifiers import identifier_of, label
from tuttu.api.merge_history import decided_customer
from tuttu.api.presenters import answer_of, of_item, values
from tuttu.decision import Candidate, DecisionQuery, DecisionView, UnknownSurfaceError, surfaces
from tuttu.decision.receipts import receipt_at, receipt_of
from tuttu.engine.house import House
from tuttu.storage import Snapshot
from tuttu.versions import history
from tuttu.vocabulary.conversion import convert, format_instant
from tuttu.vocabulary.errors import BadRequest, NotFound, UnknownSurface
from tuttu.vocabulary.events import Identifier
from tuttu.vocabulary.facts import Committed, Duplicate, Fact, Unit
from tuttu.vocabulary.ids import new_id
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Value
from tuttu.vocabulary.verdicts import Receipt


def decide(house: House, request: DecideRequest, idempotency: bytes | None) -> DecideAnswer:
    """One decision, durable when it returns; a dry run writes nothing.

    It is made beside all others. Where one of them was faster it is made again, in a turn of its
    own: it never loses twice. Raises BadRequest, Unavailable.
    """
    if request.seed is not None and not request.dry_run:
        raise BadRequest("a seed", "none, or a dry run: the seed of a real decision is its own")
    decision_id = new_id()
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        receipt = _decided(house, snapshot, request, decision_id)
        reads = snapshot.reads
    if request.dry_run:
        return answer_of(receipt, kept=False)
    result = house.commit([_unit(receipt, reads, idempotency)])[0]
    if not isinstance(result, Committed | Duplicate):
        with house.turn() as turn:
            house = house.at(turn)
            receipt = _decided(house, turn, request, decision_id)
            result = house.commit_in(turn, [_unit(receipt, (), idempotency)])[0]
    if isinstance(result, Duplicate):
        return _earlier(house, result.position, request)
    assert isinstance(result, Committed), result  # noqa: S101 - nobody else was there
    return answer_of(receipt, kept=True)


def decision_of(house: House, decision_id: str, by: str) -> DecisionAnswer:
    """A stored receipt as it was issued, with what came of it since. Raises NotFound."""
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        receipt = receipt_of(snapshot, decision_id)
        if receipt is None:
            raise NotFound(f"no decision has the id {decision_id!r}")
        customer = identity.resolve_fragment(snapshot, house.project, receipt.customer)
        outcomes = _outcomes(house, snapshot, customer, receipt)
        about = decided_customer(snapshot, receipt, customer)
        project = version_of(house, snapshot, receipt) or house.project
    house.looked(customer, by, "decision")
    schema = project.row_schema
    return DecisionAnswer(
        decision=answer_of(receipt, kept=True),
        customer=about,
        read=values(receipt.read, schema, receipt.read),
        read_of_items={
            about: {item: of_item(read, schema, about) for item, read in items.items()}
            for about, items in receipt.read_of_items.items()
        },
        outcomes=outcomes,
    )


def version_of(house: House, snapshot: Snapshot, receipt: Receipt) -> Project | None:
    """The version of the project that decided."""
    if receipt.project_digest == house.project.digest:
        return house.project
    return history.project_of(snapshot, receipt.project_digest)


def view_of(
    house: House,
    snapshot: Snapshot,
    identifier: Identifier,
    context: Mapping[str, Value] | None = None,
    asked: Collection[str] | None = None,
) -> DecisionView:
    customer = identity.resolve(snapshot, house.project, identifier)
    return decision.view(
        snapshot, house.project, customer, house.now(), context=context, asked=asked
    )


def asked_of(
    house: House, snapshot: Snapshot, request: DecideRequest
) -> tuple[DecisionView, DecisionQuery]:
    """What is asked, and the snapshot that it is asked about. Raises BadRequest."""
    if not request.surfaces:
        raise BadRequest("no surface", f"one or more of: {', '.join(house.project.surfaces)}")
    identifier = identifier_of(house.project, request.who)
    context = _context(house.project, request.context)
    query = DecisionQuery(
        surfaces=tuple(request.surfaces),
        fragment=house.store.pseudonym(identifier.namespace, identifier.value),
        slots=_slots(request),
        seed=request.seed,
    )
    try:
        surfaces(house.project, query)
    except UnknownSurfaceError as error:
        raise UnknownSurface(error.found, error.expected) from error
    return view_of(house, snapshot, identifier, context, query.surfaces), query


def _decided(house: House, snapshot: Snapshot, request: DecideRequest, decision_id: str) -> Receipt:
    view, query = asked_of(house, snapshot, request)
    render = Rendering(house, view, request)
    receipt = decision.decide(view, query, decision_id=decision_id, render=render)
    who = identifier_of(house.project, request.who)
    return msgspec.structs.replace(
        named(receipt, view), who=who, idempotency=_fingerprint(request)
    )


def named(receipt: Receipt, view: DecisionView) -> Receipt:
    """With the name of the person, as the doors show it."""
    name = label(view.customer.identifiers[0])
    return msgspec.structs.replace(receipt, asked=name)


class Rendering:
    """Renders a treatment for the customer of one view."""

    def __init__(self, house: House, view: DecisionView, request: DecideRequest) -> None:
        self._renderer = house.renderer
        self._languages = (request.language,) if request.language else ()
        self._view = view

    def __call__(self, candidate: Candidate) -> str:
        treatment, row = candidate.treatment, self._view.row_of(candidate)
        about = candidate.action.about
        return self._renderer.render(
            treatment.message, treatment.channel, self._languages, row, about=about
        )


def _unit(
    receipt: Receipt, reads: tuple[tuple[str, bytes, int], ...], idempotency: bytes | None
) -> Unit:
    fact = Fact(
        id=receipt.id,
        fragment=receipt.customer,
        time=receipt.now,
        received=receipt.now,
        body=receipt,
    )
    once = () if idempotency is None else (b"idempotency:" + idempotency,)
    return Unit(facts=(fact,), once=once, reads=reads)


def _earlier(house: House, position: int, request: DecideRequest) -> DecideAnswer:
    """Same key, same answer; the same key with another question is a mistake."""
    with house.store.read() as snapshot:
        receipt = receipt_at(snapshot, position)
    if receipt.idempotency != _fingerprint(request):
        raise BadRequest(
            "an Idempotency-Key that was used with another question", "a new key for it"
        )
    return answer_of(receipt, kept=True)


def _fingerprint(request: DecideRequest) -> bytes:
    asked = msgspec.json.encode(request, order="sorted")
    return hashlib.blake2b(asked, digest_size=16).digest()


def _slots(request: DecideRequest) -> dict[str, int]:
    for surface, slots in request.slots.items():
        if surface not in request.surfaces:
            raise BadRequest(f"slots for {surface!r}", "slots of surfaces that are asked for")
        if not 0 <= slots <= 100:
            raise BadRequest(f"{slots} slots of {surface!r}", "0 to 100")
    return request.slots


def _context(project: Project, said: Mapping[str, object]) -> dict[str, Value]:
    """Columns of this moment, as declared traits."""
    columns = project.row_schema.columns
    for name in said:
        if name not in columns:
            near = get_close_matches(name, columns, 1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise BadRequest(f"the context column {name!r}", f"a declared trait{hint}")
    return {name: convert(value, columns[name]) for name, value in said.items()}


def _outcomes(
    house: House, snapshot: Snapshot, customer: Customer, receipt: Receipt
) -> list[ShownOutcome]:
    history = ledger.read(snapshot, customer, house.project, house.now(), {})
    chosen = {choice.contact_id: choice for choice in receipt.choices}
    outcomes = [
        ShownOutcome(
            contact_id=each.contact_id,
            action=chosen[each.contact_id].action,
            item=chosen[each.contact_id].item,
            outcome=each.name,
            time=format_instant(each.time),
        )
        for each in ledger.outcomes_of(history, chosen)
    ]
    withdrawn = [
        ShownOutcome(
            contact_id=name,
            action=chosen[name].action,
            item=chosen[name].item,
            outcome="withdrawn",
            time=format_instant(time),
            why=why,
        )
        for name, (time, why) in history.withdrawn().items()
        if name in chosen
    ]
    return [*outcomes, *withdrawn]
