"""Evidence that was kept but joined nobody, and why."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import msgspec

from tuttu.identity.partition import clash, is_void
from tuttu.identity.records import (
    APART,
    BARRED,
    KEY,
    NEIGHBOURS,
    NODES,
    PAIRS,
    Head,
    Node,
    Pair,
    pair_key,
)
from tuttu.vocabulary.events import FragmentId, Identifier
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.people import RefusedLink
from tuttu.vocabulary.project import Project

MOST_REFUSED = 100
"""Refused links that a customer shows; which ones does not depend on the order of arrival."""

UNMERGED = "unmerged"


class End(msgspec.Struct, frozen=True):
    """One of the two nodes of a refused pair, with its customer."""

    key: FragmentId
    identifier: Identifier
    node: Node
    head: Head


def refused_links(
    reader: Reader, project: Project, members: Iterable[FragmentId]
) -> tuple[RefusedLink, ...]:
    """Refused links of these members, oldest first; at most `MOST_REFUSED`.

    What they are linked to may be erased meanwhile: then nobody can name it any more.
    """
    rows = (row for key in members for row, _ in reader.scan(NEIGHBOURS, key + APART))
    found = [
        link
        for row in islice(rows, MOST_REFUSED)
        if (link := _refused_link(reader, project, row[:KEY], row[KEY + 1 :])) is not None
    ]
    return tuple(sorted(found, key=lambda link: (link.time, link.event_id, link.one, link.other)))


def priority(project: Project, identifier: Identifier) -> tuple[int, Identifier]:
    """The order of identifiers: by their namespaces' priority, then by value."""
    namespace = project.namespaces.get(identifier.namespace)
    return len(project.namespaces) if namespace is None else namespace.rank, identifier


def _refused_link(
    reader: Reader, project: Project, one: FragmentId, other: FragmentId
) -> RefusedLink | None:
    pair = reader.get(PAIRS, pair_key(one, other), watch=False)
    ends = [end for key in (one, other) if (end := _end(reader, key)) is not None]
    if pair is None or len(ends) < 2:
        return None
    ends.sort(key=lambda end: priority(project, end.identifier))
    evidence = min(
        (each for each in (pair.plain, pair.alias) if each is not None), key=lambda each: each.rank
    )
    return RefusedLink(
        one=ends[0].identifier,
        other=ends[1].identifier,
        reason=_reason(reader, project, ends, pair),
        event_id=evidence.id,
        time=evidence.time,
    )


def _end(reader: Reader, key: FragmentId) -> End | None:
    node = reader.get(NODES, key, watch=False)
    if node is None or node.identifier is None:
        return None
    home = node if node.head is not None else reader.get(NODES, node.home, watch=False)
    if home is None or home.head is None:
        return None
    return End(key, node.identifier, node, home.head)


def _reason(reader: Reader, project: Project, ends: list[End], pair: Pair) -> str:
    """Why the pair is apart. What parted two customers when the link was taken parts them still,
    since customers only grow as links are taken."""
    one, other = ends
    barred = reader.get(BARRED, one.key, watch=False)
    if barred is not None and other.key in barred.others:
        return UNMERGED
    for end in ends:
        kind = end.identifier.namespace
        if is_void(kind, end.node.partners, project.namespaces):
            limit = project.namespaces[kind].limit
            return f"{kind} has more partners than its limit of {limit}"
    aliased = other.identifier.namespace if pair.alias is not None else None
    name = clash(one.head.unique, other.head.unique, aliased, project.namespaces)
    return UNMERGED if name is None else _at_most(project, name, alias=name == aliased)


def _at_most(project: Project, name: str, *, alias: bool) -> str:
    limit = project.namespaces[name].alias_limit if alias else 1
    if limit == 1:
        return f"{name} is at most one per customer"
    return f"{name} is at most {limit} per customer, even by alias"
