"""Where the two ways could part most easily, one customer for each: both must say the same, and
what was worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.batch.happening import Deed, History
from tests.batch.inventing import NOW
from tests.batch.telling import tell
from tests.folders import write

from tuttu import engine as use
from tuttu.cli.render import verification_text
from tuttu.engine import Runtime, load_project, scratch_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.values import DAY, HOUR, MINUTE

pytestmark = pytest.mark.laws

OFFER = {
    "purpose": "marketing",
    "value": "price",
    "propensity": 0.5,
    "treatments": {"web": {"surface": "front", "message": "hello"}},
}
NOW_TEXT = format_instant(NOW)
FOLDER: Mapping[str, Any] = {
    "tuttu.yaml": {"name": "edges", "zone": "Europe/Helsinki"},
    "identity.yaml": {"namespaces": {"user_id": {"unique": True}}},
    "channels.yaml": {
        "channels": {"web": "in", "call": "out"},
        "surfaces": {"front": {"channel": "web", "default": "hello"}},
    },
    "consent.yaml": {
        "purposes": {
            "marketing": {"basis": "contract", "default": "in"},
            "profiling": {"basis": "legitimate interest", "default": "in"},
        }
    },
    "events.yaml": {
        "events": {"Visited": {}, "Ordered": {}, "Ticket": {}, "Called": {}},
        "contacts": [
            {"event": "Called", "channel": "call", "purpose": "marketing", "action": "offer"}
        ],
    },
    "traits.yaml": {
        "collections": {
            "tickets": {
                "key": "ticket_id",
                "events": ["Ticket"],
                "keep": {"state": "text"},
                "closed": "state = 'done'",
                "limit": 2,
            }
        },
        "traits": {
            "plan": {"type": "text"},
            "price": {"type": "money"},
            "moved_at": {"type": "timestamp"},
            "has_tv": {"type": "bool"},
            "secret": {"type": "integer", "use": ["profiling"]},
            "orders": {"count": "events", "where": "event = 'Ordered'", "in": "7d"},
            "young": {"count": "tickets", "in": "7d"},
            "done": {"count": "tickets", "where": "state = 'done'"},
            "newest": {"last": "ticket_id", "of": "tickets"},
            "came_back": {"sequence": ["Visited", "Visited"], "within": "1h"},
        },
        "segments": {
            "called": "contacted('offer', '7d')",
            "hush": {"expression": "plan IS NOT NULL", "use": ["profiling"]},
        },
    },
    "policy.yaml": {"guards": {"tickets": {"when": "young > 1", "blocks": "marketing"}}},
    "content/hello.web.en.liquid": "Hello",
    "actions/a/b/offer.yaml": {
        **OFFER,
        "action": "offer",
        "status": "live",
        "eligible": {"has no TV": "NOT has_tv", "gold": "plan LIKE 'G%'"},
        "applicable": {"a third is over 30 cents": "price / 3 > 0.3"},
        "suitable": {"moved": "moved_at < now()"},
    },
    "actions/a/b/over.yaml": {
        **OFFER,
        "action": "over",
        "status": "live",
        "valid": {"until": NOW_TEXT},
    },
    "actions/a/b/begun.yaml": {
        **OFFER,
        "action": "begun",
        "status": "live",
        "valid": {"from": NOW_TEXT},
    },
    "actions/a/b/stopped.yaml": {**OFFER, "action": "stopped", "status": "paused"},
}


def _told(who: str, mid: str, ago: int = DAY, **traits: Any) -> tuple[str, dict[str, Any]]:
    return "identify", {
        "userId": who,
        "messageId": mid,
        "timestamp": format_instant(NOW - ago),
        "traits": traits,
    }


def _did(who: str, mid: str, event: str, ago: int, **said: Any) -> tuple[str, dict[str, Any]]:
    return "track", {
        "userId": who,
        "messageId": mid,
        "timestamp": format_instant(NOW - ago),
        "event": event,
        "properties": said,
    }


HISTORY: History = [
    _told("later id comes later", "a1", plan="silver"),
    _told("later id comes later", "a2", plan="Gold"),
    _told("later id comes first", "b2", plan="Gold"),
    _told("later id comes first", "b1", plan="silver"),
    _told("small letters", "c1", plan="gold", has_tv=False, price=1),
    _told("nobody said", "d1", plan="Gold", has_tv=None),
    _told("all is said", "e1", plan="Gold", has_tv=False, price=0.95, moved_at="2020-01-01"),
    _told("before the calendar", "f1", plan="Gold", moved_at="0001-01-01T00:00:00+14:00"),
    _did("at the edge", "g1", "Ordered", 7 * DAY),
    _did("at the edge", "g2", "Ordered", 7 * DAY + 1),
    _did("at the edge", "g3", "Ticket", 7 * DAY, ticket_id="T1"),
    _did("at the edge", "g4", "Ticket", 7 * DAY + 1, ticket_id="T2"),
    _did("at the edge", "g5", "Called", 7 * DAY),
    _did("over the edge", "h1", "Called", 7 * DAY + 1),
    _did("once", "i1", "Visited", HOUR),
    _did("twice at once", "j2", "Visited", HOUR),
    _did("twice at once", "j1", "Visited", HOUR),
    _did("an hour apart", "k1", "Visited", HOUR),
    _did("an hour apart", "k2", "Visited", 0),
    _did("more than an hour apart", "l1", "Visited", HOUR + 1),
    _did("more than an hour apart", "l2", "Visited", 0),
    _did("more than an hour ago", "n1", "Visited", HOUR + 1),
    _did("more than an hour ago", "n2", "Visited", HOUR + 1),
    _did("ends late enough", "o1", "Visited", HOUR + 10),
    _did("ends late enough", "o2", "Visited", HOUR + 5),
    _did("ends late enough", "o3", "Visited", MINUTE),
    *(_did("more than are seen", f"p{n}", "Ticket", DAY, ticket_id=f"T{n}") for n in range(4)),
    _did("a live one first", "q1", "Ticket", 9 * DAY, ticket_id="T1"),
    *(
        _did("a live one first", f"q{n}", "Ticket", n * DAY, ticket_id=f"T{n}", state="done")
        for n in range(2, 5)
    ),
    _told("keeps it", "m1", secret=7, plan="Gold"),
    Deed("refuse", "keeps it", "keeps it"),
]
BY_HAND: Mapping[str, Mapping[str, Any]] = {
    "later id comes later": {"plan": "Gold"},
    "later id comes first": {"plan": "Gold"},
    "before the calendar": {"moved_at": None},
    "at the edge": {"orders": 1, "young": 1, "called": True},
    "over the edge": {"called": False},
    "once": {"came_back": False},
    "twice at once": {"came_back": True},
    "an hour apart": {"came_back": True},
    "more than an hour apart": {"came_back": False},
    "more than an hour ago": {"came_back": False},
    "ends late enough": {"came_back": True},
    "more than are seen": {"young": 2, "newest": "T3"},
    "a live one first": {"young": 1, "done": 1, "newest": "T2"},
    "keeps it": {"secret": None, "plan": "Gold", "hush": None},
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Runtime]:
    project = load_project(write(FOLDER, tmp_path))
    with closing(scratch_engine(project, clock=ManualClock(NOW))) as engine:
        tell(engine, HISTORY)
        yield engine


def test_both_ways_say_the_same_at_every_edge(engine: Runtime) -> None:
    found = use.verify(engine)
    assert found.agree, verification_text(found)
    assert found.customers == 17


def test_both_say_what_was_worked_out_by_hand(engine: Runtime) -> None:
    """What the law above compares is not wrong both ways."""
    for who, expected in BY_HAND.items():
        traits = use.customer(engine, {"user_id": who}, "test").traits
        assert {name: traits[name] for name in expected} == expected, who
