"""From events and choices at a door to a fragment's state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from tuttu.consent.cells import Cell, cells_of
from tuttu.consent.records import EVERY, FRAGMENTS, Choice, Choices
from tuttu.vocabulary.company import ConsentEvent
from tuttu.vocabulary.events import Event, PreferenceSet
from tuttu.vocabulary.facts import Fact, Logged, Transaction
from tuttu.vocabulary.history import Behind, Part
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Folds

SEGMENT_EVENT = "Segment Consent Preference Updated"
Said = tuple[str, str, bool]
"""Purpose, channel, allowed."""
Mappings = Mapping[str, Sequence[ConsentEvent]]
"""By event."""


def parts(project: Project) -> frozenset[Part]:
    """The cells that are kept, by the names of their parts."""
    return frozenset(cells_of(project).values())


def folds(project: Project) -> Folds:
    """A choice about a purpose or channel that is not declared stays in the log only."""
    by_event, cells = _by_event(project), cells_of(project)

    def fold(transaction: Transaction, logged: Logged) -> None:
        _take(transaction, logged.fact, by_event, cells)

    return {PreferenceSet: fold, Event: fold}


def filler(project: Project, behind: Behind) -> Folds:
    """The folds that tell facts of the log to the cells that have not heard them."""
    by_event, cells = _by_event(project), cells_of(project)

    @lru_cache
    def those(wanted: frozenset[Part]) -> Mapping[Cell, Part]:
        return {cell: name for cell, name in cells.items() if name in wanted}

    def fill(transaction: Transaction, logged: Logged) -> None:
        _take(transaction, logged.fact, by_event, those(behind.at(logged.position)))

    return {PreferenceSet: fill, Event: fill}


def _by_event(project: Project) -> Mappings:
    by_event: dict[str, list[ConsentEvent]] = {}
    for mapping in project.tracking.consent:
        by_event.setdefault(mapping.event, []).append(mapping)
    return by_event


def _take(
    transaction: Transaction, fact: Fact, by_event: Mappings, cells: Mapping[Cell, Part]
) -> None:
    said = [
        (cells[purpose, channel], allowed)
        for purpose, channel, allowed in _said(fact.body, by_event)
        if (purpose, channel) in cells
    ]
    if not said or fact.fragment is None:
        return
    before = transaction.get(FRAGMENTS, fact.fragment) or Choices()
    after = _chosen(before, said, fact)
    if after != before:
        transaction.put(FRAGMENTS, fact.fragment, after)


def _chosen(before: Choices, said: list[tuple[Part, bool]], fact: Fact) -> Choices:
    """The choices with those of a fact, if they are later; in one order, whatever came first."""
    chosen = dict(before.chosen)
    for cell, allowed in said:
        choice = Choice(allowed, fact.time, fact.id)
        chosen[cell] = max(chosen.get(cell, choice), choice, key=lambda each: each.rank)
    return Choices({cell: chosen[cell] for cell in sorted(chosen)})


def _said(body: object, by_event: Mappings) -> Iterator[Said]:
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
