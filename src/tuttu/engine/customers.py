"""The whole picture of a customer and their timeline; looking is recorded."""

from tuttu import api, decision, identity
from tuttu.engine.runtime import Runtime

MOST_ENTRIES = 1_000


def customer(
    runtime: Runtime, who: api.Who, by: str, language: str = api.ENGLISH
) -> api.CustomerAnswer:
    """The whole picture of a customer; that somebody looked is recorded."""
    with runtime.view() as seen:
        snapshot, version = seen.snapshot, seen.version
        asked = api.identifiers_of(version.project, who)
        one = identity.personal(snapshot, version.project, asked)
        found = identity.resolve(snapshot, version.project, one)
        picture = decision.view(
            snapshot, version.project, found, runtime.now(), rooms=version.contributing
        )
        refused = identity.refused_links(snapshot, version.project, found)
        # A customer of one fragment may be named by the question only.
        alone = found.identifiers[0] if len(found.fragments) == 1 else None
        parts = [
            api.shown_fragment(
                each,
                alone or identity.identifier_of(snapshot, version.project, each),
                identity.first_of(snapshot, version.project, each),
            )
            for each in found.fragments
        ]
    runtime.record_look(found, by, "customer")
    return api.customer_answer(version.project, picture, parts, refused, api.words_in(language))


def timeline(
    runtime: Runtime,
    who: api.Who,
    by: str,
    query: api.TimelineQuery,
    language: str = api.ENGLISH,
) -> api.TimelineAnswer:
    """Everything that happened with a customer, oldest first."""
    limit = max(1, min(query.limit, MOST_ENTRIES))
    with runtime.view() as seen:
        project = seen.version.project
        one = identity.personal(seen.snapshot, project, api.identifiers_of(project, who))
        found = identity.resolve(seen.snapshot, project, one)
        entries = [
            logged
            for fragment in found.fragments
            for logged in seen.snapshot.facts(fragment, query.after, limit + 1)
        ]
    runtime.record_look(found, by, "timeline")
    entries.sort(key=lambda logged: logged.position)
    page, words = entries[:limit], api.words_in(language)
    return api.TimelineAnswer(
        entries=[api.timeline_entry(logged, words) for logged in page],
        next=page[-1].position if len(entries) > limit else None,
    )
