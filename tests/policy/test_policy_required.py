"""What a condition requires finds all that are TRUE, and few that are not."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuttu.policy import CompiledExpression, ConditionLookup, parse_condition
from tuttu.vocabulary.values import Kind, Row, Schema, Type

SCHEMA = Schema(
    columns={
        "event": Type(Kind.TEXT),
        "offer": Type(Kind.TEXT),
        "total": Type(Kind.INTEGER),
        "again": Type(Kind.BOOL),
    },
    collections={"products": {"sku": Type(Kind.TEXT), "pieces": Type(Kind.INTEGER)}},
)
VALUES = ("a", "b", "c")
TEXTS = st.sampled_from(VALUES)
NUMBERS = st.integers(0, 2)


@cache
def condition(text: str) -> CompiledExpression:
    return parse_condition(text, SCHEMA)


def leaves(text: str, number: str) -> st.SearchStrategy[str]:
    """About one text and one number."""
    several = st.lists(TEXTS, min_size=1, max_size=2).map(
        lambda drawn: ", ".join(f"'{each}'" for each in drawn)
    )
    return st.one_of(
        TEXTS.map(lambda value: f"{text} = '{value}'"),
        TEXTS.map(lambda value: f"'{value}' = {text}"),
        TEXTS.map(lambda value: f"{text} <> '{value}'"),
        several.map(lambda drawn: f"{text} IN ({drawn})"),
        several.map(lambda drawn: f"{text} NOT IN ({drawn})"),
        NUMBERS.map(lambda value: f"{number} = {value}"),
        NUMBERS.map(lambda value: f"{number} > {value}"),
        st.just(f"{text} IS NULL"),
        TEXTS.map(lambda value: f"COALESCE({text}, '{value}') = '{value}'"),
        TEXTS.map(lambda value: f"{text} LIKE '{value}%'"),
    )


def joined(operands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(operands, operands)
    return st.one_of(
        pairs.map(lambda two: f"({two[0]} AND {two[1]})"),
        pairs.map(lambda two: f"({two[0]} OR {two[1]})"),
        operands.map(lambda one: f"(NOT {one})"),
        operands.map(lambda one: f"(({one}) IS TRUE)"),
        operands.map(lambda one: f"(({one}) IS FALSE)"),
        operands.map(lambda one: f"COALESCE({one}, FALSE)"),
    )


OF_ITEMS = st.tuples(
    st.sampled_from(("any", "all")),
    st.recursive(leaves("sku", "pieces"), joined, max_leaves=3),
).map(lambda drawn: f"{drawn[0]}(products, {drawn[1]})")
CONDITIONS = st.recursive(
    st.one_of(leaves("event", "total"), leaves("offer", "total"), st.just("again"), OF_ITEMS),
    joined,
    max_leaves=8,
)
ITEM = st.fixed_dictionaries({"sku": st.none() | TEXTS, "pieces": st.none() | NUMBERS})
ROWS: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {
        "event": st.none() | TEXTS | st.just("another"),
        "offer": st.none() | TEXTS,
        "total": st.none() | NUMBERS,
        "again": st.none() | st.booleans(),
        "products": st.none() | st.lists(ITEM, max_size=3),
    }
)


@pytest.mark.laws
@given(
    texts=st.lists(CONDITIONS, min_size=1, max_size=16), rows=st.lists(ROWS, min_size=4, max_size=8)
)
@settings(max_examples=5 * settings().max_examples)
def test_asking_the_candidates_is_asking_all(texts: list[str], rows: list[Row]) -> None:
    asked = [(condition(text), text) for text in texts]
    lookup = ConditionLookup([*asked, (None, "always")], "event")
    for row in rows:
        candidates = lookup.candidates(row)
        found = [text for text in candidates if text == "always" or condition(text)(row) is True]
        assert found == [*(text for test, text in asked if test(row) is True), "always"]


def test_of_many_conditions_on_events_those_are_asked_that_may_be_true() -> None:
    texts = [
        text
        for number in range(1_000)
        for text in (
            f"event = 'a' AND any(products, sku = 'p{number}' AND pieces > 0)",
            f"event IN ('b', 'c') AND total > 0 AND offer = 'p{number}'",
            f"event = 'bought p{number}'",
        )
    ]
    lookup = ConditionLookup([(condition(text), text) for text in texts], "event")
    assert lookup.candidates({"event": "another", "offer": "p1"}) == []
    assert lookup.candidates({"event": "b", "offer": "p7"}) == [texts[3 * 7 + 1]]
    assert lookup.candidates({"event": "bought p7"}) == [texts[3 * 7 + 2]]
    items = [{"sku": "p9"}, {"sku": "p2"}, {"sku": "p9"}, {"sku": None}]
    assert lookup.candidates({"event": "a", "products": items}) == [texts[6], texts[27]]


def test_two_items_may_each_be_what_a_condition_requires() -> None:
    lookup = ConditionLookup(
        [(condition("any(products, sku = 'a') AND any(products, sku = 'b')"), 1)], "event"
    )
    assert lookup.candidates({"products": [{"sku": "a"}, {"sku": "b"}]}) == [1]
    assert lookup.candidates({"products": [{"sku": "c"}]}) == []


@pytest.mark.parametrize(
    "text", ["event = 'a' OR total > 0", "NOT (event = 'a')", "COALESCE(event = 'a', TRUE)"]
)
def test_what_a_condition_can_do_without_is_not_required(text: str) -> None:
    lookup = ConditionLookup([(condition(text), 1)], "event")
    row: Row = {"event": None, "total": 1} if "COALESCE" in text else {"event": "b", "total": 1}
    assert condition(text)(row) is True
    assert lookup.candidates(row) == [1]
