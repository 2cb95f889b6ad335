"""The border: one body in, units to commit and refusals out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw

from tuttu.intake import body as bodies
from tuttu.intake.call import ANY_CALL, Context, read_call, read_instant
from tuttu.intake.errors import STATUS, IntakeError, RefusalCode
from tuttu.vocabulary.events import DeadLetter
from tuttu.vocabulary.facts import Fact, Unit
from tuttu.vocabulary.values import Instant

BATCH = "batch"
_MANY_COMMAS = 100_000
"""Below it, even a list of nothing but commas is cheap to split."""


class CallRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """One no. index: place in the batch; None: the body as a whole. letter: kept for repair."""

    code: RefusalCode
    message: str
    index: int | None = None
    letter: DeadLetter | None = None

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 400)


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one body. Commit `units` and `letters` together, in one go.

    units: one for each accepted call, in the order of the body. refused: calls of a batch that
    was otherwise accepted. refusal: the whole body was refused (then `units` and `refused` are
    empty); a single call is a whole body. letters: one unit for each dead letter, and the closing
    of a repaired one.
    """

    units: tuple[Unit, ...] = ()
    refused: tuple[CallRefusal, ...] = ()
    refusal: CallRefusal | None = None
    letters: tuple[Unit, ...] = ()

    @property
    def status(self) -> int:
        """Of the answer in HTTP: 200 also for a half-good batch."""
        return self.refusal.status if self.refusal else 200

    @property
    def everything(self) -> tuple[Unit, ...]:
        """All that is to be committed; the results of `units` come first."""
        return self.units + self.letters


class _Batch(msgspec.Struct, frozen=True, rename="camel"):
    batch: list[Raw] | None = None
    sent_at: Any = None


_BATCH = msgspec.json.Decoder(_Batch)


def accept(
    route: str,
    body: bytes,
    encoding: str | None,
    context: Context,
    *,
    sent: Instant | None = None,
) -> Accepted:
    """Judge a request to one of Segment's routes: a call's name, `ANY_CALL` or `BATCH`.

    encoding: the header `Content-Encoding`. sent: when it was sent, if the body does not say so.
    Never raises for anything that a sender can send; writes nothing: the caller commits what the
    answer holds.
    """
    limits = context.project.company.limits
    unpacked = bodies.unpack(body, encoding, limits.body_bytes)
    content = unpacked.content
    try:
        if unpacked.problem:
            raise unpacked.problem
        if not content.isascii():
            bodies.require_utf8(content)
        if route == BATCH:
            return _accept_batch(content, context)
        return Accepted(units=(read_call(content, route, context, sent),))
    except IntakeError as error:
        limit = limits.body_bytes if route == BATCH else limits.event_bytes
        letter = _dead_letter(error, route, content, limit, context, sent)
        if not unpacked.whole:
            letter = msgspec.structs.replace(letter, truncated=True)
        refusal = CallRefusal(code=error.code, message=error.message, letter=letter)
        return Accepted(refusal=refusal, letters=_letter_units([refusal], context))


def _accept_batch(content: bytes, context: Context) -> Accepted:
    limits = context.project.company.limits
    calls, sent = _split(content, limits.batch_events)
    units: list[Unit] = []
    refused: list[CallRefusal] = []
    for index, raw in enumerate(calls):
        call = bytes(raw)
        try:
            units.append(read_call(call, ANY_CALL, context, sent))
        except IntakeError as error:
            letter = _dead_letter(error, ANY_CALL, call, limits.event_bytes, context, sent)
            refused.append(
                CallRefusal(code=error.code, message=error.message, index=index, letter=letter)
            )
    return Accepted(
        units=tuple(units), refused=tuple(refused), letters=_letter_units(refused, context)
    )


def _split(content: bytes, limit: int) -> tuple[list[Raw], Instant | None]:
    """The calls of a batch, undecoded, and when it was sent."""
    too_many = IntakeError(
        RefusalCode.TOO_MANY_EVENTS,
        f"found more than {limit:,} calls in one batch; expected {limit:,} at most: send several",
    )
    bodies.require_depth(content, bodies.BODY_DEPTH)
    many = content.count(b",") > _MANY_COMMAS
    if many and bodies.second_level(content) > max(limit, _MANY_COMMAS):
        raise too_many
    batch = bodies.decode(_BATCH, content)
    if batch.batch is None:
        found = "found no `batch`; expected a list of calls in it"
        raise IntakeError(RefusalCode.MISSING_FIELD, found)
    if len(batch.batch) > limit:
        raise too_many
    return batch.batch, read_instant(batch.sent_at, "sentAt")


def _dead_letter(
    error: IntakeError,
    route: str,
    content: bytes,
    limit: int,
    context: Context,
    sent: Instant | None,
) -> DeadLetter:
    """What was refused: its bytes up to the limit, without keys. sent: when its batch was sent."""
    content = bodies.without_write_key(content)
    return DeadLetter(
        id=context.new_id(),
        route=route,
        reason=error.message,
        code=error.code,
        body=content[:limit],
        truncated=len(content) > limit,
        sender=context.sender,
        sent_at=sent,
    )


def _letter_units(refusals: Iterable[CallRefusal], context: Context) -> tuple[Unit, ...]:
    """One unit for each dead letter."""
    units = []
    for letter in (refusal.letter for refusal in refusals if refusal.letter):
        now = context.now
        fact = Fact(id=letter.id, fragment=None, time=now, received=now, body=letter)
        units.append(Unit(facts=(fact,), once=(b"letter:" + letter.id.encode(),)))
    return tuple(units)
