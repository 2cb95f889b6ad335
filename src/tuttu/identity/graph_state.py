"""Identity's tables as one step of the fold sees and changes them."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from tuttu.identity import records as r
from tuttu.identity.evidence import IdentityLink
from tuttu.identity.partition import (
    Namespaces,
    held_by,
    is_crowd,
    people_of,
    strongest,
)
from tuttu.identity.records import APART, JOINED, KEY, EvidencePair, Group, Head, Neighbour, Node
from tuttu.vocabulary import facts, values
from tuttu.vocabulary.events import FragmentId, Identifier

KeyLink = IdentityLink[FragmentId]


class GraphState:
    """Nodes, and where they live, are written by `flush`; all else is written at once."""

    def __init__(self, transaction: facts.Transaction, namespaces: Namespaces) -> None:
        self.namespaces = namespaces
        self._by_priority = sorted(namespaces.values(), key=lambda each: each.rank)
        self._transaction = transaction
        self._nodes: dict[FragmentId, Node] = {}
        self._stored: dict[FragmentId, Node] = {}
        self._changed: dict[FragmentId, None] = {}

    def key_of(self, identifier: Identifier) -> FragmentId:
        return self._transaction.pseudonym(identifier.namespace, identifier.value)

    # Nodes

    def knows(self, key: FragmentId) -> bool:
        if key not in self._nodes:
            found = self._transaction.get(r.NODES, key)
            if found is not None:
                self._nodes[key] = self._stored[key] = found
        return key in self._nodes

    def node(self, key: FragmentId) -> Node:
        """A node that is known."""
        if not self.knows(key):
            raise LookupError(
                f"identity: no node {key.hex()}, though a pair or a customer names it"
            )
        return self._nodes[key]

    def set_node(self, key: FragmentId, **changes: Any) -> None:
        """Without changes: it is written all the same, so that its readers notice."""
        self._nodes[key] = replace(self.node(key), **changes)
        self._changed[key] = None

    def add_node(self, key: FragmentId, identifier: Identifier | None = None) -> None:
        """Make the node known, and its identifier, if they are not."""
        if not self.knows(key):
            barred = self._transaction.get(r.BARRED, key) is not None
            self._nodes[key] = Node(home=key, barred=barred, head=Head(barred=barred))
            self._changed[key] = None
        if identifier is not None and self._nodes[key].identifier is None:
            holds = held_by(identifier.namespace, self.namespaces)
            self.set_node(key, identifier=identifier)
            self.set_head(key, holds=holds)

    def kind(self, key: FragmentId) -> str:
        identifier = self.node(key).identifier
        return "" if identifier is None else identifier.namespace

    def is_crowd(self, key: FragmentId) -> bool:
        """Whether the node has too many partners to join anybody."""
        return is_crowd(self.kind(key), self.node(key).partners, self.namespaces)

    def add_partner(self, key: FragmentId, count: int = 1) -> bool:
        """One more, or fewer; True if the node has become a crowd by it, or ceased to be."""
        before = self.is_crowd(key)
        self.set_node(key, partners=self.node(key).partners + count)
        return self.is_crowd(key) != before

    def add_own_fact(self, key: FragmentId, time: values.Instant) -> None:
        """A fact of the node's own, at this time."""
        node = self.node(key)
        if node.own is None or time < node.own:
            self.set_node(key, own=time)
            self.set_node(node.home)

    def set_named(self, key: FragmentId, named: values.Instant | None) -> None:
        """The first time that live evidence names the node."""
        node = self.node(key)
        if node.named != named:
            self.set_node(key, named=named)
            self.set_node(node.home)

    # Customers

    def home(self, key: FragmentId) -> FragmentId:
        return self.node(key).home

    def head(self, home: FragmentId) -> Head:
        head = self.node(home).head
        if head is None:
            raise LookupError(f"identity: {home.hex()} is nobody's home, though a node says so")
        return head

    def set_head(self, home: FragmentId, **changes: Any) -> None:
        self.set_node(home, head=replace(self.head(home), **changes))

    def members(self, home: FragmentId) -> list[FragmentId]:
        if self.head(home).size == 1:
            return [home]
        self.flush()
        return [key[KEY:] for key, _ in self._transaction.scan(r.MEMBERS, home)]

    def group_members(self, home: FragmentId, rank: int) -> list[FragmentId]:
        """The nodes of the customer with this home, as the namespaces above the rank make it."""
        if self.group(home, rank)[1].size == 1:
            return [home]
        members = self.members(self.home(home))
        return [key for key in members if self.group(key, rank)[0] == home]

    def homes(self, key: FragmentId) -> list[FragmentId]:
        """The homes of the node's customer as each namespace, by its rank, makes it."""
        return [self.group(key, rank + 1)[0] for rank in range(len(self.namespaces))]

    def set_homes(
        self, key: FragmentId, homes: Sequence[FragmentId], groups: Sequence[Group]
    ) -> None:
        """groups: what the customer is, by rank; looked at where the node is their home."""
        moved, grown = dict[str, FragmentId](), dict[str, Group]()
        home, group = key, Group(1, held_by(self.kind(key), self.namespaces))
        for namespace, then, becomes in zip(self._by_priority, homes, groups, strict=True):
            if then != home:
                moved[namespace.name] = home = then
            if then == key and becomes != group:
                grown[namespace.name] = group = becomes
        self.set_node(key, home=home, homes=moved, groups=grown)

    def group(self, key: FragmentId, rank: int) -> tuple[FragmentId, Group]:
        """The node's customer as the namespaces above this rank make it, with its home."""
        node, home = self.node(key), key
        for kind, then in node.homes.items():
            if self.namespaces[kind].rank < rank:
                home = then
        group = Group(1, held_by(self.kind(home), self.namespaces))
        for kind, grown in self.node(home).groups.items():
            if self.namespaces[kind].rank < rank:
                group = grown
        return home, group

    # Evidence

    def pair(self, one: FragmentId, other: FragmentId) -> EvidencePair | None:
        if not (self.knows(one) and self.knows(other)):
            return None
        status = JOINED if self.home(one) == self.home(other) else APART
        found = self._transaction.get(r.NEIGHBOURS, one + status + other)
        return None if found is None else found.pair

    def neighbours(
        self, key: FragmentId, status: bytes = b""
    ) -> Iterator[tuple[FragmentId, Neighbour]]:
        """Nodes that some event names together with this one; by default all of them."""
        for row, neighbour in list(self._transaction.scan(r.NEIGHBOURS, key + status)):
            yield row[KEY + 1 :], neighbour

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
        return [link for link in self.links(key) if link.other == key]

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

    def directed(self, one: FragmentId, other: FragmentId) -> tuple[FragmentId, FragmentId]:
        """The two of a pair; the second is the one that its evidence is at."""
        ranks = [self.namespaces[self.kind(key)].rank for key in (one, other)]
        return (one, other) if (ranks[0], one) < (ranks[1], other) else (other, one)

    def people(self, key: FragmentId) -> int:
        """The people that a node reaches; 0: there is no evidence at it."""
        links = self.links_at(key)
        if not links:
            return 0
        at = self.namespaces[self.kind(key)]
        reached = {link.one: self.group(link.one, at.rank) for link in strongest(links)}
        return people_of(
            ((home, group.holds) for home, group in reached.values()), at, self.namespaces
        )

    def put_pair(self, one: FragmentId, other: FragmentId, pair: EvidencePair) -> None:
        """Keep a pair as joined or not, as the homes of its nodes say."""
        joined = self.home(one) == self.home(other)
        status, past = (JOINED, APART) if joined else (APART, JOINED)
        for key, partner in ((one, other), (other, one)):
            if self._transaction.get(r.NEIGHBOURS, key + past + partner) is not None:
                self._transaction.delete(r.NEIGHBOURS, key + past + partner)
            row = Neighbour(self.kind(partner), pair)
            self._transaction.put(r.NEIGHBOURS, key + status + partner, row)

    def update_heads(self, one: FragmentId, other: FragmentId, pair: EvidencePair) -> None:
        """Say of the customers of a pair when they were joined, or that they were not."""
        joined = self.home(one) == self.home(other)
        for home in dict.fromkeys((self.home(one), self.home(other))):
            head = self.head(home)
            if joined and r.keeps_date(head):
                if head.joined_at is None or head.joined_at < pair.first:
                    self.set_head(home, joined_at=pair.first)
            elif joined:
                self.set_node(home)
            if not joined and not head.contested:
                self.set_head(home, contested=True)

    # Unmerged pairs

    def barred(self, key: FragmentId) -> tuple[FragmentId, ...]:
        if self.knows(key) and not self.node(key).barred:
            return ()
        found = self._transaction.get(r.BARRED, key)
        return () if found is None else found.others

    def bar(self, key: FragmentId, other: FragmentId) -> None:
        others = tuple(sorted((*self.barred(key), other)))
        self._transaction.put(r.BARRED, key, r.Barred(others))
        if self.knows(key):
            self.set_node(key, barred=True)
            self.set_head(self.home(key), barred=True)

    def flush(self) -> None:
        """Write what has changed: before it, the tables show customers as they were."""
        for key in self._changed:
            node, before = self._nodes[key], self._stored.get(key)
            self._transaction.put(r.NODES, key, node)
            kept = before is not None and bool(before.homes or before.groups)
            keeps = bool(node.homes or node.groups)
            if before is not None and kept and (not keeps or before.home != node.home):
                self._transaction.delete(r.MEMBERS, before.home + key)
            if keeps:
                member = r.Member(node.identifier, node.first, node.own is not None)
                self._transaction.put(r.MEMBERS, node.home + key, member)
            self._stored[key] = node
        self._changed.clear()
