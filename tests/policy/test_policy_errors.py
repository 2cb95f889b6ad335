"""What is no expression of ours: what the error says, and where it points."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tuttu.policy import CompiledExpression, PolicyError, parse, parse_condition
from tuttu.policy.expression import SHALLOW
from tuttu.policy.tree import walk
from tuttu.vocabulary.values import Kind, Schema, Type

SCHEMA = Schema(
    columns={
        "flag": Type(Kind.BOOL),
        "number": Type(Kind.INTEGER),
        "amount": Type(Kind.MONEY),
        "share": Type(Kind.REAL),
        "word": Type(Kind.TEXT),
        "other_word": Type(Kind.TEXT),
        "birthday": Type(Kind.DATE),
        "moved_at": Type(Kind.TIMESTAMP),
        "words": Type(Kind.TEXT, many=True),
    },
    collections={
        "tickets": {
            "status": Type(Kind.TEXT),
            "number": Type(Kind.INTEGER),
            "weight": Type(Kind.REAL),
        }
    },
    actions=frozenset({"tv-package", "news"}),
    channels=frozenset({"email", "call"}),
    outcomes=frozenset({"accepted", "declined"}),
)
TABLE: list[Mapping[str, Any]] = YAML(typ="safe", pure=True).load(
    (Path(__file__).parent / "golden" / "errors.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", TABLE, ids=[case["text"] or "nothing" for case in TABLE])
def test_error_says_what_where_and_what_instead(case: Mapping[str, Any]) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(case["text"], SCHEMA)
    error = caught.value
    assert error.offset == case["at"]
    assert error.found.startswith(case["found"])
    assert case["expected"] in error.expected
    assert error.nearest == case.get("nearest")


def test_a_formula_is_no_condition() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_condition("number + 1", SCHEMA)
    assert caught.value.found == "a value of type integer"
    assert parse_condition("number + 1 > 2", SCHEMA).type == Type(Kind.BOOL)


NESTED = {
    "parentheses": "(" * 10_000 + "flag" + ")" * 10_000,
    "open parentheses": "(" * 10_000,
    "calls": "lower(" * 10_000 + "word" + ")" * 10_000,
    "NOT": "NOT " * 10_000 + "flag",
    "minus": "- " * 10_000 + "number",
    "CASE": "CASE WHEN " * 4_000 + "flag" + " THEN TRUE END" * 4_000,
    "lists": "number IN (" * 8_000 + "1" + ")" * 8_000,
    "sum": " + ".join(["number"] * 10_000),
    "comparisons": " = ".join(["flag"] * 10_000),
    "differences in parentheses": "(number - " * 21 + "1" + ")" * 21,
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_deep_nesting_is_an_error_with_its_place(text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(text, SCHEMA)
    assert caught.value.found == "deeper nesting"
    assert 0 <= caught.value.offset < 1_000


def test_nesting_is_the_same_error_on_a_deep_stack() -> None:
    def descend(levels: int) -> None:
        if levels:
            descend(levels - 1)
        else:
            assert parse("(" * 20 + "number" + ")" * 20 + " = 1", SCHEMA)({"number": 1}) is True

    descend(sys.getrecursionlimit() * 2 // 5 - 60)


FEW_AND_DEEP = {
    "quotients": " / ".join(["share"] * 12),
    "products": " * ".join(["number"] * 12),
    "rests": " % ".join(["number"] * 12),
    "minus": "- " * 19 + "number",
    "calls": "abs(round(" * 9 + "number / 1" + "))" * 9,
    "choices": "coalesce(" * 11 + "number" + ", 1)" * 11,
    "CASE": "CASE WHEN flag THEN " * 7 + "number" + " END" * 7,
    "NOT": "NOT (flag OR " * 7 + "flag" + ")" * 7,
}


@pytest.mark.parametrize("text", FEW_AND_DEEP.values(), ids=FEW_AND_DEEP)
def test_what_is_compiled_later_is_never_too_deep_then(text: str) -> None:
    expression = parse(text, SCHEMA)
    nodes = len(walk(expression.tree))
    assert 15 < nodes <= SHALLOW
    assert expression({"number": 1, "share": 1.0, "flag": True, "word": "ä"}) is not None


def test_wide_is_not_deep() -> None:
    row = {"number": 4_999, "flag": None, "word": "ä"}
    assert parse(" OR ".join(f"number = {n}" for n in range(5_000)), SCHEMA)(row) is True
    assert parse(" AND ".join(["flag"] * 5_000), SCHEMA)(row) is None
    assert parse(" || ".join(["word"] * 900), SCHEMA)(row) == "ä" * 900
    assert parse(f"number IN ({', '.join(map(str, range(10_000)))})", SCHEMA)(row) is True


def test_too_many_branches_are_an_error() -> None:
    branches = " ".join(f"WHEN number = {n} THEN {n}" for n in range(201))
    with pytest.raises(PolicyError, match="201 branches"):
        parse(f"CASE {branches} END", SCHEMA)
    inner = " ".join(f"WHEN number = {n} THEN {n}" for n in range(200))
    with pytest.raises(PolicyError, match="deeper nesting"):
        parse(f"CASE {inner} ELSE " * 19 + "1" + " END" * 19, SCHEMA)


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(PolicyError, match="at most 100000"):
        parse("number = 1 OR " * 10_000 + "flag", SCHEMA)


PIECES = st.sampled_from(
    [
        *("number", "word", "flag", "tickets", "status", "words", "now", '"a b"', "any", "count"),
        *("'a'", "'7d'", "5", "9.90", "1e3", "NULL", "TRUE", "DATE", "TIMESTAMP", "contacted"),
        *("AND", "OR", "NOT", "IN", "IS", "LIKE", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END"),
        *("(", ")", ",", ".", "=", "<>", "<", "-", "+", "*", "/", "%", "||", "'", '"', "--", "/*"),
        *(";", ":", "::", "[", "]", "{", "}", "$", "\\", "\0", "\ud800", "SELECT", "ESCAPE", "’"),
    ]
)


@given(st.lists(PIECES, max_size=12).map(" ".join) | st.text(max_size=40))
def test_any_text_is_an_expression_or_a_clear_error(text: str) -> None:
    outcome = _read(text)
    if isinstance(outcome, PolicyError):
        assert 0 <= outcome.offset <= len(text)
        assert outcome.found
        assert outcome.expected
        assert str(outcome).encode()
    else:
        assert outcome({}) == outcome({"now": None})


def _read(text: str) -> CompiledExpression | PolicyError:
    try:
        return parse(text, SCHEMA)
    except PolicyError as error:
        return error
