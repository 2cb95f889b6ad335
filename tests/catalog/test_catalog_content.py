"""content/: what messages may name of an item."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.catalog.conftest import Offer, Write

from tuttu import catalog, content
from tuttu.vocabulary.errors import ProjectError


@pytest.mark.parametrize(
    ("template", "about", "expected"),
    [
        ("{{ item.status }} {{ item.ticket_id }}", "about: tickets\n", []),
        ("{% for item in tickets %}{{ item.status }}{% endfor %}", "", []),
        ("{{ item.statsu }}", "about: tickets\n", [("the name 'item.statsu'", "item.status")]),
        ("{{ item.status }}", "", [("the name 'item.status'", None)]),
    ],
)
def test_a_message_names_the_item_of_the_actions_that_show_it(
    write: Write,
    offer: Offer,
    template: str,
    about: str,
    expected: list[tuple[str, str | None]],
) -> None:
    files = {**offer(about=about), "content/offer.web.en.liquid": template}
    found = content.check(catalog.load(write(files)))
    assert [(fault.found, fault.nearest) for fault in found] == expected
    assert all(str(fault.where) == "content/offer.web.en.liquid:1" for fault in found)


def test_a_message_of_two_actions_names_what_both_have(
    write: Write, base: Mapping[str, str], offer: Offer
) -> None:
    news = base["actions/service/cases/news.yaml"].replace("message: news", "message: offer")
    files = {**offer(), "actions/service/cases/news.yaml": news}
    files["content/offer.web.en.liquid"] = "{{ item.status }}"
    [fault] = content.check(catalog.load(write(files)))
    assert fault.found == "the name 'item.status'"


SUBJECT = "Your case, {{ first_name | default: 'dear customer' }}"
HEAD = f'---\nsubject: "{SUBJECT}"\n---\nHello\n'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_head_holds_the_subject(write: Write, offer: Offer, end: str) -> None:
    files = {**offer(), "content/offer.web.en.liquid": HEAD.replace("\n", end)}
    message = catalog.load(write(files)).messages["offer", "web", "en"]
    assert message.subject == SUBJECT
    assert (message.template, message.where.line) == (f"Hello{end}", 4)
    assert message.subject_where is not None
    assert message.subject_where.line == 2


@pytest.mark.parametrize(
    "text", ["Hello\n---\nsubject: no head\n---\n", "---\nno end of a head\n", " ---\nx\n---\n"]
)
def test_what_is_no_head_is_text(write: Write, offer: Offer, text: str) -> None:
    files = {**offer(), "content/offer.web.en.liquid": text}
    message = catalog.load(write(files)).messages["offer", "web", "en"]
    assert (message.subject, message.template, message.where.line) == (None, text, 1)


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("---\nsubject: Hello\nsubjct: x\n---\nHello\n", 3, "`subjct`"),
        ("---\nsubject: [a, b]\n---\nHello\n", 2, "a list"),
        ("---\nsubject: {{ first_name }}\n---\nHello\n", 2, None),
        ("---\nsubject: Hello\n---\n\n", 1, "a head without a text behind it"),
    ],
)
def test_a_head_has_its_faults(
    write: Write, offer: Offer, text: str, line: int, found: str | None
) -> None:
    with pytest.raises(ProjectError) as raised:
        catalog.load(write({**offer(), "content/offer.web.en.liquid": text}))
    first = raised.value.faults[0]
    assert str(first.where) == f"content/offer.web.en.liquid:{line}"
    assert found is None or found in first.found


def test_faults_of_a_subject_and_of_the_text_have_their_lines(write: Write, offer: Offer) -> None:
    text = "---\n\nsubject: Hello {{ nobody }}\n---\n\nHello {{ nothing }}\n"
    project = catalog.load(write({**offer(), "content/offer.web.en.liquid": text}))
    found = [(each.where.line, each.found) for each in content.check(project)]
    assert found == [(3, "the name 'nobody'"), (6, "the name 'nothing'")]
