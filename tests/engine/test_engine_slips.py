"""A value that does not fit its trait, on each kind of store: what is known, and who is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.builders import NOON
from tests.folders import write

from tuttu import engine as use
from tuttu.api import CallsAnswer, SlipsQuery, TimelineQuery
from tuttu.engine import Runtime, open_engine
from tuttu.intake.call import ANYTHING
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.values import MINUTE

FILES = {
    "tuttu.yaml": {"name": "corner", "zone": "Europe/Helsinki"},
    "identity.yaml": {"namespaces": {"user_id": {"unique": True}, "anonymous_id": {}}},
    "channels.yaml": {
        "channels": {"web": "in"},
        "surfaces": {"front": {"channel": "web", "default": "hello"}},
    },
    "consent.yaml": {"purposes": {"marketing": {"basis": "contract", "default": "in"}}},
    "events.yaml": {
        "calls": {"identify": "Described"},
        "sources": {"Imported": "crm"},
        "writes": [
            {"event": "Imported", "traits": {"visits": "visits", "town": "home.town"}},
            {"event": "Described", "source": "told", "traits": {"town": "home.town"}},
            {"event": "Seen", "source": "web", "traits": {"campaign": "context.campaign.name"}},
        ],
        "events": {
            "Imported": {},
            "Seen": {"properties": {"context.campaign.name": "text", "view.page": "text"}},
            "Case": {},
        },
    },
    "traits.yaml": {
        "collections": {
            "cases": {
                "key": "case_id",
                "events": ["Case"],
                "keep": {"state": "text", "note": "text"},
            }
        },
        "traits": {
            "visits": {"type": "integer"},
            "debt": {"type": "money"},
            "tags": {"type": ["text"]},
            "town": {"type": "text"},
            "campaign": {"type": "text"},
            "home.street": {"type": "text"},
            "from_spring": {
                "count": "events",
                "where": "context.campaign.name = 'spring' AND view.page <> '/'",
            },
            "open_cases": {"count": "cases", "where": "state = 'open'"},
            "owes": {"expression": "debt > 0"},
            "last_note": {"last": "note", "of": "cases"},
        },
    },
    "policy.yaml": {
        "guards": {
            "owes us": {"when": "owes", "blocks": "marketing"},
            "case": {"when": "open_cases > 0", "blocks": "marketing"},
        }
    },
    "actions/sales/tv/offer.yaml": {
        "action": "offer",
        "status": "live",
        "purpose": "marketing",
        "value": 1,
        "propensity": 0.5,
        "treatments": {"web": {"surface": "front", "message": "hello"}},
    },
}
WHO = {"user_id": "maija"}


class Corner:
    """A server of a small company, and what one customer's senders say."""

    def __init__(self, engine: Runtime) -> None:
        self.engine = engine
        self.sent = 0

    def say(self, kind: str, by: str = "shop", **said: Any) -> CallsAnswer:
        self.sent += 1
        time = format_instant(NOON - 60 * MINUTE + self.sent * MINUTE)
        body = {"userId": "maija", "messageId": f"m{self.sent:02}", "timestamp": time, **said}
        return use.accept(self.engine, kind, json.dumps(body).encode(), None, by)

    def traits(self) -> dict[str, Any]:
        return use.customer(self.engine, WHO, "test").traits


@pytest.fixture
def corner(storage_url: str, tmp_path: Path) -> Iterator[Corner]:
    folder = write({**FILES, "content/hello.web.en.liquid": "Hello\n"}, tmp_path / "corner")
    with closing(open_engine(folder, clock=ManualClock(NOON), storage=storage_url)) as engine:
        yield Corner(engine)
        folded = use.replay(engine)
        assert folded.live == folded.replayed


def test_of_most_traits_a_slip_leaves_what_is_known(corner: Corner) -> None:
    corner.say("identify", traits={"visits": 12, "tags": ["a"], "town": "Oulu"})
    answer = corner.say("identify", traits={"visits": "many", "tags": "b", "town": "Turku"})
    assert (answer.accepted, answer.refused) == (1, [])
    told = {each.trait: (each.index, each.source, each.kept) for each in answer.refused_traits}
    assert told == {"visits": (0, "told", True), "tags": (0, "told", True)}
    assert "found 'many' in the trait `visits`; expected integer: what is known stays" in [
        each.message for each in answer.refused_traits
    ]
    known = corner.traits()
    assert (known["visits"], known["tags"], known["town"]) == (12, ["a"], "Turku")


def test_of_what_a_guard_reads_a_slip_makes_it_unknown(corner: Corner) -> None:
    corner.say("identify", traits={"debt": 0})
    assert corner.traits()["owes"] is False
    answer = corner.say("identify", traits={"debt": "n/a"})
    assert [each.kept for each in answer.refused_traits] == [False]
    assert answer.refused_traits[0].message.endswith("it is not known any more")
    assert corner.traits()["debt"] is None
    assert corner.traits()["owes"] is None


def test_a_slip_in_an_item_is_told_too(corner: Corner) -> None:
    corner.say("track", event="Case", properties={"case_id": "1", "state": "open", "note": "x"})
    bad = {"case_id": "1", "state": {"is": "shut"}, "note": ["y"]}
    answer = corner.say("track", event="Case", properties=bad)
    assert {each.trait: each.kept for each in answer.refused_traits} == {
        "cases.state": False,
        "cases.note": True,
    }
    assert (corner.traits()["open_cases"], corner.traits()["last_note"]) == (0, "x")
    answer = corner.say("track", event="Case", properties={"case_id": {}, "note": "z"})
    assert [each.trait for each in answer.refused_traits] == ["cases.case_id"]


def test_null_says_that_nothing_is_known(corner: Corner) -> None:
    corner.say("identify", traits={"visits": 12, "tags": ["a", None, 7]})
    assert corner.traits()["tags"] == ["a", "7"]
    assert corner.say("identify", traits={"visits": None}).refused_traits == []
    assert corner.traits()["visits"] is None


def test_what_lies_in_objects_and_in_the_context_is_written_and_read(corner: Corner) -> None:
    corner.say("identify", traits={"home": {"town": "Oulu", "street": "Kaarna 1"}})
    assert (corner.traits()["town"], corner.traits()["home.street"]) == ("Oulu", "Kaarna 1")
    corner.say("track", event="Imported", properties={"home": {"town": "Kemi"}})
    assert corner.traits()["town"] == "Kemi"
    context = {"campaign": {"name": "spring"}}
    corner.say("track", event="Seen", properties={"view": {"page": "/tv"}}, context=context)
    corner.say("track", event="Seen", properties={"view": {"page": "/"}}, context=context)
    corner.say("track", event="Seen", properties={"view": {"page": "/tv"}})
    assert (corner.traits()["campaign"], corner.traits()["from_spring"]) == ("spring", 1)
    assert use.verify(corner.engine).agree


def test_the_list_says_who_sent_what_and_no_value(corner: Corner) -> None:
    for by in ("shop", "crm", "crm"):
        corner.say("identify", by=by, traits={"visits": "very many"})
    found = use.slips(corner.engine, SlipsQuery()).slips
    assert [(each.sender, each.count, each.event_id) for each in found] == [
        ("crm", 2, "m03"),
        ("shop", 1, "m01"),
    ]
    assert found[0].first <= found[0].last
    one = found[0]
    assert (one.trait, one.source, one.event) == ("visits", "told", "Described")
    assert (one.found, one.expected, one.kept) == ("text", "integer", True)
    assert "very many" not in repr(found)


def test_the_same_call_again_is_counted_once(corner: Corner) -> None:
    call: dict[str, Any] = {"messageId": "again", "timestamp": format_instant(NOON)}
    for _ in range(3):
        assert len(corner.say("identify", traits={"visits": "?"}, **call).refused_traits) == 1
    (one,) = use.slips(corner.engine, SlipsQuery()).slips
    assert one.count == 1


def test_in_a_batch_the_index_is_of_the_call(corner: Corner) -> None:
    good = {"type": "identify", "userId": "maija", "traits": {"visits": 1}}
    bad = {**good, "traits": {"visits": 1.5}}
    body = json.dumps({"batch": [good, {"type": "identify"}, bad]}).encode()
    answer = use.accept(corner.engine, "batch", body, None, "app")
    assert (answer.accepted, [each.index for each in answer.refused]) == (2, [1])
    assert [(each.index, each.trait) for each in answer.refused_traits] == [(2, "visits")]


def test_the_timeline_shows_it_beside_the_call(corner: Corner) -> None:
    corner.say("identify", by="crm", traits={"visits": "?"})
    entries = use.timeline(corner.engine, WHO, "test", TimelineQuery()).entries
    assert [each.kind for each in entries] == ["identify", "TraitsRefused"]
    assert (entries[1].name, entries[1].by) == ("Described", "crm")
    assert json.loads(bytes(entries[1].properties)) == {"visits": "text, expected integer"}


def test_from_the_border_to_the_folds_nothing_of_a_call_is_decoded_twice(corner: Corner) -> None:
    """Its fields once, and each of its objects once, whoever of the rooms reads them."""
    decoded: list[str] = []

    def met(_frame: object, what: str, function: Any) -> None:
        owner = getattr(function, "__self__", None)
        if what == "c_call" and (owner is ANYTHING or function is msgspec.json.decode):
            decoded.append("object")
        elif what == "c_call" and isinstance(owner, msgspec.json.Decoder):
            decoded.append("fields")

    said: dict[str, Any] = {
        "event": "Seen",
        "properties": {"view": {"page": "/"}},
        "traits": {"visits": 1},
    }
    before = sys.getprofile()
    sys.setprofile(met)
    try:
        answer = corner.say("track", **said, context={"campaign": {"name": "spring"}})
    finally:
        sys.setprofile(before)
    assert answer.accepted == 1
    assert decoded == ["fields", "object", "object", "object"]
    assert corner.traits()["from_spring"] == 0
