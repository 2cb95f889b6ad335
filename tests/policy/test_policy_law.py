"""The law: a row function and DuckDB give the same value for everything that the parser accepts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tuttu.policy import CONSTRUCTS, CompiledExpression, parse, to_sql
from tuttu.vocabulary.values import Kind, Row, Schema, Type

ROWS = 60
BATCH = 50

pytestmark = pytest.mark.laws


def _texts(author: Any, rng: random.Random, times: int) -> list[str]:
    """Each construct so many times, at the head of expressions of growing depth."""
    drawn = [
        author.construct(construct, rng.randrange(4))
        for construct in CONSTRUCTS.values()
        for _ in range(times)
    ]
    rng.shuffle(drawn)
    return drawn


def _differences(
    expressions: Sequence[CompiledExpression],
    rows: Sequence[Row],
    found: Sequence[tuple[Any, ...]],
    shown: Callable[[Any, Type], Any],
) -> list[str]:
    return [
        f"{expression.text}\n  row function: {mine!r}\n  DuckDB: {theirs!r}\n"
        f"  row: { {name: row[name] for name in sorted({*expression.columns, 'now'})} }\n"
        f"  SQL: {to_sql(expression)[:2000]}"
        for row, values in zip(rows, found, strict=True)
        for expression, theirs in zip(expressions, values, strict=True)
        if not _same(mine := shown(expression(row), expression.type), theirs)
    ]


def _same(mine: object, theirs: object) -> bool:
    return type(mine) is type(theirs) and mine == theirs


def _check_filter(
    relation: Any, batch: Sequence[CompiledExpression], found: Sequence[tuple[Any, ...]]
) -> None:
    """DuckDB rewrites a condition in WHERE otherwise than one in SELECT; one of each batch."""
    conditions = [n for n, expression in enumerate(batch) if expression.type.kind is Kind.BOOL]
    for position in conditions[:1]:
        true = [place for place, values in enumerate(found) if values[position]]
        assert relation.chosen(batch[position]) == true, batch[position].text


def test_row_function_and_duckdb_agree_on_all_that_the_parser_accepts(
    seed: int,
    scale: Callable[[int, int], int],
    zones: Sequence[str],
    schema_in: Callable[..., Schema],
    author_in: Callable[[random.Random, Schema], Any],
    rows_in: Callable[[random.Random, Schema, int], list[Row]],
    duck: Callable[[Schema, Sequence[Row]], Any],
    shown: Callable[[Any, Type], Any],
) -> None:
    occurred: Counter[str] = Counter()
    verdicts: Counter[bool | None] = Counter()
    for number in range(scale(len(zones) // 2, 60)):
        zone = zones[(seed + number) % len(zones)]
        rng = random.Random(f"{seed} {number}")
        schema = schema_in(zone, own=number % 2 == 0)
        rows = rows_in(rng, schema, ROWS)
        relation = duck(schema, rows)
        texts = _texts(author_in(rng, schema), rng, 1)
        for start in range(0, len(texts), BATCH):
            batch = [
                parse(text, schema, subject="tv-package") for text in texts[start : start + BATCH]
            ]
            found = relation.values(batch)
            wrong = _differences(batch, rows, found, shown)
            assert not wrong, f"{len(wrong)} differ, seed {seed} {number}, {zone}: " + "\n".join(
                sorted(wrong, key=len)[:3]
            )
            _check_filter(relation, batch, found)
            for position, expression in enumerate(batch):
                occurred.update(expression.constructs)
                if expression.type.kind is Kind.BOOL:
                    verdicts.update(values[position] for values in found)
        relation.close()
    assert not set(CONSTRUCTS) - set(occurred), "constructs that never occurred"
    total = verdicts.total()
    shares = {verdict: verdicts[verdict] / total for verdict in (True, False, None)}
    assert min(shares.values()) >= 0.1, shares
