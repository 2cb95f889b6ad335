"""The whole picture of a customer and their timeline; looking is recorded."""

import heapq
from collections.abc import Collection, Iterator
from itertools import chain

from tuttu import api, decision, identity, profile
from tuttu.engine.asking import Asker, one_of
from tuttu.engine.runtime import Runtime
from tuttu.vocabulary import events, facts

MOST_ENTRIES = 1_000


def customer(
    runtime: Runtime, who: api.Who, by: str, language: str = api.ENGLISH
) -> api.CustomerAnswer:
    """The whole picture of a customer; that somebody looked is recorded."""
    asker = Asker(runtime, by)
    settled = asker.settle(who)
    with asker.told_who_it_may_be(), runtime.view() as seen:
        snapshot, version = seen.snapshot, seen.version
        found = one_of(seen, who, settled, person=True).customer
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
    asker.looked(found, "customer")
    return api.customer_answer(version.project, picture, parts, refused, api.words_in(language))


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
        entries = _behind(query.after, found.fragments, reader, limit + 1)
    asker.looked(found, "timeline")
    page, words, zone = entries[:limit], api.words_in(language), profile.zone_of(project, row)
    return api.TimelineAnswer(
        known=found.known,
        zone=zone,
        entries=[api.timeline_entry(logged, words, zone) for logged in page],
        next=page[-1].position if len(entries) > limit else None,
    )


def _behind(
    position: int, fragments: Collection[events.FragmentId], reader: facts.Reader, limit: int
) -> list[facts.Logged]:
    """The first facts, in the order of a timeline, behind the one at this position; from the first
    one on if it is none of these fragments'."""
    at = reader.facts(after=position - 1, limit=1) if position > 0 else []
    edges = [one for one in at if one.position == position and one.fact.fragment in fragments]
    edge = api.timeline_order(edges[0]) if edges else None
    everything = chain.from_iterable(_facts_of(reader, each) for each in fragments)
    behind = (one for one in everything if edge is None or api.timeline_order(one) > edge)
    return heapq.nsmallest(limit, behind, key=api.timeline_order)


def _facts_of(reader: facts.Reader, fragment: events.FragmentId) -> Iterator[facts.Logged]:
    after, page = 0, facts.PAGE
    while found := reader.facts(fragment, after, page):
        yield from found
        after = found[-1].position
