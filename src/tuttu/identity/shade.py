"""Whose vetoes count beside a customer's own: whoever may be the same person, for all we know."""

from collections.abc import Iterable, Iterator

import msgspec

from tuttu.identity.graph import Graph
from tuttu.identity.records import APART
from tuttu.vocabulary import events, facts, people
from tuttu.vocabulary.project import Project

MOST_FRAGMENTS = 100
MOST_PARTNERS = 1_000
"""Partners of shared identifiers that are looked at: who is told apart from the customer is passed
over, and costs time all the same."""


class Shade(msgspec.Struct, frozen=True):
    """fragments: the customer's own, those of the identifiers that they share, and of customers
    linked by these who are not told apart from them. whole: there are no more of them."""

    fragments: frozenset[events.FragmentId]
    whole: bool = True


def shade(reader: facts.Reader, project: Project, customer: people.Customer) -> Shade | None:
    """None: the customer shares no identifier with anybody."""
    graph = Graph(reader, project)
    if not graph.knows(customer.oldest):
        return None
    found = _Search(graph, customer)
    found.run()
    if found.fragments <= set(customer.fragments):
        return None
    return Shade(frozenset(found.fragments), found.whole)


class _Search:
    """From shared identifier to customer to shared identifier, until there is nobody new."""

    def __init__(self, graph: Graph, customer: people.Customer) -> None:
        self.fragments = set(customer.fragments)
        self.whole = True
        self._graph = graph
        self._left = MOST_PARTNERS
        self._kinds = self._apart(customer.fragments)
        self._homes = {graph.home(customer.oldest)}
        self._shared: set[events.FragmentId] = set()

    def run(self) -> None:
        ahead = list(self.fragments)
        while ahead and self.whole:
            for key in self._shared_by(ahead.pop()):
                self.fragments.add(key)
                for home in self._customers_at(key):
                    members = self._graph.members(home)
                    self.fragments.update(members)
                    ahead += members
            self.whole = len(self.fragments) <= MOST_FRAGMENTS and self._left > 0

    def _shared_by(self, key: events.FragmentId) -> Iterator[events.FragmentId]:
        """Shared identifiers that are this one or are named with it, each once."""
        partners = [partner for partner, _ in self._live(key)] if self._is_contested(key) else []
        for each in (key, *partners):
            if each not in self._shared and self._is_shared(each):
                self._shared.add(each)
                yield each

    def _customers_at(self, key: events.FragmentId) -> Iterator[events.FragmentId]:
        """Homes of customers whom a shared identifier is named with, or belongs to, each once,
        without those who are told apart from the customer."""
        own = self._graph.home(key)
        for partner, kind in ((key, ""), *self._live(key)):
            self._left -= 1
            if self._left <= 0:
                return
            home = own if partner == key else self._graph.home(partner)
            told_apart = kind in self._kinds and not self._is_shared(partner)
            if home not in self._homes and not told_apart:
                self._homes.add(home)
                if not self._apart(self._graph.members(home)) & self._kinds:
                    yield home

    def _live(self, key: events.FragmentId) -> Iterator[tuple[events.FragmentId, str]]:
        barred = self._graph.barred(key)
        for partner, neighbour in self._graph.neighbours(key):
            if partner not in barred:
                yield partner, neighbour.kind

    def _is_contested(self, key: events.FragmentId) -> bool:
        return next(self._graph.neighbours(key, APART), None) is not None

    def _is_shared(self, key: events.FragmentId) -> bool:
        return self._graph.node(key).people > 1 or self._graph.is_crowd(key)

    def _apart(self, members: Iterable[events.FragmentId]) -> set[str]:
        """Namespaces that tell people apart of which these have a value of their own."""
        namespaces = self._graph.namespaces
        kinds = (self._graph.kind(key) for key in members if not self._is_shared(key))
        return {kind for kind in kinds if kind in namespaces and namespaces[kind].tells_apart}
