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
STEPS = ("trim", "lower", "digits", "email", "phone")
MAIL = {"normalise": ("trim", "lower", "email")}
FINNISH = {"normalise": ("phone",), "country": "FI"}


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


WORDS = [
    *("undefined", "NaN", "None", "null", "NULL", "(null)", "nil", "true", "false", "TRUE"),
    *("unknown", "guest", "0", "-", "-1", "n/a", "N/A"),
    *("3.58401E+11", "3,58401E+11", "1E+05", "1.5e+10"),
    *("ｎｕｌｌ", "nu\u200bll", "－１", "−1", "–", "٠", "false\u00ad"),
]


@pytest.mark.parametrize(
    "raw",
    [*WORDS, *(f" \t{word}\u00a0" for word in WORDS), "[object Object]", 0, 0.0, -0.0, -1, -1.0],
)
def test_words_of_programs_name_nobody_anywhere(namespaces: Rules, raw: object) -> None:
    for steps in ((), ("trim",), ("lower",), ("digits",), ("email",), ("phone",)):
        assert normalise(one(namespaces, normalise=steps, country="FI"), raw) is None


@pytest.mark.parametrize(
    "raw", ["00", "10", "guests", "nullo", "1E+100", "12E+10", "1E-05", "n/a1", "--"]
)
def test_what_only_looks_like_such_a_word_names_somebody(namespaces: Rules, raw: str) -> None:
    assert normalise(one(namespaces), raw) == raw


def test_a_project_allows_such_a_word(namespaces: Rules) -> None:
    namespace = one(namespaces, allowed=frozenset({"Guest", "0", "1E+05"}))
    allowed = {"guest": "guest", " GUEST ": "GUEST", 0: "0", "1e+05": "1e+05"}
    for raw, expected in allowed.items():
        assert normalise(namespace, raw) == expected
    assert normalise(namespace, "unknown") is None
    assert normalise(namespace, "1E+06") is None


@pytest.mark.parametrize(
    ("expected", "spellings"),
    [
        (
            "maija@x.fi",
            [
                "Maija@X.fi",
                " maija@x.fi\u200b ",
                "maija@x.fi.",
                "mailto:Maija@x.fi",
                "MAILTO: maija@x.fi",
                "<maija@x.fi>",
                "Maija Virtanen <maija@x.fi>",
                '"Virtanen, Maija" <MAIJA@x.fi>',
                '"maija"@x.fi',
                "maija＠x.fi",
                "maija@x。fi",
                "ma\u00adija@x.fi",
            ],
        ),
        (
            "äiti@kärki.example",
            [
                "äiti@KÄRKI.example",
                "A\u0308iti@xn--krki-loa.example",
                "Äiti@ka\u0308rki.example",
                "äiti@XN--KRKI-LOA.EXAMPLE.",
            ],
        ),
        ("maija+news@x.fi", ["Maija+News@x.fi"]),
        ("m.a.i.j.a@gmail.com", ["M.A.I.J.A@Gmail.com"]),
        ("maija@faß.example", ["maija@xn--fa-hia.example", "MAIJA@faß.example"]),
        ("maija@shop.test", ["maija@shop.test"]),
    ],
)
def test_one_address_in_many_spellings(
    namespaces: Rules, expected: str, spellings: list[str]
) -> None:
    for steps in (("email",), ("trim", "lower", "email")):
        namespace = one(namespaces, normalise=steps)
        assert {normalise(namespace, raw) for raw in [expected, *spellings]} == {expected}


@pytest.mark.parametrize(
    "raw",
    [
        "ei ole",
        "maija",
        "maija@",
        "@x.fi",
        "maija@localhost",
        "maija@x..fi",
        "maija@.fi",
        "ma ija@x.fi",
        "a@x.fi; b@x.fi",
        "a@x.fi, b@x.fi",
        "a@b@x.fi",
        "maija@8.8.8.8",
        "maija@x.invalid",
        "maija@xn--zzzzzz.fi",
        "\ud800@x.fi",
        "a" * 600 + "@x.fi",
        "0401234567",
        42,
        "mailto:",
    ],
)
def test_what_is_no_address_names_nobody(namespaces: Rules, raw: object) -> None:
    assert normalise(one(namespaces, **MAIL), raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        "+358 40 1234567",
        "00358401234567",
        "00 358 40 1234567",
        "+358 (0)40 123 4567",
        "+358-40-123-4567",
        "+358.40.123.4567",
        "tel:+358401234567",
        "tel:040-1234567;phone-context=+358",
        "puh. 040 123 4567",
        "+358 040 1234567",
        "040 123 4567",
        "(040) 123-4567",
        "040\u00a0123\u00a04567",
        "\u202d+358 40 123 4567\u202c",
        "＋358 ４０ １２３ ４５６７",
        "٠٤٠١٢٣٤٥٦٧",
        '="0401234567"',
        "358401234567",
        "358401234567.0",
        358401234567,
        358401234567.0,
        401234567,
    ],
)
def test_one_finnish_number_in_many_spellings(namespaces: Rules, raw: object) -> None:
    assert normalise(one(namespaces, **FINNISH), raw) == "+358401234567"


@pytest.mark.parametrize(
    ("country", "raw", "expected"),
    [
        ("FI", "+46 40 1234567", "+46401234567"),
        ("SE", "040-123 45 67", "+46401234567"),
        ("FI", "+39 (0)6 12345678", "+390612345678"),
        ("US", "(212) 555-0100", "+12125550100"),
        ("US", "00358401234567", "+358401234567"),
        ("AU", "0011 358 40 1234567", "+358401234567"),
        ("FI", "09 1234567 x12", "+35891234567;ext=12"),
        ("FI", "+358 9 1234567 ext. 12", "+35891234567;ext=12"),
        (None, "00358 40 1234567", "+358401234567"),
        (None, "040 123 4567", "0401234567"),
        (None, "358401234567", "358401234567"),
    ],
)
def test_numbers_of_other_countries_and_of_none(
    namespaces: Rules, country: str | None, raw: str, expected: str
) -> None:
    assert normalise(one(namespaces, normalise=("phone",), country=country), raw) == expected


@pytest.mark.parametrize("country", ["FI", None])
@pytest.mark.parametrize(
    "raw",
    [
        "ei ole",
        "112",
        "0000000",
        "000",
        "+358",
        "+0401234567",
        "+358401",
        "0401234ext",
        "1-800-FLOWERS",
        "040 1234567 / 040 7654321",
        "040 1234567 (koti)",
        "maija@x.fi",
        "1" * 40,
        "3.58401E+11",
    ],
)
def test_what_is_no_number_names_nobody(namespaces: Rules, country: str | None, raw: str) -> None:
    assert normalise(one(namespaces, normalise=("phone",), country=country), raw) is None


def test_a_number_without_its_area_is_nobodys(namespaces: Rules) -> None:
    american = one(namespaces, normalise=("phone",), country="US")
    assert normalise(american, "555-0100") is None
    assert normalise(american, "212 555-0100") == "+12125550100"


def test_what_is_blocked_is_blocked_in_its_one_spelling(namespaces: Rules) -> None:
    desk = one(namespaces, **FINNISH, blocked=frozenset({"040 1234567"}))
    assert normalise(desk, "+358401234567") is None
    office = one(namespaces, **MAIL, blocked=frozenset({"office@xn--krki-loa.example"}))
    assert normalise(office, "Office@kärki.example") is None


@pytest.mark.parametrize("raw", [9007199254740993.0, 2.0**53, -(2.0**60), 1e300])
def test_a_rounded_number_is_an_error(namespaces: Rules, raw: float) -> None:
    for steps in (("trim",), ("phone",)):
        with pytest.raises(IdentifierError, match=r"it: found the number .* rounded.* as text"):
            normalise(one(namespaces, normalise=steps), raw)


def test_the_largest_exact_numbers_stay(namespaces: Rules) -> None:
    assert normalise(one(namespaces), 2.0**53 - 1) == "9007199254740991"
    assert normalise(one(namespaces), 2**53 + 1) == "9007199254740993"


def test_a_compound_is_spelled_part_by_part(namespaces: Rules) -> None:
    home = one(
        namespaces,
        normalise=("trim", "lower"),
        compounds=(("traits.born", "traits.postcode"),),
        blocked=frozenset({"1900-01-01", "1980-01-01|00000"}),
    )
    for raw in (("1980-01-01 ", " 00100"), "1980-01-01|00100", " 1980-01-01 | 00100 "):
        assert normalise(home, raw) == "1980-01-01|00100"
    nobody: list[object] = [
        ("1980-01-01",),
        ("1980-01-01", "00100", "x"),
        ("1980-01-01", "unknown"),
        ("1980-01-01", ""),
        ("1980-01-01", None),
        ("1980-01-01", "a|b"),
        ("1980-01-01", "a｜b"),
        ("1900-01-01", "00100"),
        ("1980-01-01", "00000"),
        "1980-01-01",
        "1980-01-01|00100|x",
        "|",
    ]
    for given_part in nobody:
        assert normalise(home, given_part) is None, given_part
    with pytest.raises(IdentifierError, match="found an identifier of 523 characters"):
        normalise(home, ("1980-01-01", "x" * 512))


def test_a_namespace_of_compounds_and_of_single_fields_takes_both(namespaces: Rules) -> None:
    both = one(namespaces, fields=("traits.member",), compounds=(("traits.a", "traits.b"),))
    assert normalise(both, "m1") == "m1"
    assert normalise(both, "m|1") == "m|1"
    assert normalise(both, "m|1|2") is None


@pytest.mark.parametrize("step", ["digits", "email", "phone"])
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
    for raw in ("a\0b", "\0", "ä\0"):
        with pytest.raises(ValueError, match=r"U\+0000"):
            normalise(one(namespaces), raw)


@given(
    st.one_of(
        st.text(max_size=30),
        st.text("0123+() |", max_size=9),
        st.text("İıſK①ﬁ\u00ad\u0345Åª｜|", max_size=6),
        st.text("a.@xn--krläßς\u200c<>\"' mailto:İ", max_size=24),
        st.from_regex(r"[a-z]{1,3}@(xn--)?[a-zä\u200c-]{1,9}\.(fi|ÄÄ)\.?", fullmatch=True),
        st.from_regex(r"(\+|00|tel:|)(358|1|39|54 9|52 1|)[0-9 ()x;-]{4,16}", fullmatch=True),
    ),
    st.lists(st.sampled_from(STEPS), max_size=3, unique=True),
    st.sampled_from([None, "FI", "US", "IT", "AR", "AU"]),
    st.sampled_from([(), (("traits.a", "traits.b"),)]),
)
@example("000", ["trim", "digits", "phone"], None, ())
@example("0000", ["phone", "digits"], None, ())
@example("a1@x.fi", ["email", "digits"], None, ())
@example("0000001", ["phone"], "FI", ())
@example("a@xn--mgba3gch31f060k.com", ["email"], None, ())
def test_normalising_twice_is_normalising_once(
    namespaces: Rules,
    raw: str,
    steps: list[str],
    country: str | None,
    compounds: tuple[tuple[str, ...], ...],
) -> None:
    namespace = one(namespaces, normalise=tuple(steps), country=country, compounds=compounds)
    try:
        value = normalise(namespace, raw)
    except IdentifierError:
        return
    assert value is None or normalise(namespace, value) == value
