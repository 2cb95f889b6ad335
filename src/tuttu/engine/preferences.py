"""What a customer allows, by purpose and channel."""

from tuttu import api, decision, identity
from tuttu.engine.runtime import Runtime, Seen
from tuttu.vocabulary import errors, events, people
from tuttu.vocabulary.facts import Unit


def preferences(runtime: Runtime, who: api.Who, by: str) -> api.PreferencesAnswer:
    """What a customer allows, by purpose and channel."""
    with runtime.view() as seen:
        customer, answer = _read(runtime, seen, who)
    runtime.record_look(customer, by, "preferences")
    return answer


def set_preferences(
    runtime: Runtime, who: api.Who, request: api.PreferencesRequest, by: str
) -> api.PreferencesAnswer:
    """Records what a customer allows or refuses: all of it or nothing."""
    project = runtime.project
    for choice in request.preferences:
        _require_declared(choice.purpose, "purpose", list(project.purposes))
        if choice.channel is not None:
            _require_declared(choice.channel, "channel", list(project.channels))
    with runtime.view() as seen:
        asked = api.identifiers_of(project, who)
        identifier = identity.personal(seen.snapshot, project, asked)
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
        return _read(runtime, seen, who)[1]


def _read(
    runtime: Runtime, seen: Seen, who: api.Who
) -> tuple[people.Customer, api.PreferencesAnswer]:
    """What holds where they chose nothing depends on what is known of the customer."""
    project, rooms = seen.version.project, seen.version.contributing
    asked = identity.personal(seen.snapshot, project, api.identifiers_of(project, who))
    customer = identity.resolve(seen.snapshot, project, asked)
    view = decision.view(seen.snapshot, project, customer, runtime.now(), rooms=rooms)
    return customer, api.preferences_answer(view)


def _require_declared(name: str, what: str, declared: list[str]) -> None:
    if name not in declared:
        raise errors.BadRequest(f"the {what} {name!r}", f"one of: {', '.join(declared)}")
