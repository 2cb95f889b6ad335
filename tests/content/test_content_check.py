"""Every fault of every template, with its file and line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tuttu.content import check
from tuttu.vocabulary.errors import Fault
from tuttu.vocabulary.project import Project

MakeProject = Callable[..., Project]


def faults(make_project: MakeProject, template: str) -> list[Fault]:
    return check(make_project({("hello", "web", "en"): template}))


def lines(found: list[Fault]) -> list[tuple[int, str, str | None]]:
    return [(fault.where.line, fault.found, fault.nearest) for fault in found]


@pytest.mark.parametrize(
    "template",
    [
        "Hello {{ name }}, {{ told.size }}, {{ now | date: '%Y' }}",
        "{% for t in tickets %}{{ forloop.index }} {{ t.topic }}{% endfor %}",
        "{% assign greeting = 'Hei' %}{{ greeting }} {{ name | upcase | default: 'you' }}",
        "{% capture y %}{{ n }}{% endcapture %}{{ y }}",
        "",
    ],
)
def test_what_holds_has_no_fault(make_project: MakeProject, template: str) -> None:
    assert faults(make_project, template) == []


def test_unknown_names_in_every_place_with_the_nearest_known(make_project: MakeProject) -> None:
    template = (
        "Hello {{ nmae }}\n\n{% if tickts %}{{ nmae }}{% endif %}\n{{ told.siz }}\n{{ told }}"
    )
    assert lines(faults(make_project, template)) == [
        (1, "the name 'nmae'", "name"),
        (3, "the name 'nmae'", "name"),
        (3, "the name 'tickts'", "tickets"),
        (4, "the name 'told.siz'", "told.size"),
        (5, "the name 'told'", "told.size"),
    ]


def test_unknown_and_dropped_filters(make_project: MakeProject) -> None:
    assert lines(faults(make_project, "{{ name | upcse }}\n{{ name | safe }}")) == [
        (1, "the filter 'upcse'", "upcase"),
        (2, "the filter 'safe'", None),
    ]


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("one\n{% if name %}two", 2),
        ("one\n\n{% include 'x' %}", 3),
        ("one\n{{ name", 2),
        ("{{ name }}\n{% nonsense %}\n", 2),
        ("{% for t tickets %}{% endfor %}", 1),
    ],
)
def test_what_does_not_parse_is_one_fault_at_its_line(
    make_project: MakeProject, template: str, line: int
) -> None:
    (fault,) = faults(make_project, template)
    assert (fault.where.file, fault.where.line) == ("content/hello.web.en.liquid", line)
    assert fault.found.startswith("a template that does not parse: ")


def test_all_faults_of_all_templates_at_once(make_project: MakeProject) -> None:
    project = make_project(
        {
            ("b", "web", "en"): "{{ one }}{{ two }}",
            ("a", "sms", "fi"): "{% if %}",
            ("c", "web", "en"): "{{ name }}",
        }
    )
    assert [fault.where.file for fault in check(project)] == [
        "content/a.sms.fi.liquid",
        "content/b.web.en.liquid",
        "content/b.web.en.liquid",
    ]
