"""Folds events, and choices made through the API, into a fragment's state."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from tuttu.consent.records import EVERY, FRAGMENTS, Cell, Choices, ConsentChoice, cells_of
from tuttu.vocabulary import company, facts, history, room
from tuttu.vocabulary.events import Event, PreferenceSet
from tuttu.vocabulary.project import Project

SEGMENT_EVENT = "Segment Consent Preference Updated"
Answer = tuple[str, str, bool]
"""Purpose, channel, allowed."""


def parts(project: Project) -> frozenset[history.Part]:
    """The cells that are kept, by the names of their parts."""
    return frozenset(cells_of(project).values())


def folds(project: Project) -> room.Folds:
    """A choice about a purpose or channel that is not declared stays in the log only."""
    cells = cells_of(project)
    return _folds(project, lambda _: cells)


def filler(project: Project, behind: history.Behind) -> room.Folds:
    """The same for a backfill: the cells that do not cover the log up to a fact's position."""
    cells = cells_of(project)

    @lru_cache
    def filled(wanted: frozenset[history.Part]) -> Mapping[Cell, history.Part]:
        return {cell: name for cell, name in cells.items() if name in wanted}

    return _folds(project, lambda position: filled(behind.at(position)))


def _folds(project: Project, cells_at: Callable[[int], Mapping[Cell, history.Part]]) -> room.Folds:
    """cells_at: log position to the cells that a fact there may fill."""
    mappings: dict[str, list[company.ConsentEvent]] = {SEGMENT_EVENT: []}
    for mapping in project.tracking.consent:
        mappings.setdefault(mapping.event, []).append(mapping)

    def fold(transaction: facts.Transaction, logged: facts.Logged) -> None:
        fact, body = logged.fact, logged.fact.body
        if fact.fragment is None:
            return
        if isinstance(body, PreferenceSet):
            answers = list(_answer(body.purpose, body.channel, allowed=body.allowed))
        elif isinstance(body, Event) and body.name in mappings:
            answers = list(_answers(body, mappings[body.name]))
        else:
            return
        latest = body.latest if isinstance(body, Event) else None
        cells = cells_at(logged.position)
        before = transaction.get(FRAGMENTS, fact.fragment) or Choices()
        chosen = dict(before.chosen)
        for purpose, channel, allowed in answers:
            if (purpose, channel) in cells:
                time = fact.time if allowed or latest is None else latest
                cell, choice = cells[purpose, channel], ConsentChoice(allowed, time, fact.id)
                chosen[cell] = max(chosen.get(cell, choice), choice, key=lambda each: each.rank)
        if chosen != before.chosen:
            # In one order, independent of arrival.
            after = Choices({cell: chosen[cell] for cell in sorted(chosen)})
            transaction.put(FRAGMENTS, fact.fragment, after)

    return {Event: fold, PreferenceSet: fold}


def _answers(event: Event, mappings: Sequence[company.ConsentEvent]) -> Iterator[Answer]:
    """By the mappings of events.yaml, and by Segment's own event:
    ``context.consent.categoryPreferences``, purpose to yes or no."""
    for mapping in mappings:
        purpose = event.said.get("purpose") if mapping.purpose is None else mapping.purpose
        channel = event.said.get("channel") if mapping.channel is None else mapping.channel
        yield from _answer(purpose, channel, allowed=mapping.allowed)
    if event.call == "track" and event.name == SEGMENT_EVENT:
        consent = event.said_context.get("consent")
        by_purpose = consent.get("categoryPreferences") if isinstance(consent, dict) else None
        for purpose, allowed in (by_purpose if isinstance(by_purpose, dict) else {}).items():
            if isinstance(allowed, bool):
                yield purpose, EVERY, allowed


def _answer(purpose: object, channel: object, *, allowed: bool) -> Iterator[Answer]:
    """Only a channel that is absent, or null, is every channel. Anything else that is not the name
    of one (empty text, a number, an object) is no choice at all: it must not widen a consent."""
    if isinstance(purpose, str) and channel is None:
        yield purpose, EVERY, allowed
    elif isinstance(purpose, str) and isinstance(channel, str) and channel:
        yield purpose, channel, allowed
