"""One spelling for each identifier, and none for what names nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuttu.identity import IdentifierError, normalise
from tuttu.vocabulary.company import Namespace

pytestmark = pytest.mark.laws

Rules = Callable[..., dict[str, Namespace]]
STEPS = ("trim", "lower", "digits", "phone")


def one(namespaces: Rules, **settings: Any) -> Namespace:
    return namespaces(it=settings)["it"]


@pytest.mark.parametrize(
    ("steps", "raw", "expected"),
    [
        (("trim",), "  Maija ", "Maija"),
        ((), " Maija", " Maija"),
        (("trim", "lower"), " MAIJA@Example.FI\n", "maija@example.fi"),
        (("trim",), "\ufeff maija\u200b ", "maija"),
        (("trim",), "A\u0308iti", "Äiti"),
        (("trim", "lower"), "ｓｈｏｐ＠Example.com", "shop@example.com"),
        (("trim", "lower"), "sh\u200bop@exa\u00admple.com", "shop@example.com"),
        (("trim",), "Ｍ", "Ｍ"),
        (("digits",), "FI-123 45", "12345"),
        (("digits",), "١٢٣", "123"),
        (("phone",), "+358 (40) 123-4567", "+358401234567"),
        (("phone",), "00358 40 1234567", "+358401234567"),
        (("phone",), "+44 (0)20 7946 0000", "+442079460000"),
        (("phone",), "040 123 4567", "0401234567"),
        (("trim",), 42, "42"),
        (("trim",), 42.0, "42"),
        (("trim",), 1.5, "1.5"),
        (("trim",), 12345678901234567890, "12345678901234567890"),
        (("trim",), 0, "0"),
    ],
)
def test_spelling(namespaces: Rules, steps: tuple[str, ...], raw: object, expected: str) -> None:
    assert normalise(one(namespaces, normalise=steps), raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "  ",
        "\t\n",
        "\u200b",
        "\u200e",
        "\u3000\u00ad ",
        True,
        False,
        [],
        ["a"],
        {"id": "a"},
        float("nan"),
        1e999,
    ],
)
def test_what_names_nobody(namespaces: Rules, raw: object) -> None:
    assert normalise(one(namespaces), raw) is None
    assert normalise(one(namespaces, normalise=()), raw) is None


@pytest.mark.parametrize("step", ["digits", "phone"])
def test_nothing_left_is_nobody(namespaces: Rules, step: str) -> None:
    assert normalise(one(namespaces, normalise=(step,)), "none given") is None


def test_blocked_values_and_patterns_in_any_case(namespaces: Rules) -> None:
    blocked = frozenset({"unknown", "-", "0000000"})
    namespace = one(namespaces, blocked=blocked, blocked_patterns=("test*@*", "a.c"))
    for raw in ("unknown", "UNKNOWN", " Unknown ", "-", "0000000", "Test1@x.fi", "a.c"):
        assert normalise(namespace, raw) is None, raw
    for raw in (
        "ｕｎｋｎｏｗｎ",
        "unk\u200bnown",
        "－",
        "–",
        "０００００００",
        "٠٠٠٠٠٠٠",
        "\u20600000000 ",
    ):
        assert normalise(namespace, raw) is None, raw
    for raw in ("unknown2", "00000000", "my-test@x.fi", "abc", "--"):
        assert normalise(namespace, raw) == raw


def test_too_long_is_an_error_that_says_so(namespaces: Rules) -> None:
    assert normalise(one(namespaces), "x" * 512 + " ") == "x" * 512
    with pytest.raises(IdentifierError, match=r"it: found an identifier of 513 .* at most 512"):
        normalise(one(namespaces), "x" * 513)
    with pytest.raises(ValueError, match="over 600 digits"):
        normalise(one(namespaces), 10**5000)
    with pytest.raises(ValueError, match="surrogate"):
        normalise(one(namespaces), "a\ud800")


@given(
    st.one_of(
        st.text(max_size=30),
        st.text("0123+() ", max_size=9),
        st.text("İıſK①ﬁ\u00ad\u0345Åª", max_size=6),
    ),
    st.lists(st.sampled_from(STEPS), max_size=3, unique=True),
)
@example("000", ["trim", "digits", "phone"])
@example("0000", ["phone", "digits"])
def test_normalising_twice_is_normalising_once(
    namespaces: Rules, raw: str, steps: list[str]
) -> None:
    namespace = one(namespaces, normalise=tuple(steps))
    try:
        value = normalise(namespace, raw)
    except IdentifierError:
        return
    assert value is None or normalise(namespace, value) == value
