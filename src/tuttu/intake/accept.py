"""The border: one body in, unpacked and in UTF-8; units to commit and refusals out."""

import hashlib
import re
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

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
from tuttu.intake.slips import CallSlip, told
from tuttu.vocabulary import company, events, facts, values
from tuttu.vocabulary.project import Project

BATCH = "batch"
_OF_EVERY_CALL = 3
"""`userId`, `previousId` and `anonymousId`."""
_MANY_COMMAS = 100_000
"""Below it, even a list of nothing but commas is cheap to split."""
KEY_LENGTH = 1_024
"""Characters of a write key."""
_CHUNK = 64 * 1024
_GZIP = {"gzip", "x-gzip"}
_GZIP_BITS = zlib.MAX_WBITS | 16
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_MEMBERS = 100
"""Of one gzip body: each costs some work, however little is in it."""
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
    """The result for one body. Commit `units` and `letters` together.

    single: it was one call. calls: those that were accepted, in the order of the body. slips:
    traits of these calls that do not fit; the rest of the call is taken. refused: calls of a batch
    that was otherwise accepted. refusal: the whole body was refused (then `units` and `refused` are
    empty); a single call is a whole body. letters: one unit for each dead letter, and the closing
    of a repaired one.
    """

    single: bool = False
    calls: tuple[AcceptedCall, ...] = ()
    slips: tuple[CallSlip, ...] = ()
    refused: tuple[CallRefusal, ...] = ()
    refusal: CallRefusal | None = None
    letters: tuple[facts.Unit, ...] = ()

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
        if not content.isascii():
            require_utf8(content)
        if route == BATCH:
            return _accept_batch(content, context)
        unit = read_call(content, route, context, sent)
        content = without_keys(content)
        call = AcceptedCall(unit=unit, index=0, route=route, content=content, sent=sent)
        return Accepted(single=True, calls=(call,), slips=tuple(told(0, unit, context.project)))
    except IntakeError as error:
        limit = limits.body_bytes if route == BATCH else limits.event_bytes
        letter = _dead_letter(error, route, content, limit, context, sent)
        if not unpacked.whole:
            letter = msgspec.structs.replace(letter, truncated=True)
        refusal = CallRefusal(code=error.code, message=error.message, letter=letter)
        return Accepted(refusal=refusal, letters=_letter_units([refusal], context))


def _accept_batch(content: bytes, context: Context) -> Accepted:
    limits = context.project.company.limits
    calls, sent = _split(content, limits.batch_events, context.project.company.zone)
    accepted: list[AcceptedCall] = []
    refused: list[CallRefusal] = []
    slips: list[CallSlip] = []
    pairs = 0
    for index, raw in enumerate(calls):
        call = bytes(raw)
        try:
            unit = read_call(call, ANY_CALL, context, sent)
            pairs += _evidence(unit, limits.evidence_pairs - pairs)
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
    return Accepted(
        calls=tuple(accepted),
        slips=tuple(slips),
        refused=tuple(refused),
        letters=_letter_units(refused, context),
    )


def refused_as_reused(calls: Sequence[AcceptedCall], context: Context) -> Accepted:
    """Calls whose ids another call had already, as their commit found; each is kept."""
    limit = context.project.company.limits.event_bytes
    error = IntakeError(
        RefusalCode.ID_REUSED,
        "found a `messageId` that another call, event or identifier had already; expected an id "
        "of its own for each call: send it with another one",
    )
    refused = tuple(
        CallRefusal(
            code=error.code,
            message=error.message,
            index=each.index,
            letter=_dead_letter(error, each.route, each.content, limit, context, each.sent),
        )
        for each in calls
    )
    return Accepted(refused=refused, letters=_letter_units(refused, context))


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


class _Inflater(Protocol):
    """Of zlib's decompressors, which have no public name."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Unpacked(msgspec.Struct, frozen=True):
    """A body without its content encoding; with a problem, what there was of it.

    whole: nothing of the body is missing in the content.
    """

    content: bytes
    problem: IntakeError | None = None
    whole: bool = True


def unpack(body: bytes, encoding: str | None, limit: int) -> Unpacked:
    """Undo `Content-Encoding`; never holds more than `limit` unpacked bytes and a chunk."""
    scheme = (encoding or "").strip().lower()
    if scheme in _GZIP:
        return _gunzip(body, limit)
    if scheme not in {"", "identity"}:
        found = f"found content encoding {encoding!r}; expected gzip or none"
        return Unpacked(body, IntakeError(RefusalCode.UNKNOWN_ENCODING, found))
    return Unpacked(body, _too_large(limit)) if len(body) > limit else Unpacked(body)


def _gunzip(body: bytes, limit: int) -> Unpacked:
    """One gzip member, or several behind each other, as RFC 1952 has it; zeros may pad the end."""
    content, place = bytearray(), 0
    for _ in range(_MOST_MEMBERS):
        inflater = zlib.decompressobj(wbits=_GZIP_BITS)
        while place < len(body) and not inflater.eof:
            chunk, before = body[place : place + _CHUNK], inflater.copy()
            try:
                content += inflater.decompress(chunk, limit + 1 - len(content))
            except zlib.error as error:
                content += _until_it_breaks(before, chunk, limit - len(content))
                return _broken(body, content, str(error))
            if len(content) > limit:
                return Unpacked(bytes(content[:limit]), _too_large(limit), whole=False)
            place += len(chunk) - len(inflater.unused_data)
        if not inflater.eof:
            return _broken(body, content, "it ends too early")
        if not body[place : place + _CHUNK].strip(b"\0"):
            return Unpacked(bytes(content))
        if not body.startswith(_GZIP_MAGIC, place):
            return _broken(body, content, "bytes follow after its end")
    return _broken(body, content, f"it has more than {_MOST_MEMBERS} parts")


def _broken(body: bytes, content: bytearray, why: str) -> Unpacked:
    """Kept unpacked, as far as that goes: so people can read it, and no key hides in it."""
    problem = IntakeError(
        RefusalCode.BAD_GZIP,
        f"found a body that is not whole gzip ({why}); pack it again, or send it plain",
    )
    return Unpacked(bytes(content), problem, whole=False) if content else Unpacked(body, problem)


def _until_it_breaks(inflater: _Inflater, chunk: bytes, limit: int) -> bytes:
    """What a chunk of broken gzip holds before the fault, at most `limit` bytes."""
    content = bytearray()
    for start in range(len(chunk)):
        if len(content) >= limit:
            break
        try:
            content += inflater.decompress(chunk[start : start + 1], limit - len(content))
        except zlib.error:
            break
    return bytes(content)


def _too_large(limit: int) -> IntakeError:
    return IntakeError(
        RefusalCode.BODY_TOO_LARGE,
        f"found a body of more than {limit:,} bytes unpacked; send it in smaller batches",
    )


def require_utf8(content: bytes) -> None:
    """Raises IntakeError at the first byte that is not UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"found byte {content[error.start]:#04x} at {error.start}, which is not UTF-8"
        raise IntakeError(RefusalCode.NOT_UTF8, f"{found}; send JSON in UTF-8") from None


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
