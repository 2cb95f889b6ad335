"""A company's purposes over a scratch store: say facts, read what a customer allows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tuttu import consent
from tuttu.consent import Consents
from tuttu.consent.records import FRAGMENTS
from tuttu.storage import Store, open_store
from tuttu.vocabulary.company import Channel, Company, ConsentEvent, Profile, Purpose, Tracking
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.events import Event, FragmentId, Identifier, PreferenceSet
from tuttu.vocabulary.facts import Committed, Fact, Unit
from tuttu.vocabulary.library import Policy
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant, Schema

HERE = Where("consent.yaml", 1)
CHANNELS = ("web", "email", "sms")


def purpose(name: str, basis: str, **default: bool) -> Purpose:
    return Purpose(name=name, basis=basis, default=default, where=HERE)


def event(name: str, *, allowed: bool, **fixed: str) -> ConsentEvent:
    return ConsentEvent(event=name, allowed=allowed, where=HERE, **fixed)


PROJECT = Project(
    digest="test",
    company=Company(name="test", zone="Europe/Helsinki"),
    namespaces={},
    tracking=Tracking(
        consent=(
            event("Opted In", allowed=True),
            event("Opted Out", allowed=False),
            event("Unsubscribed", allowed=False, purpose="marketing", channel="email"),
            event("Left", allowed=False, purpose="marketing"),
            event("Left", allowed=False, purpose="profiling"),
        )
    ),
    profile=Profile(),
    purposes={
        "service": purpose("service", "contract", web=True, email=True, sms=True),
        "marketing": purpose("marketing", "consent", web=True, email=False, sms=False),
        "profiling": purpose("profiling", "legitimate interest", web=True, email=True, sms=True),
    },
    channels={name: Channel(name=name, outbound=name != "web", where=HERE) for name in CHANNELS},
    surfaces={},
    resources={},
    policy=Policy(),
    actions={},
    messages={},
    row_schema=Schema(),
    event_schema=Schema(),
)


def instant(text: str) -> Instant:
    found = parse_instant(text)
    assert found is not None
    return found


class Bureau:
    """One store of consents."""

    def __init__(self, folder: Path) -> None:
        self.project = PROJECT
        self.store: Store = open_store("sqlite::memory:", folder)
        self.store.register([consent.ROOM.hearing(PROJECT)])
        self._number = 0

    def fragment(self, who: str) -> FragmentId:
        return self.store.pseudonym("user_id", who)

    def said(self, who: str, name: str, time: Instant, **more: Any) -> Fact:
        """An event with properties, or with `context` in their place."""
        context = more.pop("context", {})
        body = Event(
            id=self._id(),
            call=more.pop("call", "track"),
            name=name,
            identifiers=(Identifier("user_id", who),),
            time=time,
            received=time,
            properties=json.dumps(more).encode(),
            context=json.dumps(context).encode(),
        )
        return self._fact(body.id, who, time, body)

    def set(
        self, who: str, purpose: str, channel: str | None, time: Instant, *, allowed: bool
    ) -> Fact:
        body = PreferenceSet(purpose=purpose, channel=channel, allowed=allowed, by="anna")
        return self._fact(self._id(), who, time, body)

    def _fact(self, name: str, who: str, time: Instant, body: Any) -> Fact:
        return Fact(id=name, fragment=self.fragment(who), time=time, received=time, body=body)

    def _id(self) -> str:
        self._number += 1
        return f"m{self._number:05}"

    def tell(self, *facts: Fact) -> None:
        results = self.store.commit([Unit(facts=(fact,)) for fact in facts])
        assert all(isinstance(result, Committed) for result in results)

    def read(self, *people: str, joined_at: Instant | None = None) -> Consents:
        with self.store.read() as snapshot:
            return consent.read(snapshot, self.customer(*people, joined_at=joined_at), PROJECT)

    def canonical(self, *people: str) -> object:
        with self.store.read() as snapshot:
            return consent.canonical(snapshot, self.customer(*people), PROJECT)

    def customer(self, *people: str, joined_at: Instant | None = None) -> Customer:
        fragments = tuple(self.fragment(who) for who in people)
        return Customer(fragments=fragments, identifiers=(), joined_at=joined_at)

    def state(self) -> Mapping[bytes, object]:
        with self.store.read() as snapshot:
            return dict(snapshot.scan(FRAGMENTS))

    def close(self) -> None:
        self.store.close()


def allowed(consents: Consents, purpose: str) -> dict[str, bool]:
    cells: Iterable[tuple[str, str, bool, bool]] = consents.preferences()
    return {channel: value for name, channel, value, _ in cells if name == purpose}


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def make_bureau(tmp_path: Path) -> Any:
    return lambda: Bureau(tmp_path)


@pytest.fixture
def grid() -> Any:
    """grid(consents, purpose): channel to allowed."""
    return allowed


@pytest.fixture
def at() -> Any:
    """at("2026-03-01T12:00"): that instant."""
    return instant
