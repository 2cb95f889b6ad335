"""How a row is given to DuckDB: its column's types and values."""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from tuttu.vocabulary.values import INTEGER_MAX, INTEGER_MIN, Kind, Row, Schema, Type, Value
from tuttu.vocabulary.zones import (
    FIRST_DATE,
    FIRST_INSTANT,
    LAST_DATE,
    LAST_INSTANT,
    zone_of,
    zone_or,
)

DUCKDB_TYPES: Mapping[Kind, str] = {
    Kind.BOOL: "BOOLEAN",
    Kind.INTEGER: "BIGINT",
    Kind.MONEY: "BIGINT",
    Kind.REAL: "DOUBLE",
    Kind.TEXT: "VARCHAR",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
}

Relation: TypeAlias = Mapping[str, "Type | Mapping[str, Type]"]
"""Columns of a relation: name to type, or to a collection's fields."""

OFFSETS = "tuttu zone"
"""The column with the table of offsets of the customer's zone, which SQL of the calendar reads."""
OFFSETS_TYPE = "STRUCT(changes BIGINT[], offsets BIGINT[])"

_TIMESTAMP = Type(Kind.TIMESTAMP)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - DuckDB's TIMESTAMP has no zone; ours are UTC
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def relation_of(columns: Iterable[str], schema: Schema) -> Relation:
    """The relation on which SQL over these columns runs: they, sorted, and ``now``.

    columns: as an expression's `columns` say; those that the schema lacks are the ledger's.
    """
    found: dict[str, Type | Mapping[str, Type]] = {"now": _TIMESTAMP}
    for name in sorted(columns):
        declared = schema.collections if name in schema.collections else schema.columns
        found[name] = declared.get(name, _TIMESTAMP)
    return found


def duckdb_type(declared: Type | Mapping[str, Type]) -> str:
    """``BIGINT``, ``VARCHAR[]``; for a collection's fields ``STRUCT("status" VARCHAR, …)[]``."""
    if isinstance(declared, Type):
        return DUCKDB_TYPES[declared.kind] + ("[]" if declared.many else "")
    fields = (f"{quoted_name(name)} {duckdb_type(kind)}" for name, kind in declared.items())
    return f"STRUCT({', '.join(fields)})[]"


def duckdb_value(value: Value, declared: Type | Mapping[str, Type]) -> Any:
    """The Python value to be bound to a column of `duckdb_type`; NULL where it does not fit."""
    if value is None:
        return None
    if isinstance(declared, Type) and not declared.many:
        return _scalar(value, declared.kind)
    if not isinstance(value, list):
        return None
    if isinstance(declared, Type):
        return [_scalar(element, declared.kind) for element in value]
    return [
        {name: duckdb_value(item.get(name), kind) for name, kind in declared.items()}
        for item in value
    ]


def duckdb_row(row: Row, relation: Relation) -> list[Any]:
    """A row's values in the order of the relation's columns."""
    return [duckdb_value(row.get(name), declared) for name, declared in relation.items()]


def offsets_of(own: Value, project: str) -> dict[str, list[int]]:
    """The value of `OFFSETS` for what a customer says is their zone. project: the project's."""
    zone = zone_of(zone_or(own, project))
    return {"changes": list(zone.changes), "offsets": list(zone.offsets)}


def _scalar(value: object, kind: Kind) -> Any:
    return _SCALARS[kind](value)


def _bool(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: object) -> int | None:
    return _whole(value, INTEGER_MIN, INTEGER_MAX)


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _date(value: object) -> date | None:
    day = _whole(value, FIRST_DATE, LAST_DATE)
    return None if day is None else date.fromordinal(_EPOCH_ORDINAL + day)


def _timestamp(value: object) -> datetime | None:
    instant = _whole(value, FIRST_INSTANT, LAST_INSTANT)
    return None if instant is None else _EPOCH + timedelta(microseconds=instant)


def _whole(value: object, low: int, high: int) -> int | None:
    return value if isinstance(value, int) and low <= value <= high else None


_SCALARS: Mapping[Kind, Callable[[object], object]] = {
    Kind.BOOL: _bool,
    Kind.INTEGER: _integer,
    Kind.MONEY: _integer,
    Kind.REAL: _real,
    Kind.TEXT: _text,
    Kind.DATE: _date,
    Kind.TIMESTAMP: _timestamp,
}
