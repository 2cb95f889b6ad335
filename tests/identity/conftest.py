"""A company's identity rules over a scratch store: say facts, read customers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tuttu.identity import ROOM, customers, resolve
from tuttu.identity.records import BARRED, MEMBERS, NEIGHBOURS, NODES
from tuttu.storage import Store, open_store
from tuttu.vocabulary.company import Company, Namespace, Profile, Tracking
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.events import Event, Identifier, PreferenceSet, Unmerge
from tuttu.vocabulary.facts import Committed, Fact, Table, Unit
from tuttu.vocabulary.library import Policy
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Schema

HERE = Where("identity.yaml", 1)
TABLES: tuple[Table[Any], ...] = (NODES, MEMBERS, NEIGHBOURS, BARRED)


def project_of(namespaces: Mapping[str, Namespace]) -> Project:
    return Project(
        digest="test",
        company=Company(name="test"),
        namespaces=namespaces,
        tracking=Tracking(),
        profile=Profile(),
        purposes={},
        channels={},
        surfaces={},
        resources={},
        policy=Policy(),
        actions={},
        messages={},
        row_schema=Schema(),
        event_schema=Schema(),
    )


def namespaces_of(**settings: Mapping[str, Any]) -> dict[str, Namespace]:
    """Namespaces in the order of their priority."""
    return {
        name: Namespace(name=name, rank=rank, where=HERE, **given)
        for rank, (name, given) in enumerate(settings.items())
    }


def ident(text: str) -> Identifier:
    """``user_id:maija``."""
    namespace, _, value = text.partition(":")
    return Identifier(namespace, value)


class World:
    """One store under one set of rules."""

    def __init__(self, namespaces: Mapping[str, Namespace], folder: Path) -> None:
        self.project = project_of(namespaces)
        self.store: Store = open_store("sqlite::memory:", folder)
        self.store.register([ROOM.hearing(self.project)])
        self._number = 0

    def event(self, *names: str, call: str = "track", time: int | None = None) -> Fact:
        self._number += 1
        event = Event(
            id=f"m{self._number:06}",
            call=call,
            name=call,
            identifiers=tuple(ident(name) for name in names),
            time=self._number if time is None else time,
            received=self._number,
        )
        return self.fact_of(event)

    def fact_of(self, event: Event) -> Fact:
        return Fact(
            id=event.id,
            fragment=self.store.pseudonym(*msgspec.structs.astuple(event.identifiers[0])),
            time=event.time,
            received=event.received,
            body=event,
        )

    def unmerge(self, one: str, other: str) -> Fact:
        self._number += 1
        return self.unmerge_of(ident(one), ident(other), f"u{self._number}")

    def unmerge_of(self, one: Identifier, other: Identifier, name: str) -> Fact:
        body = Unmerge(one=one, other=other, by="anna")
        return Fact(id=name, fragment=None, time=10**9, received=10**9, body=body)

    def preference(self, name: str, time: int) -> Fact:
        body = PreferenceSet(purpose="marketing", channel=None, allowed=False, by="anna")
        fragment = self.store.pseudonym(*name.split(":"))
        return Fact(id=f"p{time}", fragment=fragment, time=time, received=time, body=body)

    def tell(self, *facts: Fact, together: bool = False) -> None:
        units = [Unit(facts=(fact,)) for fact in facts]
        for batch in [units] if together else [[unit] for unit in units]:
            assert all(isinstance(result, Committed) for result in self.store.commit(batch))

    def customer(self, name: str) -> Customer:
        with self.store.read() as snapshot:
            return resolve(snapshot, self.project, ident(name))

    def people(self) -> list[Customer]:
        with self.store.read() as snapshot:
            found = list(customers(snapshot, self.project))
        return sorted(found, key=lambda customer: customer.identifiers)

    def names(self) -> set[frozenset[str]]:
        """Each customer as the set of his identifiers, written ``user_id:maija``."""
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
        self.store.close()


MakeWorld = Callable[[Mapping[str, Namespace]], World]


@pytest.fixture
def namespaces() -> Callable[..., dict[str, Namespace]]:
    return namespaces_of


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    made: list[World] = []

    def make(rules: Mapping[str, Namespace]) -> World:
        made.append(World(rules, tmp_path))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def segment_rules() -> dict[str, Namespace]:
    """The rules under which Segment's own sample calls are read."""
    return namespaces_of(
        user_id={"unique": True, "alias_limit": 3},
        anonymous_id={},
        email={"fields": ("traits.email",), "limit": 5, "normalise": ("trim", "lower")},
    )


@pytest.fixture
def world(make_world: MakeWorld, segment_rules: dict[str, Namespace]) -> World:
    return make_world(segment_rules)
