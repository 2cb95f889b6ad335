"""Identity's tables as one step of the fold changes them."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, TypeVar

from msgspec.structs import replace

from tuttu.identity import records as r
from tuttu.identity.graph import Graph, Reach
from tuttu.identity.partition import held_by
from tuttu.identity.records import (
    APART,
    JOINED,
    EvidencePair,
    Head,
    Neighbour,
    Node,
    PartialCustomer,
)
from tuttu.vocabulary import facts, values
from tuttu.vocabulary.events import FragmentId, Identifier
from tuttu.vocabulary.project import Project

T = TypeVar("T")


class GraphState(Graph):
    """Nodes, and where they live, are written by `flush`; all else is written at once."""

    def __init__(self, transaction: facts.Transaction, project: Project) -> None:
        super().__init__(transaction, project)
        self._transaction = transaction
        self._by_priority = sorted(self.namespaces.values(), key=lambda each: each.rank)
        self._before: dict[FragmentId, Node | None] = {}

    def set_node(self, key: FragmentId, **changes: Any) -> None:
        """Without changes: it is written all the same, so that its readers notice."""
        node = self.node(key)
        self._before.setdefault(key, node)
        self._nodes[key] = replace(node, **changes)

    def add_node(self, key: FragmentId, identifier: Identifier | None = None) -> None:
        """Make the node known, and its identifier, if they are not."""
        present = None if identifier is None else self.rules.present(identifier)
        if identifier is not None and present is not None and present != identifier:
            self._add_spelling(key, identifier, present)
            return
        if not self.knows(key):
            barred = self._transaction.get(r.BARRED, key + self.part) is not None
            self._nodes[key] = Node(home=key, barred=barred, head=Head(barred=barred))
            self._before[key] = None
        if identifier is not None and self.node(key).identifier is None:
            holds = held_by(identifier.namespace, self.namespaces)
            self.set_node(key, identifier=identifier)
            self.set_head(key, holds=holds)

    def _add_spelling(self, key: FragmentId, identifier: Identifier, present: Identifier) -> None:
        """The node is of an identifier that is spelled otherwise by now."""
        other = self.key_of(present)
        self.add_node(other, present)
        known = self.knows(key)
        if known and self.node(key).spelling_of == other:
            return
        self._before.setdefault(key, self._nodes[key] if known else None)
        before = self._nodes.get(key, Node(home=other))
        self._nodes[key] = replace(
            before, home=other, identifier=identifier, spelling_of=other, head=None
        )
        self.set_node(other, spellings=tuple(sorted((*self.node(other).spellings, key))))
        self.set_node(self.home(other))

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
            self.set_node(self.home(key))

    def set_named(self, key: FragmentId, named: values.Instant | None) -> None:
        """The first time that live evidence names the node."""
        node = self.node(key)
        if node.named != named:
            self.set_node(key, named=named)
            self.set_node(node.home)

    def set_head(self, home: FragmentId, **changes: Any) -> None:
        self.set_node(home, head=replace(self.head(home), **changes))

    def set_reach(self, key: FragmentId, reach: Reach) -> bool:
        """True if the node joins people now and did not, or the reverse."""
        node = self.node(key)
        if (node.people, node.strength) != reach:
            self.set_node(key, people=reach.people, strength=reach.strength)
        return (node.people > 1) != (reach.people > 1)

    def move(
        self,
        key: FragmentId,
        homes: Mapping[int, FragmentId],
        groups: Mapping[int, PartialCustomer],
    ) -> None:
        """By rank: another home of the node's customer, and what that customer is now if the node
        is their home. What was before stays where nothing else is said, but for its head."""
        node = self.node(key)
        first = min((*homes, *groups), default=0)
        moved, old_homes = self._split(node.homes, first)
        grown, old_groups = self._split(node.groups, first)
        homes, groups = {**old_homes, **homes}, {**old_groups, **groups}
        home = next(reversed(moved.values()), key)
        alone = PartialCustomer(1, held_by(self.kind(key), self.namespaces))
        group = next(reversed(grown.values()), alone)
        for rank in sorted(homes.keys() | groups.keys()):
            name = self._by_priority[rank].name
            if homes.get(rank, home) != home:
                moved[name] = home = homes[rank]
            if home == key and groups.get(rank, group) != group:
                grown[name] = group = groups[rank]
        self.set_node(key, home=home, homes=moved, groups=grown, head=None)

    def _split(self, steps: Mapping[str, T], rank: int) -> tuple[dict[str, T], dict[int, T]]:
        """The steps at namespaces above this rank, and the others, by rank."""
        later = self._later(steps, rank - 1)
        return dict(islice(steps.items(), len(steps) - len(later))), dict(later)

    def put_pair(
        self, one: FragmentId, other: FragmentId, pair: EvidencePair, *, is_new: bool = False
    ) -> None:
        """Keep a pair as joined or not, as the homes of its nodes say. is_new: it was not kept."""
        joined = self.home(one) == self.home(other)
        status, past = (JOINED, APART) if joined else (APART, JOINED)
        for key, partner in ((one, other), (other, one)):
            place = key + self.part + past + partner
            if not is_new and self._transaction.get(r.NEIGHBOURS, place) is not None:
                self._transaction.delete(r.NEIGHBOURS, place)
            row = Neighbour(self.kind(partner), pair)
            self._transaction.put(r.NEIGHBOURS, key + self.part + status + partner, row)
            if key in self._rows:
                self._rows[key].pop(past + partner, None)
                self._rows[key][status + partner] = row

    def delete_pair(self, one: FragmentId, other: FragmentId) -> None:
        """Nothing is evidence on it any more."""
        for key, partner in ((one, other), (other, one)):
            for status in (JOINED, APART):
                place = key + self.part + status + partner
                if self._transaction.get(r.NEIGHBOURS, place) is not None:
                    self._transaction.delete(r.NEIGHBOURS, place)
                if key in self._rows:
                    self._rows[key].pop(status + partner, None)

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

    def bar(self, key: FragmentId, other: FragmentId) -> None:
        others = tuple(sorted((*self.barred(key), other)))
        self._transaction.put(r.BARRED, key + self.part, r.Barred(others))
        if self.knows(key):
            self.set_node(key, barred=True)
            self.set_head(self.home(key), barred=True)

    def members(self, home: FragmentId) -> list[FragmentId]:
        if self.head(home).size > 1:
            self.flush()
        return super().members(home)

    def flush(self) -> None:
        """Write what has changed: before it, the tables show customers as they were."""
        for key, before in self._before.items():
            node = self._nodes[key]
            self._transaction.put(r.NODES, key + self.part, node)
            moved = before is None or not _is_member(node) or before.home != node.home
            if before is not None and _is_member(before) and moved:
                self._transaction.delete(r.MEMBERS, before.home + self.part + key)
            if _is_member(node):
                own = node.own is not None
                member = r.Member(node.identifier, node.first, own, node.spellings)
                self._transaction.put(r.MEMBERS, node.home + self.part + key, member)
        self._before.clear()


def _is_member(node: Node) -> bool:
    """Whether its customer is of several nodes."""
    return bool(node.homes or node.groups)
