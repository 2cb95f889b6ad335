"""Dead letters: listed, repaired and sent again, or given up."""

from itertools import count
from typing import Literal

import msgspec

from tuttu.intake.accept import Accepted, CallRefusal, accept
from tuttu.intake.call import Context
from tuttu.intake.errors import RefusalCode
from tuttu.vocabulary import events, facts, room, values

Status = Literal["waiting", "sent", "dropped"]


class KeptLetter(msgspec.Struct, frozen=True):
    """A dead letter in its current state. received: when the refused call came."""

    letter: events.DeadLetter
    received: values.Instant
    status: Status


class LetterRecord(msgspec.Struct, frozen=True):
    """A dead letter and when it came."""

    letter: events.DeadLetter
    received: values.Instant


class LetterState(msgspec.Struct, frozen=True):
    """The log position of a letter, and how it was closed: the earliest closing holds.

    received: None while only the closing is known. closed: (time, fact id, how).
    """

    received: values.Instant | None = None
    closed: tuple[values.Instant, str, str] | None = None


LETTERS = facts.Table("intake.dead_letters", LetterRecord)
"""By time of receipt, then id: the order in which they are listed."""
STATES = facts.Table("intake.dead_letter_states", LetterState)
"""By id."""


def _add(transaction: facts.Transaction, logged: facts.Logged) -> None:
    fact = logged.fact
    if isinstance(fact.body, events.DeadLetter):
        key = _key(fact.received, fact.body.id)
        transaction.put(LETTERS, key, LetterRecord(fact.body, fact.received))
        state = transaction.get(STATES, fact.body.id.encode()) or LetterState()
        state = LetterState(fact.received, state.closed)
        transaction.put(STATES, fact.body.id.encode(), state)


def _close(transaction: facts.Transaction, logged: facts.Logged) -> None:
    fact = logged.fact
    if isinstance(fact.body, events.DeadLetterClosed):
        state = transaction.get(STATES, fact.body.id.encode()) or LetterState()
        closed = (fact.time, fact.id, fact.body.how)
        earliest = closed if state.closed is None else min(state.closed, closed)
        transaction.put(STATES, fact.body.id.encode(), LetterState(state.received, earliest))


FOLDS: room.Folds = {events.DeadLetter: _add, events.DeadLetterClosed: _close}


def _key(received: values.Instant, letter_id: str) -> bytes:
    return (received + 2**63).to_bytes(8, "big") + letter_id.encode()


def letter(reader: facts.Reader, letter_id: str) -> KeptLetter | None:
    """One dead letter; None if there is none of that id."""
    state = reader.get(STATES, letter_id.encode(), watch=False)
    if state is None or state.received is None:
        return None
    record = reader.get(LETTERS, _key(state.received, letter_id), watch=False)
    return None if record is None else KeptLetter(record.letter, record.received, _status(state))


def _status(state: LetterState | None) -> Status:
    if state is None or state.closed is None:
        return "waiting"
    return "sent" if state.closed[2] == "sent" else "dropped"


def letters(
    reader: facts.Reader, *, after: str | None = None, limit: int = 100
) -> list[KeptLetter]:
    """Dead letters, closed ones too, oldest first; `after`: only those behind this id."""
    start = letter(reader, after) if after else None
    edge = _key(start.received, start.letter.id) if start else b""
    found: list[KeptLetter] = []
    for key, record in reader.scan(LETTERS):
        if len(found) == limit:
            break
        if key > edge:
            state = reader.get(STATES, record.letter.id.encode(), watch=False)
            found.append(KeptLetter(record.letter, record.received, _status(state)))
    return found


def repair(kept: KeptLetter, body: bytes | None, context: Context) -> Accepted:
    """Send a dead letter again: with a new body, or as it was kept (None).

    It is judged as if it had been right at first: with the time of receipt that it had then. If
    it is accepted, a unit closes the letter; if it is refused again, the letter waits on.
    """
    letter_id = kept.letter.id
    if kept.status != "waiting":
        return _not_sent(
            RefusalCode.LETTER_CLOSED, f"found the dead letter {letter_id} {kept.status} already"
        )
    if body is None and kept.letter.truncated:
        return _not_sent(
            RefusalCode.LETTER_TRUNCATED,
            f"found only the beginning of the dead letter {letter_id}; send it with a whole body",
        )
    numbers = count(1)
    then = msgspec.structs.replace(
        context, now=kept.received, new_id=lambda: f"{letter_id}.{next(numbers)}"
    )
    content = kept.letter.body if body is None else body
    accepted = accept(kept.letter.route, content, None, then, sent=kept.letter.sent_at)
    if accepted.refusal:
        return Accepted(refusal=msgspec.structs.replace(accepted.refusal, letter=None))
    return msgspec.structs.replace(accepted, closing=close(letter_id, "sent", context))


def _not_sent(code: RefusalCode, message: str) -> Accepted:
    return Accepted(refusal=CallRefusal(code=code, message=message))


def close(letter_id: str, how: Literal["sent", "dropped"], context: Context) -> facts.Unit:
    """The unit that closes a dead letter; closing it twice is once."""
    fact = facts.Fact(
        id=f"{letter_id}.{how}",
        fragment=None,
        time=context.now,
        received=context.now,
        body=events.DeadLetterClosed(id=letter_id, how=how),
    )
    return facts.Unit(facts=(fact,), dedupe_keys=(b"closed:" + letter_id.encode(),))
