"""The border: one body in, unpacked and in UTF-8; units to commit and refusals out."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from tuttu.identity import MOST_IDENTIFIERS
from tuttu.intake.call import (
    ANY_CALL,
    BODY_DEPTH,
    Context,
    decode,
    read_call,
    read_instant,
    require_depth,
    second_level,
)
from tuttu.intake.errors import STATUS, IntakeError, RefusalCode
from tuttu.intake.repeats import reused
from tuttu.intake.replacing import different
from tuttu.intake.slips import CallSlip, told
from tuttu.intake.unpack import require_utf8, unpack
from tuttu.vocabulary import company, events, facts, values
from tuttu.vocabulary.project import Project

BATCH = "batch"
SLICE = 20
"""Calls of a batch that are judged and committed before others may be served."""
_OF_EVERY_CALL = 3
"""`userId`, `previousId` and `anonymousId`."""
_MANY_COMMAS = 100_000
"""Below it, even a list of nothing but commas is cheap to split."""
KEY_LENGTH = 1_024
"""Characters of a write key."""
_WRITE_KEY = re.compile(
    rb"""(["']?write[_-]?key["']?\s*[:=]\s*)"""
    rb"""(?:"(?:[^"\\]|\\.|\\\Z)*+(?:"|\Z)|'[^']*+(?:'|\Z)|[\w.~-]++)""",
    re.DOTALL | re.IGNORECASE,
)
"""The name as anybody spells it, and its value: quoted, or a word."""
_ESCAPED = re.compile(rb"\\u00([0-7][0-9a-fA-F])|%([2-7][0-9a-fA-F])")
"""A character that JSON or a URL may write in another way."""
_SERVER_KEY = re.compile(rb"tuttu_[A-Za-z0-9_-]{16,}|t\0u\0t\0t\0u\0_\0(?:[A-Za-z0-9_-]\0?){16,}")
"""A key of ours wherever it stands, cut short or in UTF-16."""


class CallRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal. index: place in the batch; None: the body as a whole. letter: kept for repair."""

    code: RefusalCode
    message: str
    index: int | None = None
    letter: events.DeadLetter | None = None

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 400)


class AcceptedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that can be committed, with what a dead letter needs if the commit finds its id used
    for another one. index: place in the body."""

    unit: facts.Unit
    index: int
    route: str
    content: bytes
    sent: values.Instant | None


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one body, or for a slice of a batch. Commit `units` and `letters` together.

    single: it was one call. calls: those that were accepted, in the order of the body. slips:
    traits of these calls that do not fit; the rest of the call is taken. refused: calls of a batch
    that was otherwise accepted. refusal: the whole body was refused (then `units` and `refused` are
    empty); a single call is a whole body. letters: one unit for each dead letter. closing: of the
    letter that was sent again.
    """

    single: bool = False
    calls: tuple[AcceptedCall, ...] = ()
    slips: tuple[CallSlip, ...] = ()
    refused: tuple[CallRefusal, ...] = ()
    refusal: CallRefusal | None = None
    letters: tuple[facts.Unit, ...] = ()
    closing: facts.Unit | None = None

    @property
    def status(self) -> int:
        """Of the answer in HTTP: 200 also for a half-good batch."""
        return self.refusal.status if self.refusal else 200

    @property
    def units(self) -> tuple[facts.Unit, ...]:
        """One for each accepted call."""
        return tuple(call.unit for call in self.calls)

    @property
    def everything(self) -> tuple[facts.Unit, ...]:
        """All that is to be committed; the results of `units` come first."""
        return self.units + self.letters


class _Batch(msgspec.Struct, frozen=True, rename="camel"):
    batch: list[Raw] | None = None
    sent_at: Any = None


_BATCH = msgspec.json.Decoder(_Batch)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])


def accept(
    route: str,
    body: bytes,
    encoding: str | None,
    context: Context,
    *,
    sent: values.Instant | None = None,
) -> Accepted:
    """As `accept_in_slices`, of the whole body."""
    slices = list(accept_in_slices(route, body, encoding, context, sent=sent))
    first = slices[0]
    if len(slices) == 1:
        return first
    return msgspec.structs.replace(
        first,
        calls=tuple(call for each in slices for call in each.calls),
        slips=tuple(slip for each in slices for slip in each.slips),
        refused=tuple(refused for each in slices for refused in each.refused),
        letters=tuple(letter for each in slices for letter in each.letters),
    )


def accept_in_slices(
    route: str,
    body: bytes,
    encoding: str | None,
    context: Context,
    *,
    sent: values.Instant | None = None,
) -> Iterator[Accepted]:
    """Judge a request to one of Segment's routes: a call's name, `ANY_CALL` or `BATCH`; of a batch
    `SLICE` calls at a time, and one slice at least.

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
        if not content.isascii():
            require_utf8(content)
        if route == BATCH:
            calls, sent = _split(content, limits.batch_events, context.project.company.zone)
        else:
            yield _accept_one(content, route, context, sent)
            return
    except IntakeError as error:
        limit = limits.body_bytes if route == BATCH else limits.event_bytes
        letter = _dead_letter(error, route, content, limit, context, sent)
        if not unpacked.whole:
            letter = msgspec.structs.replace(letter, truncated=True)
        refusal = CallRefusal(code=error.code, message=error.message, letter=letter)
        yield Accepted(refusal=refusal, letters=_letter_units([refusal], context))
        return
    pairs = limits.evidence_pairs
    for start in range(0, max(len(calls), 1), SLICE):
        judged, pairs = _accept_slice(calls[start : start + SLICE], start, context, sent, pairs)
        yield judged


def _accept_one(
    content: bytes, route: str, context: Context, sent: values.Instant | None
) -> Accepted:
    """Raises IntakeError."""
    unit = read_call(content, route, context, sent)
    content = without_keys(content)
    call = AcceptedCall(unit=unit, index=0, route=route, content=content, sent=sent)
    return Accepted(single=True, calls=(call,), slips=tuple(told(0, unit, context.project)))


def _accept_slice(
    calls: Sequence[Raw],
    start: int,
    context: Context,
    sent: values.Instant | None,
    pairs: int,
) -> tuple[Accepted, int]:
    """start: place of the first call in the batch. pairs: of identifiers that the batch may still
    name; those that are left come back."""
    limits = context.project.company.limits
    accepted: list[AcceptedCall] = []
    refused: list[CallRefusal] = []
    slips: list[CallSlip] = []
    for index, raw in enumerate(calls, start):
        call = bytes(raw)
        try:
            unit = read_call(call, ANY_CALL, context, sent)
            pairs -= _evidence(unit, pairs)
            accepted.append(
                AcceptedCall(
                    unit=unit,
                    index=index,
                    route=ANY_CALL,
                    content=without_keys(call),
                    sent=sent,
                )
            )
            slips += told(index, unit, context.project)
        except IntakeError as error:
            letter = _dead_letter(error, ANY_CALL, call, limits.event_bytes, context, sent)
            refused.append(
                CallRefusal(code=error.code, message=error.message, index=index, letter=letter)
            )
    judged = Accepted(
        calls=tuple(accepted),
        slips=tuple(slips),
        refused=tuple(refused),
        letters=_letter_units(refused, context),
    )
    return judged, pairs


class Known(NamedTuple):
    """Of the calls that were not committed: those whose id had been another call's; and those that
    say something else than what is known, each with the id under which it would be taken."""

    reused: list[AcceptedCall]
    different: list[tuple[AcceptedCall, str]]


def known_before(
    reader: facts.Reader,
    project: Project,
    calls: Sequence[AcceptedCall],
    results: Sequence[facts.Result],
) -> Known:
    units = [(each, each.unit) for each in calls]
    said = zip(units, results, strict=True)
    return Known(reused(reader, project, units, results), different(reader, said))


def refused_at_commit(
    reused: Sequence[AcceptedCall], mistaken: Sequence[tuple[AcceptedCall, str]], context: Context
) -> Accepted:
    """Calls that fell when they were to be committed; each is kept. reused: their ids another call
    had already. mistaken: by a mistake of ours, each with the number under which it is logged."""
    known = IntakeError(
        RefusalCode.ID_REUSED,
        "found a `messageId` that another call, event or identifier had already; expected an id "
        "of its own for each call: send it with another one",
    )
    said = "our mistake, not yours: kept to be tried again; it stands in the log as"
    ours = [
        (call, IntakeError(RefusalCode.UNFORESEEN, f"{said} {number}")) for call, number in mistaken
    ]
    refused = _refused([*((each, known) for each in reused), *ours], context)
    return Accepted(refused=refused, letters=_letter_units(refused, context))


def _refused(
    calls: Sequence[tuple[AcceptedCall, IntakeError]], context: Context
) -> tuple[CallRefusal, ...]:
    limit = context.project.company.limits.event_bytes
    return tuple(
        CallRefusal(
            code=error.code,
            message=error.message,
            index=each.index,
            letter=_dead_letter(error, each.route, each.content, limit, context, each.sent),
        )
        for each, error in calls
    )


def _evidence(unit: facts.Unit, left: int) -> int:
    """Pairs of identifiers that a call names together: what work it makes to know who is who.
    Raises IntakeError for more than there are left in the body."""
    named = (fact.body for fact in unit.facts if isinstance(fact.body, events.Event))
    pairs = sum(len(event.identifiers) - 1 for event in named)
    if pairs > left:
        raise IntakeError(
            RefusalCode.TOO_MUCH_EVIDENCE,
            f"found {pairs:,} more pairs of identifiers in one body, where"
            f" `limits.evidence_pairs` leaves {left:,}; send this call in another body",
        )
    return pairs


def most_evidence(call: bytes, project: Project) -> int:
    """The most pairs of identifiers that a call can name together, as its bytes show: for whoever
    divides calls into bodies. One that lists external ids may have as many as any."""
    if b"externalIds" in call:
        return MOST_IDENTIFIERS - 1
    declared = project.namespaces.values()
    return min(
        MOST_IDENTIFIERS - 1,
        _OF_EVERY_CALL + sum(len(each.fields) + len(each.compounds) for each in declared) - 1,
    )


def _split(content: bytes, limit: int, zone: str) -> tuple[list[Raw], values.Instant | None]:
    """The calls of a batch, undecoded, and when it was sent."""
    too_many = IntakeError(
        RefusalCode.TOO_MANY_EVENTS,
        f"found more than {limit:,} calls in one batch; expected {limit:,} at most: send several",
    )
    require_depth(content, BODY_DEPTH)
    many = content.count(b",") > _MANY_COMMAS
    if many and second_level(content) > max(limit, _MANY_COMMAS):
        raise too_many
    batch = decode(_BATCH, content)
    if batch.batch is None:
        found = "found no `batch`; expected a list of calls in it"
        raise IntakeError(RefusalCode.MISSING_FIELD, found)
    if len(batch.batch) > limit:
        raise too_many
    return batch.batch, read_instant(batch.sent_at, "sentAt", zone)


def _dead_letter(
    error: IntakeError,
    route: str,
    content: bytes,
    limit: int,
    context: Context,
    sent: values.Instant | None,
) -> events.DeadLetter:
    """What was refused: its bytes up to the limit, without keys. sent: when its batch was sent."""
    content = without_keys(content)
    return events.DeadLetter(
        id=_letter_id(route, content, limit, context),
        route=route,
        reason=without_keys(error.message.encode()).decode(errors="replace"),
        code=error.code,
        body=content[:limit],
        truncated=len(content) > limit,
        sender=context.sender,
        sent_at=sent,
    )


def _letter_id(route: str, content: bytes, limit: int, context: Context) -> str:
    """The same for the same call from the same sender, however often it is sent: a retry makes no
    second dead letter. What changes from sending to sending is left out. It is a keyed hash, and
    tells nothing of what was sent."""
    said = hashlib.sha256(_without_sent_at(content) if len(content) <= limit else content)
    parts = (context.sender, route, said.hexdigest())
    return context.pseudonym("intake.dead_letter", " ".join(parts)).hex()


def _without_sent_at(content: bytes) -> bytes:
    """A call without the time of its sending, as far as it is JSON."""
    try:
        require_depth(content, BODY_DEPTH)
        said = decode(_FIELDS, content)
    except IntakeError:
        return content
    return msgspec.json.encode({name: said[name] for name in sorted(said) if name != "sentAt"})


def _letter_units(refusals: Iterable[CallRefusal], context: Context) -> tuple[facts.Unit, ...]:
    """One unit for each dead letter."""
    units = []
    for letter in (refusal.letter for refusal in refusals if refusal.letter):
        now = context.now
        fact = facts.Fact(id=letter.id, fragment=None, time=now, received=now, body=letter)
        units.append(facts.Unit(facts=(fact,), dedupe_keys=(b"letter:" + letter.id.encode(),)))
    return tuple(units)


class _Keyed(msgspec.Struct, frozen=True, rename="camel"):
    write_key: Any = None


_DEFAULT = company.Limits()
_KEYED = msgspec.json.Decoder(_Keyed)


def write_key_of(
    body: bytes, encoding: str | None = None, limits: company.Limits = _DEFAULT
) -> str | None:
    """The `writeKey` that Segment's older clients put into a call or batch; None if there is none
    or the body cannot be read.

    It is for requests that nobody has authenticated yet: never raises, decodes nothing else.
    """
    unpacked = unpack(body, encoding, limits.body_bytes)
    if unpacked.problem or b"writeKey" not in unpacked.content:
        return None
    try:
        require_depth(unpacked.content, BODY_DEPTH)
        key = decode(_KEYED, unpacked.content).write_key
    except IntakeError:
        return None
    return key if isinstance(key, str) and 0 < len(key) <= KEY_LENGTH else None


def without_keys(content: bytes) -> bytes:
    """The same bytes with the value of every `writeKey` emptied, and without any server key, in
    whatever way they are spelled: keys are never stored. Where a name or a key was escaped, all
    that is escaped is written plainly."""
    found = _without_plain_keys(content)
    if b"\\u00" in content or b"%" in content:
        plain = _without_plain_keys(_unescaped(content))
        if plain != _unescaped(found):
            return plain
    return found


def _unescaped(content: bytes) -> bytes:
    return _ESCAPED.sub(lambda one: bytes([int(one[1] or one[2], 16)]), content)


def _without_plain_keys(content: bytes) -> bytes:
    return _SERVER_KEY.sub(b"", _WRITE_KEY.sub(rb'\1""', content))
