"""Evidence that was kept but joined nobody, and why."""

from collections.abc import Iterable
from itertools import islice

import msgspec

from tuttu.identity import records
from tuttu.identity.identifiers import priority
from tuttu.identity.partition import clash, is_crowd
from tuttu.vocabulary import company, events, facts, people
from tuttu.vocabulary.project import Project

MOST_REFUSED = 100
"""Refused links that a customer shows; which ones does not depend on the order of arrival."""

UNMERGED = "unmerged"


class End(msgspec.Struct, frozen=True):
    """One of the two nodes of a refused pair, with its customer."""

    key: events.FragmentId
    identifier: events.Identifier
    node: records.Node
    head: records.Head


def refused_links(
    reader: facts.Reader, project: Project, members: Iterable[events.FragmentId]
) -> tuple[people.RefusedLink, ...]:
    """Refused links of these members, oldest first; at most `MOST_REFUSED`.

    What they are linked to may be erased meanwhile: then nobody can name it any more.
    """
    rows = (row for key in members for row in reader.scan(records.NEIGHBOURS, key + records.APART))
    found = [
        link
        for row, neighbour in islice(rows, MOST_REFUSED)
        if (link := _refused_link(reader, project, row, neighbour.pair)) is not None
    ]
    return tuple(sorted(found, key=lambda link: (link.time, link.event_id, link.one, link.other)))


def _refused_link(
    reader: facts.Reader, project: Project, row: bytes, pair: records.EvidencePair
) -> people.RefusedLink | None:
    keys = row[: records.KEY], row[records.KEY + 1 :]
    ends = [end for key in keys if (end := _end(reader, key)) is not None]
    if len(ends) < 2:
        return None
    ends.sort(key=lambda end: priority(project.namespaces, end.identifier))
    evidence = min(pair.evidence, key=lambda each: each.rank)
    return people.RefusedLink(
        one=ends[0].identifier,
        other=ends[1].identifier,
        reason=_reason(reader, project, ends, pair),
        event_id=evidence.id,
        time=evidence.time,
    )


def _end(reader: facts.Reader, key: events.FragmentId) -> End | None:
    node = reader.get(records.NODES, key, watch=False)
    if node is None or node.identifier is None:
        return None
    home = node if node.head is not None else reader.get(records.NODES, node.home, watch=False)
    if home is None or home.head is None:
        return None
    return End(key, node.identifier, node, home.head)


def _reason(
    reader: facts.Reader, project: Project, ends: list[End], pair: records.EvidencePair
) -> str:
    """Why the pair is not joined. What separated two customers when the link was considered still
    does, since customers only grow. An unmerge is given before any other reason, so that without
    the links it is said to refuse everything would be as if there had been no unmerge."""
    one, other = ends
    if other.key in _barred(reader, one.key):
        return UNMERGED
    for end in ends:
        kind = end.identifier.namespace
        if is_crowd(kind, end.node.partners, project.namespaces):
            most = project.namespaces[kind].partners
            return f"{kind} has more partners than {most}: a crowd joins nobody"
    if _hold_unmerged_pair(reader, one, other):
        return UNMERGED
    kind = other.identifier.namespace
    if other.node.people > 1:
        return f"{kind} is shared by several people"
    at = project.namespaces[kind]
    alias = pair.alias is not None or pair.alias_back is not None
    name = clash(one.head.holds, other.head.holds, at, project.namespaces, alias=alias)
    if name is None:
        return UNMERGED
    return _differ(project.namespaces[name], alias=alias and name == kind)


def _barred(reader: facts.Reader, key: events.FragmentId) -> tuple[events.FragmentId, ...]:
    found = reader.get(records.BARRED, key, watch=False)
    return () if found is None else found.others


def _hold_unmerged_pair(reader: facts.Reader, one: End, other: End) -> bool:
    """Whether some member of the one's customer was unmerged from one of the other's."""
    if not (one.head.barred and other.head.barred):
        return False
    rows = [row for row, _ in reader.scan(records.MEMBERS, one.node.home)]
    members = [row[records.KEY :] for row in rows] or [one.key]
    enemies = {enemy for key in members for enemy in _barred(reader, key)}
    nodes = (reader.get(records.NODES, enemy, watch=False) for enemy in enemies)
    return any(node is not None and node.home == other.node.home for node in nodes)


def _differ(namespace: company.Namespace, *, alias: bool) -> str:
    if not namespace.unique:
        return f"they differ in {namespace.name}"
    if namespace.alias_limit == 1 or not alias:
        return f"{namespace.name} is at most one per customer"
    return f"{namespace.name} is at most {namespace.alias_limit} per customer, even by alias"
