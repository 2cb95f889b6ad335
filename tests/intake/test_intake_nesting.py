"""The depth that is counted on bytes is the depth of the value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu.intake.call import require_depth, second_level
from tuttu.intake.errors import IntakeError

pytestmark = pytest.mark.fuzz

TEXTS = st.text(st.sampled_from('[]{}",\\a\n'), max_size=6)
NESTED: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(TEXTS, inner, min_size=1, max_size=3)
        | inner.map(lambda value: [[value]])
    ),
    max_leaves=12,
)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(value=NESTED, ascii_only=st.booleans())
def test_the_limit_is_exact(value: Any, ascii_only: bool) -> None:
    content = json.dumps(value, ensure_ascii=ascii_only).encode()
    levels = depth(value)
    require_depth(content, levels)
    if levels:
        with pytest.raises(IntakeError, match=f"more than {levels - 1} levels"):
            require_depth(content, levels - 1)


@given(calls=st.lists(NESTED, min_size=1, max_size=5))
def test_calls_of_a_batch_are_counted(calls: list[Any]) -> None:
    assert second_level(json.dumps({"batch": calls}).encode()) == len(calls)


@given(content=st.text(st.sampled_from('[]{}",\\a'), max_size=40), limit=st.integers(1, 4))
def test_what_a_decoder_reads_before_a_fault_is_counted(content: str, limit: int) -> None:
    """Text that is no JSON may be refused too early, but never lets a decoder go too deep."""
    deep = "[" * (limit + 1) + content
    with pytest.raises(IntakeError):
        require_depth(deep.encode(), limit)
