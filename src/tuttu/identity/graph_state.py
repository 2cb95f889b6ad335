"""Identity's tables as one step of the fold sees and changes them."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from tuttu.identity import records as r
from tuttu.identity.partition import is_void
from tuttu.identity.records import APART, JOINED, KEY, EvidencePair, Head, Neighbour, Node
from tuttu.vocabulary import company, facts, values
from tuttu.vocabulary.events import FragmentId, Identifier


class NodeEvidence(msgspec.Struct, frozen=True):
    """What live evidence says of a node: `Node.named`, `Node.best` and `Node.of`."""

    time: values.Instant | None = None
    best: r.Evidence | None = None
    of: str | None = None


def with_pair(known: NodeEvidence, pair: EvidencePair, kind: str) -> NodeEvidence:
    """The same after one more pair, with a partner of this namespace."""
    evidence = [each for each in (known.best, pair.plain, pair.alias) if each is not None]
    return NodeEvidence(
        pair.first if known.time is None else min(known.time, pair.first),
        min(evidence, key=lambda each: each.rank),
        kind if known.of in (None, kind) else "",
    )


def evidence_of(node: Node) -> NodeEvidence:
    """Partners of a node that was written when their namespace was not kept count as of several."""
    unknown = node.of is None and node.partners > 0
    return NodeEvidence(node.named, node.best, "" if unknown else node.of)


class GraphState:
    """Nodes, and where they live, are written by `flush`; all else is written at once."""

    def __init__(
        self, transaction: facts.Transaction, namespaces: Mapping[str, company.Namespace]
    ) -> None:
        self.namespaces = namespaces
        self._transaction = transaction
        self._nodes: dict[FragmentId, Node] = {}
        self._changed: dict[FragmentId, None] = {}

    def key_of(self, identifier: Identifier) -> FragmentId:
        return self._transaction.pseudonym(identifier.namespace, identifier.value)

    # Nodes

    def knows(self, key: FragmentId) -> bool:
        if key not in self._nodes:
            found = self._transaction.get(r.NODES, key)
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
            self.set_node(key, identifier=identifier)
            self.set_head(key, unique=self.unique_of(key))

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

    def add_partners(self, key: FragmentId, count: int) -> bool:
        """True if the node has become void by it, or ceased to be."""
        before = self.is_void(key)
        self.set_node(key, partners=self.node(key).partners + count)
        return self.is_void(key) != before

    def add_own_fact(self, key: FragmentId, time: values.Instant) -> None:
        """A fact of the node's own, at this time."""
        node = self.node(key)
        if node.own is None or time < node.own:
            self.set_node(key, own=time)
            self.set_node(node.home)

    def set_evidence(self, key: FragmentId, known: NodeEvidence) -> None:
        """What live evidence says of the node is now this."""
        node = self.node(key)
        if (node.named, node.best, node.of) != (known.time, known.best, known.of):
            self.set_node(key, named=known.time, best=known.best, of=known.of)
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
        return [key[KEY:] for key, _ in self._transaction.scan(r.MEMBERS, home)]

    def clear_home(self, home: FragmentId) -> list[FragmentId]:
        """Its members, each of which has to be given a new home."""
        members = self.members(home)
        if len(members) > 1:
            for key in members:
                self._transaction.delete(r.MEMBERS, home + key)
        self.set_node(home, head=None)
        return members

    # Pairs

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

    def put_pair(self, one: FragmentId, other: FragmentId, pair: EvidencePair) -> None:
        """Keep a pair as joined or not, as the homes of its nodes say, and update their heads."""
        joined = self.home(one) == self.home(other)
        status, past = (JOINED, APART) if joined else (APART, JOINED)
        for key, partner in ((one, other), (other, one)):
            if self._transaction.get(r.NEIGHBOURS, key + past + partner) is not None:
                self._transaction.delete(r.NEIGHBOURS, key + past + partner)
            row = Neighbour(self.kind(partner), pair)
            self._transaction.put(r.NEIGHBOURS, key + status + partner, row)
            home = self.home(key)
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
        """Write what has changed: before it, `members` shows customers as they were."""
        for key in self._changed:
            node = self._nodes[key]
            self._transaction.put(r.NODES, key, node)
            if self.head(node.home).size > 1:
                member = r.Member(node.identifier, node.first, node.own is not None)
                self._transaction.put(r.MEMBERS, node.home + key, member)
        self._changed.clear()
