"""Evidence that was kept but joined nobody, and why."""

from itertools import islice

from tuttu.identity import records
from tuttu.identity.graph import Graph, KeyLink
from tuttu.identity.identifiers import priority
from tuttu.identity.moments import Moments
from tuttu.identity.partition import clash
from tuttu.vocabulary import company, events, facts, people
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Reason

MOST_REFUSED = 100
"""Refused links that a customer shows; which ones does not depend on the order of arrival."""

UNMERGED = Reason("unmerged")
NOT_YET = Reason("change_not_made")


def refused_links(
    reader: facts.Reader, project: Project, customer: people.Customer
) -> tuple[people.RefusedLink, ...]:
    """Refused links of the customer's members, oldest first; at most `MOST_REFUSED`.

    What they are linked to may be erased meanwhile: then nobody can name it any more.
    """
    graph = Graph(reader, project)
    moments = Moments(graph)
    if not graph.knows(customer.oldest) or not graph.head(graph.home(customer.oldest)).contested:
        return ()
    pairs = (
        (key, partner, neighbour.pair)
        for key in sorted(customer.fragments)
        for partner, neighbour in graph.neighbours(key, records.APART)
    )
    found = [
        link
        for pair in islice(pairs, MOST_REFUSED)
        if (link := _refused_link(graph, moments, *pair)) is not None
    ]
    return tuple(sorted(found, key=lambda link: (link.time, link.event_id, link.one, link.other)))


def _refused_link(
    graph: Graph,
    moments: Moments,
    key: events.FragmentId,
    partner: events.FragmentId,
    pair: records.EvidencePair,
) -> people.RefusedLink | None:
    names = [graph.node(each).identifier for each in (key, partner) if graph.knows(each)]
    known = [each for each in names if each is not None]
    if len(known) < 2:
        return None
    one, other = sorted(known, key=lambda each: priority(graph.namespaces, each))
    evidence = min(pair.evidence, key=lambda each: each.rank)
    reason = _reason(graph, moments, _strongest(graph, key, partner, pair))
    return people.RefusedLink(
        one=one,
        other=other,
        reason=reason,
        event_id=evidence.id,
        time=evidence.time,
        set=evidence.name if isinstance(evidence, records.SetEvidence) else None,
    )


def reason_of(graph: Graph, one: events.FragmentId, other: events.FragmentId) -> Reason | None:
    """Why the strongest evidence on a pair joined nobody; None: the two are one customer."""
    pair = graph.pair(one, other)
    if pair is None:
        return NOT_YET
    if graph.home(one) == graph.home(other):
        return None
    return _reason(graph, Moments(graph), _strongest(graph, one, other, pair))


def _strongest(
    graph: Graph, one: events.FragmentId, other: events.FragmentId, pair: records.EvidencePair
) -> KeyLink:
    return min(graph.links_of(one, other, pair), key=lambda link: link.evidence.rank)


def _reason(graph: Graph, moments: Moments, link: KeyLink) -> Reason:
    """Why the link joined nobody when it was considered. An unmerge is named only where it is the
    reason: without the links that it refused all would be as if there had been no unmerge."""
    if link.other in graph.barred(link.one):
        return UNMERGED
    ends = link.one, link.other
    for each in map(graph.kind, filter(graph.is_crowd, ends)):
        return Reason(
            "link_of_crowd", {"namespace": each, "at_most": graph.namespaces[each].partners}
        )
    at = graph.namespaces[graph.kind(link.other)]
    if link not in graph.links_at(link.other):
        return UNMERGED
    if graph.node(link.other).people > 1:
        return Reason("link_of_several", {"namespace": at.name})
    # Of very many nodes only some are looked through at first: what they hold that others do not
    # says why; that they hold nothing of the kind says nothing.
    for exact in (False, True):
        found = [moments.before(key, at, link.evidence, exact=exact) for key in ends]
        here, there = (each.holds for each in found)
        name = clash(here, there, at, graph.namespaces, alias=link.alias)
        if name is not None:
            return _differ(graph.namespaces[name], alias=link.alias and name == at.name)
        if all(each.exact for each in found):
            break
    return UNMERGED


def _differ(namespace: company.Namespace, *, alias: bool) -> Reason:
    if not namespace.unique:
        return Reason("link_of_others", {"namespace": namespace.name})
    if namespace.alias_limit == 1 or not alias:
        return Reason("link_to_one_more", {"namespace": namespace.name})
    return Reason(
        "link_beyond_alias_limit",
        {"namespace": namespace.name, "at_most": namespace.alias_limit},
    )
