"""A call that was sent again: the same message id, received again within a time.

The dedupe key of a call is its id and the hour of its own time. A sender that stamps each try anew,
or not at all, may cross the hour: so an id is also remembered with when it was received, and with a
keyed hash of what the call was. It is judged under the lock of the writers, so that of two at once
one is a repeat; and only then, since a log that is folded again holds no repeats.

Records lie in stretches of `repeat_within`, by time of receipt: those of the present are near one
another, however many ids there have been.
"""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import TypeVar

import msgspec

from tuttu.vocabulary import events, facts, values
from tuttu.vocabulary.project import Project

REPEAT, ID_REUSED = "repeat", "id_reused"
"""Why a unit is refused."""
NO_TIME = bytes(8)
"""What the dedupe key of a call without a time of its own begins with."""
T = TypeVar("T")


class Reception(msgspec.Struct, frozen=True, array_like=True):
    """When an id was received last, and the keyed hash of what the call was."""

    received: values.Instant
    said: bytes


RECEPTIONS = facts.Table("intake.receptions", Reception)
"""By stretch of time, and pseudonym of the message id."""


class NotReceived(msgspec.Struct, frozen=True):
    """The check of a unit: its id was not received within this time. keys: where it would be."""

    received: values.Instant
    within: values.Duration
    said: bytes
    keys: tuple[bytes, ...]

    def __call__(self, reader: facts.Reader) -> str | None:
        for key in self.keys:
            before = reader.get(RECEPTIONS, key)
            if before and abs(self.received - before.received) <= self.within:
                return REPEAT if before.said == self.said else ID_REUSED
        return None


def once(
    unit: facts.Unit, event: events.Event, project: Project, pseudonym: facts.Pseudonym
) -> facts.Unit:
    """The unit of an event, to be committed unless its id was received not long ago."""
    within = project.company.repeat_within
    under, stretch = pseudonym(REPEAT, event.id), event.received // within
    keys = tuple([_key(each, under) for each in (stretch - 1, stretch, stretch + 1)])
    return msgspec.structs.replace(
        unit,
        unless=NotReceived(event.received, within, pseudonym(REPEAT, _said(event)), keys),
        expects=tuple(zip(repeat(RECEPTIONS.name), keys)),
    )


def fold_of(project: Project) -> facts.Fold:
    """Remembers every id, with when it was received last."""
    within = project.company.repeat_within

    def fold(transaction: facts.Transaction, logged: facts.Logged) -> None:
        event = logged.fact.body
        if not isinstance(event, events.Event):
            return
        key = _key(event.received // within, transaction.pseudonym(REPEAT, event.id))
        now = Reception(event.received, transaction.pseudonym(REPEAT, _said(event)))
        before = transaction.get(RECEPTIONS, key) or now
        newest = max(now, before, key=lambda one: (one.received, one.said))
        transaction.put(RECEPTIONS, key, newest)

    return fold


def reused(
    reader: facts.Reader,
    project: Project,
    units: Iterable[tuple[T, facts.Unit]],
    results: Sequence[facts.Result],
) -> list[T]:
    """Which calls were not committed, and are no repeats: their id had been another call's. The
    same id and hour is a repeat whatever the call says; one without a time has no hour."""
    found = []
    for (call, unit), result in zip(units, results, strict=True):
        other = result == facts.Refused(ID_REUSED)
        if isinstance(result, facts.Duplicate) and unit.dedupe_keys[0].startswith(NO_TIME):
            said, within = unit.facts[0].body, project.company.repeat_within
            other = any(
                _is_other(said, logged.fact.body, within)
                for logged in reader.facts(after=result.position - 1, limit=1)
                if logged.position == result.position
            )
        found += [call] if other else []
    return found


def _is_other(said: facts.Body, before: facts.Body, within: values.Duration) -> bool:
    if not (isinstance(said, events.Event) and isinstance(before, events.Event)):
        return False
    return abs(said.received - before.received) <= within and _said(said) != _said(before)


def _key(stretch: int, under: bytes) -> bytes:
    return (stretch + 2**63).to_bytes(8, "big") + under


def _said(event: events.Event) -> str:
    """Call, event and identifiers: what a sender does not change from one try to the next."""
    named = [event.call, event.name, event.identifiers]
    return msgspec.json.encode(named).decode()
