"""Dead letters: listed, repaired and sent again, or given up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Literal

import msgspec

from tuttu.intake.accepting import accept
from tuttu.intake.records import Accepted, Context, Refusal
from tuttu.intake.refusing import Code
from tuttu.vocabulary.events import DeadLetter, DeadLetterClosed
from tuttu.vocabulary.facts import Fact, Logged, Reader, Table, Transaction, Unit
from tuttu.vocabulary.values import Instant

Status = Literal["waiting", "sent", "dropped"]


class KeptLetter(msgspec.Struct, frozen=True):
    """A dead letter as it stands now. received: when the refused call came."""

    letter: DeadLetter
    received: Instant
    status: Status


class LetterRecord(msgspec.Struct, frozen=True):
    """A dead letter and when it came."""

    letter: DeadLetter
    received: Instant


class LetterState(msgspec.Struct, frozen=True):
    """Where a letter lies, and how it was closed: the earliest closing holds.

    received: None while only the closing is known. closed: (time, fact id, how).
    """

    received: Instant | None = None
    closed: tuple[Instant, str, str] | None = None


LETTERS = Table("intake.dead_letters", LetterRecord)
"""By time of receipt, then id: the order in which they are listed."""
STATES = Table("intake.dead_letter_states", LetterState)
"""By id."""


def fold(transaction: Transaction, logged: Logged) -> None:
    """Keeps dead letters, and that they are closed."""
    fact = logged.fact
    if isinstance(fact.body, DeadLetter):
        key = _key(fact.received, fact.body.id)
        transaction.put(LETTERS, key, LetterRecord(fact.body, fact.received))
        _change(transaction, fact.body.id, received=fact.received)
    elif isinstance(fact.body, DeadLetterClosed):
        _change(transaction, fact.body.id, closed=(fact.time, fact.id, fact.body.how))


def _change(
    transaction: Transaction,
    letter_id: str,
    *,
    received: Instant | None = None,
    closed: tuple[Instant, str, str] | None = None,
) -> None:
    state = transaction.get(STATES, letter_id.encode()) or LetterState()
    closings = [each for each in (state.closed, closed) if each]
    changed = LetterState(
        state.received if received is None else received, min(closings, default=None)
    )
    transaction.put(STATES, letter_id.encode(), changed)


def _key(received: Instant, letter_id: str) -> bytes:
    return (received + 2**63).to_bytes(8, "big") + letter_id.encode()


def letter(reader: Reader, letter_id: str) -> KeptLetter | None:
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


def letters(reader: Reader, *, after: str | None = None, limit: int = 100) -> list[KeptLetter]:
    """Dead letters, closed ones too, oldest first; `after`: only those behind this id."""
    return list(islice(_behind(reader, after), limit))


def _behind(reader: Reader, after: str | None) -> Iterator[KeptLetter]:
    start = letter(reader, after) if after else None
    edge = _key(start.received, start.letter.id) if start else b""
    for key, record in reader.scan(LETTERS):
        if key > edge:
            state = reader.get(STATES, record.letter.id.encode(), watch=False)
            yield KeptLetter(record.letter, record.received, _status(state))


def repaired(kept: KeptLetter, body: bytes | None, context: Context) -> Accepted:
    """Send a dead letter again: with a new body, or as it was kept (None).

    It is judged as if it had been right at first: with the time of receipt that it had then. If
    it is accepted, a unit closes the letter; if it is refused again, the letter waits on.
    """
    letter_id = kept.letter.id
    if kept.status != "waiting":
        return _not_sent(
            Code.LETTER_CLOSED, f"found the dead letter {letter_id} {kept.status} already"
        )
    if body is None and kept.letter.truncated:
        return _not_sent(
            Code.LETTER_TRUNCATED,
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
    closing = close(letter_id, "sent", context)
    return msgspec.structs.replace(accepted, letters=(*accepted.letters, closing))


def _not_sent(code: Code, message: str) -> Accepted:
    return Accepted(refusal=Refusal(code=code, message=message))


def close(letter_id: str, how: Literal["sent", "dropped"], context: Context) -> Unit:
    """The unit that closes a dead letter; closing it twice is once."""
    fact = Fact(
        id=f"{letter_id}.{how}",
        fragment=None,
        time=context.now,
        received=context.now,
        body=DeadLetterClosed(id=letter_id, how=how),
    )
    return Unit(facts=(fact,), once=(b"closed:" + letter_id.encode(),))
