"""Parquet files as rows: the one driver that reads them is DuckDB, which lives here."""

import math
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from tuttu.storage.errors import ParquetError
from tuttu.vocabulary.conversion import format_instant, to_instant

ROWS_AT_ONCE = 2_000
_WILDCARD = re.compile(r"[*?\[]")


def read_parquet(path: Path) -> Iterator[dict[str, object]]:
    """The rows of a Parquet file, in the file's order, a few thousand in memory at a time.

    A row is column name to value: bool, int, float, text, lists and objects of them, None for
    NULL, NaN and infinity; dates and timestamps are ISO 8601 text (UTC), as in every other file
    that is imported.
    Raises ParquetError if there is no such file, or it is not Parquet.
    """
    connection = duckdb.connect(config={"threads": 1})
    try:
        found = connection.execute("SELECT * FROM read_parquet(?)", [as_pattern(path)])
        names = [column[0] for column in found.description or ()]
        while rows := found.fetchmany(ROWS_AT_ONCE):
            for row in rows:
                yield dict(zip(names, map(_plain, row), strict=True))
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise ParquetError(f"{path}: found {reason}; expected a Parquet file") from error
    finally:
        connection.close()


def as_pattern(path: Path) -> str:
    """A path is a pattern to the driver: each wildcard in it stands for itself."""
    return _WILDCARD.sub(lambda found: f"[{found[0]}]", str(path))


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return _scalar(value)


def _scalar(value: object) -> float | str | None:
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return format_instant(to_instant(value))
    return value.isoformat() if isinstance(value, date) else str(value)
