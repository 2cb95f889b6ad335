"""Whose calendar it is: `today`, `date` and `days_since` are the customer's, in every executor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.builders import HERE
from tests.folders import to_yaml, write

from tuttu import catalog, decision, identity
from tuttu import engine as use
from tuttu.api import DecideRequest, ExplainRequest, FunnelQuery
from tuttu.cli.render import verification_text
from tuttu.engine import Runtime, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.errors import ProjectError
from tuttu.vocabulary.events import Identifier
from tuttu.vocabulary.library import ContactLimit

NOW = "2026-03-02T22:30:00Z"
"""In Helsinki and Kathmandu the third of March, in New York the second."""
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
GUESS = "CASE isodow(now) WHEN 1 THEN 'UTC' END"
FILES: dict[str, Any] = {
    "tuttu.yaml": {"name": "corner", "zone": "Europe/Helsinki"},
    "identity.yaml": {"namespaces": {"user_id": {"unique": True}, "anonymous_id": {}}},
    "channels.yaml": {
        "channels": {"web": "in"},
        "surfaces": {"front": {"channel": "web", "default": "hello"}},
    },
    "consent.yaml": {"purposes": {"service": {"basis": "contract", "default": "in"}}},
    "events.yaml": {
        "sources": {"Met": "met"},
        "events": {"Met": {"properties": {"visit": "text", "at": "timestamp", "zone": "text"}}},
    },
    "traits.yaml": {
        "collections": {
            "visits": {
                "key": "visit",
                "events": ["Met"],
                "keep": {"at": "timestamp", "zone": "text"},
            }
        },
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
        "suitable": {"it is not New Year": "day(now) <> 1"},
        "treatments": {"web": {"surface": "front", "message": "hello"}},
    },
    "content/hello.web.en.liquid": "Hello\n",
}


def _folder(path: Path, files: Mapping[str, Any] = FILES, **traits: Any) -> Path:
    sheet = {**FILES["traits.yaml"], "traits": {**TRAITS, **traits}}
    return write({**files, "traits.yaml": sheet}, path / "corner")


ZONE_WAYS: dict[str, Any] = {
    "told": {"type": "text"},
    "the first known": {"type": "text", "first_known": ["met.zone", "told.zone"]},
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
    """Who has visited four times; twice on the third of March in Helsinki. No visit has a zone that
    counts."""
    for visit, at in (("A", "02T21:59"), ("B", "02T22:01"), ("C", "02T22:20"), ("D", "02T18:20")):
        properties = {"visit": visit, "at": f"2026-03-{at}:00Z", "zone": "Pacific/Apia"}
        say(who, "track", event="Met", properties=properties)
    seen = "2026-03-02T05:00:00Z"
    return say(
        who,
        "identify",
        traits={"born": BORN, "seen": seen, "zone": zone, "nation": NATIONS[zone], **traits},
    )


DAYS = {
    "America/New_York": ("2026-03-02", 0, 4),
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
        assert bool(answer.choices) == (day == BORN), zone
    assert use.verify(engine).agree, verification_text(use.verify(engine))


def _members(say: Say) -> None:
    """Of one home, who say one after the other where they live."""
    _lives(say, "maija", "America/New_York", home="h")
    _lives(say, "ville", "Asia/Kathmandu", home="h")


def test_a_group_counts_in_the_zone_that_was_told_last(say: Say, engine: Runtime) -> None:
    _members(say)
    for who in ("maija", "ville"):
        traits = use.customer(engine, {"user_id": who}, "test").traits
        assert (traits["home_day"], traits["home_met"]) == ("2026-03-03", 4)
    assert _lives(say, "maija", "America/New_York", home="h")["home_day"] == "2026-03-02"
    assert use.customer(engine, {"user_id": "ville"}, "test").traits["home_day"] == "2026-03-02"
    assert use.verify(engine).agree, verification_text(use.verify(engine))


def test_why_is_told_by_the_calendar_of_then(say: Say, engine: Runtime) -> None:
    """In New York it will be the day of birth at 05:00 UTC, whatever the customer says later."""
    _lives(say, "maija", "America/New_York")
    asked = DecideRequest(who={"user_id": "maija"}, surfaces=["front"])
    answer = use.decide(engine, asked)
    assert not answer.choices
    _lives(say, "maija", "Asia/Kathmandu")
    again = use.explain(engine, ExplainRequest(decision=answer.decision_id), "test")
    assert not again.note
    (refused,) = again.refused
    changes = {part.name: part.would_be for part in refused.would_pass_if}
    assert changes == {"time": "2026-03-03T05:00:00Z"}
    assert use.decide(engine, asked).choices


def test_a_zone_that_is_not_known_is_no_reason(say: Say, engine: Runtime) -> None:
    """What is missing is the day of birth alone; and a rule on the present needs no data."""
    say("maija", "identify", traits={"seen": "2026-03-02T05:00:00Z"})
    asked = DecideRequest(who={"user_id": "maija"}, surfaces=["front"])
    (refused,) = use.decide(engine, asked).refused
    assert (refused.code, refused.values["unknown"]) == ("not_known", ("born",))
    found = use.funnel(engine, FunnelQuery())
    whole = next(line for line in found.lines if line.treatment is None)
    data = {stage.stage: not stage.no_data for stage in whole.stages}
    assert data["suitability"]


def test_a_zone_of_this_moment_counts(say: Say, engine: Runtime) -> None:
    """Who travels may say so with the question."""
    _lives(say, "maija", None)
    who = {"user_id": "maija"}
    here = DecideRequest(who=who, surfaces=["front"], dry_run=True)
    away = DecideRequest(
        who=who, surfaces=["front"], dry_run=True, context={"zone": "America/New_York"}
    )
    assert use.decide(engine, here).choices
    assert not use.decide(engine, away).choices
    with engine.view() as seen:
        customer = identity.resolve(seen.snapshot, engine.project, Identifier("user_id", "maija"))
        view = decision.view(
            seen.snapshot, engine.project, customer, engine.now(), context=away.context
        )
    assert (view.row["met_today"], view.row["since"]) == (4, 0)
    by_day = ContactLimit(name="one a day", at_most=1, window=None, where=HERE)
    assert view.history.moment.zone_for(by_day) == "America/New_York"


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a number": ({"zone": {"type": "integer"}}, "`zone`, integer; expected text"),
    "a condition": ({"zone": {"expression": "born = '2026-03-03'"}}, "`zone`, bool; expected text"),
    "a list": ({"zone": {"type": ["text"]}}, "`zone`, [text]; expected text"),
    "of today": (
        {"zone": {"expression": "CASE WHEN today() = born THEN 'UTC' END"}},
        "`zone`, which counts by the calendar",
    ),
    "of a trait of today": (
        {"zone": {"first_known": ["told.zone", "guess"]}, "guess": {"expression": GUESS}},
        "`guess`, which counts by the calendar",
    ),
    "of items of today": (
        {"zone": {"expression": "CASE WHEN met_today > 1 THEN 'UTC' END"}},
        "`met_today`, which counts by the calendar",
    ),
    "of contacts": (
        {"zone": {"expression": "CASE WHEN contacted('birthday', '7d') THEN 'UTC' END"}},
        "`contacted.birthday`, read by a time zone",
    ),
    "of what is not there": (
        {"zone": {"first_known": ["told.zone", "said.zone"]}},
        "`said.zone`; expected a trait, or source.trait",
    ),
    "of a group, read by a group": (
        {"zone": {"type": "text", "group": "home"}},
        "`zone`, which is of the group `home`",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_zone_is_known_before_any_calendar(case: str, tmp_path: Path) -> None:
    traits, expected = FAULTS[case]
    with pytest.raises(ProjectError) as error:
        catalog.load(_folder(tmp_path, **traits))
    found = [f"{fault.found}; expected {fault.expected}" for fault in error.value.faults]
    assert any(each.startswith(expected) for each in found), found
    assert not [each for each in found if each.startswith("`zone`, asked")], "a fault of a fault"


def test_it_may_follow_from_anything_else(tmp_path: Path) -> None:
    """Items of any time, the present, what was derived: if no calendar is asked."""
    items = {"visited": {"count": "visits", "where": "at < now()"}}
    zone = {"expression": "CASE WHEN visited > 1 AND now > seen THEN 'UTC' ELSE home END"}
    catalog.load(_folder(tmp_path, **items, zone=zone))


def test_without_the_trait_the_calendar_is_the_companys(tmp_path: Path) -> None:
    """Properties of events and fields of items that are called `zone` are none either."""
    folder = _folder(tmp_path)
    without = {name: each for name, each in TRAITS.items() if name != "zone"}
    sheet = {**FILES["traits.yaml"], "traits": without}
    (folder / "traits.yaml").write_text(to_yaml(sheet), encoding="utf-8")
    traits = catalog.load(folder).profile.traits
    tests = [each for each in (traits["day"].derived, traits["met_today"].test) if each]
    assert [each.columns for each in tests] == [frozenset(), frozenset({"at"})]


def test_counting_by_a_zone_does_not_make_it_one_that_a_guard_reads(tmp_path: Path) -> None:
    """What slips leaves the zone that is known, unless a guard names the trait itself."""
    assert catalog.load(_folder(tmp_path)).profile.traits["zone"].slip == "keep"
    through = {"there": {"expression": "zone = 'Asia/Tokyo' AND today() > born"}}
    policy = {"guards": {"not there": {"when": "there", "blocks": "service"}}}
    folder = _folder(tmp_path / "named", {**FILES, "policy.yaml": policy}, **through)
    assert catalog.load(folder).profile.traits["zone"].slip == "unknown"
