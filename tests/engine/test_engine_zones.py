"""Whose calendar it is: `today`, `date` and `days_since` are the customer's, in every executor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.batch.inventing import to_yaml, write

from tuttu import engine as use
from tuttu.api import DecideRequest
from tuttu.cli.render import verification_text
from tuttu.engine import Runtime, load_project, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.errors import ProjectFaults

NOW = "2026-03-02T22:30:00Z"
"""In Helsinki the third of March, in New York the second, in Kathmandu and Auckland the third."""
BORN = "2026-03-03"
TRAITS: dict[str, Any] = {
    "zone": {"type": "text"},
    "home": {"type": "text"},
    "born": {"type": "date"},
    "seen": {"type": "timestamp"},
    "since": {"expression": "days_since(seen)"},
    "day": {"expression": "today()"},
    "met_today": {"count": "visits", "where": "date(at) = today()"},
    "met_late": {"count": "events", "where": "date(at) = '2026-03-03'"},
    "home_day": {"expression": "today()", "group": "home"},
    "home_met": {"count": "visits", "where": "days_since(at) = 0", "group": "home"},
}
FILES: dict[str, Any] = {
    "tuttu.yaml": {"name": "corner", "zone": "Europe/Helsinki"},
    "identity.yaml": {"namespaces": {"user_id": {"unique": True}, "anonymous_id": {}}},
    "channels.yaml": {
        "channels": {"web": "in"},
        "surfaces": {"front": {"channel": "web", "default": "hello"}},
    },
    "consent.yaml": {"purposes": {"service": {"basis": "contract", "default": "in"}}},
    "events.yaml": {"events": {"Met": {"properties": {"visit": "text", "at": "timestamp"}}}},
    "traits.yaml": {
        "collections": {"visits": {"key": "visit", "events": ["Met"], "keep": {"at": "timestamp"}}},
        "groups": {"home": {"key": "home"}},
        "traits": TRAITS,
    },
    "policy.yaml": {
        "guards": {
            "met today at home": {
                "when": "any(visits, date(at) > today())",
                "of": "home",
                "blocks": "service",
            }
        }
    },
    "actions/a/b/birthday.yaml": {
        "action": "birthday",
        "status": "live",
        "purpose": "service",
        "value": "100 - days_since(seen)",
        "propensity": 0.5,
        "eligible": {"was born today": "born = today()"},
        "treatments": {"web": {"surface": "front", "message": "hello"}},
    },
    "content/hello.web.en.liquid": "Hello\n",
}


def _folder(path: Path, **traits: Any) -> Path:
    sheet = {**FILES["traits.yaml"], "traits": {**TRAITS, **traits}}
    files = {**FILES, "traits.yaml": sheet}
    texts = {name: each if isinstance(each, str) else to_yaml(each) for name, each in files.items()}
    return write(texts, path / "corner")


ZONE_WAYS: dict[str, Any] = {
    "told": {"type": "text"},
    "the first known": {"type": "text", "first_known": ["told.zone", "seen.zone"]},
    "worked out": {
        "expression": "CASE nation WHEN 'US' THEN 'America/New_York' WHEN 'NP' THEN"
        " 'Asia/Kathmandu' WHEN '?' THEN 'Nowhere/Town' END"
    },
}
NATIONS = {"America/New_York": "US", "Asia/Kathmandu": "NP", "Nowhere/Town": "?", None: None}


@pytest.fixture(params=ZONE_WAYS)
def engine(request: pytest.FixtureRequest, tmp_path: Path, storage_url: str) -> Iterator[Runtime]:
    folder = _folder(tmp_path, zone=ZONE_WAYS[request.param], nation={"type": "text"})
    clock = ManualClock(parse_instant(NOW) or 0)
    with closing(open_engine(folder, clock=clock, storage=storage_url)) as opened:
        yield opened


Say = Callable[..., dict[str, Any]]


@pytest.fixture
def say(engine: Runtime) -> Say:
    """say(who, kind, …): the customer's traits after a call."""
    numbers = iter(range(1_000))

    def saying(who: str, kind: str, **said: Any) -> dict[str, Any]:
        call = {"userId": who, "messageId": f"m{next(numbers):04}", **said}
        use.accept(engine, kind, json.dumps(call).encode(), None, "shop")
        return use.customer(engine, {"user_id": who}, "test").traits

    return saying


def _lives(say: Say, who: str, zone: str | None, **traits: Any) -> dict[str, Any]:
    """They have met somebody on three evenings; two of them on the third of March in Helsinki."""
    for visit, at in (("A", "02T21:59"), ("B", "02T22:01"), ("C", "02T22:20"), ("D", "02T18:20")):
        properties = {"visit": visit, "at": f"2026-03-{at}:00Z"}
        say(who, "track", event="Met", properties=properties)
    seen = "2026-03-02T05:00:00Z"
    return say(
        who,
        "identify",
        traits={"born": BORN, "seen": seen, "zone": zone, "nation": NATIONS[zone], **traits},
    )


DAYS = {
    "America/New_York": ("2026-03-02", 1 - 1, 4),
    "Asia/Kathmandu": ("2026-03-03", 1, 4),
    "Nowhere/Town": ("2026-03-03", 1, 2),
    None: ("2026-03-03", 1, 2),
}
"""Zone: the day of now, days since the morning of the second, and visits of today."""


def test_the_day_is_the_customers(say: Say, engine: Runtime) -> None:
    for number, (zone, (day, since, visits)) in enumerate(DAYS.items()):
        who = f"p{number}"
        traits = _lives(say, who, zone)
        found = {name: traits[name] for name in ("day", "since", "met_today")}
        assert found == {"day": day, "since": since, "met_today": visits}, zone
        assert traits["met_late"] == 2, "an event has no zone but the company's"
        answer = use.decide(engine, DecideRequest(who={"user_id": who}, surfaces=["front"]))
        assert bool(answer.surfaces["front"]) == (day == BORN), zone
    assert use.verify(engine).agree, verification_text(use.verify(engine))
