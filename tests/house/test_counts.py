"""A count is said by `so_many`, in words that fit it: no sentence says "1 rows"."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from tests.house.source import FILES, parsed, place

from tuttu.vocabulary.counting import so_many


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (2_000, "2,000 rows")]
)
def test_one_is_one(count: int, said: str) -> None:
    assert so_many(count, "row") == said


def test_a_word_may_have_a_plural_of_its_own() -> None:
    assert [so_many(count, "differs", "differ") for count in (1, 2)] == ["1 differs", "2 differ"]


def test_what_is_counted_anywhere_is_counted_so_everywhere() -> None:
    things = {f"{noun}s" for path in FILES for noun in _counted(path)}
    assert {"rows", "events", "customers"} <= things
    bare = [
        place(path, line) for path in FILES for line, word in _behind_values(path) if word in things
    ]
    assert bare == []


def _counted(path: Path) -> Iterator[str]:
    for call in ast.walk(parsed(path)):
        if (
            isinstance(call, ast.Call)
            and ast.unparse(call.func) == "so_many"
            and isinstance(call.args[1], ast.Constant)
        ):
            yield str(call.args[1].value)


def _behind_values(path: Path) -> Iterator[tuple[int, str]]:
    """Words directly behind a value in a sentence. A constant is a limit that its writer knows."""
    for text in ast.walk(parsed(path)):
        if not isinstance(text, ast.JoinedStr):
            continue
        for value, behind in pairwise(text.values):
            word = re.match(r" (\w+)", str(getattr(behind, "value", "")))
            if word and isinstance(value, ast.FormattedValue) and not _is_constant(value):
                yield value.lineno, word[1]


def _is_constant(value: ast.FormattedValue) -> bool:
    return ast.unparse(value.value).isupper()
