"""What would make a condition true: the nearest by hand, the fewest columns by brute force."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tuttu.policy import CompiledExpression, parse
from tuttu.policy.solver import least_values
from tuttu.vocabulary.conversion import parse_date, parse_instant
from tuttu.vocabulary.values import DAY, Kind, Row, Schema, Type, Value

NOW = parse_instant("2026-03-05T10:00:00Z") or 0
LONG_AGO = NOW - 7 * DAY - 1
TODAY = parse_date("2026-03-05") or 0

SCHEMA = Schema(
    columns={
        "a": Type(Kind.INTEGER),
        "b": Type(Kind.INTEGER),
        "x": Type(Kind.REAL),
        "spent": Type(Kind.MONEY),
        "t": Type(Kind.TEXT),
        "u": Type(Kind.TEXT),
        "p": Type(Kind.BOOL),
        "q": Type(Kind.BOOL),
        "born": Type(Kind.DATE),
        "seen": Type(Kind.TIMESTAMP),
        "tags": Type(Kind.TEXT, many=True),
    },
    collections={"orders": {"n": Type(Kind.INTEGER), "kind": Type(Kind.TEXT)}},
    actions=frozenset({"news"}),
    zone="Europe/Helsinki",
)
ONE_ORDER = [{"n": 1, "kind": "x"}]


def _row(**columns: Value) -> dict[str, Value]:
    names = (*SCHEMA.columns, *SCHEMA.collections)
    return {**dict.fromkeys(names), "contacted.news": None, "now": NOW, **columns}


@pytest.mark.parametrize(
    ("text", "present", "change"),
    [
        ("a >= 18", {"a": 15}, {"a": 18}),
        ("a <> b AND a + b = 4", {}, {"a": 0, "b": 4}),
        ("a >= 18", {}, {"a": 18}),
        ("a > 18", {"a": -3}, {"a": 19}),
        ("a BETWEEN 25 AND 60", {"a": 80}, {"a": 60}),
        ("a BETWEEN 25 AND 60", {"a": 3}, {"a": 25}),
        ("a <> 3", {"a": 3}, {"a": 4}),
        ("a IS NULL", {"a": 3}, {"a": None}),
        ("a + b <= 4", {"a": 9, "b": 1}, {"a": 3}),
        ("2 * a >= b", {"a": 2, "b": 9}, {"b": 4}),
        ("x < 0.6", {"x": 0.7}, {"x": 0.59}),
        ("x <= 0.6", {"x": 0.7}, {"x": 0.6}),
        ("x < 4", {"x": 4.857}, {"x": 3.9}),
        ("spent >= 12.50", {"spent": 0}, {"spent": 125_000}),
        ("p", {"p": False}, {"p": True}),
        ("NOT p", {"p": None}, {"p": False}),
        ("NOT COALESCE(p, TRUE)", {}, {"p": False}),
        ("COALESCE(a, 999) < 7", {}, {"a": 6}),
        ("t = 'yes'", {"t": "no"}, {"t": "yes"}),
        ("t IN ('red', 'blue')", {"t": "green"}, {"t": "red"}),
        ("lower(t) = 'yes'", {"t": "NO"}, {"t": "yes"}),
        ("t LIKE '/usage/%'", {"t": "/"}, {"t": "/usage/"}),
        ("length(t) >= 3", {"t": "ab"}, {"t": "aba"}),
        ("contains(t, 'tv')", {"t": "no"}, {"t": "tv"}),
        ("'vip' IN tags", {"tags": ["new"]}, {"tags": ["new", "vip"]}),
        ("NOT 'vip' IN tags", {"tags": ["new", "vip"]}, {"tags": ["new"]}),
        ("days_since(born) < 14", {"born": TODAY - 20}, {"born": TODAY - 13}),
        ("year(born) = 1990", {"born": TODAY}, {"born": parse_date("1990-12-31")}),
        ("seen > ago('7d')", {"seen": NOW - 8 * DAY}, {"seen": NOW - 7 * DAY + 1}),
        ("contacted(news, '7d')", {}, {"contacted.news": NOW - 7 * DAY}),
        ("NOT contacted(news, '7d')", {"contacted.news": NOW}, {"contacted.news": LONG_AGO}),
        ("days_since(seen) > 14", {"seen": NOW}, {"now": parse_instant("2026-03-19T22:00:00Z")}),
        ("CASE WHEN t = 'x' THEN a > 1 ELSE p END", {"a": 5, "p": None}, {"t": "x"}),
        ("any(orders, kind = 'tv')", {"orders": ONE_ORDER}, {"orders": [{"n": 1, "kind": "tv"}]}),
        ("any(orders, kind = 'tv')", {"orders": []}, {"orders": [{"kind": "tv"}]}),
        ("any(orders, n > 3 AND kind = 'tv')", {}, {"orders": [{"n": 4, "kind": "tv"}]}),
        ("all(orders, n > 3)", {"orders": ONE_ORDER}, {"orders": [{"n": 4, "kind": "x"}]}),
        ("count(orders) = 0", {"orders": ONE_ORDER}, {"orders": []}),
        ("sum(orders.n) >= 9", {"orders": ONE_ORDER}, {"orders": [{"n": 9, "kind": "x"}]}),
        ("max(orders.n) < 1", {"orders": ONE_ORDER}, {"orders": [{"n": 0, "kind": "x"}]}),
        (
            "sum(orders.n) = 0 AND any(orders, n <> 1 AND kind = 'x')",
            {},
            {"orders": [{"n": 0, "kind": "x"}]},
        ),
        ("p AND q AND a > 1", {"p": True}, {"a": 2, "q": True}),
        ("(p OR q) AND a > 1", {"p": False, "q": False, "a": 2}, {"p": True}),
        ("a = b AND b = 3", {"a": 3, "b": 4}, {"b": 3}),
        ("(a > 3 OR b IS NULL) AND (b > 3 OR b IS NULL)", {"a": 3, "b": 3}, {"b": None}),
    ],
)  # fmt: skip
def test_the_nearest_value_by_hand(
    text: str, present: Mapping[str, Value], change: Mapping[str, Value]
) -> None:
    expression = parse(text, SCHEMA)
    row = _row(**present)
    assert expression(row) is not True
    assert least_values(expression.tree, row) == change


@pytest.mark.parametrize("text", ["1 = 2", "p AND NOT p", "a > 3 AND a < 3", "a <> a"])
def test_what_nothing_makes_true_is_said_so(text: str) -> None:
    assert least_values(parse(text, SCHEMA).tree, _row(p=True, a=1)) is None


def test_what_is_true_already_needs_nothing() -> None:
    assert least_values(parse("a > 1", SCHEMA).tree, _row(a=2)) == {}


def test_a_guard_that_blocks_unless_false_is_to_be_false() -> None:
    guard = parse("a > 0 OR p", SCHEMA)
    assert least_values(guard.tree, _row(a=2), want=False) == {"a": 0, "p": False}
    assert least_values(guard.tree, _row(a=0), want=False) == {"p": False}


def test_a_move_that_a_later_one_made_needless_is_left_out() -> None:
    """Beside what is no number nothing is near, so another one is proposed first."""
    expression = parse("max(orders.n) < x", SCHEMA)
    change = least_values(expression.tree, _row(x=math.nan), want=False)
    assert change == {"orders": [{"n": 1}]}


NUMBERS = [None, *range(-1, 8)]
TEXTS = [None, "", "x", "y", "xy", "z"]
DOMAINS: Mapping[str, Sequence[Any]] = {
    "a": NUMBERS,
    "b": NUMBERS,
    "t": TEXTS,
    "u": TEXTS,
    "p": [None, True, False],
    "q": [None, True, False],
    "orders": [
        *([], [{"n": 0, "kind": "z"}]),
        *([{"n": n, "kind": kind}] for n in (0, 3, 6) for kind in ("x", "y")),
    ],
}
"""Small enough to try every value of every column."""

_number = st.integers(min_value=0, max_value=6).map(str)
_text = st.sampled_from(["'x'", "'y'", "'xy'"])
_order = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
_sum = st.one_of(
    st.sampled_from(["a", "b", "a + b", "a - b", "2 * a", "a * b", "COALESCE(a, 3)"]),
    st.sampled_from(["CASE WHEN p THEN a ELSE b END", "count(orders)", "sum(orders.n)", "-a"]),
    st.sampled_from(["CASE WHEN t = 'x' THEN 5 WHEN t = 'y' THEN 1 END", "length(t)"]),
)
_simple = st.one_of(
    st.builds("({} {} {})".format, _sum, _order, _number),
    st.builds("(a {} b)".format, _order),
    st.builds("({} BETWEEN {} AND {})".format, _sum, _number, _number),
    st.builds("(a IN ({}, {}))".format, _number, _number),
    st.builds("({} {} {})".format, st.sampled_from("tu"), _order, _text),
    st.builds("({} IN ({}, {}))".format, st.sampled_from("tu"), _text, _text),
    st.builds("({} LIKE {})".format, st.sampled_from("tu"), st.sampled_from(["'x%'", "'%y'"])),
    st.builds("({} IS NULL)".format, st.sampled_from(["a", "t", "p"])),
    st.sampled_from(["p", "q", "COALESCE(p, FALSE)", "(p = q)", "(t || u = 'xy')", "(t = u)"]),
    st.builds("any(orders, n {} {} AND kind = {})".format, _order, _number, _text),
    st.builds("all(orders, n {} {} OR kind = {})".format, _order, _number, _text),
)
_conditions = st.recursive(
    _simple,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("(NOT {})".format, inner),
    ),
    max_leaves=5,
)
_rows = st.fixed_dictionaries({name: st.sampled_from(domain) for name, domain in DOMAINS.items()})


def _by_brute_force(expression: CompiledExpression, row: Row, want: bool, size: int) -> bool:
    """Whether any values of so many columns would do."""
    names = sorted(expression.columns)
    return any(
        expression({**row, **dict(zip(chosen, values, strict=True))}) is want
        for chosen in combinations(names, size)
        for values in product(*(DOMAINS[name] for name in chosen))
    )


def _parts(change: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
    """Every proper part."""
    for size in range(len(change)):
        for names in combinations(change, size):
            yield {name: change[name] for name in names}


@pytest.mark.laws
@given(text=_conditions, present=_rows, want=st.booleans())
def test_no_fewer_columns_would_do(text: str, present: dict[str, Value], want: bool) -> None:
    expression = parse(text, SCHEMA)
    row = _row(**present)
    change = least_values(expression.tree, row, want=want)
    if change is None:
        event("none")
        assert not _by_brute_force(expression, row, want, 1)
        assert not _by_brute_force(expression, row, want, 2)
        return
    event(f"{len(change)} parts")
    assert expression({**row, **change}) is want
    for part in _parts(change):
        assert expression({**row, **part}) is not want
    for size in range(1, min(len(change), 3)):
        assert not _by_brute_force(expression, row, want, size)


@pytest.mark.laws
def test_in_the_whole_language_what_is_found_is_least_and_little_is_missed(
    seed: int,
    scale: Callable[[int, int], int],
    schema_in: Callable[[str], Schema],
    author_in: Callable[[random.Random, Schema], Any],
    rows_in: Callable[[random.Random, Schema, int], list[Row]],
) -> None:
    """The other rows of the draw say which single columns would do: none of their values was
    proposed by the code under test."""
    rng = random.Random(f"{seed} changes")
    schema = schema_in("Europe/Helsinki")
    author, rows = author_in(rng, schema), rows_in(rng, schema, 40)
    told: Counter[str] = Counter()
    for _ in range(scale(300, 6_000)):
        expression = parse(author.expression(Kind.BOOL, 2), schema, subject="tv-package")
        row, want = rng.choice(rows), rng.random() < 0.7
        if expression(row) is want:
            continue
        change = least_values(expression.tree, row, want=want)
        single = any(
            expression({**row, name: other[name]}) is want
            for other in rows
            for name in expression.columns
        )
        told["single"] += single
        if change is None:
            told["missed"] += single
            continue
        told["longer"] += single and len(change) > 1
        assert expression({**row, **change}) is want, expression.text
        for part in _parts(change):
            assert expression({**row, **part}) is not want, expression.text
    assert told["single"] >= scale(100, 2_000)
    # Of 825 drawn by six seeds 3 were missed; a small draw may hold more of them than its share.
    assert told["missed"] + told["longer"] <= 3 + told["single"] / 50, told
