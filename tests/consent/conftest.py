"""A company's purposes over a scratch store: say facts, read what a customer allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
from tests import builders
from tests.builders import HERE

from tuttu import consent
from tuttu.consent import Consents
from tuttu.consent.records import FRAGMENTS
from tuttu.vocabulary.company import Company, ConsentEvent, Tracking
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.events import PreferenceSet
from tuttu.vocabulary.facts import Fact
from tuttu.vocabulary.values import Instant


def event(name: str, *, allowed: bool, **fixed: str) -> ConsentEvent:
    return ConsentEvent(event=name, allowed=allowed, where=HERE, **fixed)


CHANNELS = {"web": True, "email": True, "sms": True}
PROJECT = builders.project(
    company=Company(name="test", zone="Europe/Helsinki"),
    tracking=Tracking(
        consent=(
            event("Opted In", allowed=True),
            event("Opted Out", allowed=False),
            event("Unsubscribed", allowed=False, purpose="marketing", channel="email"),
            event("Left", allowed=False, purpose="marketing"),
            event("Left", allowed=False, purpose="profiling"),
        )
    ),
    purposes=[
        builders.purpose("service", "contract", CHANNELS),
        builders.purpose("marketing", "consent", CHANNELS | {"email": False, "sms": False}),
        builders.purpose("profiling", "legitimate interest", CHANNELS),
    ],
    channels=builders.channels(web=False, email=True, sms=True),
)


def instant(text: str) -> Instant:
    found = parse_instant(text)
    assert found is not None
    return found


class Bureau:
    """One store of consents."""

    def __init__(self) -> None:
        self.project = PROJECT
        self._closing = ExitStack()
        self.store = self._closing.enter_context(builders.opened(PROJECT, consent))
        self._number = 0

    def said(self, who: str, name: str, time: Instant, **more: Any) -> Fact:
        """An event with properties, or with `context` in their place."""
        return builders.fact(self.store, builders.event(name, time, who=who, id=self._id(), **more))

    def set(
        self, who: str, purpose: str, channel: str | None, time: Instant, *, allowed: bool
    ) -> Fact:
        body = PreferenceSet(purpose=purpose, channel=channel, allowed=allowed, by="anna")
        return builders.fact(self.store, body, time, id=self._id(), who=who)

    def _id(self) -> str:
        self._number += 1
        return f"m{self._number:05}"

    def tell(self, *facts: Fact) -> None:
        builders.commit(self.store, *facts)

    def read(self, *people: str, joined_at: Instant | None = None) -> Consents:
        with self.store.read() as snapshot:
            return consent.read(
                snapshot, builders.customer(snapshot, *people, joined_at=joined_at), PROJECT
            )

    def canonical(self, *people: str) -> object:
        with self.store.read() as snapshot:
            return consent.ROOM.canonical(snapshot, builders.customer(snapshot, *people), PROJECT)

    def state(self) -> Mapping[bytes, object]:
        with self.store.read() as snapshot:
            return dict(snapshot.scan(FRAGMENTS))

    def close(self) -> None:
        self._closing.close()


def allowed(consents: Consents, purpose: str) -> dict[str, bool]:
    cells = consents.preferences()
    return {each.channel: each.allowed for each in cells if each.purpose == purpose}


@pytest.fixture
def bureau() -> Iterator[Bureau]:
    made = Bureau()
    yield made
    made.close()


@pytest.fixture
def make_bureau() -> Callable[[], Bureau]:
    return Bureau


@pytest.fixture
def grid() -> Any:
    """grid(consents, purpose): channel to allowed."""
    return allowed


@pytest.fixture
def at() -> Any:
    """at("2026-03-01T12:00"): that instant."""
    return instant
