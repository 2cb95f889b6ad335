"""Two persons that were taken for one: parted for good, with what that forbids."""

from __future__ import annotations

from tuttu import identity
from tuttu.api.answers import UnmergeAnswer, UnmergeRequest, Who
from tuttu.api.identifiers import identifier_of, label, link
from tuttu.api.merge_history import FRAGMENT
from tuttu.engine.house import House
from tuttu.storage import Snapshot
from tuttu.vocabulary.errors import BadRequest
from tuttu.vocabulary.events import Identifier, Unmerge
from tuttu.vocabulary.facts import Fact, Unit
from tuttu.vocabulary.people import RefusedLink


def unmerge(house: House, request: UnmergeRequest, by: str) -> UnmergeAnswer:
    """One unit: a fact for every fragment that is parted, so that each one's timeline tells it.

    Raises BadRequest.
    """
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        one = _named(house, snapshot, request.one)
        others = _others(house, snapshot, one, request.other)
        before = set(_forbidden(house, snapshot, (one, *others)))
    word = Unmerge(one=one, other=others[0], more=others[1:], by=by, why=request.why)
    words = [word, *(Unmerge(one=each, other=one, by=by, why=request.why) for each in others)]
    house.commit([Unit(facts=tuple(_fact(house, each) for each in words))])
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        after = _forbidden(house, snapshot, (one, *others))
        return UnmergeAnswer(
            one=_customer(house, snapshot, one),
            other=None if request.other is None else _customer(house, snapshot, others[0]),
            forbidden=[link(each) for each in after if each not in before],
        )


def _named(house: House, snapshot: Snapshot, who: Who) -> Identifier:
    """A person by his identifier, or one fragment by its id."""
    if FRAGMENT in house.project.namespaces or set(who) != {FRAGMENT}:
        return identifier_of(house.project, who)
    try:
        key = bytes.fromhex(who[FRAGMENT])
    except ValueError:
        raise BadRequest(f"the fragment {who[FRAGMENT]!r}", "its id, 32 hex digits") from None
    found = identity.identifier_of(snapshot, key)
    if found is None:
        expected = "one that some fact has named, as `tuttu customer --json` shows it"
        raise BadRequest(f"the fragment {who[FRAGMENT]!r}", expected)
    return found


def _others(
    house: House, snapshot: Snapshot, one: Identifier, other: Who | None
) -> tuple[Identifier, ...]:
    if other is not None:
        named = _named(house, snapshot, other)
        if named == one:
            raise BadRequest("the same identifier twice", "two identifiers of one customer")
        return (named,)
    customer = identity.resolve(snapshot, house.project, one)
    others = tuple(each for each in customer.identifiers if each != one)
    if not others:
        raise BadRequest(f"{label(one)}, who stands alone", "somebody who is joined with others")
    return others


def _forbidden(
    house: House, snapshot: Snapshot, people: tuple[Identifier, ...]
) -> dict[RefusedLink, None]:
    """Evidence on their customers that an unmerge refuses, each once."""
    resolved = {
        found.oldest: found
        for each in people
        for found in [identity.resolve(snapshot, house.project, each)]
    }
    return {
        refused: None
        for customer in resolved.values()
        for refused in customer.refused
        if refused.reason == identity.UNMERGED
    }


def _fact(house: House, word: Unmerge) -> Fact:
    fragment = house.store.pseudonym(word.one.namespace, word.one.value)
    return house.fact(word, fragment)


def _customer(house: House, snapshot: Snapshot, identifier: Identifier) -> str:
    return label(identity.resolve(snapshot, house.project, identifier).identifiers[0])
