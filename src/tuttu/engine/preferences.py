"""What a customer allows, by purpose and channel."""

from tuttu import api, decision
from tuttu.engine.asking import Asker, one_of
from tuttu.engine.runtime import Runtime, Seen
from tuttu.vocabulary import errors, events, people
from tuttu.vocabulary.facts import Unit


def preferences(runtime: Runtime, who: api.Who, by: str) -> api.PreferencesAnswer:
    """What a customer allows, by purpose and channel."""
    asker = Asker(runtime, by)
    settled = asker.settle(who)
    with asker.told_who_it_may_be(), runtime.view() as seen:
        customer = one_of(seen, who, settled, person=True).customer
        answer = _preferences(runtime, seen, customer)
    asker.looked(customer, "preferences")
    return answer


def set_preferences(
    runtime: Runtime, who: api.Who, request: api.PreferencesRequest, by: str
) -> api.PreferencesAnswer:
    """Records what a customer allows or refuses: all of it or nothing. Under an identifier that
    several people use, what is refused is refused for all of them, and what is allowed for
    nobody."""
    project = runtime.project
    for choice in request.preferences:
        _require_declared(choice.purpose, "purpose", list(project.purposes))
        if choice.channel is not None:
            _require_declared(choice.channel, "channel", list(project.channels))
    settled = Asker(runtime, by).settle(who)
    with runtime.view() as seen:
        identifier = one_of(seen, who, settled, person=False).identifier
    fragment = runtime.store.pseudonym(identifier.namespace, identifier.value)
    facts = [
        runtime.fact(
            events.PreferenceSet(
                purpose=each.purpose,
                channel=each.channel,
                allowed=each.allowed,
                by=by,
                who=identifier,
            ),
            fragment,
        )
        for each in request.preferences
    ]
    runtime.commit([Unit(facts=tuple(facts))])
    with runtime.view() as seen:
        customer = one_of(seen, who, settled, person=False).customer
        return _preferences(runtime, seen, customer)


def _preferences(runtime: Runtime, seen: Seen, customer: people.Customer) -> api.PreferencesAnswer:
    """What holds where they chose nothing depends on what is known of the customer."""
    project, rooms = seen.version.project, seen.version.contributing
    view = decision.view(seen.snapshot, project, customer, runtime.now(), rooms=rooms)
    return api.preferences_answer(view)


def _require_declared(name: str, what: str, declared: list[str]) -> None:
    if name not in declared:
        raise errors.BadRequest(f"the {what} {name!r}", f"one of: {', '.join(declared)}")
