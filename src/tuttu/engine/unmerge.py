"""Two customers that were taken for one: separated for good, with what that forbids."""

from collections.abc import Iterable

from tuttu import api, identity
from tuttu.engine.runtime import Runtime, Seen
from tuttu.vocabulary import errors, events, people
from tuttu.vocabulary.facts import Unit


def unmerge(
    runtime: Runtime, request: api.UnmergeRequest, by: str, language: str = api.ENGLISH
) -> api.UnmergeAnswer:
    """Separates two identifiers for good, or takes one fragment out of its customer.

    One unit: a fact for every fragment that is separated, so that each one's timeline has it.
    Raises BadRequest.
    """
    words = api.words_in(language)
    with runtime.view() as seen:
        one = _identifier(seen, request.one)
        others = _others(seen, one, request.other)
        were_one = _customer(seen, one) == _customer(seen, others[0])
        _commit(runtime, request, by, one, others)
        with runtime.view() as later:
            after = _forbidden(later, (one, *others))
            # Who joins one of them only now may have brought evidence that was forbidden already.
            ends = {end for link in after for end in (link.one, link.other)}
            before = _forbidden(seen, sorted(ends))
            return api.UnmergeAnswer(
                one=_customer(later, one),
                other=None if request.other is None else _customer(later, others[0]),
                were_one=were_one,
                forbidden=[api.link(each, words) for each in after if each not in before],
            )


def _commit(
    runtime: Runtime,
    request: api.UnmergeRequest,
    by: str,
    one: events.Identifier,
    others: tuple[events.Identifier, ...],
) -> None:
    first = events.Unmerge(one=one, other=others[0], more=others[1:], by=by, why=request.why)
    unmerges = [
        first,
        *(events.Unmerge(one=each, other=one, by=by, why=request.why) for each in others),
    ]
    facts = (
        runtime.fact(each, runtime.store.pseudonym(each.one.namespace, each.one.value))
        for each in unmerges
    )
    runtime.commit([Unit(facts=tuple(facts))])


def _identifier(seen: Seen, who: api.Who) -> events.Identifier:
    """A customer by an identifier, or one fragment by its id."""
    project = seen.version.project
    if api.FRAGMENT in project.namespaces or set(who) != {api.FRAGMENT}:
        return api.identifiers_of(project, who)[0]
    said = who[api.FRAGMENT]
    try:
        key = bytes.fromhex(said)
    except ValueError:
        raise errors.BadRequest(f"the fragment {said!r}", "its id, 32 hex digits") from None
    found = identity.identifier_of(seen.snapshot, project, key)
    if found is None:
        expected = "one that some fact has named, as `tuttu customer --json` shows it"
        raise errors.BadRequest(f"the fragment {said!r}", expected)
    return identity.rules_of(project).present(found) or found


def _others(
    seen: Seen, one: events.Identifier, other: api.Who | None
) -> tuple[events.Identifier, ...]:
    if other is not None:
        named = _identifier(seen, other)
        if named == one:
            raise errors.BadRequest("the same identifier twice", "two identifiers of one customer")
        return (named,)
    customer = identity.resolve(seen.snapshot, seen.version.project, one)
    others = tuple(each for each in customer.identifiers if each != one)
    if not others:
        found = f"{api.label(one)}, who stands alone"
        raise errors.BadRequest(found, "somebody who is joined with others")
    return others


def _forbidden(seen: Seen, identifiers: Iterable[events.Identifier]) -> list[people.RefusedLink]:
    """Evidence on their customers that an unmerge refuses, each once."""
    project = seen.version.project
    customers = (identity.resolve(seen.snapshot, project, each) for each in identifiers)
    found: list[people.RefusedLink] = []
    for customer in {each.oldest: each for each in customers}.values():
        for refused in identity.refused_links(seen.snapshot, project, customer):
            if refused.reason == identity.UNMERGED and refused not in found:
                found.append(refused)
    return found


def _customer(seen: Seen, identifier: events.Identifier) -> str:
    found = identity.resolve(seen.snapshot, seen.version.project, identifier)
    return api.label(found.identifiers[0])
