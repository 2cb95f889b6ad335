"""Lines of text from a stream of bytes, unpacked and decoded as they come, in little memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import IO

from tuttu.vocabulary.errors import FinalError

LINE_BYTES = 1024 * 1024
_CHUNK = 64 * 1024
_GZIP = b"\x1f\x8b"
_BOM = "\ufeff"


class BadFileError(FinalError):
    """A file that cannot be read, or not be read on."""


class OverlongLineError(FinalError):
    """A line longer than any event can be; reading goes on after it."""


class Lines:
    """An iterator of lines with their ends, which remembers those taken since `forget`.

    fault: why one of them is not text in the encoding. The stream stays open.
    """

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self.fault: str | None = None
        self._encoding = encoding.removesuffix("-sig")
        self._lines = _split(_chunks(stream))
        self._taken: list[str] = []
        self._first = True

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        raw = next(self._lines)
        line = self._decode(raw)
        if self._first:
            line = line.removeprefix(_BOM)
            self._first = False
        self._taken.append(line)
        if len(raw) > LINE_BYTES:
            raise OverlongLineError(f"found a line of more than {LINE_BYTES:,} bytes")
        return line

    def forget(self) -> None:
        self._taken.clear()
        self.fault = None

    def text(self) -> str:
        """The lines taken since `forget`, as one text."""
        return "".join(self._taken).rstrip("\r\n")

    def _decode(self, raw: bytes) -> str:
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError as error:
            byte = raw[error.start]
            self.fault = f"found byte {byte:#04x}; expected text in {self._encoding}"
            return raw.decode(self._encoding, "backslashreplace")


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    first = stream.read(_CHUNK)
    plain = _from(first, stream)
    return _inflate(plain) if first.startswith(_GZIP) else plain


def _from(first: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    chunk = first
    while chunk:
        yield chunk
        chunk = stream.read(_CHUNK)


def _inflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Gzip members one after the other, as `cat a.gz b.gz` makes them."""
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if inflater.eof:
                    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
                yield inflater.decompress(rest, _CHUNK)
                rest = inflater.unconsumed_tail or inflater.unused_data.lstrip(b"\0")
        yield inflater.flush()
    except zlib.error as error:
        raise BadFileError(f"found a file that is not whole gzip ({error})") from None
    if not inflater.eof:
        raise BadFileError("found a gzip file that ends too early; copy it again")


def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines; of an overlong one only its beginning, a little longer than `LINE_BYTES`."""
    rest = b""
    for chunk in chunks:
        *whole, last = chunk.split(b"\n")
        for line in whole:
            yield rest + line + b"\n"
            rest = b""
        if len(rest) <= LINE_BYTES:
            rest += last
    if rest:
        yield rest
