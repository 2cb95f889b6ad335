"""What a column of a change reads as: what is not known has to become known, at whatever value."""

from __future__ import annotations

from typing import Any

import pytest

from tuttu.api.changes import parts_of
from tuttu.api.words import words_in
from tuttu.counterfactual import Change, ColumnSet
from tuttu.vocabulary.values import Kind, Schema, Type

TEXT, INTEGER = Type(Kind.TEXT), Type(Kind.INTEGER)
SCHEMA = Schema(
    columns={"line_mbps": INTEGER, "tags": Type(Kind.TEXT, many=True)},
    collections={"tickets": {"key": TEXT, "status": TEXT}},
)
ITEM = ("tickets", "T1")
DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("part", "would_be", "english"),
    [
        (ColumnSet(name="line_mbps", now=20, would_be=50), 50, "line_mbps: 50 instead of 20"),
        (
            ColumnSet(name="line_mbps", now=None, would_be=0),
            None,
            "line_mbps: a value that fits instead of not known",
        ),
        (
            ColumnSet(name="line_mbps", now=20, would_be=None),
            None,
            "line_mbps: not known instead of 20",
        ),
        (
            ColumnSet(name="fulfilled.news", now=None, would_be=0),
            "1970-01-01T00:00:00Z",
            "told of news: 1970-01-01T00:00:00Z instead of never",
        ),
        (
            ColumnSet(name="tags", now=None, would_be=["vip"]),
            None,
            "tags: a value that fits instead of not known",
        ),
        (
            ColumnSet(name="item.status", now=None, would_be="open", of=ITEM),
            None,
            "tickets T1: item.status: a value that fits instead of not known",
        ),
        (
            ColumnSet(name="item.status", now="closed", would_be="open", of=ITEM),
            "open",
            "tickets T1: item.status: open instead of closed",
        ),
        (
            ColumnSet(name="contacted.offer", now=None, would_be=DAY),
            "1970-01-02T00:00:00Z",
            "contacted.offer: 1970-01-02T00:00:00Z instead of never",
        ),
        (
            ColumnSet(
                name="tickets",
                now=[{"key": "T1", "status": None}],
                would_be=[{"key": "T1", "status": "open"}, {"status": "open"}],
            ),
            [{"key": "T1", "status": None}, {"status": "open"}],
            "tickets: status a value that fits instead of not known, one more with status open",
        ),
    ],
)
def test_a_column_that_is_not_known_is_named_and_no_value_claimed(
    part: ColumnSet, would_be: Any, english: str
) -> None:
    (shown,) = parts_of(Change((part,)), SCHEMA, words_in("en"))
    assert (shown.kind, shown.name, shown.would_be) == ("column", part.name, would_be)
    assert shown.words == english


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fi", "line_mbps: sopiva arvo (nyt ei tiedossa)"),
        ("sv", "line_mbps: ett värde som passar i stället för inte känt"),
    ],
)
def test_it_reads_so_in_every_language(language: str, text: str) -> None:
    change = Change((ColumnSet(name="line_mbps", now=None, would_be=0),))
    assert parts_of(change, SCHEMA, words_in(language))[0].words == text
