"""From the bytes of a request to bytes in UTF-8, unpacked only up to a limit."""

from __future__ import annotations

import re
import zlib
from typing import Protocol

import msgspec

from tuttu.intake.refusing import Code, RefusedError

_CHUNK = 64 * 1024
_GZIP = {"gzip", "x-gzip"}
_GZIP_BITS = zlib.MAX_WBITS | 16
_WRITE_KEY = re.compile(rb'("writeKey"\s*:\s*)"(?:[^"\\]|\\.|\\\Z)*+(?:"|\Z)', re.DOTALL)


class _Inflater(Protocol):
    """Of zlib's decompressors, which have no public name."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Unpacked(msgspec.Struct, frozen=True):
    """A body without its content encoding; with a problem, what there was of it.

    whole: nothing of the body is missing in the content.
    """

    content: bytes
    problem: RefusedError | None = None
    whole: bool = True


def unpack(body: bytes, encoding: str | None, limit: int) -> Unpacked:
    """Undo `Content-Encoding`; never holds more than `limit` unpacked bytes and a chunk."""
    scheme = (encoding or "").strip().lower()
    if scheme in _GZIP:
        return _gunzip(body, limit)
    if scheme not in {"", "identity"}:
        found = f"found content encoding {encoding!r}; expected gzip or none"
        return Unpacked(body, RefusedError(Code.UNKNOWN_ENCODING, found))
    if len(body) > limit:
        return Unpacked(body, _too_large(limit))
    return Unpacked(body)


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
    problem = RefusedError(
        Code.BAD_GZIP,
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


def _too_large(limit: int) -> RefusedError:
    return RefusedError(
        Code.BODY_TOO_LARGE,
        f"found a body of more than {limit:,} bytes unpacked; send it in smaller batches",
    )


def require_utf8(content: bytes) -> None:
    """Raises RefusedError at the first byte that is not UTF-8."""
    if content.isascii():
        return
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"found byte {content[error.start]:#04x} at {error.start}, which is not UTF-8"
        raise RefusedError(Code.NOT_UTF8, f"{found}; send JSON in UTF-8") from None


def without_write_key(content: bytes) -> bytes:
    """The same bytes with the value of every `writeKey` emptied: keys are never stored."""
    return _WRITE_KEY.sub(rb'\1""', content) if b"writeKey" in content else content
