"""What works and is probably not meant: told with its place, silenced by saying what is meant."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders
from tests.builders import BOOL, HERE, INTEGER, TEXT

from tuttu.content import ContentError, Renderer, warnings
from tuttu.content.required import known_if_known, known_if_true
from tuttu.content.sms import length_of
from tuttu.policy import CompiledExpression, parse_condition
from tuttu.vocabulary.company import Channel, Collection, Profile, Trait
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Condition, Schema

MakeProject = Callable[..., Project]


def found(project: Project) -> list[tuple[int, str]]:
    return [(each.where.line, each.found) for each in warnings(project)]


def unknown(make_project: MakeProject, template: str) -> list[tuple[int, str]]:
    """Lines and names that may be unknown."""
    told = found(make_project({("hello", "web", "en"): template}))
    assert all(said.endswith(", which may be unknown") for _, said in told)
    return [(line, said.split("`")[1]) for line, said in told]


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("Hello\n{{ name }}", [(2, "name")]),
        ("{{ name }} {{ name }}\n{{ name }}", [(1, "name"), (2, "name")]),
        ("{{ told.size }}{{ name | upcase }}", [(1, "name"), (1, "told.size")]),
        ("{{ 'x' | append: name }}", [(1, "name")]),
        ("{{ name | default: gone }}", [(1, "gone")]),
        ("{% assign y = name %}\n{{ y }}", [(2, "y")]),
        ("{% assign y = name | upcase %}", [(1, "name")]),
        ("{% if n %}{{ name }}{% endif %}", [(1, "name")]),
        ("{% if name or n %}{{ name }}{% endif %}", [(1, "name")]),
        ("{% if name %}x{% else %}{{ name }}{% endif %}", [(1, "name")]),
        ("{% unless name %}{{ name }}{% endunless %}", [(1, "name")]),
        ("{% for t in tickets %}{{ t.topic }}{% endfor %}", [(1, "t.topic")]),
        ("{{ tickets | map: 'topic' | join: ', ' }}", [(1, "tickets.topic")]),
        ("{% assign x = tickets | where: 'n', 1 %}{% for t in x %}{{ t.topic }}{% endfor %}",
         [(1, "t.topic")]),
        ("{% capture y %}{{ name }}{% endcapture %}{{ y }}", [(1, "name")]),
        ("{% for each in tags %}{{ each }}{% endfor %}", [(1, "tags")]),
        ("{% liquid\n echo name %}", [(2, "name")]),
        ("{% cycle 'a', 'b' %}{% case n %}{% when 1 %}{{ name }}{% endcase %}", [(1, "name")]),
    ],
)  # fmt: skip
def test_what_may_be_unknown_is_told(
    make_project: MakeProject, template: str, names: list[tuple[int, str]]
) -> None:
    assert sorted(unknown(make_project, template)) == names


@pytest.mark.parametrize(
    "template",
    [
        "Hello {{ name | default: 'you' }}, it is {{ now | date: '%Y' }}",
        "{% if name %}{{ name }} {{ name | upcase }}{% endif %}",
        "{% if name and n > 3 %}{{ name }}{{ n }}{% endif %}",
        "{% if name != blank %}{{ name }}{% endif %}",
        "{% if name == nil %}you{% else %}{{ name }}{% endif %}",
        "{% unless name %}you{% else %}{{ name }}{% endunless %}",
        "{% if told.size > 40 %}{{ told.size }}{% endif %}",
        "{% case name %}{% when 'x' %}{{ name }}{% endcase %}",
        "{% assign y = name | default: 'you' %}{{ y }}",
        "{% if name %}{% assign y = name %}{% else %}{% assign y = 'you' %}{% endif %}{{ y }}",
        "{% if name == nil %}{% assign name = 'you' %}{% endif %}{{ name }}",
        "{% for t in tickets %}{% if t.topic %}{{ t.topic }}{% endif %}{% endfor %}",
        "{% for i in (1..3) %}{{ i }}{{ forloop.index }}{% endfor %}",
        "{% if tags %}{% for each in tags %}{{ each }}{% endfor %}{% endif %}",
    ],
)
def test_a_default_or_an_if_silences_it(make_project: MakeProject, template: str) -> None:
    assert unknown(make_project, template) == []


NAMES = ("name", "gone", "language")
_name = st.sampled_from(NAMES)
_read = st.sampled_from([*NAMES, "y"])
_test = st.one_of(
    _name,
    st.builds("{} and {}".format, _name, _name),
    st.builds("{} or {}".format, _name, _name),
    st.builds("{} == 'x'".format, _name),
    st.builds("{} != 'x'".format, _name),
    st.builds("{} != blank".format, _name),
    st.builds("{} == nil".format, _name),
    st.builds("{} != nil".format, _name),
    st.builds("{} contains 'x'".format, _name),
)
_leaf = st.one_of(
    st.builds("{{{{ {} }}}}".format, _read),
    st.builds("{{{{ {} | default: 'z' }}}}".format, _read),
    st.builds("{{{{ {} | upcase | append: {} }}}}".format, _read, _name),
    st.builds("{{% assign y = {} %}}".format, _name),
    st.builds("{{% assign y = {} | default: 'z' %}}".format, _name),
)


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, _test, inner, inner),
        st.builds("{{% if {} %}}{}{{% elsif {} %}}{}{{% endif %}}".format, _test, inner, _test,
                  inner),
        st.builds("{{% unless {} %}}{}{{% endunless %}}".format, _test, inner),
        st.builds("{{% for i in (1..2) %}}{}{{% endfor %}}".format, inner),
        st.builds("{{% capture z %}}{}{{% endcapture %}}".format, inner),
    )  # fmt: skip


@given(st.recursive(_leaf, _nested, max_leaves=6))
def test_what_is_not_warned_of_can_be_rendered_for_everybody(
    make_project: MakeProject, template: str
) -> None:
    """Whoever is known by whatever: only a text without a warning is one for everybody."""
    text = "{% assign y = 'w' %}" + template
    project = make_project({("hello", "web", "en"): text})
    if list(warnings(project)):
        return
    renderer = Renderer(project)
    for values in product((None, "x", "v"), repeat=len(NAMES)):
        renderer.render("hello", "web", [], dict(zip(NAMES, values, strict=True)))


@given(_leaf, _name)
def test_a_warning_is_true(make_project: MakeProject, leaf: str, given_name: str) -> None:
    """Of one place: there is somebody for whom it cannot be rendered."""
    text = f"{{% if {given_name} %}}{{% assign y = {given_name} %}}{leaf}{{% endif %}}"
    project = make_project({("hello", "web", "en"): text})
    renderer = Renderer(project)
    failed = 0
    for values in product((None, "x"), repeat=len(NAMES)):
        try:
            renderer.render("hello", "web", [], dict(zip(NAMES, values, strict=True)))
        except ContentError:
            failed += 1
    assert bool(failed) == bool(list(warnings(project)))


SCHEMA = Schema(columns={"age": INTEGER, "vip": BOOL, "city": TEXT, "orders": INTEGER})
CONDITIONS = [
    "age > 3", "age IS NOT NULL", "city = 'Oulu' AND vip", "vip OR age > 3", "NOT vip",
    "age BETWEEN 3 AND orders", "city IN ('Oulu', 'Turku')", "COALESCE(age, 3) > 2",
    "vip IS TRUE", "age IS NULL OR city LIKE 'O%'", "age + orders > 3 AND (vip OR city = 'Oulu')",
    "NOT (age > 3 OR vip)", "(age > 3 AND vip) IS FALSE", "upper(city) = 'OULU'",
    "CASE WHEN vip THEN age > 1 ELSE TRUE END", "NOT (city IS NULL)",
]  # fmt: skip


@pytest.mark.parametrize("text", CONDITIONS)
def test_what_a_condition_requires_is_known_where_it_is_true(text: str) -> None:
    test = parse_condition(text, SCHEMA)
    assert isinstance(test, CompiledExpression)
    required, needed = known_if_true(test.tree), known_if_known(test.tree)
    for age, vip, city, orders in product(
        (None, 2, 5), (None, True, False), (None, "Oulu"), (None, 9)
    ):
        row = {"age": age, "vip": vip, "city": city, "orders": orders}
        outcome = test(row)
        if outcome is True:
            assert all(row[name] is not None for name in required), (row, required)
        if outcome is not None:
            assert all(row[name] is not None for name in needed), (row, needed)


def test_what_every_action_that_shows_it_requires_is_known(make_project: MakeProject) -> None:
    project = make_project({("hello", "web", "en"): "{{ name }} {{ n }}"})
    schema = project.row_schema

    def action(name: str, condition: str) -> Any:
        test = Condition("is known", parse_condition(condition, schema))
        shown = builders.action(name, on=(builders.treatment("web", message="hello"),))
        return msgspec.structs.replace(shown, eligible=(test,))

    one, other = action("one", "name = 'x' AND n > 3"), action("other", "n IS NOT NULL")
    with_one = msgspec.structs.replace(project, actions={"one": one})
    assert found(with_one) == []
    both = msgspec.structs.replace(project, actions={"one": one, "other": other})
    assert [said.split("`")[1] for _, said in found(both)] == ["name"]


def test_what_is_counted_is_always_known(make_project: MakeProject) -> None:
    project = make_project({("hello", "web", "en"): "{{ n }} {{ name }} {{ yes }}"})
    schema = project.row_schema
    traits = {
        "n": Trait(name="n", type=INTEGER, aggregate="count", where=HERE),
        "name": Trait(
            name="name", type=TEXT, derived=parse_any("COALESCE(gone, 'x')", schema), where=HERE
        ),
        "yes": Trait(name="yes", type=BOOL, sequence=("a", "b"), where=HERE),
    }
    keyed = Collection(
        name="tickets", key="topic", events=frozenset(), fields={"topic": TEXT}, where=HERE
    )
    profile = Profile(traits=traits, collections={"tickets": keyed})
    assert found(msgspec.structs.replace(project, profile=profile)) == []
    listed = make_project(
        {("hello", "web", "en"): "{% for t in tickets %}{{ t.topic }}{% endfor %}"}
    )
    assert len(found(listed)) == 1
    assert found(msgspec.structs.replace(listed, profile=profile)) == []


def parse_any(text: str, schema: Schema) -> Any:
    from tuttu.policy import parse

    return parse(text, schema)


def test_missing_translations_and_subjects(make_project: MakeProject) -> None:
    texts = {
        ("hello", "web", "fi"): "Hei",
        ("hello", "web", "en"): "Hello",
        ("bye", "web", "fi"): "Moi",
    }
    project = make_project(texts, languages=("fi", "en", "sv"))
    told = [(each.where.file, each.found) for each in warnings(project)]
    assert told == [
        ("content/hello.web.fi.liquid", "a message without a text in sv"),
        ("content/bye.web.fi.liquid", "a message without a text in en, sv"),
    ]
    assert found(make_project({("hello", "web", "en"): "Hello"})) == []
    message = project.messages["hello", "web", "fi"]
    with_subject = {**project.messages, ("hello", "web", "fi"): subject(message, "Moi")}
    told = [
        (each.where.file, each.found)
        for each in warnings(msgspec.structs.replace(project, messages=with_subject))
        if "subject" in each.found
    ]
    assert told == [
        ("content/hello.web.en.liquid",
         "a text without a `subject`, where other languages have one"),
    ]  # fmt: skip


def subject(message: Any, text: str) -> Any:
    return msgspec.structs.replace(message, subject=text, subject_where=message.where)


GSM_160 = "a" * 160
LONG_WORDS = [
    (GSM_160, 1, None),
    (GSM_160 + "a", 2, None),
    ("a" * 306, 2, None),
    ("a" * 307, 3, None),
    ("ä" * 160, 1, None),
    ("€" * 80, 1, None),
    ("€" * 81, 2, None),
    ("š" * 70, 1, "š"),
    ("š" * 71, 2, "š"),
    ("😀" * 35, 1, "😀"),
    ("😀" * 36, 2, "😀"),
    ("", 1, None),
]


@pytest.mark.parametrize(("text", "segments", "beyond"), LONG_WORDS)
def test_segments_are_counted_as_networks_do(text: str, segments: int, beyond: str | None) -> None:
    length = length_of(text)
    assert (length.segments, length.beyond) == (segments, beyond)


@pytest.mark.parametrize(
    ("template", "segments", "told"),
    [
        (GSM_160, None, False),
        (GSM_160 + "!", None, True),
        (GSM_160 + "!", 2, False),
        ("\n" + GSM_160 + "\n", None, False),
        ("a" * 150 + "{{ name | default: 'you there' }}", None, False),
        ("a" * 150 + "{{ name | default: 'you over there' }}", None, True),
        ("{% if name %}" + "a" * 159 + "{% else %}" + "a" * 161 + "{% endif %}", None, True),
        ("{% if name %}" + "a" * 90 + "{% else %}" + "a" * 91 + "{% endif %}", None, False),
        ("“" + "a" * 70 + "”", None, True),
    ],
)
def test_a_text_message_over_its_segments(
    make_project: MakeProject, template: str, segments: int | None, told: bool
) -> None:
    project = make_project({("hello", "sms", "en"): template})
    channel = Channel(name="sms", outbound=True, segments=segments, where=HERE)
    project = msgspec.structs.replace(project, channels={"sms": channel})
    assert any("segments" in said for _, said in found(project)) is told
    on_mail = make_project({("hello", "email", "en"): template})
    assert not any("segments" in said for _, said in found(on_mail))


@pytest.mark.parametrize(
    ("channel", "content", "told"),
    [("email", None, True), ("email", "html", False), ("web", None, False), ("web", "text", True)],
)
def test_markup_on_a_channel_of_plain_text(
    make_project: MakeProject, channel: str, content: Any, told: bool
) -> None:
    project = make_project({("hello", channel, "en"): "Hello,\n<p>there</p>"})
    declared = Channel(name=channel, outbound=True, content=content, where=HERE)
    project = msgspec.structs.replace(project, channels={channel: declared})
    assert [line for line, said in found(project) if "markup" in said] == [2] * told
    plain = make_project({("hello", channel, "en"): "1 < 2 and 3 > 2, <3"})
    assert not found(plain)
