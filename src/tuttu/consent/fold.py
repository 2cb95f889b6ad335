"""From events and choices at a door to a fragment's state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tuttu.consent.records import EVERY, FRAGMENTS, Choice, Choices
from tuttu.vocabulary.company import ConsentEvent
from tuttu.vocabulary.events import Event, PreferenceSet
from tuttu.vocabulary.facts import Fact, Fold, Logged, Transaction
from tuttu.vocabulary.project import Project

SEGMENT_EVENT = "Segment Consent Preference Updated"
Said = tuple[str, str, bool]
"""Purpose, channel, allowed."""


def make_fold(project: Project) -> Fold:
    """A choice about a purpose or channel that is not declared stays in the log only."""
    by_event: dict[str, list[ConsentEvent]] = {}
    for mapping in project.tracking.consent:
        by_event.setdefault(mapping.event, []).append(mapping)
    channels = {EVERY, *project.channels}

    def fold(transaction: Transaction, logged: Logged) -> None:
        fact = logged.fact
        said = [
            each
            for each in _said(fact.body, by_event)
            if each[0] in project.purposes and each[1] in channels
        ]
        if not said or fact.fragment is None:
            return
        before = transaction.get(FRAGMENTS, fact.fragment) or Choices()
        after = _chosen(before, said, fact)
        if after != before:
            transaction.put(FRAGMENTS, fact.fragment, after)

    return fold


def _chosen(before: Choices, said: list[Said], fact: Fact) -> Choices:
    """The choices with those of a fact, if they are later; in one order, whatever came first."""
    made = {purpose: dict(channels) for purpose, channels in before.made.items()}
    for purpose, channel, allowed in said:
        cells = made.setdefault(purpose, {})
        choice = Choice(allowed, fact.time, fact.id)
        cells[channel] = max(cells.get(channel, choice), choice, key=lambda each: each.rank)
    return Choices({purpose: dict(sorted(made[purpose].items())) for purpose in sorted(made)})


def _said(body: object, by_event: dict[str, list[ConsentEvent]]) -> Iterator[Said]:
    if isinstance(body, PreferenceSet):
        yield from _cell(body.purpose, body.channel, allowed=body.allowed)
    elif isinstance(body, Event):
        for mapping in by_event.get(body.name, ()):
            yield from _mapped(body, mapping)
        if body.call == "track" and body.name == SEGMENT_EVENT:
            yield from _of_segment(body)


def _mapped(event: Event, mapping: ConsentEvent) -> Iterator[Said]:
    properties: dict[str, Any] = msgspec.json.decode(event.properties)
    purpose = properties.get("purpose") if mapping.purpose is None else mapping.purpose
    channel = properties.get("channel") if mapping.channel is None else mapping.channel
    yield from _cell(purpose, channel, allowed=mapping.allowed)


def _cell(purpose: object, channel: object, *, allowed: bool) -> Iterator[Said]:
    """Only a channel that is absent, or null, is every channel. Anything else that is not the name
    of one (empty text, a number, an object) is no choice at all: it must not widen a consent."""
    if isinstance(purpose, str) and channel is None:
        yield purpose, EVERY, allowed
    elif isinstance(purpose, str) and isinstance(channel, str) and channel:
        yield purpose, channel, allowed


def _of_segment(event: Event) -> Iterator[Said]:
    """Segment's own event: ``context.consent.categoryPreferences``, purpose to yes or no."""
    consent = msgspec.json.decode(event.context).get("consent")
    cells = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    for purpose, allowed in (cells if isinstance(cells, dict) else {}).items():
        if isinstance(allowed, bool):
            yield purpose, EVERY, allowed
