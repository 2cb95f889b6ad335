"""The index finds what the row functions find, for whatever the parser accepts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tuttu.policy import CONSTRUCTS, parse_condition
from tuttu.policy.index import ConditionIndex, Wanted
from tuttu.vocabulary.values import DAY, Kind, Row, Schema, Type

COLUMNS = Schema(
    columns={
        "city": Type(Kind.TEXT),
        "age": Type(Kind.INTEGER),
        "score": Type(Kind.REAL),
        "vip": Type(Kind.BOOL),
        "moved_at": Type(Kind.TIMESTAMP),
        "born": Type(Kind.DATE),
        "tags": Type(Kind.TEXT, many=True),
    },
    zone="Europe/Helsinki",
)
NOW = 20_541 * DAY
MORE = (
    "a_integer > {0}",
    "a_integer BETWEEN {0} AND {1}",
    "a_integer IN ({0}, {1}, {2})",
    "a_real < {0} OR a_real >= {1}",
    "COALESCE(a_integer, {0}) <> {1}",
    "a_timestamp > ago('{2}d') AND a_timestamp <= now",
    "now < a_timestamp",
    "COALESCE(days_since(a_timestamp), {0}) >= {1}",
    "a_date <= today() - {1}",
    "today() + {2} = a_date",
    "a_bool OR a_integer = {0} OR a_text = 'a'",
    "(a_bool AND a_integer = {0}) OR (a_text = 'a' AND a_real > {1})",
    "NOT (a_bool IS TRUE AND a_integer IS NULL)",
    "(a_text = 'a' OR a_bool) IS FALSE",
    "COALESCE(a_bool, FALSE)",
)
"""What the author by chance writes too seldom: literals about one value, and about today."""


def _by_row_functions(members: Sequence[Sequence[Wanted]], row: Row) -> int:
    return sum(
        1 << number
        for number, member in enumerate(members)
        if all(each.condition(row) is each.truth for each in member)
    )


@pytest.mark.laws
def test_the_index_finds_what_the_row_functions_find(
    seed: int,
    scale: Callable[[int, int], int],
    zones: Sequence[str],
    schema_in: Callable[..., Schema],
    author_in: Callable[[random.Random, Schema], Any],
    rows_in: Callable[[random.Random, Schema, int], list[Row]],
) -> None:
    passed: Counter[bool] = Counter()
    for number in range(scale(4, 60)):
        rng = random.Random(f"{seed} {number}")
        schema = schema_in(zones[(seed + number) % len(zones)], own=number % 2 == 0)
        author = author_in(rng, schema)
        conditions = [each for each in CONSTRUCTS.values() if each.result is Kind.BOOL]
        texts = [author.construct(each, rng.randrange(4)) for each in conditions for _ in range(2)]
        texts += [each.format(*rng.choices([0, 1, 2, 7, 30], k=3)) for each in MORE]
        drawn = [parse_condition(text, schema, subject="tv-package") for text in texts]
        members = [
            [Wanted(rng.choice(drawn), rng.random() < 0.7) for _ in range(rng.randrange(4))]
            for _ in range(200)
        ]
        index = ConditionIndex(members)
        for row in rows_in(rng, schema, 40):
            found = index.passing(row)
            expected = _by_row_functions(members, row)
            wrong = found ^ expected
            assert not wrong, (
                members[wrong.bit_length() - 1],
                {name: row.get(name) for name in ("now", *schema.columns)},
            )
            passed[True] += found.bit_count()
            passed[False] += len(members) - found.bit_count()
    assert min(passed.values()) > passed.total() / 20
