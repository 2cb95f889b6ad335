"""A company that sends e-mail and text messages, over a store of either kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests import builders

from tuttu import identity, reach
from tuttu.reach import ChannelReach
from tuttu.storage import Store, open_store
from tuttu.vocabulary.company import Channel, Needs
from tuttu.vocabulary.facts import Fact
from tuttu.vocabulary.project import Project

WORDS = {
    "email": Channel(
        name="email",
        outbound=True,
        needs=Needs(namespace="email"),
        dead=frozenset({"Bounced"}),
        verified_by=frozenset({"Confirmed"}),
        where=builders.HERE,
    ),
    "push": Channel(
        name="push",
        outbound=True,
        needs=Needs(namespace="email", verified=True),
        verified_by=frozenset({"Confirmed"}),
        where=builders.HERE,
    ),
    "letter": Channel(
        name="letter", outbound=True, needs=Needs(traits=("street",)), where=builders.HERE
    ),
    "web": Channel(name="web", outbound=False, where=builders.HERE),
}
PROJECT = builders.project(
    namespaces=builders.namespaces(
        user_id={"unique": True}, email={"apart": False, "limit": 5}, phone={}
    ),
    channels=WORDS,
)


class Office:
    """What was said of addresses, and how customers are reached."""

    def __init__(self, store: Store, project: Project = PROJECT) -> None:
        self.project = project
        self.store = store
        store.register([room.ROOM.live_folds(project) for room in (identity, reach)])
        self._number = 0

    def said(self, name: str, time: int, *names: str, call: str = "track") -> Fact:
        """One event that carries these identifiers."""
        self._number += 1
        identifiers = tuple(builders.identifier(each) for each in names)
        fields: dict[str, Any] = {"id": f"m{self._number:04}", "call": call}
        event = builders.event(name, time, identifiers=identifiers, **fields)
        return builders.fact(self.store, event)

    def told(self, time: int, *names: str) -> Fact:
        return self.said("Identify", time, *names, call="identify")

    def tell(self, *facts: Fact) -> None:
        builders.commit(self.store, *facts)

    def reached(self, who: str = "maija") -> dict[str, ChannelReach]:
        with self.store.read() as snapshot:
            customer = identity.resolve(snapshot, self.project, builders.identifier(who))
            return reach.reached(snapshot, self.project, customer)

    def address(self, name: str) -> bytes:
        one = builders.identifier(name)
        return self.store.pseudonym(one.namespace, one.value)

    def canonical(self, who: str = "maija") -> object:
        with self.store.read() as snapshot:
            customer = identity.resolve(snapshot, self.project, builders.identifier(who))
            return reach.ROOM.canonical(snapshot, customer, self.project)


@pytest.fixture
def office(storage_url: str, tmp_path: Path) -> Iterator[Office]:
    with closing(open_store(storage_url, tmp_path)) as store:
        yield Office(store)


@pytest.fixture
def make_office() -> Callable[[Store], Office]:
    return Office
