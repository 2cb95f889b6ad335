"""The border: one body in, units to commit and refusals out."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from tuttu.intake.body import require_utf8, unpack
from tuttu.intake.call import read_call
from tuttu.intake.decoding import decode
from tuttu.intake.keeping import Source, letter_units, refuse
from tuttu.intake.moments import read_instant
from tuttu.intake.nesting import BODY_DEPTH, require_depth, second_level
from tuttu.intake.records import Accepted, Context, Refusal
from tuttu.intake.refusing import Code, RefusedError
from tuttu.intake.wire import ANY_CALL
from tuttu.vocabulary.facts import Unit
from tuttu.vocabulary.values import Instant

BATCH = "batch"
_MANY_COMMAS = 100_000
"""Below it, even a list of nothing but commas is cheap to split."""


class _Batch(msgspec.Struct, frozen=True, rename="camel"):
    batch: list[Raw] | None = None
    sent_at: Any = None


_batch = msgspec.json.Decoder(_Batch)


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
    unpacked = unpack(body, encoding, limits.body_bytes)
    content = unpacked.content
    try:
        if unpacked.problem:
            raise unpacked.problem
        require_utf8(content)
        if route == BATCH:
            return _accept_batch(content, context)
        return Accepted(units=(read_call(content, route, context, sent),))
    except RefusedError as error:
        limit = limits.body_bytes if route == BATCH else limits.event_bytes
        source = Source(route=route, content=content, limit=limit, whole=unpacked.whole, sent=sent)
        refusal = refuse(error, source, context)
        return Accepted(refusal=refusal, letters=letter_units([refusal], context))


def _accept_batch(content: bytes, context: Context) -> Accepted:
    calls, sent = _split(content, context.project.company.limits.batch_events)
    units: list[Unit] = []
    refused: list[Refusal] = []
    for index, raw in enumerate(calls):
        call = bytes(raw)
        try:
            units.append(read_call(call, ANY_CALL, context, sent))
        except RefusedError as error:
            refused.append(_refuse_call(error, call, index, sent, context))
    return Accepted(
        units=tuple(units), refused=tuple(refused), letters=letter_units(refused, context)
    )


def _split(content: bytes, limit: int) -> tuple[list[Raw], Instant | None]:
    """The calls of a batch, undecoded, and when it was sent."""
    require_depth(content, BODY_DEPTH)
    if content.count(b",") > _MANY_COMMAS and second_level(content) > max(limit, _MANY_COMMAS):
        raise _too_many(limit)
    batch = decode(_batch, content)
    if batch.batch is None:
        raise RefusedError(Code.MISSING_FIELD, "found no `batch`; expected a list of calls in it")
    if len(batch.batch) > limit:
        raise _too_many(limit)
    return batch.batch, read_instant(batch.sent_at, "sentAt")


def _refuse_call(
    error: RefusedError, call: bytes, index: int, sent: Instant | None, context: Context
) -> Refusal:
    limit = context.project.company.limits.event_bytes
    source = Source(route=ANY_CALL, content=call, limit=limit, index=index, sent=sent)
    return refuse(error, source, context)


def _too_many(limit: int) -> RefusedError:
    return RefusedError(
        Code.TOO_MANY_EVENTS,
        f"found more than {limit:,} calls in one batch; expected {limit:,} at most: send several",
    )
