"""Files as numbered rows: CSV and JSON lines, also gzipped, read as a stream.

The n-th record of a file has the number n, whatever becomes of it, so that an import can be
resumed and repeated. A row that cannot be read is a row with a fault; only a file that cannot be
read on at all raises `BadFileError`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import IO, Any, Literal

import msgspec

from tuttu.intake.decoding import decode_any
from tuttu.intake.lines import BadFileError, Lines, OverlongLineError
from tuttu.intake.nesting import EVENT_DEPTH, require_depth
from tuttu.intake.refusing import RefusedError, kind_of


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
    """An open file's rows, to be gone through once. columns: of its header; None for JSON lines."""

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
    return RowFile(columns, _numbered_records(chain([first] if first else [], rest), style))


def _numbered_records(records: Iterable[Mapping[str, Any]], style: Format) -> Iterator[Row]:
    for number, record in enumerate(records, 1):
        text = msgspec.json.encode(record).decode()
        yield Row(number=number, values=_settled(record, style), text=text)


def _settled(record: Mapping[str, Any], style: Format) -> dict[str, Any]:
    """A record with its columns renamed, and None for texts that mean NULL."""
    return {
        _renamed(name, style.rename): None if _is_null(value, style) else value
        for name, value in record.items()
    }


def _is_null(value: Any, style: Format) -> bool:
    return isinstance(value, str) and (not value or value in style.nulls)


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
    lines: Lines, records: Iterator[list[str]], columns: tuple[str, ...], nulls: frozenset[str]
) -> Iterator[Row]:
    number = 0
    while True:
        lines.forget()
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
        fault = lines.fault or _ragged(cells, columns)
        values = {
            name: None if not cell or cell in nulls else cell
            for name, cell in zip(columns, cells, strict=False)
        }
        yield Row(number=number, values=values, text=lines.text(), fault=fault)


def _ragged(cells: list[str], columns: tuple[str, ...]) -> str | None:
    if len(cells) == len(columns):
        return None
    return f"found {len(cells)} fields; expected {len(columns)}, as the header has"


def _json_rows(lines: Lines, style: Format) -> Iterator[Row]:
    number = 0
    while True:
        lines.forget()
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
        values = decode_any(content)
    except RefusedError as error:
        return msgspec.structs.replace(row, fault=error.message)
    if not isinstance(values, dict):
        fault = f"found {kind_of(values)}; expected one JSON object on each line"
        return msgspec.structs.replace(row, fault=fault)
    return msgspec.structs.replace(row, values=_settled(values, style))
