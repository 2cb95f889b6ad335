"""A refusal that keeps its bytes: what is refused becomes a dead letter."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tuttu.intake.body import without_write_key
from tuttu.intake.records import Context, Refusal
from tuttu.intake.refusing import RefusedError
from tuttu.vocabulary.events import DeadLetter
from tuttu.vocabulary.facts import Fact, Unit
from tuttu.vocabulary.values import Instant


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What was refused. limit: how many bytes of it to keep. whole: it is all that came.
    index: place in its batch. sent: when the batch was sent."""

    route: str
    content: bytes
    limit: int
    whole: bool = True
    index: int | None = None
    sent: Instant | None = None


def refuse(error: RefusedError, source: Source, context: Context) -> Refusal:
    """The refusal, with the dead letter that keeps the bytes up to the limit, without keys."""
    content = without_write_key(source.content)
    letter = DeadLetter(
        id=context.new_id(),
        route=source.route,
        reason=error.message,
        code=error.code,
        body=content[: source.limit],
        truncated=len(content) > source.limit or not source.whole,
        sender=context.sender,
        sent_at=source.sent,
    )
    return Refusal(code=error.code, message=error.message, index=source.index, letter=letter)


def letter_units(refusals: Iterable[Refusal], context: Context) -> tuple[Unit, ...]:
    """One unit for each dead letter."""
    letters = [refusal.letter for refusal in refusals if refusal.letter]
    return tuple(_unit(letter, context.now) for letter in letters)


def _unit(letter: DeadLetter, now: Instant) -> Unit:
    fact = Fact(id=letter.id, fragment=None, time=now, received=now, body=letter)
    return Unit(facts=(fact,), once=(b"letter:" + letter.id.encode(),))
