"""The secret in an Authorization header, in every way people write it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu.web.request import secret_in


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "secret"),
    [
        (None, None),
        ("", ""),
        ("Bearer abc", "abc"),
        ("bearer   abc ", "abc"),
        ("BEARER abc", "abc"),
        ("Bearer", ""),
        (basic("abc:"), "abc"),
        (basic("abc:password"), "abc"),
        (basic("ä:"), "ä"),
        (basic("abc"), ""),
        ("Basic !!!", ""),
        ("Basic /w==", ""),
        ("Digest abc", ""),
        ("abc", ""),
    ],
)
def test_the_secret_of_a_header(header: str | None, secret: str | None) -> None:
    assert secret_in(header) == secret


@given(st.text())
def test_no_header_breaks_it(header: str) -> None:
    assert isinstance(secret_in(header), str)


@given(st.text(st.characters(codec="utf-8", exclude_characters=":"), min_size=1))
def test_what_basic_carries_comes_out(secret: str) -> None:
    assert secret_in(basic(secret + ":")) == secret
