"""A template reads no file and no clock, and works neither long nor much."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu.content import ContentError

pytestmark = pytest.mark.fuzz

Render = Callable[..., str]
LONG = "<script" * 7_000

HEAVY = [
    "{% for i in (1..1000000000) %}x{% endfor %}",
    "{% for i in (1..200) %}{% for j in (1..200) %}x{% endfor %}{% endfor %}",
    "{% for i in (1..9999) %}{{ name }}{% endfor %}",
    "{{ (1..300000000) | join: '' | size }}",
    "{{ (1..300000000) | reverse | first }}",
    "{{ (1..300000000) | sort | size }}",
    "{% assign x = 'aaaaaaaaaa' %}{% for i in (1..40) %}{% assign x = x | append: x %}{% endfor %}",
    "{{ name | replace: '', name | size }}",
    "{{ name | replace: 's', name | size }}",
    "{{ name | split: '' | join: name | size }}",
    "{% for i in (1..10000) %}{% assign z = name | strip_html %}{% endfor %}",
    "{% for i in (1..10000) %}{% assign z = name | split: '' | uniq %}{% endfor %}",
    "{% assign z = tags %}{% for i in (1..40) %}{% assign z = z | concat: z %}{% endfor %}",
    "{{ at | date: '%999999999d' }}",
]


@pytest.mark.parametrize("template", HEAVY)
def test_too_much_work_ends_the_rendering(render: Render, template: str) -> None:
    began = time.process_time()
    with pytest.raises(ContentError):
        render(template, name=LONG)
    assert time.process_time() - began < 2


def test_deep_nesting_is_an_error_like_any_other(render: Render) -> None:
    with pytest.raises(ContentError):
        render("{% if n %}" * 2_000 + "{% endif %}" * 2_000)


@pytest.mark.parametrize("tag", ["include", "render"])
@pytest.mark.parametrize("name", ["'hello'", "'/etc/passwd'", "name"])
def test_no_other_template_is_read(render: Render, tag: str, name: str) -> None:
    with pytest.raises(ContentError, match=f"unexpected tag '{tag}'"):
        render(f"{{% {tag} {name} %}}")


@pytest.mark.parametrize("moment", ["now", "today"])
def test_no_clock_is_read(render: Render, moment: str) -> None:
    with pytest.raises(ContentError, match="the moment of the decision is the variable now"):
        render(f"{{{{ '{moment}' | date: '%Y' }}}}")


@pytest.mark.parametrize("value", ["name", "yes", "'soon'", "'12345'", "999999999999999"])
def test_only_dates_are_written_as_dates(render: Render, value: str) -> None:
    with pytest.raises(ContentError, match="expected a date or a timestamp"):
        render(f"{{{{ {value} | date: '%Y' }}}}", name="maija")


@pytest.mark.parametrize("name", ["__class__", "__init__", "format", "items", "_row"])
def test_no_attribute_of_a_value_is_reached(render: Render, name: str) -> None:
    for path in (f"name.{name}", f"told.{name}", f"tags.{name}", f"price.{name}"):
        with pytest.raises(ContentError, match="undefined"):
            render(f"{{{{ {path} }}}}")


@pytest.mark.parametrize(
    "template",
    ["{{ n | divided_by: 0 }}", "{{ tags | sum }}", "{{ 'x' | base64_decode }}", "{{ n | nope }}"],
)
def test_what_goes_wrong_is_one_error(render: Render, template: str) -> None:
    with pytest.raises(ContentError, match=r"^content/hello\.web\.en\.liquid:1: "):
        render(template)


WORDS = ["name", "gone", "tags", "tickets", "price", "at", "n", "told", "1", "'x'", "(1..9)"]
FILTERS = [
    "date: '%Y'", "default: 1", "size", "join: '-'", "map: 'topic'", "sort", "plus: 1", "upcase",
    "split: ''", "first", "uniq", "slice: 1, 2", "round: 2", "replace: 'x', name", "sum", "compact",
    "where: 'topic', 'tv'", "truncate: 2", "divided_by: n", "concat: tags", "url_encode", "reverse",
]  # fmt: skip


@given(
    st.lists(
        st.tuples(st.sampled_from(WORDS), st.lists(st.sampled_from(FILTERS), max_size=4)),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["web", "sms"]),
    st.one_of(st.none(), st.text(max_size=20)),
)
def test_any_chain_of_filters_gives_text_or_the_one_error(
    render: Render, parts: list[tuple[str, list[str]]], channel: str, name: str | None
) -> None:
    template = "".join("{{ " + " | ".join([word, *chain]) + " }}" for word, chain in parts)
    try:
        text = render(template, channel, name=name)
    except ContentError:
        return
    assert isinstance(text, str)


@given(st.text(max_size=40))
def test_text_of_a_customer_is_never_a_template(render: Render, name: str) -> None:
    planted = "{{ n }}{% if yes %}" + name
    assert render("[{{ name }}]", "sms", name=planted) == f"[{planted}]"


def test_now_is_the_moment_of_the_decision(render: Render) -> None:
    assert render("{{ now | date: '%Y' }}", now=32_503_680_000 * 1_000_000) == "3000"
