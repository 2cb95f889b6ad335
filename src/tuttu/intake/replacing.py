"""Events that were corrected at their source and come again under the same id.

What is known stays: the log is the truth. A sender is told that it differs, and under which id the
corrected event would be a later fact of the same time: `crm-7~0002` behind `crm-7`, then
`crm-7~0003`. So the last one said holds, in any order of arrival, and the same file taken again
adds nothing.
"""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import TypeVar

import msgspec

from tuttu.vocabulary import events, facts, values

T = TypeVar("T")
_REPLACEMENT = re.compile(r"(?P<first>.*)~(?P<number>[0-9]{4,9})", re.DOTALL)


class Replaced(msgspec.Struct, frozen=True):
    """The newest replacement of an event: its number, from 2, and its log position."""

    number: int
    position: int


REPLACED = facts.Table("intake.replaced", Replaced)
"""By the hour and the id of the first event."""


def fold(transaction: facts.Transaction, logged: facts.Logged) -> None:
    event = logged.fact.body
    if isinstance(event, events.Event) and "~" in event.id:
        found = _REPLACEMENT.fullmatch(event.id)
        if found is None:
            return
        key, number = _key(event, found["first"]), int(found["number"])
        before = transaction.get(REPLACED, key)
        if before is None or before.number < number:
            transaction.put(REPLACED, key, Replaced(number, logged.position))


def different(
    reader: facts.Reader, calls: Iterable[tuple[tuple[T, facts.Unit], facts.Result]]
) -> list[tuple[T, str]]:
    """Of calls that were taken for repeats, those that say something else than what is known, each
    with the id under which it replaces that."""
    found = []
    for (call, unit), result in calls:
        said = unit.facts[0].body
        if isinstance(result, facts.Duplicate) and isinstance(said, events.Event):
            other = _replacement_id(reader, said, result.position)
            found += [] if other is None else [(call, other)]
    return found


def _replacement_id(reader: facts.Reader, said: events.Event, position: int) -> str | None:
    """The id under which an event replaces what is known of it; None: it says the same.

    said: taken for a repeat of the fact at the position.
    """
    replaced = reader.get(REPLACED, _key(said, said.id), watch=False)
    newest = position if replaced is None else max(position, replaced.position)
    found = reader.facts(after=newest - 1, limit=1)
    known = found[0].fact.body if found and found[0].position == newest else None
    if not isinstance(known, events.Event) or not _differs(known, said):
        return None
    return f"{said.id}~{1 + (replaced.number if replaced else 1):04d}"


def _differs(known: events.Event, said: events.Event) -> bool:
    """Not in its time, which is corrected for the clock of each sending."""
    return any(
        getattr(known, field) != getattr(said, field)
        for field in ("call", "name", "identifiers", "group_id", "label", "category")
    ) or (known.said, known.said_traits) != (said.said, said.said_traits)


def _key(event: events.Event, first: str) -> bytes:
    """An event without a time of its own has the hour 0."""
    hour = 0 if event.time == event.received else event.time // values.HOUR
    digest = blake2b(first.encode(), digest_size=16).digest()
    return hour.to_bytes(8, "big", signed=True) + digest
