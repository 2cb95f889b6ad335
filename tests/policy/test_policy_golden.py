"""Golden tables: what each construct gives, on both executors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tuttu.policy import CONSTRUCTS, is_fulfilled, is_late, parse
from tuttu.policy.literals import read_money
from tuttu.vocabulary.conversion import convert, parse_instant
from tuttu.vocabulary.values import ZONE, Kind, Row, Schema, Type, fulfilled_column

_TIMESTAMP = Type(Kind.TIMESTAMP)
_COLUMNS = {
    "flag": Kind.BOOL,
    "number": Kind.INTEGER,
    "other_number": Kind.INTEGER,
    "amount": Kind.MONEY,
    "other_amount": Kind.MONEY,
    "share": Kind.REAL,
    "word": Kind.TEXT,
    "other_word": Kind.TEXT,
    "birthday": Kind.DATE,
    "moved_at": Kind.TIMESTAMP,
}
COLUMNS = Schema(columns={name: Type(kind) for name, kind in _COLUMNS.items()})
DUE = parse("moved_at", COLUMNS)
"""news is owed until then, while flag."""
SCHEMA = Schema(
    late={
        "news": is_late(DUE, is_fulfilled(fulfilled_column("news"), DUE), [parse("flag", COLUMNS)])
    },
    columns={
        **{name: Type(kind) for name, kind in _COLUMNS.items()},
        ZONE: Type(Kind.TEXT),
        "words": Type(Kind.TEXT, many=True),
        "numbers": Type(Kind.INTEGER, many=True),
    },
    collections={
        "tickets": {
            "status": Type(Kind.TEXT),
            "urgent": Type(Kind.BOOL),
            "number": Type(Kind.INTEGER),
            "price": Type(Kind.MONEY),
            "weight": Type(Kind.REAL),
            "due": Type(Kind.DATE),
            "resolved_at": _TIMESTAMP,
        }
    },
    actions=frozenset({"tv-package", "news"}),
    channels=frozenset({"email", "call"}),
    outcomes=frozenset({"accepted", "declined"}),
    zone="Europe/Helsinki",
    own_zone=ZONE,
)
GOLDEN = Path(__file__).parent / "golden"


def _tables() -> dict[str, list[Mapping[str, Any]]]:
    yaml = YAML(typ="safe", pure=True)
    tables: dict[str, list[Mapping[str, Any]]] = {}
    for path in sorted(GOLDEN.glob("*.yaml")):
        if path.stem != "errors":
            tables.update(yaml.load(path.read_text(encoding="utf-8")))
    return tables


TABLES = _tables()
CASES = [(name, case) for name, cases in TABLES.items() for case in cases]


def _value(written: Any, declared: Type) -> Any:
    if written is None:
        return None
    if declared.kind is Kind.MONEY and not declared.many:
        return read_money(str(written))
    if declared.many:
        return [_value(each, Type(declared.kind)) for each in written]
    return convert(written, declared, "UTC")


def _row(written: Mapping[str, Any]) -> Row:
    row: dict[str, Any] = dict.fromkeys([*SCHEMA.columns, *SCHEMA.collections])
    row["now"] = parse_instant("2026-03-29T12:00:00Z")
    for name, value in written.items():
        if fields := SCHEMA.collections.get(name):
            row[name] = [{key: _value(item[key], fields[key]) for key in item} for item in value]
        else:
            row[name] = _value(value, SCHEMA.columns.get(name, _TIMESTAMP))
    return row


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{n}: {c['is']}" for n, c in CASES])
def test_row_function_gives_what_the_golden_table_says(name: str, case: Mapping[str, Any]) -> None:
    expression = parse(case["is"], SCHEMA, subject="tv-package")
    found = expression(_row(case.get("with", {})))
    expected = _value(case["gives"], expression.type)
    assert (type(found), found) == (type(expected), expected)
    assert name in expression.constructs


def test_duckdb_gives_what_the_golden_tables_say(
    duck: Callable[..., Any], shown: Callable[[Any, Type], Any]
) -> None:
    rows = [_row(case.get("with", {})) for _, case in CASES]
    expressions = [parse(case["is"], SCHEMA, subject="tv-package") for _, case in CASES]
    names = frozenset().union(*(expression.columns for expression in expressions))
    relation = duck(SCHEMA, rows, sorted(names))
    found = [values[place] for place, values in enumerate(relation.values(expressions))]
    expected = [
        shown(_value(case["gives"], expression.type), expression.type)
        for expression, (_, case) in zip(expressions, CASES, strict=True)
    ]
    wrong = [
        (case["is"], mine, theirs)
        for (_, case), mine, theirs in zip(CASES, expected, found, strict=True)
        if (type(mine), mine) != (type(theirs), theirs)
    ]
    assert not wrong


PER_KIND = {"coalesce", "nullif", "least", "greatest", "contains"}
"""The same for every kind of value: a table for one kind is a table for all."""


def test_every_function_and_operator_has_a_golden_table() -> None:
    assert not set(TABLES) - set(CONSTRUCTS), "tables of nothing"
    functions = {
        name for name, each in CONSTRUCTS.items() if each.syntax.partition("(")[0].isidentifier()
    }
    operators = {name for name in CONSTRUCTS if name.isupper() and not name.startswith("CASE")}
    every_kind = {name for name in functions if name.split("(")[0] not in PER_KIND}
    assert not (every_kind | operators) - set(TABLES), "functions without a table"
    assert {name.split("(")[0] for name in TABLES} >= PER_KIND
