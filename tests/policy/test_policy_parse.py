"""What a parsed expression offers, and what it never does."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import duckdb
import pytest

from tuttu.policy import (
    CONSTRUCTS,
    CompiledExpression,
    PolicyError,
    duckdb_row,
    duckdb_type,
    duckdb_value,
    parse,
    relation_of,
    to_sql,
)
from tuttu.policy.tree import (
    And,
    Column,
    Compare,
    Convert,
    Literal,
    Not,
    Now,
    Quantifier,
    Recent,
    walk,
)
from tuttu.vocabulary.values import DAY, Expression, Kind, Row, Schema, Type

BOOL, INTEGER, REAL = Type(Kind.BOOL), Type(Kind.INTEGER), Type(Kind.REAL)
TEXT, TIMESTAMP = Type(Kind.TEXT), Type(Kind.TIMESTAMP)
SCHEMA = Schema(
    columns={
        "has_tv": BOOL,
        "age": INTEGER,
        "churn_risk": REAL,
        "told.shoe_size": INTEGER,
        "ikä": INTEGER,
        "order": TEXT,
        "call": TEXT,
        "date": Type(Kind.DATE),
        "moved_at": TIMESTAMP,
        "interests": Type(Kind.TEXT, many=True),
    },
    collections={"tickets": {"status": TEXT, "age": INTEGER}},
    actions=frozenset({"tv-package", "news"}),
    channels=frozenset({"email"}),
    outcomes=frozenset({"declined"}),
)


def test_expression_is_what_the_vocabulary_promises() -> None:
    expression: Expression = parse("age > 18 AND told.shoe_size = 42", SCHEMA)
    assert expression.text == "age > 18 AND told.shoe_size = 42"
    assert expression.type == BOOL
    assert expression.columns == {"age", "told.shoe_size"}
    assert expression({"age": 19, "told.shoe_size": 42}) is True


def test_columns_are_all_that_the_row_must_offer() -> None:
    text = (
        "any(tickets, status = call AND tickets.age > 1) OR count(tickets) > 1 "
        "OR 'a' IN interests OR contacted(action, '1d') OR answered(news, declined, '1d') "
        "OR last_contact(email) < now()"
    )
    expression = parse(text, SCHEMA, subject="tv-package")
    assert expression.columns == {
        *("tickets", "call", "interests", "contacted.tv-package"),
        *("answered.news.declined", "last_contact.email"),
    }
    assert expression.timed
    assert not parse("age > 18", SCHEMA).timed
    assert expression.constructs <= set(CONSTRUCTS)
    assert {"any", "count(collection)", "text IN [text]"} <= expression.constructs


def test_names_may_be_words_of_sql_and_letters_of_any_language() -> None:
    row: Row = {"order": "a", "call": "track", "ikä": 40, "date": 0, "told.shoe_size": 1, "now": 0}
    assert parse("order = 'a' AND call = 'track' AND ikä = 40", SCHEMA)(row) is True
    assert parse("ika\u0308 = 40", SCHEMA)(row) is True
    assert parse("date = date(now()) AND date = DATE '1970-01-01'", SCHEMA)(row) is True
    assert parse('"told.shoe_size" = 1 AND "told"."shoe_size" = 1', SCHEMA)(row) is True


def test_tree_is_typed_frozen_and_says_every_conversion() -> None:
    tree = parse("0.5 < churn_risk AND NOT age > churn_risk", SCHEMA).tree
    risk, age = Column("churn_risk", REAL), Column("age", INTEGER)
    assert tree == And(
        (
            Compare(">", risk, Literal(0.5, REAL)),
            Not(Compare(">", Convert(age, REAL), risk)),
        )
    )
    assert hash(tree) == hash(parse("0.5 < churn_risk AND (NOT (age > churn_risk))", SCHEMA).tree)
    with pytest.raises(AttributeError):
        tree.type = TEXT  # type: ignore[misc]


def test_walk_meets_every_node_once_from_left_to_right() -> None:
    tree = parse("CASE WHEN has_tv THEN age ELSE 1 END > 2 AND now() > moved_at", SCHEMA).tree
    names = [node.name for node in walk(tree) if isinstance(node, Column)]
    assert names == ["has_tv", "age", "moved_at"]
    assert sum(isinstance(node, Now) for node in walk(tree)) == 1
    assert isinstance(parse("contacted(news, '1d')", SCHEMA).tree, Recent)
    assert isinstance(parse("all(tickets, TRUE)", SCHEMA).tree, Quantifier)


def test_the_same_text_is_compiled_once() -> None:
    one = parse("age > 18", SCHEMA, subject="tv-package")
    assert parse("age > 18", SCHEMA, subject="news") is one
    assert parse("age > 18", SCHEMA) is one
    mine = parse("contacted(action, '1d')", SCHEMA, subject="tv-package")
    assert mine is not parse("contacted(action, '1d')", SCHEMA, subject="news")
    other = Schema(columns={"age": REAL})
    assert parse("age > 18", other) is not one
    assert parse("age > 18", other).constructs != one.constructs


def test_a_missing_column_or_field_is_null() -> None:
    assert parse("age > 18", SCHEMA)({}) is None
    assert parse("age IS NULL AND told.shoe_size IS NULL", SCHEMA)({"age": None}) is True
    assert parse("any(tickets, status = 'open')", SCHEMA)({"tickets": [{}]}) is None
    assert parse("count(tickets)", SCHEMA)({}) == 0
    assert parse("contacted(news, '1d')", SCHEMA)({}) is False


@pytest.mark.parametrize(
    "row",
    [
        {"age": "eighteen", "churn_risk": "high", "moved_at": "now", "now": None},
        {"age": [], "churn_risk": {}, "moved_at": object(), "tickets": [None], "interests": 5},
        {"tickets": {"status": 1}, "now": "x", "date": 10**30, "age": 10**30},
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "age > 18",
        "age + 1 > churn_risk",
        "date(moved_at) = date",
        "year(date) = 2026",
        "any(tickets, status LIKE 'a%')",
        "max(tickets.age) > 1",
        "'a' IN interests",
        "contacted(news, '1d')",
        "lower(order) = upper(call)",
    ],
)
def test_a_broken_row_gives_null_or_a_verdict_but_never_raises(
    text: str, row: dict[str, Any]
) -> None:
    assert parse(text, SCHEMA)(row) in {None, True, False}


def test_text_of_authors_never_becomes_python_or_sql() -> None:
    hostile = "'''); raise SystemExit; ('{0}%s"
    quoted = hostile.replace("'", "''")
    schema = Schema(columns={hostile: TEXT, "a\\": TEXT})
    name = '"' + hostile + '"'
    assert parse(f"{name} = '{quoted}'", schema)({hostile: hostile}) is True
    assert parse(f"{name} LIKE '{{}}%' OR {name} LIKE '%{quoted}'", schema)({hostile: hostile})
    assert parse("\"a\\\" = '\\'", schema)({"a\\": "\\"}) is True


def test_expression_shows_its_text() -> None:
    expression = parse("age > 18", SCHEMA)
    assert isinstance(expression, CompiledExpression)
    assert repr(expression) == "CompiledExpression('age > 18')"
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(expression)


def test_relation_has_duckdbs_types() -> None:
    relation = relation_of(
        ["tickets", "age", "interests", "contacted.news", "told.shoe_size"], SCHEMA
    )
    assert {name: duckdb_type(declared) for name, declared in relation.items()} == {
        "now": "TIMESTAMP",
        "age": "BIGINT",
        "contacted.news": "TIMESTAMP",
        "interests": "VARCHAR[]",
        "tickets": 'STRUCT("status" VARCHAR, "age" BIGINT)[]',
        "told.shoe_size": "BIGINT",
    }
    row: Row = {"now": DAY, "age": 5, "tickets": [{"age": 1}], "interests": ["a", None]}
    found = duckdb_row(row, relation)
    assert found == [
        *(datetime(1970, 1, 2), 5, None, ["a", None]),  # noqa: DTZ001 - as DuckDB has it
        *([{"status": None, "age": 1}], None),
    ]


@pytest.mark.parametrize(
    ("value", "kind", "given"),
    [
        (19_782, Kind.DATE, date(2024, 2, 29)),
        (10**9, Kind.DATE, None),
        (99_000, Kind.MONEY, 99_000),
        (2**63, Kind.INTEGER, None),
        (float("nan"), Kind.REAL, None),
        (float("inf"), Kind.REAL, None),
        (2**60, Kind.TIMESTAMP, None),
        ("5", Kind.INTEGER, None),
        (1, Kind.TEXT, None),
        (1, Kind.BOOL, None),
    ],
)
def test_what_no_row_holds_is_null_for_duckdb(value: Any, kind: Kind, given: Any) -> None:
    assert duckdb_value(value, Type(kind)) == given


@pytest.mark.parametrize("setting", ["ieee_floating_point_ops = false", "TimeZone = 'Asia/Tokyo'"])
def test_sql_means_the_same_whatever_the_session_is(setting: str) -> None:
    schema = Schema(columns={"at": TIMESTAMP, "risk": REAL}, zone="Europe/Helsinki")
    texts = ("days_since(at)", "risk / 0", "0.0 / 0.0", "1e308 * risk", "5 % 0", "date(at)")
    selected = ", ".join(to_sql(parse(text, schema)) for text in texts)
    with duckdb.connect() as connection:
        connection.execute(f"SET {setting}")
        found = connection.execute(
            f"SELECT {selected} FROM (SELECT TIMESTAMP '2026-03-28 22:00' AS at, 10.0e0 AS risk, "
            "TIMESTAMP '2026-03-29 21:00' AS now)"
        ).fetchall()
    assert found == [(1, None, None, None, None, date(2026, 3, 29))]


WIDE_AND_DEEP = {
    "sum": " + ".join(["age"] * 40),
    "difference": "age - (" * 19 + "age" + ")" * 19,
    "quotient": " / ".join(["churn_risk"] * 40),
    "choice": "coalesce(nullif(least(age, " * 6 + "age" + "), 5), 7)" * 6,
    "CASE": "CASE WHEN age > " * 19 + "1" + " THEN age ELSE 2 END" * 19,
    "CASE of": "CASE (age + " * 9 + "1" + ") WHEN age THEN 1 ELSE age END" * 9,
    "logic": "NOT (age > 1 AND (has_tv OR " * 6 + "has_tv" + "))" * 6,
    "branches": f"CASE {' '.join(f'WHEN age = {n} THEN {n}' for n in range(200))} END",
    "calls": "upper(lower(" * 10 + "order" + "))" * 10,
    "dates": " + ".join(["date", *["1"] * 38]),
    "joined": " || ".join(["order"] * 3_000),
    "options": f"age IN ({', '.join(map(str, range(5_000)))})",
    "alternatives": " OR ".join(f"age = {n}" for n in range(3_000)),
}


@pytest.mark.parametrize("text", WIDE_AND_DEEP.values(), ids=WIDE_AND_DEEP)
def test_what_is_as_deep_or_wide_as_allowed_runs_on_both(
    text: str, duck: Callable[..., Any], shown: Callable[[Any, Type], Any]
) -> None:
    expression = parse(text, SCHEMA)
    rows: list[Row] = [
        {"age": 2, "churn_risk": 0.5, "has_tv": True, "order": "a", "date": 0, "now": 0},
        {"now": 0},
    ]
    found = duck(SCHEMA, rows, sorted(expression.columns)).values([expression])
    assert [value for (value,) in found] == [
        shown(expression(row), expression.type) for row in rows
    ]
    assert found[0][0] is not None


def test_no_parameter_of_ours_hides_a_column(duck: Callable[..., Any]) -> None:
    schema = Schema(columns={"tuttu_1": REAL, "Tuttu_item": REAL})
    expression = parse("nullif(tuttu_1 / Tuttu_item, 3.0) - tuttu_1", schema)
    row: Row = {"tuttu_1": 6.0, "Tuttu_item": 4.0, "now": 0}
    assert expression(row) == -4.5
    assert duck(schema, [row], sorted(expression.columns)).values([expression]) == [(-4.5,)]


def test_an_unknown_zone_is_an_error_of_the_expression() -> None:
    with pytest.raises(PolicyError):
        parse("days_since(moved_at) > 14", Schema(columns={"moved_at": TIMESTAMP}, zone="No/Where"))
