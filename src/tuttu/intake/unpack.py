"""A body without its content encoding, within limits, and in UTF-8."""

import zlib
from typing import Protocol

import msgspec

from tuttu.intake.errors import IntakeError, RefusalCode

_CHUNK = 64 * 1024
_GZIP = {"gzip", "x-gzip"}
_GZIP_BITS = zlib.MAX_WBITS | 16
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_MEMBERS = 100
"""Of one gzip body: each costs some work, however little is in it."""


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
