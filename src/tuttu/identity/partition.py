"""The partition: a pure function of the set of evidence.

1. A pair that was unmerged is left out altogether.
2. An identifier with more partners than its namespace's limit links nobody.
3. The other links are taken by (strength, event time, message id), the strongest and earliest
   first. A link joins the customers of its two identifiers, unless they hold an unmerged pair, or
   each of them has a value of a unique namespace. Alias may join two values of one namespace, up
   to its `alias_limit`.

Every refusal is final: customers only grow, so a link refused once would be refused later too. So
refused links can be left out without changing anything, which lets the fold look only at the
customers that a new link touches.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

import msgspec

from tuttu.identity.evidence import IdentityLink, live_links
from tuttu.vocabulary import company, events

K = TypeVar("K", bound=Hashable)


class Constraints(msgspec.Struct, Generic[K], frozen=True):
    """What a grouping rests on: each node's namespace, the nodes that it was unmerged from, and
    what the namespaces allow."""

    kinds: Mapping[K, str]
    barred: Mapping[K, Collection[K]]
    namespaces: Mapping[str, company.Namespace]


class UnionFind(Generic[K]):
    """Disjoint sets of nodes, joined link by link. refused: the links that joined nothing."""

    def __init__(self, constraints: Constraints[K]) -> None:
        self.refused: set[IdentityLink[K]] = set()
        self._constraints = constraints
        self._parent: dict[K, K] = {}
        self._members: dict[K, list[K]] = {}
        self._unique: dict[K, dict[str, int]] = {}
        for node, kind in constraints.kinds.items():
            self._parent[node] = node
            self._members[node] = [node]
            unique = kind in constraints.namespaces and constraints.namespaces[kind].unique
            self._unique[node] = {kind: 1} if unique else {}

    def find(self, node: K) -> K:
        """The node that stands for the whole group."""
        while self._parent[node] != node:
            self._parent[node] = self._parent[self._parent[node]]
            node = self._parent[node]
        return node

    def same(self, one: K, other: K) -> bool:
        return self.find(one) == self.find(other)

    def join(self, link: IdentityLink[K]) -> bool:
        """Join what the link joins; False if it is refused."""
        one, other = self.find(link.one), self.find(link.other)
        if one == other:
            return True
        if self.refuses(link):
            self.refused.add(link)
            return False
        self._union(one, other)
        return True

    def refuses(self, link: IdentityLink[K]) -> bool:
        """Whether the link would put into one group what must stay separate."""
        one, other = self.find(link.one), self.find(link.other)
        aliased = self._constraints.kinds[link.other] if link.alias else None
        too_many = clash(
            self._unique[one], self._unique[other], aliased, self._constraints.namespaces
        )
        return too_many is not None or self._holds_barred_pair(one, other)

    def sets(self) -> list[list[K]]:
        return list(self._members.values())

    def _holds_barred_pair(self, one: K, other: K) -> bool:
        smaller, greater = sorted((one, other), key=lambda root: len(self._members[root]))
        barred = self._constraints.barred
        return any(
            enemy in self._parent and self.find(enemy) == greater
            for node in self._members[smaller]
            for enemy in barred.get(node, ())
        )

    def _union(self, one: K, other: K) -> None:
        smaller, greater = sorted((one, other), key=lambda root: len(self._members[root]))
        self._parent[smaller] = greater
        self._members[greater] += self._members.pop(smaller)
        self._unique[greater] = added(self._unique[greater], self._unique.pop(smaller))


def clash(
    one: Mapping[str, int],
    other: Mapping[str, int],
    aliased: str | None,
    namespaces: Mapping[str, company.Namespace],
) -> str | None:
    """The first unique namespace, by priority, of which two customers have too many values to be
    one. one, other: how many each has. aliased: the namespace that an alias link joins."""
    shared = [name for name in one if name in other and one[name] and other[name]]
    for name in sorted(shared, key=lambda name: namespaces[name].rank):
        if name != aliased or one[name] + other[name] > namespaces[name].alias_limit:
            return name
    return None


def added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({**one, **other})}


def grouped(links: Iterable[IdentityLink[K]], constraints: Constraints[K]) -> UnionFind[K]:
    """Take the links in their order."""
    groups = UnionFind(constraints)
    for link in sorted(links, key=lambda link: link.evidence.rank):
        groups.join(link)
    return groups


def partition(
    identifiers: Iterable[events.Identifier],
    links: Iterable[IdentityLink[events.Identifier]],
    unmerged: Collection[frozenset[events.Identifier]],
    namespaces: Mapping[str, company.Namespace],
) -> frozenset[frozenset[events.Identifier]]:
    """The customers, each as the set of their identifiers, from all evidence at once."""
    live = live_links(links, unmerged)
    partners: dict[events.Identifier, set[events.Identifier]] = defaultdict(set)
    for link in live:
        partners[link.one].add(link.other)
        partners[link.other].add(link.one)
    void = {node for node, met in partners.items() if is_void(node.namespace, len(met), namespaces)}
    constraints = Constraints(
        {node: node.namespace for node in identifiers}, barred_of(unmerged), namespaces
    )
    groups = grouped((link for link in live if not {link.one, link.other} & void), constraints)
    return frozenset(frozenset(members) for members in groups.sets())


def is_void(kind: str, partners: int, namespaces: Mapping[str, company.Namespace]) -> bool:
    """Whether an identifier with so many partners links nobody."""
    limit = namespaces[kind].limit if kind in namespaces else None
    return limit is not None and partners > limit


def barred_of(unmerged: Iterable[frozenset[K]]) -> dict[K, set[K]]:
    """Each node with those it must not be joined with."""
    barred: dict[K, set[K]] = defaultdict(set)
    for one, other in unmerged:
        barred[one].add(other)
        barred[other].add(one)
    return barred
