"""Identity's tables as one step of the fold sees and changes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from tuttu.identity.partition import is_void
from tuttu.identity.records import (
    APART,
    BARRED,
    JOINED,
    KEY,
    MEMBERS,
    NEIGHBOURS,
    NODES,
    Barred,
    Evidence,
    Head,
    Member,
    Neighbour,
    Node,
    Pair,
    keeps_date,
)
from tuttu.vocabulary.company import Namespace
from tuttu.vocabulary.events import FragmentId, Identifier
from tuttu.vocabulary.facts import Transaction
from tuttu.vocabulary.values import Instant


class Named(msgspec.Struct, frozen=True):
    """What live evidence says of a node: `Node.named`, `Node.best` and `Node.of`."""

    time: Instant | None = None
    best: Evidence | None = None
    of: str | None = None


def name_by(said: Named, pair: Pair, kind: str) -> Named:
    """The same after one more pair, with a partner of this namespace."""
    evidence = [each for each in (said.best, pair.plain, pair.alias) if each is not None]
    return Named(
        pair.first if said.time is None else min(said.time, pair.first),
        min(evidence, key=lambda each: each.rank),
        kind if said.of in (None, kind) else "",
    )


def said_of(node: Node) -> Named:
    """Partners of a node that was written when their namespace was not kept count as of several."""
    unknown = node.of is None and node.partners > 0
    return Named(node.named, node.best, "" if unknown else node.of)


class Register:
    """Nodes, and who lives where, are written by `flush`; all else is written at once."""

    def __init__(self, transaction: Transaction, namespaces: Mapping[str, Namespace]) -> None:
        self.namespaces = namespaces
        self._transaction = transaction
        self._nodes: dict[FragmentId, Node] = {}
        self._changed: dict[FragmentId, None] = {}

    def key_of(self, identifier: Identifier) -> FragmentId:
        return self._transaction.pseudonym(identifier.namespace, identifier.value)

    # Nodes

    def knows(self, key: FragmentId) -> bool:
        if key not in self._nodes:
            found = self._transaction.get(NODES, key)
            if found is not None:
                self._nodes[key] = found
        return key in self._nodes

    def node(self, key: FragmentId) -> Node:
        """A node that is known, to be looked at."""
        if not self.knows(key):
            raise LookupError(
                f"identity: no node {key.hex()}, though a pair or a customer names it"
            )
        return self._nodes[key]

    def change(self, key: FragmentId) -> Node:
        """The same, to be changed."""
        node = self.node(key)
        self._changed[key] = None
        return node

    def introduce(self, key: FragmentId, identifier: Identifier | None = None) -> None:
        """Make the node known, and its identifier, if they are not."""
        if not self.knows(key):
            barred = self._transaction.get(BARRED, key) is not None
            self._nodes[key] = Node(home=key, barred=barred, head=Head(barred=barred))
            self._changed[key] = None
        if identifier is not None and self.node(key).identifier is None:
            self.change(key).identifier = identifier
            self.change_head(key).unique = self.unique_of(key)

    def unique_of(self, key: FragmentId) -> dict[str, int]:
        kind = self.kind(key)
        unique = kind in self.namespaces and self.namespaces[kind].unique
        return {kind: 1} if unique else {}

    def kind(self, key: FragmentId) -> str:
        identifier = self.node(key).identifier
        return "" if identifier is None else identifier.namespace

    def is_void(self, key: FragmentId) -> bool:
        """Whether the node has more partners than its limit, and so links nobody."""
        return is_void(self.kind(key), self.node(key).partners, self.namespaces)

    def gain_partners(self, key: FragmentId, count: int) -> bool:
        """Count partners; True if the node has become void by it, or ceased to be."""
        before = self.is_void(key)
        self.change(key).partners += count
        return self.is_void(key) != before

    def has_own(self, key: FragmentId, time: Instant) -> None:
        """A fact of the node's own, at this time."""
        node = self.node(key)
        if node.own is None or time < node.own:
            self.change(key).own = time
            self.change(node.home)

    def names(self, key: FragmentId, said: Named) -> None:
        """What live evidence says of the node is now this."""
        node = self.node(key)
        if (node.named, node.best, node.of) != (said.time, said.best, said.of):
            node = self.change(key)
            node.named, node.best, node.of = said.time, said.best, said.of
            self.change(node.home)

    # Customers

    def home(self, key: FragmentId) -> FragmentId:
        return self.node(key).home

    def head(self, home: FragmentId) -> Head:
        head = self.node(home).head
        if head is None:
            raise LookupError(f"identity: {home.hex()} is nobody's home, though a node says so")
        return head

    def change_head(self, home: FragmentId) -> Head:
        self.change(home)
        return self.head(home)

    def members(self, home: FragmentId) -> list[FragmentId]:
        if self.head(home).size == 1:
            return [home]
        return [key[KEY:] for key, _ in self._transaction.scan(MEMBERS, home)]

    def leave(self, home: FragmentId) -> list[FragmentId]:
        """Empty a home; whoever lived there has to be given a new one."""
        members = self.members(home)
        if len(members) > 1:
            for key in members:
                self._transaction.delete(MEMBERS, home + key)
        self.change(home).head = None
        return members

    # Pairs

    def pair(self, one: FragmentId, other: FragmentId) -> Pair | None:
        if not (self.knows(one) and self.knows(other)):
            return None
        status = JOINED if self.home(one) == self.home(other) else APART
        found = self._transaction.get(NEIGHBOURS, one + status + other)
        return None if found is None else found.pair

    def neighbours(
        self, key: FragmentId, status: bytes = b""
    ) -> Iterator[tuple[FragmentId, Neighbour]]:
        """Nodes that some event names together with this one; by default all of them."""
        for row, neighbour in list(self._transaction.scan(NEIGHBOURS, key + status)):
            yield row[KEY + 1 :], neighbour

    def put_pair(self, one: FragmentId, other: FragmentId, pair: Pair) -> None:
        """Keep a pair as joined or not, as the homes of its nodes say, and tell their heads."""
        joined = self.home(one) == self.home(other)
        status, past = (JOINED, APART) if joined else (APART, JOINED)
        for key, partner in ((one, other), (other, one)):
            if self._transaction.get(NEIGHBOURS, key + past + partner) is not None:
                self._transaction.delete(NEIGHBOURS, key + past + partner)
            row = Neighbour(self.kind(partner), pair)
            self._transaction.put(NEIGHBOURS, key + status + partner, row)
            head = self.head(self.home(key))
            if joined and keeps_date(head):
                if head.joined_at is None or head.joined_at < pair.first:
                    self.change_head(self.home(key)).joined_at = pair.first
            elif joined:
                self.change(self.home(key))
            if not joined and not head.contested:
                self.change_head(self.home(key)).contested = True

    # Unmerged pairs

    def barred(self, key: FragmentId) -> tuple[FragmentId, ...]:
        if self.knows(key) and not self.node(key).barred:
            return ()
        found = self._transaction.get(BARRED, key)
        return () if found is None else found.others

    def bar(self, key: FragmentId, other: FragmentId) -> None:
        others = tuple(sorted((*self.barred(key), other)))
        self._transaction.put(BARRED, key, Barred(others))
        if self.knows(key):
            self.change(key).barred = True
            self.change_head(self.home(key)).barred = True

    def flush(self) -> None:
        """Write what has changed: before it, `members` shows customers as they were."""
        for key in self._changed:
            node = self._nodes[key]
            self._transaction.put(NODES, key, node)
            if self.head(node.home).size > 1:
                member = Member(node.identifier, node.first, node.own is not None)
                self._transaction.put(MEMBERS, node.home + key, member)
        self._changed.clear()
