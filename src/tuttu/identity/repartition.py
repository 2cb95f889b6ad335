"""Repartition: the evidence on some customers taken in order again, where no shortcut works."""

from collections import defaultdict

from tuttu.identity.graph import NOBODY, KeyLink, Reach
from tuttu.identity.graph_state import GraphState
from tuttu.identity.moments import Moments
from tuttu.identity.partition import Constraints, UnionFind, clash, people_of, strongest
from tuttu.identity.records import Head, Holds, PartialCustomer
from tuttu.vocabulary import company
from tuttu.vocabulary.events import FragmentId


def repartition(graph: GraphState, homes: set[FragmentId]) -> None:
    """PartialCustomer the members of these customers again.

    A customer outside stays as they are as long as they refuse all evidence that leads to those
    inside, and as long as their own identifiers join people or join nobody as before. Else they are
    taken in, and all is grouped once more.
    """
    moments = Moments(graph)
    while True:
        region = Region(graph, homes, moments)
        more = region.group()
        if not more:
            break
        homes = homes | more
    region.write()


class Region:
    """Customers that are grouped again, with the evidence on their members.

    pairs: by its two nodes, each pair of an inside node. at: evidence by the identifier that it is
    at, inside or outside; of those outside only what leads here.
    """

    def __init__(self, graph: GraphState, homes: set[FragmentId], moments: Moments) -> None:
        self._graph = graph
        self._moments = moments
        self._homes = homes
        self._inside = {
            key: graph.kind(key) for home in sorted(homes) for key in graph.members(home)
        }
        self._groups = UnionFind(
            Constraints(
                self._inside, {key: graph.barred(key) for key in self._inside}, graph.namespaces
            )
        )
        self._at: dict[str, dict[FragmentId, list[KeyLink]]] = defaultdict(dict)
        for key in self._inside:
            for link in graph.links(key):
                if link.one == key or link.one not in self._inside:
                    here = self._at[graph.kind(link.other)]
                    here.setdefault(link.other, []).append(link)
        self._reach: dict[FragmentId, Reach] = {}
        self._homes_of: dict[FragmentId, dict[int, FragmentId]] = defaultdict(dict)
        self._groups_of: dict[FragmentId, dict[int, PartialCustomer]] = defaultdict(dict)

    def group(self) -> set[FragmentId]:
        """Take all evidence in order; the homes of customers outside that must be taken in."""
        more: set[FragmentId] = set()
        namespaces = self._graph.namespaces
        for at in sorted(namespaces.values(), key=lambda namespace: namespace.rank):
            joining: list[KeyLink] = []
            for key, links in self._at[at.name].items():
                found = self._joining(key, links, at)
                if found is None:
                    more.add(self._graph.home(key))
                else:
                    joining += found
            grown: set[FragmentId] = set()
            for link in sorted(joining, key=lambda link: link.evidence.rank):
                if link.one not in self._inside or link.other not in self._inside:
                    more |= self._outside(link, at)
                elif self._groups.join(link):
                    grown.add(link.one)
            for root in {self._groups.find(key) for key in grown}:
                self._note(self._groups.members(root), at)
        return more

    def _joining(
        self, key: FragmentId, links: list[KeyLink], at: company.Namespace
    ) -> list[KeyLink] | None:
        """Of these links at the identifier, those that may join the customers they lead to; None:
        it lies outside, and joins people now and did not, or the reverse."""
        inside, namespaces = key in self._inside, self._graph.namespaces.values()
        may_be_shared = any(each.tells_apart and each.rank < at.rank for each in namespaces)
        if not (inside or may_be_shared or self._graph.node(key).barred):
            return links
        every = links if inside else [each for each in self._graph.links(key) if each.other == key]
        live = self._live(key, every, at)
        reach = self._reach[key] = self._count(live, at)
        if not inside and (reach.people > 1) != (self._graph.node(key).people > 1):
            return None
        return [link for link in live if link in links] if reach.people == 1 else []

    def _live(self, key: FragmentId, links: list[KeyLink], at: company.Namespace) -> list[KeyLink]:
        """As `Graph.links_at`, of the customers as they are grouped here."""
        graph = self._graph
        if not graph.node(key).barred:
            return links
        barred = {self._group_of(each, at)[0] for each in graph.barred(key) if graph.knows(each)}
        return [link for link in links if self._group_of(link.one, at)[0] not in barred]

    def _count(self, links: list[KeyLink], at: company.Namespace) -> Reach:
        best = list(strongest(links))
        if not best:
            return NOBODY
        reached = (self._group_of(link.one, at) for link in best)
        people = people_of(reached, at, self._graph.namespaces)
        return Reach(people, best[0].evidence.strength)

    def _group_of(self, key: FragmentId, at: company.Namespace) -> tuple[FragmentId, Holds]:
        if key in self._inside:
            return self._groups.find(key), self._groups.holds(key)
        home, group = self._graph.group(key, at.rank)
        return home, group.holds

    def _outside(self, link: KeyLink, at: company.Namespace) -> set[FragmentId]:
        """The home of a customer outside that the link may join to one inside."""
        outside, inside = link.one, link.other
        if outside in self._inside:
            outside, inside = inside, outside
        here, namespaces = self._groups.holds(inside), self._graph.namespaces
        there = self._graph.group(outside, at.rank)[1].holds
        if clash(here, there, at, namespaces, alias=link.alias) is not None:
            return set()
        there = self._moments.before(outside, at, link.evidence).holds
        if clash(here, there, at, namespaces, alias=link.alias) is not None:
            return set()
        return {self._graph.home(outside)}

    def _note(self, members: list[FragmentId], at: company.Namespace) -> None:
        """Keep who is one customer from this namespace on."""
        home = min(members)
        self._groups_of[home][at.rank] = PartialCustomer(len(members), self._groups.holds(home))
        for key in members:
            self._homes_of[key][at.rank] = home

    def write(self) -> None:
        """Give every inside node its new home, and every new customer their head."""
        graph = self._graph
        pairs = {
            (key, partner): (neighbour.pair, graph.home(key) == graph.home(partner))
            for key in self._inside
            for partner, neighbour in graph.neighbours(key)
            if partner not in self._inside or key < partner
        }
        for key in self._inside:
            graph.set_node(key, homes={}, groups={})
            graph.move(key, self._homes_of[key], self._groups_of[key])
            graph.set_reach(key, self._reach.pop(key, NOBODY))
        for key, reach in self._reach.items():
            graph.set_reach(key, reach)
        for members in self._groups.sets():
            barred = any(graph.node(key).barred for key in members)
            head = Head(size=len(members), holds=self._groups.holds(members[0]), barred=barred)
            graph.set_node(min(members), head=head)
        for (one, other), (pair, were_joined) in pairs.items():
            if (graph.home(one) == graph.home(other)) != were_joined:
                graph.put_pair(one, other, pair)
            graph.update_heads(one, other, pair)
