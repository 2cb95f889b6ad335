"""Resolves identifiers to customers, by the current evidence."""

from collections.abc import Iterator

import msgspec

from tuttu.identity import records as r
from tuttu.identity.identifiers import priority
from tuttu.identity.rules import rules_of
from tuttu.vocabulary import events, facts, history, people, values
from tuttu.vocabulary.project import Project

Members = dict[events.FragmentId, r.Member]


def resolve(
    reader: facts.Reader, project: Project, identifier: events.Identifier
) -> people.Customer:
    """The customer of an identifier that is normalised already.

    One that no fact names is a customer of its own, with one fragment that is still empty.
    """
    key = reader.pseudonym(identifier.namespace, identifier.value)
    customer = resolve_fragment(reader, project, key)
    if not customer.identifiers:
        return msgspec.structs.replace(customer, identifiers=(identifier,))
    return customer


def resolve_fragment(
    reader: facts.Reader, project: Project, fragment: events.FragmentId
) -> people.Customer:
    """The customer of a fragment. Watched: their home, which changes whenever they do."""
    part = rules_of(project).part
    node = reader.get(r.NODES, fragment + part)
    if node is None:
        return people.Customer(fragments=(fragment,), identifiers=(), known=False)
    if node.spelling_of is not None:
        return resolve_fragment(reader, project, node.spelling_of)
    home = node if node.home == fragment else reader.get(r.NODES, node.home + part)
    if home is None or home.head is None:
        raise LookupError(f"identity: {fragment.hex()} has no home; fold the log again")
    members = _members(reader, part, home, home.head)
    since = joined_at(reader, part, home.head, members)
    return _customer(project, members, home.head, since)


def knows_anybody(reader: facts.Reader) -> bool:
    """Whether there is a fact about somebody, by whatever rules."""
    return any(node.own is not None for _, node in reader.scan(r.NODES))


def customers(reader: facts.Reader, project: Project) -> Iterator[people.Customer]:
    """All customers with a fact, each once."""
    part = rules_of(project).part
    for key, node in reader.scan(r.NODES):
        if key.endswith(part) and node.head is not None:
            members = _members(reader, part, node, node.head)
            if any(member.own for member in members.values()):
                since = joined_at(reader, part, node.head, members)
                yield _customer(project, members, node.head, since)


def _members(reader: facts.Reader, part: history.Part, home: r.Node, head: r.Head) -> Members:
    """With the earlier spellings of each."""
    if head.size == 1:
        own = home.own is not None
        members = {home.home: r.Member(home.identifier, home.first, own, home.spellings)}
    else:
        scanned = reader.scan(r.MEMBERS, home.home + part)
        members = {key[r.REST :]: member for key, member in scanned}
    for key in [key for member in members.values() for key in member.spellings]:
        node = reader.get(r.NODES, key + part)
        if node is not None:
            members[key] = r.Member(None, node.first, node.own is not None)
    return members


def joined_at(
    reader: facts.Reader, part: history.Part, head: r.Head, members: Members
) -> values.Instant | None:
    """The newest pair among the members, by the first time they were named together."""
    if r.keeps_date(head):
        return head.joined_at
    scans = (reader.scan(r.NEIGHBOURS, key + part + r.JOINED) for key in members)
    return max(neighbour.pair.first for scan in scans for _, neighbour in scan)


def _customer(
    project: Project, members: Members, head: r.Head, since: values.Instant | None
) -> people.Customer:
    names = [member.identifier for member in members.values() if member.identifier is not None]
    return people.Customer(
        fragments=tuple(sorted(members, key=lambda key: _age(key, members[key]))),
        identifiers=tuple(sorted(names, key=lambda each: priority(project.namespaces, each))),
        joined_at=since,
        contested=head.contested,
    )


def _age(key: events.FragmentId, member: r.Member) -> tuple[bool, int, events.FragmentId]:
    return member.first is None, member.first or 0, key


def identifier_of(
    reader: facts.Reader, project: Project, fragment: events.FragmentId
) -> events.Identifier | None:
    """The identifier that a fragment is kept under; None if no fact has named it yet."""
    node = reader.get(r.NODES, fragment + rules_of(project).part, watch=False)
    return None if node is None else node.identifier


def first_of(
    reader: facts.Reader, project: Project, fragment: events.FragmentId
) -> values.Instant | None:
    """The first effective time of anything that names the fragment, unmerged evidence left out."""
    node = reader.get(r.NODES, fragment + rules_of(project).part, watch=False)
    return None if node is None else node.first
