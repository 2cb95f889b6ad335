"""Identity's tables as they are read: nodes, their customers, and the evidence between them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeVar

from tuttu.identity import records as r
from tuttu.identity.evidence import IdentityLink
from tuttu.identity.partition import held_by, is_crowd, people_of, strongest
from tuttu.identity.records import (
    APART,
    JOINED,
    REST,
    EvidencePair,
    Head,
    Neighbour,
    Node,
    PartialCustomer,
)
from tuttu.identity.rules import rules_of
from tuttu.vocabulary import facts
from tuttu.vocabulary.events import FragmentId, Identifier
from tuttu.vocabulary.project import Project

KeyLink = IdentityLink[FragmentId]
T = TypeVar("T")


class Reach(NamedTuple):
    """The people that a node reaches, and the strength of the evidence that does."""

    people: int
    strength: int


NAMELESS = Identifier("", "")
NOBODY = Reach(0, 0)
"""There is no evidence at the node."""


class Graph:
    """Nothing that is read here is watched: whoever rests on it watches the homes."""

    def __init__(self, reader: facts.Reader, project: Project) -> None:
        self.rules = rules_of(project)
        self.namespaces = project.namespaces
        self.part = self.rules.part
        self._reader = reader
        self._nodes: dict[FragmentId, Node] = {}
        self._rows: dict[FragmentId, dict[bytes, Neighbour]] = {}

    def key_of(self, identifier: Identifier) -> FragmentId:
        return self._reader.pseudonym(identifier.namespace, identifier.value)

    def knows(self, key: FragmentId) -> bool:
        if key not in self._nodes:
            found = self._reader.get(r.NODES, key + self.part, watch=False)
            if found is not None:
                self._nodes[key] = found
        return key in self._nodes

    def node(self, key: FragmentId) -> Node:
        """A node that is known."""
        known = self._nodes.get(key)
        if known is not None:
            return known
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
        node = self.node(key)
        return node.home if node.spelling_of is None else self.node(node.spelling_of).home

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
        return [key[REST:] for key, _ in self._reader.scan(r.MEMBERS, home + self.part)]

    def fragments(self, home: FragmentId) -> list[FragmentId]:
        """All that is kept of the customer lies under these: earlier spellings included."""
        return [each for key in self.members(home) for each in self.spellings(key)]

    def spellings(self, key: FragmentId) -> tuple[FragmentId, ...]:
        """The node with the earlier spellings of its identifier."""
        return (key, *self.node(key).spellings)

    def group_members(self, home: FragmentId, rank: int) -> list[FragmentId]:
        """The nodes of the customer with this home, as the namespaces above the rank make it."""
        if self.group(home, rank)[1].size == 1:
            return [home]
        members = self.members(self.home(home))
        return [key for key in members if self.group(key, rank)[0] == home]

    def changes(self, key: FragmentId, after: int) -> set[int]:
        """The ranks of namespaces below this one that make the node's customer grow."""
        moved = self._later(self.node(key).homes, after)
        found = {rank for rank, _ in moved}
        until = [*(rank for rank, _ in moved), len(self.namespaces)]
        homes = [self.group(key, after + 1)[0], *(home for _, home in moved)]
        for home, end in zip(homes, until, strict=True):
            grown = self._later(self.node(home).groups, after)
            found.update(rank for rank, _ in grown if rank < end)
            after = end - 1
        return found

    def _later(self, steps: Mapping[str, T], after: int) -> list[tuple[int, T]]:
        """By rank, the steps of those in order of priority that are at namespaces below this."""
        found: list[tuple[int, T]] = []
        for kind in reversed(tuple(steps)):
            rank = self.namespaces[kind].rank
            if rank <= after:
                break
            found.append((rank, steps[kind]))
        return found[::-1]

    def group(self, key: FragmentId, rank: int) -> tuple[FragmentId, PartialCustomer]:
        """The node's customer as the namespaces above this rank make it, with its home."""
        home = self._last(self.node(key).homes, rank) or key
        group = self._last(self.node(home).groups, rank)
        return home, group or PartialCustomer(1, held_by(self.kind(home), self.namespaces))

    def _last(self, steps: Mapping[str, T], rank: int) -> T | None:
        """The last step, of those in order of priority, at a namespace above this rank."""
        for kind in reversed(tuple(steps)):
            if self.namespaces[kind].rank < rank:
                return steps[kind]
        return None

    def pair(self, one: FragmentId, other: FragmentId) -> EvidencePair | None:
        if not all(map(self.knows, (one, other))) or not all(map(self._has_pairs, (one, other))):
            return None
        status = JOINED if self.home(one) == self.home(other) else APART
        found = self._reader.get(r.NEIGHBOURS, one + self.part + status + other, watch=False)
        return None if found is None else found.pair

    def _has_pairs(self, key: FragmentId) -> bool:
        node = self.node(key)
        return node.partners > 0 or node.barred

    def neighbours(
        self, key: FragmentId, status: bytes = b""
    ) -> Iterator[tuple[FragmentId, Neighbour]]:
        """Nodes that some event names together with this one; by default all of them."""
        if key not in self._rows and status:
            found = {row[REST:]: each for row, each in self._scan(key + self.part + status)}
        else:
            found = self._all_rows(key)
        for row, neighbour in list(found.items()):
            if row.startswith(status):
                yield row[1:], neighbour

    def _all_rows(self, key: FragmentId) -> dict[bytes, Neighbour]:
        """By status and partner; kept, since a repartition looks at them time and again."""
        if key not in self._rows:
            found = self._scan(key + self.part)
            self._rows[key] = {row[REST:]: neighbour for row, neighbour in found}
        return self._rows[key]

    def _scan(self, prefix: bytes) -> Iterator[tuple[bytes, Neighbour]]:
        return self._reader.scan(r.NEIGHBOURS, prefix)

    def links(self, key: FragmentId, status: bytes = b"") -> Iterator[KeyLink]:
        """Evidence on the node's pairs that may join them: none of crowds, and none unmerged."""
        if self.kind(key) not in self.namespaces or self.is_crowd(key):
            return
        barred, place = self.barred(key), (self.namespaces[self.kind(key)].rank, key)
        for partner, neighbour in self.neighbours(key, status):
            at = self.namespaces.get(neighbour.kind)
            if at is not None and partner not in barred and not self.is_crowd(partner):
                first = place < (at.rank, partner)
                ends = (key, partner) if first else (partner, key)
                yield from _links_between(*ends, neighbour.pair)
                yield from self._claimed(key, partner, neighbour.pair)

    def links_at(self, key: FragmentId, status: bytes = b"") -> list[KeyLink]:
        """Evidence at the node that may join it: none by a customer that holds one from whom the
        node was unmerged."""
        links = [link for link in self.links(key, status) if link.other == key]
        if not links or not self.node(key).barred:
            return links
        rank = self.namespaces[self.kind(key)].rank
        barred = {self.group(each, rank)[0] for each in self.barred(key) if self.knows(each)}
        return [link for link in links if self.group(link.one, rank)[0] not in barred]

    def links_of(
        self, key: FragmentId, partner: FragmentId, pair: EvidencePair
    ) -> Iterator[KeyLink]:
        yield from _links_between(*self.directed(key, partner), pair)
        yield from self._claimed(key, partner, pair)

    def _claimed(
        self, key: FragmentId, partner: FragmentId, pair: EvidencePair
    ) -> Iterator[KeyLink]:
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
        found = self._reader.get(r.BARRED, key + self.part, watch=False)
        return () if found is None else found.others


def _links_between(first: FragmentId, second: FragmentId, pair: EvidencePair) -> Iterator[KeyLink]:
    """first: of higher priority."""
    if pair.plain is not None:
        yield IdentityLink(first, second, pair.plain)
    if pair.alias is not None:
        yield IdentityLink(first, second, pair.alias, alias=True)
    if pair.plain_back is not None:
        yield IdentityLink(second, first, pair.plain_back)
    if pair.alias_back is not None:
        yield IdentityLink(second, first, pair.alias_back, alias=True)
