"""Text has one meaning in both executors, whatever release of Unicode each has inside."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu.policy.relation import quoted
from tuttu.policy.strings import WHITESPACE, like, lower, upper

pytestmark = pytest.mark.laws

POINTS = "".join(chr(point) for point in range(1, 0x110000) if not 0xD800 <= point <= 0xDFFF)


def _duckdb(expression: str) -> list[str]:
    """A text function of DuckDB over every code point at once."""
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT {expression} FROM (SELECT ? AS c)", [POINTS]).fetchall()
    return list(found[0][0])


def _different(mine: str, theirs: list[str]) -> list[tuple[str, str, str]]:
    return [each for each in zip(POINTS, mine, theirs, strict=True) if each[1] != each[2]]


def test_letters_case_is_the_same_for_every_code_point() -> None:
    assert not _different(lower(POINTS), _duckdb("lower(c)"))
    assert not _different(upper(POINTS), _duckdb("upper(c)"))


def test_ascii_is_no_special_case() -> None:
    for point in POINTS[:127]:
        assert lower(point) == lower(f"ä{point}")[1:]
        assert upper(point) == upper(f"ä{point}")[1:]


def test_blanks_are_the_same_for_every_code_point() -> None:
    assert {point for point in POINTS if not point.strip(WHITESPACE)} == set(WHITESPACE)
    trimmed = f"list_filter(string_split(c, ''), lambda p: trim(p, {quoted(WHITESPACE)}) = '')"
    assert set(_duckdb(trimmed)) == set(WHITESPACE)
    separators = set("\x1c\x1d\x1e\x1f")
    """Blank for Python, but not among Unicode's White_Space."""
    assert {point for point in POINTS if point.isspace()} - separators == set(WHITESPACE)


def _matches(text: str, pattern: str) -> bool:
    """LIKE as its definition says, one code point after another."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(_matches(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in {"_", text[0]} and _matches(text[1:], pattern[1:])


@given(st.text("ab\n%_ä😀", max_size=8), st.text("ab\n%_ä😀", max_size=7))
def test_like_is_its_definition(text: str, pattern: str) -> None:
    assert like(pattern)(text) is _matches(text, pattern)


def test_like_takes_no_exponential_time() -> None:
    assert like("%a" * 50 + "%b")("a" * 20_000) is False
    assert like("%_a" * 30 + "b")("a" * 20_000) is False
