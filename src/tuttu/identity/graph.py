"""Identity's tables as they are read: nodes, their customers, and the evidence between them."""

from collections.abc import Iterator
from typing import NamedTuple

from tuttu.identity import records as r
from tuttu.identity.evidence import IdentityLink
from tuttu.identity.partition import Namespaces, held_by, is_crowd, people_of, strongest
from tuttu.identity.records import (
    APART,
    JOINED,
    KEY,
    EvidencePair,
    Head,
    Neighbour,
    Node,
    PartialCustomer,
)
from tuttu.vocabulary import facts
from tuttu.vocabulary.events import FragmentId, Identifier

KeyLink = IdentityLink[FragmentId]


class Reach(NamedTuple):
    """The people that a node reaches, and the strength of the evidence that does."""

    people: int
    strength: int


NAMELESS = Identifier("", "")
NOBODY = Reach(0, 0)
"""There is no evidence at the node."""


class Graph:
    """Nothing that is read here is watched: whoever rests on it watches the homes."""

    def __init__(self, reader: facts.Reader, namespaces: Namespaces) -> None:
        self.namespaces = namespaces
        self._reader = reader
        self._nodes: dict[FragmentId, Node] = {}
        self._rows: dict[FragmentId, dict[bytes, Neighbour]] = {}

    def key_of(self, identifier: Identifier) -> FragmentId:
        return self._reader.pseudonym(identifier.namespace, identifier.value)

    def knows(self, key: FragmentId) -> bool:
        if key not in self._nodes:
            found = self._reader.get(r.NODES, key, watch=False)
            if found is not None:
                self._nodes[key] = found
        return key in self._nodes

    def node(self, key: FragmentId) -> Node:
        """A node that is known."""
        if not self.knows(key):
            raise LookupError(
                f"identity: no node {key.hex()}, though a pair or a customer names it"
            )
        return self._nodes[key]

    def kind(self, key: FragmentId) -> str:
        identifier = self.node(key).identifier
        return "" if identifier is None else identifier.namespace

    def is_crowd(self, key: FragmentId) -> bool:
        """Whether the node has too many partners to join anybody."""
        return is_crowd(self.kind(key), self.node(key).partners, self.namespaces)

    def home(self, key: FragmentId) -> FragmentId:
        return self.node(key).home

    def head(self, home: FragmentId) -> Head:
        head = self.node(home).head
        if head is None:
            raise LookupError(f"identity: {home.hex()} is nobody's home, though a node says so")
        return head

    def is_aliased(self, head: Head) -> bool:
        """Whether the customer has several values of a unique namespace."""
        return any(n > 1 and self.namespaces[name].unique for name, n in head.holds.items())

    def members(self, home: FragmentId) -> list[FragmentId]:
        if self.head(home).size == 1:
            return [home]
        return [key[KEY:] for key, _ in self._reader.scan(r.MEMBERS, home)]

    def group_members(self, home: FragmentId, rank: int) -> list[FragmentId]:
        """The nodes of the customer with this home, as the namespaces above the rank make it."""
        if self.group(home, rank)[1].size == 1:
            return [home]
        members = self.members(self.home(home))
        return [key for key in members if self.group(key, rank)[0] == home]

    def changes(self, key: FragmentId) -> set[int]:
        """The ranks of namespaces that make the node's customer grow."""
        homes = [(self.namespaces[kind].rank, home) for kind, home in self.node(key).homes.items()]
        until = [rank for rank, _ in homes] + [len(self.namespaces)]
        found = {rank for rank, _ in homes}
        for (start, home), end in zip([(0, key), *homes], until, strict=True):
            ranks = (self.namespaces[kind].rank for kind in self.node(home).groups)
            found.update(rank for rank in ranks if start <= rank < end)
        return found

    def group(self, key: FragmentId, rank: int) -> tuple[FragmentId, PartialCustomer]:
        """The node's customer as the namespaces above this rank make it, with its home."""
        node, home = self.node(key), key
        for kind, then in node.homes.items():
            if self.namespaces[kind].rank < rank:
                home = then
        group = PartialCustomer(1, held_by(self.kind(home), self.namespaces))
        for kind, grown in self.node(home).groups.items():
            if self.namespaces[kind].rank < rank:
                group = grown
        return home, group

    def pair(self, one: FragmentId, other: FragmentId) -> EvidencePair | None:
        if not all(map(self.knows, (one, other))) or not all(map(self._has_pairs, (one, other))):
            return None
        status = JOINED if self.home(one) == self.home(other) else APART
        found = self._reader.get(r.NEIGHBOURS, one + status + other, watch=False)
        return None if found is None else found.pair

    def _has_pairs(self, key: FragmentId) -> bool:
        node = self.node(key)
        return node.partners > 0 or node.barred

    def neighbours(
        self, key: FragmentId, status: bytes = b""
    ) -> Iterator[tuple[FragmentId, Neighbour]]:
        """Nodes that some event names together with this one; by default all of them."""
        if key not in self._rows and status:
            found = {row[KEY:]: each for row, each in self._scan(key + status)}
        else:
            found = self._all_rows(key)
        for row, neighbour in list(found.items()):
            if row.startswith(status):
                yield row[1:], neighbour

    def _all_rows(self, key: FragmentId) -> dict[bytes, Neighbour]:
        """By status and partner; kept, since a repartition looks at them time and again."""
        if key not in self._rows:
            self._rows[key] = {row[KEY:]: neighbour for row, neighbour in self._scan(key)}
        return self._rows[key]

    def _scan(self, prefix: bytes) -> Iterator[tuple[bytes, Neighbour]]:
        return self._reader.scan(r.NEIGHBOURS, prefix)

    def links(self, key: FragmentId) -> Iterator[KeyLink]:
        """Evidence on the node's pairs that may join them: none of crowds, and none unmerged."""
        if self.kind(key) not in self.namespaces or self.is_crowd(key):
            return
        barred = self.barred(key)
        for partner, neighbour in self.neighbours(key):
            known = partner not in barred and neighbour.kind in self.namespaces
            if known and not self.is_crowd(partner):
                yield from self.links_of(key, partner, neighbour.pair)

    def links_at(self, key: FragmentId) -> list[KeyLink]:
        """Evidence at the node that may join it: none by a customer that holds one from whom the
        node was unmerged."""
        links = [link for link in self.links(key) if link.other == key]
        if not links or not self.node(key).barred:
            return links
        rank = self.namespaces[self.kind(key)].rank
        barred = {self.group(each, rank)[0] for each in self.barred(key) if self.knows(each)}
        return [link for link in links if self.group(link.one, rank)[0] not in barred]

    def links_of(
        self, key: FragmentId, partner: FragmentId, pair: EvidencePair
    ) -> Iterator[KeyLink]:
        first, second = self.directed(key, partner)
        if pair.plain is not None:
            yield IdentityLink(first, second, pair.plain)
        if pair.alias is not None:
            yield IdentityLink(first, second, pair.alias, alias=True)
        if pair.plain_back is not None:
            yield IdentityLink(second, first, pair.plain_back)
        if pair.alias_back is not None:
            yield IdentityLink(second, first, pair.alias_back, alias=True)
        for claimed in pair.claimed:
            yield IdentityLink(*self.by_name(key, partner), claimed)

    def directed(self, one: FragmentId, other: FragmentId) -> tuple[FragmentId, FragmentId]:
        """The two of a pair; the second is the one that its evidence is at."""
        ranks = [self.namespaces[self.kind(key)].rank for key in (one, other)]
        return (one, other) if (ranks[0], one) < (ranks[1], other) else (other, one)

    def by_name(self, one: FragmentId, other: FragmentId) -> tuple[FragmentId, FragmentId]:
        """The two of a pair whose order no event gives: of one namespace, by value."""
        first, second = self.directed(one, other)
        if self.kind(first) != self.kind(second):
            return first, second
        one, other = sorted((first, second), key=lambda key: self.node(key).identifier or NAMELESS)
        return one, other

    def reach(self, key: FragmentId) -> Reach:
        links = list(strongest(self.links_at(key)))
        if not links:
            return NOBODY
        at = self.namespaces[self.kind(key)]
        groups = (self.group(link.one, at.rank) for link in links)
        reached = ((home, group.holds) for home, group in groups)
        return Reach(people_of(reached, at, self.namespaces), links[0].evidence.strength)

    def barred(self, key: FragmentId) -> tuple[FragmentId, ...]:
        if self.knows(key) and not self.node(key).barred:
            return ()
        found = self._reader.get(r.BARRED, key, watch=False)
        return () if found is None else found.others
