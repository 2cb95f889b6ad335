"""Who a customer is, as the evidence stands now."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tuttu.identity.records import (
    JOINED,
    KEY,
    MEMBERS,
    NEIGHBOURS,
    NODES,
    Head,
    Member,
    Node,
    keeps_date,
)
from tuttu.identity.refusals import priority, refused_links
from tuttu.vocabulary.events import FragmentId, Identifier
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant

Members = dict[FragmentId, Member]


def resolve(reader: Reader, project: Project, identifier: Identifier) -> Customer:
    """The customer of an identifier that is normalised already.

    One that no fact names is a customer of its own, with one fragment that is still empty.
    """
    key = reader.pseudonym(identifier.namespace, identifier.value)
    customer = resolve_fragment(reader, project, key)
    if not customer.identifiers:
        return msgspec.structs.replace(customer, identifiers=(identifier,))
    return customer


def resolve_fragment(reader: Reader, project: Project, fragment: FragmentId) -> Customer:
    """The customer of a fragment. Watched: their home, which changes whenever they do."""
    node = reader.get(NODES, fragment)
    if node is None:
        return Customer(fragments=(fragment,), identifiers=())
    home = node if node.home == fragment else reader.get(NODES, node.home)
    if home is None or home.head is None:
        raise LookupError(f"identity: {fragment.hex()} has no home; fold the log again")
    members = _members(reader, home)
    refused = refused_links(reader, project, sorted(members)) if home.head.contested else ()
    customer = _customer(project, members, joined_at(reader, home.head, members))
    return msgspec.structs.replace(customer, refused=refused)


def customers(reader: Reader, project: Project) -> Iterator[Customer]:
    """Everybody about whom there is a fact, each once, without the links that were refused."""
    for _, node in reader.scan(NODES):
        if node.head is not None:
            members = _members(reader, node)
            if any(member.own for member in members.values()):
                yield _customer(project, members, joined_at(reader, node.head, members))


def _members(reader: Reader, home: Node) -> Members:
    if home.head is None or home.head.size == 1:
        return {home.home: Member(home.identifier, home.first, home.own is not None)}
    return {key[KEY:]: member for key, member in reader.scan(MEMBERS, home.home)}


def joined_at(reader: Reader, head: Head, members: Members) -> Instant | None:
    """The newest pair among the members, by the first time they were named together."""
    if keeps_date(head):
        return head.joined_at
    pairs = (pair for key in members for _, pair in reader.scan(NEIGHBOURS, key + JOINED))
    return max(neighbour.pair.first for neighbour in pairs)


def _customer(project: Project, members: Members, since: Instant | None) -> Customer:
    names = [member.identifier for member in members.values() if member.identifier is not None]
    return Customer(
        fragments=tuple(sorted(members, key=lambda key: _age(key, members[key]))),
        identifiers=tuple(sorted(names, key=lambda each: priority(project, each))),
        joined_at=since,
    )


def _age(key: FragmentId, member: Member) -> tuple[bool, int, FragmentId]:
    return member.first is None, member.first or 0, key


def identifier_of(reader: Reader, fragment: FragmentId) -> Identifier | None:
    """The identifier that a fragment is kept under; None if no fact has named it yet."""
    node = reader.get(NODES, fragment, watch=False)
    return None if node is None else node.identifier


def first_of(reader: Reader, fragment: FragmentId) -> Instant | None:
    """The first effective time of anything that names the fragment, unmerged evidence left out."""
    node = reader.get(NODES, fragment, watch=False)
    return None if node is None else node.first
