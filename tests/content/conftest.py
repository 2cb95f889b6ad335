"""One message of a small company, rendered for one customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests import builders
from tests.builders import BOOL, INTEGER, MONEY, REAL, TEXT, TIMESTAMP

from tuttu.content import Renderer
from tuttu.vocabulary.company import Company
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.library import Message
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Kind, Schema, Type

LATE = parse_instant("2026-03-01T22:30")
SCHEMA = Schema(
    columns={
        "name": TEXT,
        "gone": TEXT,
        "language": TEXT,
        "n": INTEGER,
        "told.size": INTEGER,
        "bought.size": INTEGER,
        "at": TIMESTAMP,
        "day": Type(Kind.DATE),
        "price": MONEY,
        "share": REAL,
        "yes": BOOL,
        "tags": Type(Kind.TEXT, many=True),
    },
    collections={"tickets": {"topic": TEXT, "at": TIMESTAMP}},
    zone="Europe/Helsinki",
)
ROW: Mapping[str, Any] = {
    "now": LATE,
    "name": "<b>M&M</b>",
    "gone": None,
    "n": 3,
    "told.size": 42,
    "at": LATE,
    "day": 20_513,
    "price": 99_000,
    "share": 0.25,
    "yes": True,
    "tags": ["red", None, "blue"],
    "tickets": [{"topic": "tv", "at": LATE}, {"topic": None}],
    "undeclared": "secret",
}


def project_of(texts: Mapping[tuple[str, str, str], str], **company: Any) -> Project:
    """texts: (message, channel, language) to template."""
    return builders.project(
        company=Company(name="test", zone="Europe/Helsinki", **company),
        messages={
            key: Message(
                name=key[0],
                channel=key[1],
                language=key[2],
                template=template,
                where=Where(f"content/{'.'.join(key)}.liquid", 1),
            )
            for key, template in texts.items()
        },
        row_schema=SCHEMA,
    )


Render = Callable[..., str]


@pytest.fixture
def make_project() -> Callable[..., Project]:
    return project_of


@pytest.fixture
def render() -> Render:
    """render(template, channel="web", **row): the text, for a customer with these values."""

    def rendering(template: str, channel: str = "web", **row: Any) -> str:
        renderer = Renderer(project_of({("hello", channel, "en"): template}))
        return renderer.render("hello", channel, [], {**ROW, **row}).text

    return rendering
