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


def shade(
    reader: facts.Reader,
    project: Project,
    customer: people.Customer,
    asked_with: Iterable[events.FragmentId] = (),
) -> Shade | None:
    """The customer's own fragments, those of the identifiers that they share, and of customers
    linked by these, and so on; but of nobody who is told apart, or was unmerged, from the customer.

    asked_with: other identifiers of the question, as if they had been named with the customer by
    now. Who is not known yet is told apart from nobody.

    None: the customer shares no identifier with anybody, and nothing is known of those that are
    asked with; one who is not `contested`, and asked for alone, never does. Watched: everybody who
    is found.
    """
    graph = Graph(reader, project)
    found = _Search(graph, customer)
    found.run(asked_with)
    if not found.named_by:
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
    found does not depend on the order of the evidence. beside: what was asked with, and found by
    no evidence."""

    def __init__(self, graph: Graph, customer: people.Customer) -> None:
        self.fragments = dict.fromkeys(customer.fragments)
        self.shared: dict[events.FragmentId, None] = {}
        self.beside: dict[events.FragmentId, None] = {}
        self.whole = True
        self._graph = graph
        self._left = MOST_PARTNERS
        self._most = MOST_FRAGMENTS + len(customer.fragments)
        self._own = [key for key in customer.fragments if graph.knows(key)]
        self._kinds = self._apart(self._own)
        self._homes = {graph.home(key) for key in self._own[:1]}
        foes = (foe for key in customer.fragments for foe in graph.barred(key))
        self._foes = {graph.home(foe) for foe in foes if graph.knows(foe)}

    def run(self, asked_with: Iterable[events.FragmentId]) -> None:
        self._follow(self._own)
        for key in asked_with:
            new = self._graph.knows(key) and key not in self.fragments
            if new and self._graph.home(key) not in self._foes:
                self.beside[key] = None
                self._follow(self._add(self._held_with(key)))

    def _follow(self, ahead: list[events.FragmentId]) -> None:
        while ahead and self.whole:
            for key in self._shared_by(ahead.pop()):
                self._add(self._graph.spellings(key))
                for home in self._customers_at(key):
                    ahead += self._add(self._graph.fragments(home))

    def _held_with(self, key: events.FragmentId) -> Iterable[events.FragmentId]:
        """Of one that nobody shares, its whole customer; one that is shared leads to its own."""
        if self._is_shared(key):
            return self._graph.spellings(key)
        self._homes.add(self._graph.home(key))
        return self._graph.fragments(self._graph.home(key))

    @property
    def named_by(self) -> Iterable[events.FragmentId]:
        """The identifiers by which others may be the customer."""
        return [*self.shared, *self.beside]

    @property
    def namespace(self) -> str:
        return self._graph.kind(next(iter(self.named_by)))

    @property
    def watched(self) -> Iterable[events.FragmentId]:
        """A customer's home changes whenever they do, and an identifier with its partners."""
        return sorted({*self._homes, *self.named_by})

    def joined_at(self) -> values.Instant | None:
        """When the newest two of them were first named together. Of some that are not known nobody
        can say, and those who are asked with are named now: later than anything."""
        if self.beside or not self.whole:
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
