"""Files as numbered rows: CSV and JSON lines, also gzipped, read as a stream.

The n-th record of a file has the number n, whatever becomes of it, so that an import can be
resumed and repeated. A row that cannot be read is a row with a fault; only a file that cannot be
read further raises `BadFileError`.
"""

import csv
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import IO, Any, Literal

import msgspec

from tuttu.intake.call import ANYTHING, EVENT_DEPTH, decode, require_depth
from tuttu.intake.errors import BadFileError, IntakeError, kind_of
from tuttu.vocabulary.errors import FinalError

LINE_BYTES = 1024 * 1024
_CHUNK = 64 * 1024
_GZIP = b"\x1f\x8b"
_BOM = "\ufeff"


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is written.

    decimal, thousands: signs in numbers. nulls: texts that mean NULL, beside the empty one.
    rename: parts of column names and what stands for them, as ``{".": "_"}``.
    """

    kind: Literal["csv", "jsonl"] = "csv"
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    nulls: frozenset[str] = frozenset()
    rename: Mapping[str, str] = {}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One record. number: from 1. text: as it stands in the file. fault: why it is unreadable."""

    number: int
    values: Mapping[str, Any] = {}
    text: str = ""
    fault: str | None = None


class RowFile:
    """An open file's rows, to be read once. columns: of its header; None for JSON lines."""

    def __init__(self, columns: tuple[str, ...] | None, rows: Iterator[Row]) -> None:
        self.columns = columns
        self._rows = rows

    def __iter__(self) -> Iterator[Row]:
        return self._rows


def read_rows(stream: IO[bytes], style: Format) -> RowFile:
    """The rows of a file; a header is read at once. Raises BadFileError."""
    lines = Lines(stream, style.encoding)
    if style.kind == "jsonl":
        return RowFile(None, _json_rows(lines, style))
    records = csv.reader(lines, delimiter=style.delimiter, quotechar=style.quote, strict=True)
    try:
        header = next(filter(None, records))
    except StopIteration:
        raise BadFileError("found an empty file; expected a header and rows") from None
    except (csv.Error, OverlongLineError) as error:
        raise BadFileError(f"found a header that is not CSV ({error})") from None
    columns = column_names(header, style.rename)
    return RowFile(columns, _csv_rows(lines, records, columns, style.nulls))


def read_records(records: Iterable[Mapping[str, Any]], style: Format) -> RowFile:
    """Rows of records that somebody else has read, such as Parquet's: numbered, renamed, with
    NULL for what means it."""
    rest = iter(records)
    first = next(rest, None)
    columns = tuple(_renamed(name, style.rename) for name in first or ())
    numbered = enumerate(chain([first] if first else [], rest), 1)
    return RowFile(
        columns,
        (
            Row(number=n, values=_values(each, style), text=msgspec.json.encode(each).decode())
            for n, each in numbered
        ),
    )


def _values(record: Mapping[str, Any], style: Format) -> dict[str, Any]:
    """A record with its columns renamed, and None for texts that mean NULL."""
    return {
        _renamed(name, style.rename): None
        if isinstance(value, str) and (not value or value in style.nulls)
        else value
        for name, value in record.items()
    }


def column_names(header: list[str], rename: Mapping[str, str]) -> tuple[str, ...]:
    """Without blanks at their ends, renamed, then made unique: the second `Variant` is `Variant.2`,
    a nameless one `column 5`."""
    found = (title.strip() or f"column {n}" for n, title in enumerate(header, 1))
    titles = [_renamed(title, rename) for title in found]
    taken = set(titles)
    seen: Counter[str] = Counter()
    names = []
    for title in titles:
        seen[title] += 1
        names.append(title if seen[title] == 1 else _numbered(title, seen[title], taken))
    return tuple(names)


def _renamed(title: str, rename: Mapping[str, str]) -> str:
    for old, new in rename.items():
        title = title.replace(old, new)
    return title


def _numbered(title: str, number: int, taken: set[str]) -> str:
    while (candidate := f"{title}.{number}") in taken:
        number += 1
    taken.add(candidate)
    return candidate


def _csv_rows(
    lines: "Lines", records: Iterator[list[str]], columns: tuple[str, ...], nulls: frozenset[str]
) -> Iterator[Row]:
    number = 0
    while True:
        lines.start_record()
        try:
            cells = next(records)
        except StopIteration:
            return
        except (csv.Error, OverlongLineError) as error:
            number += 1
            yield Row(
                number=number, text=lines.text(), fault=f"found a row that is not CSV ({error})"
            )
            continue
        if not cells:
            continue
        number += 1
        fault = lines.fault
        if fault is None and len(cells) != len(columns):
            fault = f"found {len(cells)} fields; expected {len(columns)}, as the header has"
        values = {
            name: None if not cell or cell in nulls else cell
            for name, cell in zip(columns, cells, strict=False)
        }
        yield Row(number=number, values=values, text=lines.text(), fault=fault)


def _json_rows(lines: "Lines", style: Format) -> Iterator[Row]:
    number = 0
    while True:
        lines.start_record()
        try:
            line = next(lines)
        except StopIteration:
            return
        except OverlongLineError as error:
            number += 1
            yield Row(number=number, text=lines.text(), fault=str(error))
            continue
        if line.strip():
            number += 1
            yield _json_row(Row(number=number, text=line.strip(), fault=lines.fault), style)


def _json_row(row: Row, style: Format) -> Row:
    if row.fault:
        return row
    content = row.text.encode()
    try:
        require_depth(content, EVENT_DEPTH)
        values = decode(ANYTHING, content)
    except IntakeError as error:
        return msgspec.structs.replace(row, fault=error.message)
    if not isinstance(values, dict):
        fault = f"found {kind_of(values)}; expected one JSON object on each line"
        return msgspec.structs.replace(row, fault=fault)
    return msgspec.structs.replace(row, values=_values(values, style))


class OverlongLineError(FinalError):
    """A line longer than any event can be; reading continues after it."""


class Lines:
    """An iterator of lines with their ends, which remembers those read since `start_record`.

    fault: why one of them is not text in the encoding. The stream stays open.
    """

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self.fault: str | None = None
        self._encoding = encoding.removesuffix("-sig")
        self._lines = _split(_chunks(stream))
        self._read: list[str] = []
        self._first = True

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        raw = next(self._lines)
        line = self._decode(raw)
        if self._first:
            line = line.removeprefix(_BOM)
            self._first = False
        self._read.append(line)
        if len(raw) > LINE_BYTES:
            raise OverlongLineError(f"found a line of more than {LINE_BYTES:,} bytes")
        return line

    def start_record(self) -> None:
        self._read.clear()
        self.fault = None

    def text(self) -> str:
        """The lines read since `start_record`, as one text."""
        return "".join(self._read).rstrip("\r\n")

    def _decode(self, raw: bytes) -> str:
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError as error:
            byte = raw[error.start]
            self.fault = f"found byte {byte:#04x}; expected text in {self._encoding}"
            return raw.decode(self._encoding, "backslashreplace")


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    first = stream.read(_CHUNK)
    plain = chain([first], iter(lambda: stream.read(_CHUNK), b"")) if first else iter(())
    return _inflate(plain) if first.startswith(_GZIP) else plain


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
