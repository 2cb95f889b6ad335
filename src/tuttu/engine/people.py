"""The whole picture of a person, his timeline and choices; looking is recorded."""

from __future__ import annotations

from tuttu import consent, identity, ledger
from tuttu.api.answers import (
    CustomerAnswer,
    PreferencesAnswer,
    PreferencesRequest,
    ShownContact,
    ShownFragment,
    ShownPreference,
    TimelineAnswer,
    Who,
)
from tuttu.api.identifiers import identifier_of, label, link, shown
from tuttu.api.presenters import items, moment, timeline_entry, values
from tuttu.decision import DecisionView
from tuttu.engine.deciding import view_of
from tuttu.engine.house import House
from tuttu.storage import Snapshot
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import BadRequest
from tuttu.vocabulary.events import FragmentId, Identifier, PreferenceSet
from tuttu.vocabulary.facts import Unit
from tuttu.vocabulary.people import Customer

MOST_ENTRIES = 1_000


def customer(house: House, who: Who, by: str) -> CustomerAnswer:
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        picture = view_of(house, snapshot, identifier_of(house.project, who))
        parts = _parts(snapshot, picture.customer)
    house.looked(picture.customer, by, "customer")
    return _shown(house, picture, parts)


def timeline(house: House, who: Who, by: str, after: int, limit: int) -> TimelineAnswer:
    """Facts of every fragment of the customer, in the order of the log."""
    limit = max(1, min(limit, MOST_ENTRIES))
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        person = _resolve(house, snapshot, who)
        found = [
            entry
            for fragment in person.fragments
            for entry in snapshot.facts(fragment, after, limit + 1)
        ]
    house.looked(person, by, "timeline")
    found.sort(key=lambda entry: entry.position)
    page = found[:limit]
    return TimelineAnswer(
        entries=[timeline_entry(entry) for entry in page],
        next=page[-1].position if len(found) > limit else None,
    )


def preferences(house: House, who: Who, by: str) -> PreferencesAnswer:
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        person = _resolve(house, snapshot, who)
        answer = _preferences(house, snapshot, person)
    house.looked(person, by, "preferences")
    return answer


def set_preferences(
    house: House, who: Who, request: PreferencesRequest, by: str
) -> PreferencesAnswer:
    """All of the choices, or none: they are one unit."""
    for choice in request.preferences:
        _known(choice.purpose, "purpose", list(house.project.purposes))
        if choice.channel is not None:
            _known(choice.channel, "channel", list(house.project.channels))
    identifier = identifier_of(house.project, who)
    fragment = house.store.pseudonym(*identifier_key(identifier))
    bodies = [
        PreferenceSet(
            purpose=each.purpose,
            channel=each.channel,
            allowed=each.allowed,
            by=by,
            who=identifier,
        )
        for each in request.preferences
    ]
    house.commit([Unit(facts=tuple(house.fact(body, fragment) for body in bodies))])
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        return _preferences(house, snapshot, _resolve(house, snapshot, who))


def identifier_key(identifier: Identifier) -> tuple[str, str]:
    return identifier.namespace, identifier.value


def _resolve(house: House, snapshot: Snapshot, who: Who) -> Customer:
    return identity.resolve(snapshot, house.project, identifier_of(house.project, who))


def _known(name: str, what: str, declared: list[str]) -> None:
    if name not in declared:
        raise BadRequest(f"the {what} {name!r}", f"one of: {', '.join(declared)}")


def _preferences(house: House, snapshot: Snapshot, person: Customer) -> PreferencesAnswer:
    cells = consent.read(snapshot, person, house.project).preferences()
    return PreferencesAnswer(
        preferences=[
            ShownPreference(purpose=purpose, channel=channel, allowed=allowed, chosen=chosen)
            for purpose, channel, allowed, chosen in cells
        ]
    )


def _shown(house: House, picture: DecisionView, parts: list[ShownFragment]) -> CustomerAnswer:
    schema, row = house.project.row_schema, picture.row
    names = [name for name in schema.columns if "." not in name]
    sourced = [name for name in schema.columns if "." in name and row.get(name) is not None]
    person = picture.customer
    return CustomerAnswer(
        customer=label(person.identifiers[0]),
        identifiers=[shown(each) for each in person.identifiers],
        fragments=len(parts),
        parts=parts,
        traits=values(row, schema, names),
        sources=values(row, schema, sourced),
        collections={name: items(row, schema, name) for name in schema.collections},
        contacts=_contacts(picture.history),
        refused_links=[link(each) for each in person.refused],
    )


def _parts(snapshot: Snapshot, person: Customer) -> list[ShownFragment]:
    """Who stands alone may be named by the question only."""
    alone = person.identifiers[0] if len(person.fragments) == 1 else None
    return [
        _part(snapshot, each, alone or identity.identifier_of(snapshot, each))
        for each in person.fragments
    ]


def _part(snapshot: Snapshot, fragment: FragmentId, identifier: Identifier | None) -> ShownFragment:
    return ShownFragment(
        id=fragment.hex(),
        who=None if identifier is None else shown(identifier),
        first=moment(identity.first_of(snapshot, fragment)),
    )


def _contacts(history: ledger.History) -> list[ShownContact]:
    outcomes, withdrawn = history.outcomes(), history.withdrawn()
    return [
        ShownContact(
            contact_id=contact.id,
            action=contact.action,
            item=contact.item,
            channel=contact.channel,
            purpose=contact.purpose,
            state=contact.state,
            time=format_instant(contact.time),
            outcome=outcomes.get(contact.id),
            withdrawn=withdrawn[contact.id][1] if contact.id in withdrawn else None,
        )
        for contact in history.contacts
    ]
