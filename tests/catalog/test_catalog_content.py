"""content/: what messages may name of an item."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.catalog.conftest import Offer, Write

from tuttu import catalog, content


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
