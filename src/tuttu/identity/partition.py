"""The partition: a pure function of the set of evidence.

1. A pair that was unmerged is left out altogether, and an identifier with more partners than its
   namespace allows is a crowd: it joins nobody, and counts for nobody.
2. Namespaces are judged in order of priority, each on the customers that those above it make. What
   leads to a customer who holds one from whom the identifier was unmerged is left out, too. An
   identifier *reaches* the customers named by the strongest evidence at it. Its *people* are the
   greatest number of them that hold a value of one same namespace, of higher priority, that tells
   people apart. More than one: the identifier is shared, and joins nobody.
3. The other evidence at the identifiers of this namespace is taken by (strength, event time,
   message id), the strongest and earliest first. It joins the customers of its two identifiers,
   unless they differ (`clash`) or hold an unmerged pair.

Every refusal is final: customers only grow, so a link refused once would be refused later too. So
refused links can be left out without changing anything, which lets the fold look only at the
customers that a new link touches.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

from tuttu.identity.evidence import IdentityLink, live_links
from tuttu.identity.records import Holds
from tuttu.vocabulary import company, events

K = TypeVar("K", bound=Hashable)
Namespaces = Mapping[str, company.Namespace]


class Constraints(msgspec.Struct, Generic[K], frozen=True):
    """What a grouping rests on: each node's namespace, the nodes that it was unmerged from, and
    what the namespaces allow."""

    kinds: Mapping[K, str]
    barred: Mapping[K, Collection[K]]
    namespaces: Namespaces


class UnionFind(Generic[K]):
    """Disjoint sets of nodes, joined link by link."""

    def __init__(self, constraints: Constraints[K]) -> None:
        self._constraints = constraints
        self._parent: dict[K, K] = {}
        self._members: dict[K, list[K]] = {}
        self._holds: dict[K, Holds] = {}
        for node, kind in constraints.kinds.items():
            self._parent[node] = node
            self._members[node] = [node]
            self._holds[node] = held_by(kind, constraints.namespaces)

    def find(self, node: K) -> K:
        """The node that stands for the whole group."""
        while self._parent[node] != node:
            self._parent[node] = self._parent[self._parent[node]]
            node = self._parent[node]
        return node

    def holds(self, node: K) -> Holds:
        """What the node's group has of namespaces that tell people apart."""
        return self._holds[self.find(node)]

    def members(self, node: K) -> list[K]:
        return self._members[self.find(node)]

    def join(self, link: IdentityLink[K]) -> bool:
        """Join what the link joins; False if nothing has changed."""
        one, other = self.find(link.one), self.find(link.other)
        if one == other or self._refuses(link, one, other):
            return False
        self.union(one, other)
        return True

    def union(self, one: K, other: K) -> None:
        """Join two groups that are known to belong together, by the nodes that stand for them."""
        smaller, greater = sorted((one, other), key=lambda root: len(self._members[root]))
        self._parent[smaller] = greater
        self._members[greater] += self._members.pop(smaller)
        self._holds[greater] = added(self._holds[greater], self._holds.pop(smaller))

    def sets(self) -> list[list[K]]:
        return list(self._members.values())

    def _refuses(self, link: IdentityLink[K], one: K, other: K) -> bool:
        """Whether the link would put into one group what must stay separate."""
        namespaces = self._constraints.namespaces
        at = namespaces[self._constraints.kinds[link.other]]
        if clash(self._holds[one], self._holds[other], at, namespaces, alias=link.alias):
            return True
        smaller, greater = sorted((one, other), key=lambda root: len(self._members[root]))
        barred = self._constraints.barred
        return any(
            enemy in self._parent and self.find(enemy) == greater
            for node in self._members[smaller]
            for enemy in barred.get(node, ())
        )


def held_by(kind: str, namespaces: Namespaces) -> Holds:
    """What a node of this namespace has for itself."""
    return {kind: 1} if kind in namespaces and namespaces[kind].tells_apart else {}


def added(one: Holds, other: Holds) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({**one, **other})}


def clash(
    one: Holds,
    other: Holds,
    at: company.Namespace,
    namespaces: Namespaces,
    *,
    alias: bool = False,
) -> str | None:
    """The first namespace, by priority, in which two customers differ so that evidence at an
    identifier of the namespace `at` cannot join them; alias may join some values of that one."""
    for name in sorted(one.keys() & other.keys(), key=lambda name: namespaces[name].rank):
        namespace = namespaces[name]
        if namespace.unique:
            most = namespace.alias_limit if alias and name == at.name else 1
            if one[name] + other[name] > most:
                return name
        elif namespace.rank < at.rank:
            return name
    return None


def people_of(
    reached: Iterable[tuple[Hashable, Holds]], at: company.Namespace, namespaces: Namespaces
) -> int:
    """The people of an identifier of the namespace `at`, from the customers that it reaches, each
    with what it holds; counted up to one more than its limit."""
    most = 1 if at.limit is None else at.limit
    count = Counter[str]()
    for holds in dict(reached).values():
        count.update(name for name in holds if namespaces[name].rank < at.rank)
    return min(max(count.values(), default=1), most + 1)


def is_crowd(kind: str, partners: int, namespaces: Namespaces) -> bool:
    """Whether an identifier has too many partners, of any kind, to join anybody."""
    return kind in namespaces and partners > namespaces[kind].partners


def strongest(links: Collection[IdentityLink[K]]) -> Iterator[IdentityLink[K]]:
    strength = max((link.evidence.strength for link in links), default=0)
    return (link for link in links if link.evidence.strength == strength)


def partition(
    identifiers: Iterable[events.Identifier],
    links: Iterable[IdentityLink[events.Identifier]],
    unmerged: Collection[frozenset[events.Identifier]],
    namespaces: Namespaces,
) -> frozenset[frozenset[events.Identifier]]:
    """The customers, each as the set of their identifiers, from all evidence at once."""
    partners: dict[events.Identifier, set[events.Identifier]] = defaultdict(set)
    live = live_links(links, unmerged)
    for link in live:
        partners[link.one].add(link.other)
        partners[link.other].add(link.one)
    crowds = {
        node for node, met in partners.items() if is_crowd(node.namespace, len(met), namespaces)
    }
    found: dict[str, dict[events.Identifier, list[IdentityLink[events.Identifier]]]]
    found = {name: defaultdict(list) for name in namespaces}
    for link in live:
        if not {link.one, link.other} & crowds:
            found[link.other.namespace][link.other].append(link)
    kinds = {node: node.namespace for node in identifiers}
    barred = barred_of(unmerged)
    groups = UnionFind(Constraints(kinds, barred, namespaces))
    for at in sorted(namespaces.values(), key=lambda namespace: namespace.rank):
        joining: list[IdentityLink[events.Identifier]] = []
        for node, at_node in found[at.name].items():
            foes = {groups.find(each) for each in barred.get(node, ()) if each in kinds}
            here = [link for link in at_node if groups.find(link.one) not in foes]
            reached = ((groups.find(link.one), groups.holds(link.one)) for link in strongest(here))
            if people_of(reached, at, namespaces) == 1:
                joining += here
        for link in sorted(joining, key=lambda link: link.evidence.rank):
            groups.join(link)
    return frozenset(frozenset(members) for members in groups.sets())


def barred_of(unmerged: Iterable[frozenset[K]]) -> dict[K, set[K]]:
    """Each node with those it must not be joined with."""
    barred: dict[K, set[K]] = defaultdict(set)
    for one, other in unmerged:
        barred[one].add(other)
        barred[other].add(one)
    return barred
