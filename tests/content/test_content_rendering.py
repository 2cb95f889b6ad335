"""What a template sees, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tuttu.content import ContentError, Renderer
from tuttu.vocabulary.project import Project

Render = Callable[..., str]
MakeProject = Callable[..., Project]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ n }} {{ yes }} {{ share }}", "3 true 0.25"),
        ("{{ told.size }}", "42"),
        ("{{ at }}", "2026-03-01T22:30:00Z"),
        ("{{ at | date: '%-d.%-m.%Y %H:%M' }}", "2.3.2026 00:30"),
        ("{{ now | date: '%Y' }}", "2026"),
        ("{{ day }} {{ day | date: '%d.%m.%Y' }}", "2026-03-01 01.03.2026"),
        ("{{ price }} {{ price | times: 2 }}", "9.90 19.8"),
        ("{{ tags.first }} {{ tags.size }}", "red 3"),
        ("{% for t in tickets limit: 1 %}{{ t.topic }}{% endfor %}", "tv"),
        ("{{ tickets | map: 'at' | first | date: '%d.%m.' }}", "02.03."),
        ("  hello\n", "hello"),
    ],
)
def test_values_are_presented(render: Render, template: str, expected: str) -> None:
    assert render(template) == expected


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "0.00"), (99_000, "9.90"), (5, "0.0005"), (12_345, "1.2345"), (-15_000, "-1.50")],
)
def test_money_has_two_decimals_or_as_many_as_it_needs(
    render: Render, amount: int, shown: str
) -> None:
    assert render("{{ price }}", price=amount) == shown


PRINTED = [
    "{{ gone }}",
    "{{ nowhere }}",
    "{{ undeclared }}",
    "{{ bought.size }}",
    "{{ told.colour }}",
    "{{ gone.size }}",
    "{{ gone | upcase }}",
    "{{ gone | size }}",
    "{{ gone | plus: 1 }}",
    "{{ n | plus: gone }}",
    "{{ 'x' | append: gone }}",
    "{{ gone | date: '%Y' }}",
    "{{ name | default: gone }}",
    "{{ tags }}",
    "{{ tags | join: ', ' }}",
    "{{ tags[1] }}",
    "{{ tickets | map: 'topic' | join: ',' }}",
    "{% for t in tickets %}{{ t.topic }}{% endfor %}",
    "{% for t in gone %}x{% endfor %}",
    "{% assign y = gone %}{{ y }}",
    "{% capture y %}{{ gone }}{% endcapture %}ok",
]


@pytest.mark.parametrize("template", PRINTED)
@pytest.mark.parametrize("channel", ["web", "sms"])
def test_what_is_not_known_and_printed_ends_the_rendering(
    render: Render, template: str, channel: str
) -> None:
    with pytest.raises(ContentError, match=rf"content/hello\.{channel}\.en\.liquid:1: .*undefined"):
        render(template, channel)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ gone | default: 'you' }}", "you"),
        ("{{ bought.size | default: told.size }}", "42"),
        ("{{ tags[1] | default: 'grey' }}", "grey"),
        ("{% for t in tickets %}{{ t.topic | default: '?' }}{% endfor %}", "tv?"),
        ("{% if gone %}Dear {{ gone }}{% else %}Hello{% endif %}", "Hello"),
        ("{% unless gone %}Hello{% endunless %}", "Hello"),
        ("{% if gone == nil %}none{% endif %}", "none"),
        ("{% if gone > 3 %}many{% else %}few{% endif %}", "few"),
        ("{% case gone %}{% when 'x' %}x{% else %}other{% endcase %}", "other"),
    ],
)
def test_not_known_is_false_and_has_a_default(render: Render, template: str, expected: str) -> None:
    assert render(template) == expected


def test_every_trait_may_be_null(make_project: MakeProject) -> None:
    """A customer of whom nothing is known can be greeted."""
    renderer = Renderer(make_project({("hello", "web", "en"): "Hello {{ name | default: 'you' }}"}))
    assert renderer.render("hello", "web", [], {}).text == "Hello you"


def test_markup_of_a_customer_is_escaped(render: Render) -> None:
    shown = "&lt;b&gt;M&amp;M&lt;/b&gt;"
    assert render("<p>{{ name }}</p>") == f"<p>{shown}</p>"
    assert render("{{ name | append: '!' }}") == f"{shown}!"
    assert render("{% assign y = name %}{{ y }}") == shown


@pytest.mark.parametrize("channel", ["sms", "push", "call", "letter", "email", "app", "a-new-one"])
def test_plain_text_stays_plain(render: Render, channel: str) -> None:
    assert render("{{ name }}", channel) == "<b>M&M</b>"


@pytest.mark.parametrize("filter_name", ["safe", "escapejs"])
def test_no_filter_lets_markup_through(render: Render, filter_name: str) -> None:
    with pytest.raises(ContentError, match=f"unknown filter '{filter_name}'"):
        render(f"{{{{ name | {filter_name} }}}}")


TEXTS = {
    ("hello", "web", "fi"): "Hei",
    ("hello", "web", "en"): "Hello",
    ("hello", "sms", "sv"): "Hej",
}


@pytest.mark.parametrize(
    ("asked", "own", "expected"),
    [
        (["en"], None, "Hello"),
        (["de", "en"], None, "Hello"),
        ([], None, "Hei"),
        ([], "en", "Hello"),
        (["fi"], "en", "Hei"),
        (["en-GB"], None, "Hello"),
        (["sv"], None, "Hei"),
        (["sv"], 7, "Hei"),
    ],
)
def test_the_first_language_there_is_a_text_for(
    make_project: MakeProject, asked: list[str], own: Any, expected: str
) -> None:
    renderer = Renderer(make_project(TEXTS, languages=("fi", "en")))
    assert renderer.render("hello", "web", asked, {"language": own}).text == expected


def test_no_text_says_what_was_tried(make_project: MakeProject) -> None:
    renderer = Renderer(make_project(TEXTS, languages=("fi", "en")))
    with pytest.raises(ContentError, match="no text of hello for sms in de-AT, de, fi, en"):
        renderer.render("hello", "sms", ["de-AT", "fi"], {})


def test_renderings_know_nothing_of_each_other(make_project: MakeProject) -> None:
    text = "{% cycle 'a', 'b' %}{% increment visits %}{% assign seen = name %}{{ seen }}"
    renderer = Renderer(make_project({("hello", "web", "en"): text}))
    for name in ("maija", "matti"):
        assert renderer.render("hello", "web", [], {"name": name}).text == f"a0{name}"
