"""A company's identity rules over a scratch store: say facts, read customers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
from tests import builders

from tuttu import identity
from tuttu.identity import customers, resolve
from tuttu.identity.records import BARRED, MEMBERS, NEIGHBOURS, NODES, Node
from tuttu.vocabulary.company import Namespace
from tuttu.vocabulary.events import Event, Identifier, PreferenceSet, Unmerge
from tuttu.vocabulary.facts import Fact, Table
from tuttu.vocabulary.people import Customer, RefusedLink

TABLES: tuple[Table[Any], ...] = (NODES, MEMBERS, NEIGHBOURS, BARRED)


class World:
    """One store under one set of rules."""

    def __init__(self, namespaces: Mapping[str, Namespace]) -> None:
        self.project = builders.project(namespaces=namespaces)
        self._closing = ExitStack()
        self.store = self._closing.enter_context(builders.opened(self.project, identity))
        self._number = 0

    def event(self, *names: str, call: str = "track", time: int | None = None) -> Fact:
        self._number += 1
        event = builders.event(
            call,
            self._number if time is None else time,
            id=f"m{self._number:06}",
            call=call,
            received=self._number,
            identifiers=tuple(builders.identifier(name) for name in names),
        )
        return self.fact_of(event)

    def fact_of(self, event: Event) -> Fact:
        return builders.fact(self.store, event)

    def unmerge(self, one: str, other: str) -> Fact:
        self._number += 1
        parted = builders.identifier(one), builders.identifier(other)
        return self.unmerge_of(*parted, f"u{self._number}")

    def unmerge_of(self, one: Identifier, other: Identifier, name: str) -> Fact:
        body = Unmerge(one=one, other=other, by="anna")
        return builders.fact(self.store, body, 10**9, id=name)

    def preference(self, name: str, time: int) -> Fact:
        body = PreferenceSet(purpose="marketing", channel=None, allowed=False, by="anna")
        return builders.fact(self.store, body, time, id=f"p{time}", who=name)

    def tell(self, *facts: Fact, together: bool = False) -> None:
        for batch in [facts] if together else [[fact] for fact in facts]:
            builders.commit(self.store, *batch)

    def customer(self, name: str) -> Customer:
        with self.store.read() as snapshot:
            return resolve(snapshot, self.project, builders.identifier(name))

    def node(self, name: str) -> Node:
        """What is kept of one identifier."""
        identifier = builders.identifier(name)
        with self.store.read() as snapshot:
            key = snapshot.pseudonym(identifier.namespace, identifier.value)
            found = snapshot.get(NODES, key + identity.rules_of(self.project).part)
        assert found is not None
        return found

    def refused(self, name: str) -> tuple[RefusedLink, ...]:
        """Evidence on the customer that joined nobody."""
        customer = self.customer(name)
        with self.store.read() as snapshot:
            return identity.refused_links(snapshot, self.project, customer)

    def people(self) -> list[Customer]:
        with self.store.read() as snapshot:
            found = list(customers(snapshot, self.project))
        return sorted(found, key=lambda customer: customer.identifiers)

    def names(self) -> set[frozenset[str]]:
        """Each customer as the set of their identifiers, written ``user_id:maija``."""
        return {
            frozenset(f"{each.namespace}:{each.value}" for each in customer.identifiers)
            for customer in self.people()
        }

    def partition(self, identifiers: Iterable[Identifier]) -> frozenset[frozenset[Identifier]]:
        with self.store.read() as snapshot:
            return frozenset(
                frozenset(resolve(snapshot, self.project, each).identifiers) for each in identifiers
            )

    def state(self) -> dict[str, dict[bytes, Any]]:
        """Everything that the room keeps."""
        with self.store.read() as snapshot:
            return {table.name: dict(snapshot.scan(table)) for table in TABLES}

    def close(self) -> None:
        self._closing.close()


MakeWorld = Callable[[Mapping[str, Namespace]], World]


@pytest.fixture
def namespaces() -> Callable[..., dict[str, Namespace]]:
    return builders.namespaces


@pytest.fixture
def make_world() -> Iterator[MakeWorld]:
    made: list[World] = []

    def make(rules: Mapping[str, Namespace]) -> World:
        made.append(World(rules))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def segment_rules() -> dict[str, Namespace]:
    """The rules under which Segment's own sample calls are read."""
    return builders.namespaces(
        user_id={"unique": True, "alias_limit": 3},
        anonymous_id={},
        email={"fields": ("traits.email",), "limit": 5, "normalise": ("trim", "lower")},
    )


@pytest.fixture
def world(make_world: MakeWorld, segment_rules: dict[str, Namespace]) -> World:
    return make_world(segment_rules)
