"""Dates, numbers and money in the way of a message's language; subjects; line ends; which language
was used."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.builders import HERE

from tuttu.content import ContentError, Renderer
from tuttu.vocabulary.company import Channel
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.project import Project

MakeProject = Callable[..., Project]
AT = parse_instant("2026-03-01T22:30")  # 2 March, half past midnight, in Helsinki
LANGUAGES = ("en", "fi", "sv")


@pytest.fixture
def say(make_project: MakeProject) -> Callable[..., str]:
    """say(template, language, channel): the text of a company in Helsinki, in euros."""

    def saying(template: str, language: str, channel: str = "web", **row: Any) -> str:
        project = make_project({("hello", channel, language): template}, languages=LANGUAGES)
        return Renderer(project).render("hello", channel, [language], {"at": AT, **row}).text

    return saying


@pytest.mark.parametrize(
    ("template", "en", "fi", "sv"),
    [
        ("{{ at | date: 'long' }}", "March 2, 2026", "2. maaliskuuta 2026", "2 mars 2026"),
        ("{{ at | date: 'short' }}", "3/2/26", "2.3.2026", "2026-03-02"),
        ("{{ day | date: 'medium' }}", "Mar 1, 2026", "1.3.2026", "1 mars 2026"),
        ("{{ at | date: '%A %-d. %B' }}", "Monday 2. March", "maanantaina 2. maaliskuuta",
         "måndag 2. mars"),
        ("{{ at | time }}", "12:30 AM", "0.30", "00:30"),
        ("{{ at | datetime: 'short' }}", "3/2/26, 12:30 AM", "2.3.2026 0.30",
         "2026-03-02 00:30"),
        ("{{ price | money }}", "€1,234.50", "1 234,50 €", "1 234,50 €"),
        ("{{ n | number }}", "1,234,567", "1 234 567", "1 234 567"),
        ("{{ share | number }}", "0.125", "0,125", "0,125"),
        ("{{ share | times: 2 | number: 2 }}", "0.25", "0,25", "0,25"),
        ("{{ at | date }} {{ day }} {{ price }}", "2026-03-02 2026-03-01 1234.50",
         "2026-03-02 2026-03-01 1234.50", "2026-03-02 2026-03-01 1234.50"),
    ],
)  # fmt: skip
def test_values_in_the_way_of_a_language(
    say: Callable[..., str], template: str, en: str, fi: str, sv: str
) -> None:
    row = {"day": 20_513, "price": 12_345_000, "n": 1_234_567, "share": 0.125}
    shown = [say(template, language, **row) for language in LANGUAGES]
    assert [" ".join(each.split()) for each in shown] == [en, fi, sv]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_message_has_no_signs_that_make_it_dearer(
    say: Callable[..., str], language: str
) -> None:
    """A no-break space or a minus of its own would halve what fits into a segment."""
    row = {"price": -12_345_000, "n": -1_234_567}
    shown = say("{{ price | money }} {{ n | number }} {{ at | time }}", language, "sms", **row)
    assert not set(shown) & set("\u00a0\u202f\u2212")
    on_mail = say("{{ price | money }}", language, "email", **row)
    assert shown.startswith(on_mail.translate({0xA0: " ", 0x202F: " ", 0x2212: "-"}))


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(LANGUAGES))
@example(amount=250, language="en")
@example(amount=350, language="en")
def test_money_is_rounded_half_to_even_and_loses_nothing_else(
    say: Callable[..., str], amount: int, language: str
) -> None:
    """amount: in 1/10,000, any that a trait can hold and a float writes whole."""
    amount %= 10**15
    shown = say("{{ price | money }}", language, price=amount)
    cents = int("".join(sign for sign in shown if sign.isdecimal()))
    whole, rest = divmod(amount, 100)
    assert cents == whole + (rest > 50 or (rest == 50 and whole % 2))


@given(st.integers(-62_135_596_800 + 86_400, 253_402_300_799 - 86_400))
def test_seconds_from_1970_are_dates(say: Callable[..., str], seconds: int) -> None:
    """The same as the timestamp of that instant, whatever the second."""
    both = say("{{ n | date: '%Y-%m-%d %H:%M:%S' }}|{{ at | date: '%Y-%m-%d %H:%M:%S' }}", "en",
               n=seconds, at=seconds * 1_000_000)  # fmt: skip
    first, second = both.split("|")
    assert first == second


@pytest.mark.parametrize(
    ("value", "shown"),
    [("1772404200", "2026-03-02"), ("'1772404200'", "2026-03-02"), ("1772404200.5", "2026-03-02"),
     ("0", "1970-01-01"), ("'2026-03-01'", "2026-03-01"), ("'20260301'", "2026-03-01")],
)  # fmt: skip
def test_what_is_a_date(say: Callable[..., str], value: str, shown: str) -> None:
    assert say(f"{{{{ {value} | date }}}}", "en") == shown


@pytest.mark.parametrize(
    "template",
    [
        "{{ at | date: 'longer' }}", "{{ at | datetime: '%d' }}", "{{ day | time }}",
        "{{ day | datetime }}", "{{ 'x' | number }}", "{{ yes | money }}", "{{ at | money }}",
        "{{ n | number: 99 }}", "{{ '1e99999' | number }}", "{{ 'NaN' | money }}",
        "{{ 99999999999999 | date }}",
    ],
)  # fmt: skip
def test_what_cannot_be_written_so_is_an_error(say: Callable[..., str], template: str) -> None:
    with pytest.raises(ContentError, match=r"^content/hello\.web\.en\.liquid:1: .*; expected "):
        say(template, "en", day=20_513, n=3, yes=True)


@pytest.mark.parametrize(
    ("channel", "content", "shown"),
    [
        ("web", None, "O&#39;Brien &amp; Co"),
        ("web", "text", "O'Brien & Co"),
        ("email", None, "O'Brien & Co"),
        ("email", "html", "O&#39;Brien &amp; Co"),
        ("kiosk", "html", "O&#39;Brien &amp; Co"),
    ],
)
def test_a_channel_says_what_its_content_is(
    make_project: MakeProject, channel: str, content: Any, shown: str
) -> None:
    project = make_project({("hello", channel, "en"): "Dear {{ name }}"})
    declared = Channel(name=channel, outbound=True, content=content, where=HERE)
    project = msgspec.structs.replace(project, channels={channel: declared})
    row = {"name": "O'Brien & Co"}
    assert Renderer(project).render("hello", channel, [], row).text == f"Dear {shown}"


def _with_subject(project: Project, subject: str) -> Renderer:
    messages = {
        key: msgspec.structs.replace(each, subject=subject, subject_where=each.where)
        for key, each in project.messages.items()
    }
    return Renderer(msgspec.structs.replace(project, messages=messages))


@given(st.text(max_size=30))
def test_a_subject_is_one_line_of_plain_text(make_project: MakeProject, name: str) -> None:
    """Whatever a customer is called: no header of a mail can be added behind it."""
    project = make_project({("hello", "web", "en"): "<p>Hello</p>"})
    rendered = _with_subject(project, "For {{ name }}!").render("hello", "web", [], {"name": name})
    assert rendered.text == "<p>Hello</p>"
    assert rendered.subject is not None
    assert rendered.subject.splitlines() == [rendered.subject]
    assert rendered.subject.isprintable() or not name.isprintable()
    if name.isprintable() and "  " not in name and name == name.strip():
        assert rendered.subject == " ".join(f"For {name}!".split())


def test_a_subject_that_cannot_be_rendered_takes_the_message_with_it(
    make_project: MakeProject,
) -> None:
    renderer = _with_subject(make_project({("hello", "web", "en"): "Hello"}), "For {{ name }}")
    with pytest.raises(ContentError, match="'name' is undefined"):
        renderer.render("hello", "web", [], {})


def test_which_language_was_used(make_project: MakeProject) -> None:
    texts = {("hello", "web", "fi"): "Hei", ("hello", "web", "en"): "Hello"}
    renderer = Renderer(make_project(texts, languages=("fi", "en")))
    for asked, own, used in ((["sv"], "en-GB", "en"), ([], None, "fi"), (["en"], "fi", "en")):
        assert renderer.render("hello", "web", asked, {"language": own}).language == used


@given(st.lists(st.sampled_from(["a", "\r\n", "\n", "\r", " ", "b"]), max_size=12))
@pytest.mark.parametrize(
    "template",
    ["[{{ name }}]", "{% capture y %}[{{ name }}]{% endcapture %}{{ y }}",
     "{% assign y = name %}[{{ y }}]", "{% for i in (1..1) %}[{{ name }}]{% endfor %}"],
)  # fmt: skip
def test_line_ends_of_a_value_stay(
    say: Callable[..., str], template: str, parts: list[str]
) -> None:
    name = "".join(parts)
    for channel in ("sms", "web"):
        assert say(template, "en", channel, name=name) == f"[{name}]"


def test_amounts_are_written_as_they_are(say: Callable[..., str]) -> None:
    for amount in (9.9, 0.1 + 0.2, 1e15, 123456789.125):
        shown = say("{{ share | number: 6 }}", "en", share=amount)
        assert math.isclose(float(shown.replace(",", "")), amount, abs_tol=1e-6)
