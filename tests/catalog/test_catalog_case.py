"""Names that differ in nothing but case are one name to SQL, so they are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tuttu.vocabulary.errors import Fault

Faults = Callable[[Mapping[str, str | None]], list[Fault]]


def test_fields_of_a_collection(base: Mapping[str, str], faults: Faults) -> None:
    traits = base["traits.yaml"].replace(
        "keep: {status: text, opened_at: timestamp}",
        "keep: {status: text, Status: text, opened_at: timestamp}",
    )
    events = base["events.yaml"].replace(
        "Ticket Opened: {properties: {ticket_id: text, status: text, opened_at: timestamp}}",
        "Ticket Opened: {}",
    )
    (found,) = faults({"traits.yaml": traits, "events.yaml": events})
    assert "`Status`" in found.found
    assert "`status` is declared beside it" in found.expected


def test_actions(base: Mapping[str, str], faults: Faults) -> None:
    action = base["actions/service/cases/news.yaml"].replace("action: news", "action: News")
    (found,) = faults({"actions/service/other/News.yaml": action})
    assert "`News` again" in found.found
    assert "actions/service/cases/news.yaml" in found.expected
