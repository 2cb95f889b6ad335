"""Whose vetoes count beside a customer's own: whoever may be the same person, for all we know."""

from collections.abc import Iterable, Iterator

import msgspec

from tuttu.identity import records as r
from tuttu.identity.graph import Graph
from tuttu.vocabulary import events, facts, people, values
from tuttu.vocabulary.project import Project

MOST_FRAGMENTS = 100
"""Fragments beside the customer's own."""
MOST_PARTNERS = 10_000
"""Partners of shared identifiers that are looked at: who is told apart from the customer is passed
over, and costs time all the same."""


class Shade(msgspec.Struct, frozen=True, kw_only=True):
    """customer: as if whoever may be them were one with them. shared: the fragments under which
    several people spoke, of all that they hold. namespace: of one such identifier of theirs.
    whole False: there are more, which nobody asks."""

    customer: people.Customer
    shared: frozenset[events.FragmentId]
    namespace: str
    whole: bool = True


def shade(reader: facts.Reader, project: Project, customer: people.Customer) -> Shade | None:
    """The customer's own fragments, those of the identifiers that they share, and of customers
    linked by these, and so on; but of nobody who is told apart, or was unmerged, from the customer.

    None: the customer shares no identifier with anybody; one who is not `contested` never does.
    Watched: everybody who is found.
    """
    if not customer.known:
        return None
    graph = Graph(reader, project)
    found = _Search(graph, customer)
    found.run()
    if not found.shared:
        return None
    for key in found.watched:
        reader.get(r.NODES, key + graph.part)
    together = msgspec.structs.replace(
        customer, fragments=tuple(found.fragments), joined_at=found.joined_at()
    )
    return Shade(
        customer=together,
        shared=frozenset(found.shared),
        namespace=found.namespace,
        whole=found.whole,
    )


class _Search:
    """From shared identifier to customer to shared identifier, until there is nobody new. Who is
    found does not depend on the order of the evidence."""

    def __init__(self, graph: Graph, customer: people.Customer) -> None:
        self.fragments = dict.fromkeys(customer.fragments)
        self.shared: dict[events.FragmentId, None] = {}
        self.whole = True
        self._graph = graph
        self._left = MOST_PARTNERS
        self._most = MOST_FRAGMENTS + len(customer.fragments)
        self._kinds = self._apart(customer.fragments)
        self._homes = {graph.home(customer.oldest)}
        foes = (foe for key in customer.fragments for foe in graph.barred(key))
        self._foes = {graph.home(foe) for foe in foes if graph.knows(foe)}

    def run(self) -> None:
        ahead = list(self.fragments)
        while ahead and self.whole:
            for key in self._shared_by(ahead.pop()):
                self._add(self._graph.spellings(key))
                for home in self._customers_at(key):
                    ahead += self._add(self._graph.fragments(home))

    @property
    def namespace(self) -> str:
        return self._graph.kind(next(iter(self.shared)))

    @property
    def watched(self) -> Iterable[events.FragmentId]:
        """A customer's home changes whenever they do, and an identifier with its partners."""
        return sorted({*self._homes, *self.shared})

    def joined_at(self) -> values.Instant | None:
        """When the newest two of them were first named together. Of some that are not known nobody
        can say: later than anything."""
        if not self.whole:
            return values.INTEGER_MAX
        pairs = (
            neighbour.pair.first
            for key in self.fragments
            for partner, neighbour in self._graph.neighbours(key)
            if partner in self.fragments
        )
        return max(pairs, default=None)

    def _add(self, keys: Iterable[events.FragmentId]) -> list[events.FragmentId]:
        """Those that are new, as many as there is room for."""
        new = [key for key in keys if key not in self.fragments]
        room = self._most - len(self.fragments)
        self.whole = self.whole and len(new) <= room
        self.fragments.update(dict.fromkeys(new[:room]))
        return new[:room]

    def _shared_by(self, key: events.FragmentId) -> Iterator[events.FragmentId]:
        """Shared identifiers that are this one or are named with it, each once."""
        for each in (key, *self._named_with(key)):
            new = each not in self.shared and self._graph.home(each) not in self._foes
            if new and self._is_shared(each):
                self.shared.update(dict.fromkeys(self._graph.spellings(each)))
                yield each

    def _named_with(self, key: events.FragmentId) -> list[events.FragmentId]:
        if self._graph.node(key).partners > MOST_PARTNERS:
            self.whole = False
            return []
        return [partner for partner, _ in self._live(key)] if self._is_contested(key) else []

    def _customers_at(self, key: events.FragmentId) -> Iterator[events.FragmentId]:
        """Homes of customers whom a shared identifier is named with, or belongs to, each once,
        without those who are told apart from the customer."""
        own = self._graph.home(key)
        self._left -= self._graph.node(key).partners
        self.whole = self.whole and self._left >= 0
        partners = self._live(key) if self.whole else ()
        for partner, kind in ((key, ""), *partners):
            home = own if partner == key else self._graph.home(partner)
            told_apart = kind in self._kinds and not self._is_shared(partner)
            if not told_apart and home not in self._homes and home not in self._foes:
                self._homes.add(home)
                if not self._apart(self._graph.members(home)) & self._kinds:
                    yield home

    def _live(self, key: events.FragmentId) -> Iterator[tuple[events.FragmentId, str]]:
        barred = self._graph.barred(key)
        for partner, neighbour in self._graph.neighbours(key):
            if partner not in barred:
                yield partner, neighbour.kind

    def _is_contested(self, key: events.FragmentId) -> bool:
        return next(self._graph.neighbours(key, r.APART), None) is not None

    def _is_shared(self, key: events.FragmentId) -> bool:
        return self._graph.node(key).people > 1 or self._graph.is_crowd(key)

    def _apart(self, members: Iterable[events.FragmentId]) -> set[str]:
        """Namespaces that tell people apart of which these have a value of their own."""
        namespaces = self._graph.namespaces
        kinds = (self._graph.kind(key) for key in members if not self._is_shared(key))
        return {kind for kind in kinds if kind in namespaces and namespaces[kind].tells_apart}
