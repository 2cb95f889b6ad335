"""A timeline on each kind of store: by when things happened; and the groups somebody joined."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import NOON
from tests.folders import write

from tuttu import engine as use
from tuttu.api import TimelineEntry, TimelineQuery
from tuttu.engine import Runtime, open_engine, scratch_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant, format_local, parse_instant
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE
from tuttu.vocabulary.zones import FIRST_INSTANT, LAST_INSTANT

FILES = {
    "tuttu.yaml": {"name": "corner", "zone": "Europe/Helsinki"},
    "identity.yaml": {
        "namespaces": {"user_id": {"unique": True}, "anonymous_id": {}},
    },
    "channels.yaml": {
        "channels": {"web": "in"},
        "surfaces": {"front": {"channel": "web", "default": "hello"}},
    },
    "consent.yaml": {"purposes": {"marketing": {"basis": "contract", "default": "in"}}},
    "events.yaml": {
        "calls": {"group": "Joined"},
        "events": {"Met": {}},
        "writes": [
            {"event": "Joined", "source": "crm", "traits": {"company": "groupId", "role": "role"}}
        ],
    },
    "traits.yaml": {
        "collections": {
            "companies": {
                "key": "groupId",
                "events": ["Joined"],
                "keep": {"name": "text", "plan": "text"},
            }
        },
        "groups": {"staff": {"key": "company"}},
        "traits": {
            "zone": {"type": "text"},
            "group_id": {"type": "text"},
            "company": {"type": "text"},
            "role": {"type": "text"},
            "gold": {"count": "companies", "where": "plan = 'gold'"},
        },
    },
    "content/hello.web.en.liquid": "Hello\n",
}
WHO = {"user_id": "maija"}


def company(path: Path) -> Path:
    return write(FILES, path)


@pytest.fixture
def engine(storage_url: str, tmp_path: Path) -> Iterator[Runtime]:
    clock = ManualClock(NOON)
    with closing(open_engine(company(tmp_path / "c"), clock=clock, storage=storage_url)) as opened:
        yield opened


def say(engine: Runtime, kind: str, mid: str, time: int, **said: Any) -> None:
    call = {"userId": "maija", "messageId": mid, "timestamp": format_instant(time), **said}
    use.accept(engine, kind, json.dumps(call).encode(), None, "shop")


def entries(engine: Runtime, limit: int = 100) -> list[TimelineEntry]:
    """All of them, page by page; each page adds that somebody looked, so it must hold two."""
    found, after = [], 0
    while True:
        query = TimelineQuery(after=after, limit=limit)
        page = use.timeline(engine, WHO, "test", query)
        found += [each for each in page.entries if each.kind != "PersonLookedAt"]
        if page.next is None:
            return found
        after = page.next


def test_it_is_in_the_order_in_which_things_happened(engine: Runtime) -> None:
    for mid, ago in (("c", 1), ("a", 3), ("d", 0), ("b", 2)):
        say(engine, "track", mid, NOON - ago * HOUR, event="Met")
    say(engine, "track", "e", NOON - 9 * HOUR, event="Met", anonymousId="phone")
    found = entries(engine)
    assert [each.id for each in found] == ["e", "a", "b", "c", "d"]
    assert all(parse_instant(each.received) == NOON for each in found)


def test_times_are_those_of_the_customer_or_of_the_company(engine: Runtime) -> None:
    say(engine, "track", "a", NOON - HOUR, event="Met")
    page = use.timeline(engine, WHO, "test", TimelineQuery())
    (entry, *_) = page.entries
    assert page.zone == "Europe/Helsinki"
    assert (entry.time, entry.local_time) == ("2026-03-05T09:00:00Z", "2026-03-05T11:00:00+02:00")
    assert entry.local_received == "2026-03-05T12:00:00+02:00"
    say(engine, "identify", "b", NOON, traits={"zone": "America/New_York"})
    page = use.timeline(engine, WHO, "test", TimelineQuery())
    assert page.zone == "America/New_York"
    assert page.entries[0].local_time == "2026-03-05T04:00:00-05:00"


def test_of_nobody_it_is_of_the_company(engine: Runtime) -> None:
    page = use.timeline(engine, {"user_id": "nobody-yet"}, "test", TimelineQuery())
    assert (page.known, page.zone, page.entries) == (False, "Europe/Helsinki", [])


def test_somebody_is_in_several_groups(engine: Runtime) -> None:
    """Each is an item; the last one that was named is the trait that a write says."""
    for place, (group, plan) in enumerate([("A", "gold"), ("B", "silver"), ("C", "gold")]):
        traits = {"name": f"Company {group}", "plan": plan, "role": "boss"}
        say(engine, "group", f"g{place}", NOON - HOUR + place, groupId=group, traits=traits)
    say(engine, "group", "g9", NOON, groupId="A", traits={"plan": "none"})
    picture = use.customer(engine, WHO, "test")
    assert picture.collections["companies"] == [
        {"groupId": "A", "name": "Company A", "plan": "none"},
        {"groupId": "B", "name": "Company B", "plan": "silver"},
        {"groupId": "C", "name": "Company C", "plan": "gold"},
    ]
    known = picture.traits
    assert known["gold"] == 1
    assert (known["company"], known["role"]) == ("A", "boss")
    assert use.verify(engine).agree


def test_no_trait_is_written_but_by_a_write(engine: Runtime) -> None:
    say(engine, "group", "g", NOON, groupId="A", traits={"group_id": "A", "zone": "Asia/Tokyo"})
    traits = use.customer(engine, WHO, "test").traits
    assert (traits["group_id"], traits["zone"], traits["company"]) == (None, None, "A")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return use.load_project(company(tmp_path_factory.mktemp("law") / "c"))


HAPPENED = st.lists(
    st.tuples(st.integers(0, 5 * MINUTE), st.sampled_from(["user", "phone", "pad"])), max_size=12
)


@pytest.mark.laws
@given(happened=HAPPENED, limit=st.integers(2, 4), order=st.randoms(use_true_random=False))
def test_pages_hold_everything_once_and_in_order(
    happened: list[tuple[int, str]], limit: int, order: Any, project: Project
) -> None:
    told = [
        (NOON - DAY + ago, f"m{place:02}", under) for place, (ago, under) in enumerate(happened)
    ]
    order.shuffle(told)
    expected = [mid for _, mid, _ in sorted(told, key=lambda one: one[0])]
    with closing(scratch_engine(project, clock=ManualClock(NOON))) as engine:
        for time, mid, under in told:
            more = {} if under == "user" else {"anonymousId": under}
            say(engine, "track", mid, time, event="Met", **more)
        assert [each.id for each in entries(engine, limit)] == expected


@given(
    instant=st.integers(FIRST_INSTANT, LAST_INSTANT)
    | st.sampled_from([FIRST_INSTANT, LAST_INSTANT]),
    zone=st.sampled_from(["Europe/Helsinki", "America/New_York", "Pacific/Kiritimati", "UTC"]),
)
def test_every_instant_has_a_local_time(instant: int, zone: str) -> None:
    assert parse_instant(format_local(instant, zone)) == instant
