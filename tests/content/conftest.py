"""One message of a small company, rendered for one customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tuttu.content import Renderer
from tuttu.vocabulary.company import Company, Profile, Tracking
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.library import Message, Policy
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Kind, Schema, Type

LATE = parse_instant("2026-03-01T22:30")
TEXT, TIMESTAMP = Type(Kind.TEXT), Type(Kind.TIMESTAMP)
SCHEMA = Schema(
    columns={
        "name": TEXT,
        "gone": TEXT,
        "language": TEXT,
        "n": Type(Kind.INTEGER),
        "told.size": Type(Kind.INTEGER),
        "bought.size": Type(Kind.INTEGER),
        "at": TIMESTAMP,
        "day": Type(Kind.DATE),
        "price": Type(Kind.MONEY),
        "share": Type(Kind.REAL),
        "yes": Type(Kind.BOOL),
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
    return Project(
        digest="test",
        company=Company(name="test", zone="Europe/Helsinki", **company),
        namespaces={},
        tracking=Tracking(),
        profile=Profile(),
        purposes={},
        channels={},
        surfaces={},
        resources={},
        policy=Policy(),
        actions={},
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
        event_schema=Schema(),
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
        return renderer.render("hello", channel, [], {**ROW, **row})

    return rendering
