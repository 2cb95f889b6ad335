"""Parquet in: values as every imported file has them, an error that says what was found."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tuttu.storage import ParquetError, read_parquet


def written(path: Path, query: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO 'plain.parquet' (FORMAT parquet)")
    Path("plain.parquet").rename(path)
    return path


def test_every_value_comes_as_text_number_truth_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(
        tmp_path / "rows.parquet",
        """SELECT 1 AS whole, 9223372036854775807 AS largest, 1.5::DOUBLE AS part,
                  'nan'::DOUBLE AS nothing, 2.25::DECIMAL(5, 2) AS exact, 'ä 🙂' AS "a.b",
                  true AS yes, NULL::INTEGER AS missing, DATE '2024-02-29' AS day,
                  TIMESTAMP '2024-02-29 01:02:03.5' AS local_time,
                  TIMESTAMPTZ '2024-02-29 01:02:03+02' AS moment,
                  [1, NULL] AS several, {'inner': DATE '2024-02-29'} AS nested""",
    )
    assert list(read_parquet(path)) == [
        {
            "whole": 1,
            "largest": 2**63 - 1,
            "part": 1.5,
            "nothing": None,
            "exact": 2.25,
            "a.b": "ä 🙂",
            "yes": True,
            "missing": None,
            "day": "2024-02-29",
            "local_time": "2024-02-29T01:02:03.500000",
            "moment": "2024-02-28T23:02:03Z",
            "several": [1, None],
            "nested": {"inner": "2024-02-29"},
        }
    ]


def test_rows_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    query = "SELECT (range * 7919) % 10007 AS n FROM range(10000)"
    path = written(tmp_path / "rows.parquet", query)
    assert [row["n"] for row in read_parquet(path)] == [i * 7919 % 10007 for i in range(10_000)]


def test_a_path_is_no_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "a[1]*"
    folder.mkdir()
    (tmp_path / "a1x").mkdir()
    written(tmp_path / "a1x" / "rows.parquet", "SELECT 'another' AS name")
    path = written(folder / "rows.parquet", "SELECT 'mine' AS name")
    assert list(read_parquet(path)) == [{"name": "mine"}]


def test_what_is_not_parquet_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    text = tmp_path / "rows.parquet"
    text.write_text("age;job\n56;housemaid\n")
    for path in (text, tmp_path / "absent.parquet"):
        with pytest.raises(ParquetError, match=r"parquet: found .*; expected a Parquet file"):
            list(read_parquet(path))
