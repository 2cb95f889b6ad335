"""Files as numbered rows, whatever is in them."""

from __future__ import annotations

import csv
import gzip
import io
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu.intake import BadFileError, Format, Row, read_records, read_rows
from tuttu.intake.rows import column_names

pytestmark = pytest.mark.fuzz

JSONL = Format(kind="jsonl")


def rows(content: bytes, style: Format = Format()) -> list[Row]:  # noqa: B008 - frozen
    return list(read_rows(io.BytesIO(content), style))


def cells(content: bytes, style: Format = Format()) -> list[list[Any]]:  # noqa: B008
    return [list(row.values.values()) for row in rows(content, style)]


def zipped(content: bytes) -> bytes:
    """The same bytes every time, so that every worker collects the same cases."""
    return gzip.compress(content, mtime=0)


def test_csv() -> None:
    found = rows(b'name,said\nmaija,"a, ""b""\nc"\n,x\n')
    assert found == [
        Row(number=1, values={"name": "maija", "said": 'a, "b"\nc'}, text='maija,"a, ""b""\nc"'),
        Row(number=2, values={"name": None, "said": "x"}, text=",x"),
    ]


@pytest.mark.parametrize(
    ("content", "style"),
    [
        ("a;b\n1;ä\n".encode(), Format(delimiter=";")),
        (b"a;b\r\n1;\xe4\r\n", Format(delimiter=";", encoding="iso-8859-1")),
        (b"a;b\n1;\xe4", Format(delimiter=";", encoding="windows-1252")),
        ("\ufeffa\tb\n1\tä\n".encode(), Format(delimiter="\t")),
        ("\ufeffa,b\n1,ä\n".encode(), Format(encoding="utf-8-sig")),
        (zipped("a,b\n1,ä\n".encode()), Format()),
        (zipped(b"a,b\n") + zipped("1,ä\n".encode()) + bytes(9), Format()),
        ("'a','b'\n'1','ä'\n".encode(), Format(quote="'")),
        ("\n\na,b\n\n1,ä\n\n".encode(), Format()),
    ],
)
def test_ways_of_writing_the_same(content: bytes, style: Format) -> None:
    (row,) = rows(content, style)
    assert (row.number, row.values, row.fault) == (1, {"a": "1", "b": "ä"}, None)


def test_texts_that_mean_null() -> None:
    style = Format(nulls=frozenset({"unknown", "-"}))
    assert cells(b"a,b,c,d\nunknown,-,,Unknown\n", style) == [[None, None, None, "Unknown"]]


@pytest.mark.parametrize(
    ("header", "rename", "names"),
    [
        (["a", "b"], {}, ("a", "b")),
        (["Variant", "x", "Variant", "Variant"], {}, ("Variant", "x", "Variant.2", "Variant.3")),
        (["a", "a", "a.2"], {}, ("a", "a.3", "a.2")),
        (["", "a", ""], {}, ("column 1", "a", "column 3")),
        (["emp.var.rate", "x"], {".": "_"}, ("emp_var_rate", "x")),
        (["a.b", "a_b"], {".": "_"}, ("a_b", "a_b.2")),
    ],
)
def test_column_names(header: list[str], rename: dict[str, str], names: tuple[str, ...]) -> None:
    assert column_names(header, rename) == names


@given(st.lists(st.sampled_from(["", "a", "a.2", "a.3", "b"]), max_size=9))
def test_column_names_are_unique(header: list[str]) -> None:
    names = column_names(header, {})
    assert len(set(names)) == len(header)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"1", "found 1 fields; expected 2, as the header has"),
        (b"1,2,3", "found 3 fields; expected 2, as the header has"),
        (b"1,\xff", "found byte 0xff; expected text in utf-8"),
        (b'1,"a"b', "found a row that is not CSV (',' expected after '\"')"),
        (b"1," + b"x" * 2_000_000, "found a row that is not CSV (found a line of more than"),
        (b"1," + b"x" * 200_000, "found a row that is not CSV (field larger than"),
    ],
)
def test_a_bad_row_does_not_stop_the_others(line: bytes, fault: str) -> None:
    first, bad, last = rows(b"a,b\n1,2\n" + line + b"\n3,4\n")
    assert (first.number, first.fault, bad.number, last.number) == (1, None, 2, 3)
    assert last.values == {"a": "3", "b": "4"}
    assert bad.fault is not None
    assert bad.fault.startswith(fault)
    assert bad.text.startswith("1")


def test_an_open_quote_is_a_bad_row() -> None:
    first, bad = rows(b'a,b\n1,2\n3,"4\n5,6\n')
    assert (first.values, bad.number, bad.text) == ({"a": "1", "b": "2"}, 2, '3,"4\n5,6')
    assert bad.fault == "found a row that is not CSV (unexpected end of data)"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "found an empty file"),
        (b'"a\n', "found a header that is not CSV"),
        (zipped(b"a,b\n1,2\n")[:-3], "found a gzip file that ends too early"),
        (zipped(b"a,b\n1,2\n")[:-8] + bytes(8), "found a file that is not whole gzip"),
        (zipped(b"a,b\n1,2\n") + b"more", "found a file that is not whole gzip"),
    ],
)
def test_a_bad_file(content: bytes, fault: str) -> None:
    with pytest.raises(BadFileError, match=fault):
        rows(content)


def test_json_lines() -> None:
    content = b'{"a":1,"b":{"c":"x"}}\n\n  {"a":"unknown"}  \n[1]\n{"a":NaN}\nx\n{"a":\xff}\n{}'
    found = rows(content, Format(kind="jsonl", nulls=frozenset({"unknown"})))
    assert [row.number for row in found] == [1, 2, 3, 4, 5, 6, 7]
    assert found[0] == Row(number=1, values={"a": 1, "b": {"c": "x"}}, text='{"a":1,"b":{"c":"x"}}')
    assert found[1] == Row(number=2, values={"a": None}, text='{"a":"unknown"}')
    faults = [row.fault or "" for row in found[2:6]]
    assert faults[0] == "found a list; expected one JSON object on each line"
    assert "NaN" in faults[1]
    assert "not JSON" in faults[2]
    assert "0xff" in faults[3]
    assert found[6].fault is None


def test_deep_json_lines_are_bad_rows() -> None:
    first, second = rows(b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}\n{}\n", JSONL)
    assert first.fault is not None
    assert "nested more than 64" in first.fault
    assert second.fault is None


def test_records_of_others() -> None:
    style = Format(nulls=frozenset({"unknown"}), rename={".": "_"})
    found = read_records([{"a.b": 1.5, "c": "unknown"}, {"a.b": None, "c": "x"}], style)
    assert found.columns == ("a_b", "c")
    assert list(found) == [
        Row(number=1, values={"a_b": 1.5, "c": None}, text='{"a.b":1.5,"c":"unknown"}'),
        Row(number=2, values={"a_b": None, "c": "x"}, text='{"a.b":null,"c":"x"}'),
    ]
    assert read_records([], style).columns == ()


def test_a_large_file_takes_little_memory() -> None:
    packed = gzip.compress(b"a,b\n" + (b"1," + b"x" * 600 + b"\n") * 40_000, 1)
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_rows(io.BytesIO(packed), Format()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 40_000
    assert peak < 2_000_000


TABLE = st.lists(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1),
        min_size=2,
        max_size=2,
    ),
    max_size=5,
)


@given(table=TABLE, delimiter=st.sampled_from(",;\t|"), packed=st.booleans())
def test_what_csv_wrote_is_read(table: list[list[str]], delimiter: str, packed: bool) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator="\n").writerows([["a", "b"], *table])
    content = written.getvalue().encode()
    style = Format(delimiter=delimiter)
    assert cells(gzip.compress(content) if packed else content, style) == table
