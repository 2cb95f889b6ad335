"""From the bytes of a request to JSON: unpacked, in UTF-8, not too deep, decoded.

Decoders call themselves for each level of nesting, so its depth is counted on the bytes before any
of them. Counting never recurses, and is exact for JSON; for anything else, for the part that a
decoder reads before it gives up.
"""

from __future__ import annotations

import re
import zlib
from itertools import accumulate, chain
from typing import Any, Protocol, TypeVar

import msgspec

from tuttu.intake.errors import IntakeError, RefusalCode
from tuttu.vocabulary.company import Limits

T = TypeVar("T")

EVENT_DEPTH = 64
"""Levels of nesting in one call."""
BODY_DEPTH = 256
"""Levels of nesting in a batch: what lies between the two is refused call by call."""
KEY_LENGTH = 1_024
"""Characters of a write key."""

_CHUNK = 64 * 1024
_GZIP = {"gzip", "x-gzip"}
_GZIP_BITS = zlib.MAX_WBITS | 16
_WRITE_KEY = re.compile(rb'("writeKey"\s*:\s*)"(?:[^"\\]|\\.|\\\Z)*+(?:"|\Z)', re.DOTALL)
_BYTE = re.compile(r"\(byte (\d+)\)")
_NOT_A_NUMBER = re.compile(rb"-?(?:NaN|Infinity)")
_QUOTED = re.compile(rb'"[^"]*"')
_SIGNS = b'"[]{},'
_OTHERS = bytes(set(range(256)) - set(_SIGNS))
_SQUARE = bytes.maketrans(b"{}", b"[]")
_STEPS = [(byte == ord("[")) - (byte == ord("]")) for byte in range(256)]
_COMMA = ord(",")


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
    inflater = zlib.decompressobj(wbits=_GZIP_BITS)
    content = bytearray()
    for start in range(0, len(body), _CHUNK):
        chunk, before = body[start : start + _CHUNK], inflater.copy()
        try:
            content += inflater.decompress(chunk, limit + 1 - len(content))
        except zlib.error as error:
            content += _until_it_breaks(before, chunk, limit - len(content))
            return _broken(body, content, str(error))
        if len(content) > limit:
            return Unpacked(bytes(content[:limit]), _too_large(limit), whole=False)
    if not inflater.eof:
        return _broken(body, content, "it ends too early")
    if inflater.unused_data:
        return _broken(body, content, "bytes follow after its end")
    return Unpacked(bytes(content))


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


def require_depth(content: bytes, limit: int) -> None:
    """Raises IntakeError where lists and objects are nested more than `limit` levels deep."""
    if content.count(b"{") + content.count(b"[") > limit and _depth(content) > limit:
        raise _too_deep(limit)


def _too_deep(limit: int) -> IntakeError:
    return IntakeError(
        RefusalCode.TOO_DEEP,
        f"found lists or objects nested more than {limit} levels deep; flatten them",
    )


def _depth(content: bytes) -> int:
    """Takes the innermost level away while that is much of it, and counts what is left."""
    brackets = _structure(content).replace(b",", b"")
    levels = 0
    while brackets:
        outer = brackets.replace(b"[]", b"")
        if len(outer) > len(brackets) * 3 // 4:
            break
        brackets = outer
        levels += 1
    return levels + max(chain([0], accumulate(map(_STEPS.__getitem__, brackets))))


def second_level(content: bytes) -> int:
    """At least as many as the values on the second level of nesting, as a batch's calls are."""
    structure = _structure(content)
    levels = accumulate(map(_STEPS.__getitem__, structure))
    places = zip(structure, levels, strict=True)
    return 1 + sum(byte == _COMMA and level == 2 for byte, level in places)


def _structure(content: bytes) -> bytes:
    """Commas and brackets of a JSON text, all square, without those inside strings."""
    if b"\\" in content:
        content = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    signs = content.translate(_SQUARE, _OTHERS)
    return _QUOTED.sub(b"", signs)


ANYTHING: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def decode(decoder: msgspec.json.Decoder[T], content: bytes | msgspec.Raw) -> T:
    """Decoded as the decoder's type. Raises IntakeError, which says where and what."""
    try:
        return decoder.decode(content)
    except msgspec.ValidationError as error:
        why = str(error)
        if "out of range" in why:
            code, found = RefusalCode.BAD_NUMBER, "a number that is too large to keep"
            raise IntakeError(code, f"found {found} ({why}); send it as text") from None
        found = f"found JSON of another shape: {why[0].lower()}{why[1:]}"
        raise IntakeError(RefusalCode.WRONG_TYPE, found) from None
    except msgspec.DecodeError as error:
        why, place = str(error), _BYTE.search(str(error))
        number = _NOT_A_NUMBER.match(bytes(content), int(place[1])) if place else None
        if number:
            why = f"{number[0].decode()} at byte {number.start()} is no JSON number"
        found = f"found a body that is not JSON: {why}; send valid JSON"
        raise IntakeError(RefusalCode.NOT_JSON, found) from None
    except UnicodeDecodeError:
        found = "found bytes that are not UTF-8; send JSON in UTF-8"
        raise IntakeError(RefusalCode.NOT_UTF8, found) from None
    except RecursionError:
        raise _too_deep(EVENT_DEPTH) from None


class _Keyed(msgspec.Struct, frozen=True, rename="camel"):
    write_key: Any = None


_DEFAULT = Limits()
_KEYED = msgspec.json.Decoder(_Keyed)


def write_key_of(body: bytes, encoding: str | None = None, limits: Limits = _DEFAULT) -> str | None:
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


def without_write_key(content: bytes) -> bytes:
    """The same bytes with the value of every `writeKey` emptied: keys are never stored."""
    return _WRITE_KEY.sub(rb'\1""', content) if b"writeKey" in content else content
