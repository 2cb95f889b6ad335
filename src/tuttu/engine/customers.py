"""The whole picture of a customer and their timeline; looking is recorded."""

from tuttu import api, decision, identity, profile
from tuttu.engine.asking import Asker, one_of
from tuttu.engine.runtime import Runtime
from tuttu.vocabulary import facts

MOST_ENTRIES = 1_000


def customer(
    runtime: Runtime, who: api.Who, by: str, language: str = api.ENGLISH
) -> api.CustomerAnswer:
    """The whole picture of a customer; that somebody looked is recorded."""
    asker = Asker(runtime, by)
    settled = asker.settle(who)
    with asker.told_who_it_may_be(), runtime.view() as seen:
        snapshot, project, rooms = seen.snapshot, seen.version.project, seen.version.contributing
        found = one_of(seen, who, settled, person=True).customer
        picture = decision.view(
            snapshot, project, found, runtime.now(), rooms=rooms, every_contact=True
        )
        refused = identity.refused_links(snapshot, project, found)
        # A customer of one fragment may be named by the question only.
        alone = found.identifiers[0] if len(found.fragments) == 1 else None
        parts = [
            api.shown_fragment(
                each,
                alone or identity.identifier_of(snapshot, project, each),
                identity.first_of(snapshot, project, each),
            )
            for each in found.fragments
        ]
    asker.looked(found, "customer")
    return api.customer_answer(project, picture, parts, refused, api.words_in(language))


def timeline(
    runtime: Runtime,
    who: api.Who,
    by: str,
    query: api.TimelineQuery,
    language: str = api.ENGLISH,
) -> api.TimelineAnswer:
    """Everything that happened with a customer, by when it happened, oldest first; when it came
    stands beside it."""
    limit = max(1, min(query.limit, MOST_ENTRIES))
    asker = Asker(runtime, by)
    settled = asker.settle(who)
    with asker.told_who_it_may_be(), runtime.view() as seen:
        found = one_of(seen, who, settled, person=True).customer
        reader, project = seen.snapshot.untracked(), seen.version.project
        row = profile.read(reader, found, project, runtime.now(), profiling=False)
        entries = facts.by_time(reader, found.fragments, query.after, limit + 1)
    asker.looked(found, "timeline")
    page, words, zone = entries[:limit], api.words_in(language), profile.zone_of(project, row)
    return api.TimelineAnswer(
        known=found.known,
        zone=zone,
        entries=[api.timeline_entry(logged, words, zone) for logged in page],
        next=page[-1].position if len(entries) > limit else None,
    )
