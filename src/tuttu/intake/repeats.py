"""A call that was sent again: the same message id, received again within a time.

The dedupe key of a call is its id and the hour of its own time. A sender that stamps each try anew,
or not at all, may cross the hour: so an id is also remembered with when it was received, and with a
keyed hash of what the call was. The fold judges, under the lock of the writers, so that of two at
once one is a repeat. How long an id is remembered is kept with each event, so that the log folded
again judges as it did then.

Records lie in stretches of that length, by time of receipt: those of the present are near one
another, however many ids there have been.
"""

import msgspec

from tuttu.vocabulary import events, facts, values
from tuttu.vocabulary.company import REPEAT_WITHIN

REPEAT, ID_REUSED = "repeat", "id_reused"
"""Why the fold refuses a unit."""


class Reception(msgspec.Struct, frozen=True, array_like=True):
    """When an id was received last, and the keyed hash of what it named."""

    received: values.Instant
    said: bytes


RECEPTIONS = facts.Table("intake.receptions", Reception)
"""By stretch of time, and pseudonym of the message id."""


def expected(event: events.Event, pseudonym: facts.Pseudonym) -> tuple[tuple[str, bytes], ...]:
    """The records that the fold of an event will read."""
    under = pseudonym(REPEAT, event.id)
    return tuple((RECEPTIONS.name, key) for key in _near(event, under))


def same_call(event: events.Event, other: events.Event) -> bool:
    """Whether two calls of one id are one call."""
    return _said(event) == _said(other)


def close_to(event: events.Event, other: events.Event) -> bool:
    """Whether they were received within the time for which an id is remembered."""
    return abs(event.received - other.received) <= _within(event)


def _receive(transaction: facts.Transaction, logged: facts.Logged) -> None:
    event = logged.fact.body
    if not isinstance(event, events.Event):
        return
    under = transaction.pseudonym(REPEAT, event.id)
    said = transaction.pseudonym(REPEAT, _said(event))
    if event.repeat_within:
        for key in _near(event, under):
            before = transaction.get(RECEPTIONS, key)
            if before and abs(event.received - before.received) <= event.repeat_within:
                raise facts.Exhausted(REPEAT if before.said == said else ID_REUSED)
    key = _key(event.received // _within(event), under)
    before = transaction.get(RECEPTIONS, key)
    now = Reception(event.received, said)
    newest = now if before is None else max(now, before, key=lambda one: (one.received, one.said))
    transaction.put(RECEPTIONS, key, newest)


def _within(event: events.Event) -> values.Duration:
    return event.repeat_within or REPEAT_WITHIN


def _near(event: events.Event, under: bytes) -> list[bytes]:
    """The keys under which an id may be that was received close to this event."""
    stretch = event.received // _within(event)
    return [_key(each, under) for each in (stretch - 1, stretch, stretch + 1)]


def _key(stretch: int, under: bytes) -> bytes:
    return (stretch + 2**63).to_bytes(8, "big") + under


def _said(event: events.Event) -> str:
    """Call, event and identifiers: what a sender does not change from one try to the next."""
    named = [event.call, event.name, event.identifiers]
    return msgspec.json.encode(named).decode()


FOLD: facts.Fold = _receive
