"""What is sent again counts once, on each kind of store; an id that another call has is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import NOON
from tests.folders import write

from tuttu import engine as use
from tuttu.api import CallsAnswer, DeadLettersQuery
from tuttu.engine import Runtime, open_engine, scratch_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import CallRefused
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, SECOND

FILES: Mapping[str, Any] = {
    "tuttu.yaml": {"name": "corner", "zone": "Europe/Helsinki", "repeat_within": "2d"},
    "identity.yaml": {"namespaces": {"user_id": {"unique": True}, "anonymous_id": {}}},
    "channels.yaml": {
        "channels": {"web": "in", "email": "out"},
        "surfaces": {"front": {"channel": "web", "default": "hello"}},
    },
    "consent.yaml": {
        "purposes": {"marketing": {"basis": "consent", "default": {"web": "in", "email": "out"}}}
    },
    "events.yaml": {
        "events": {
            "Ordered": {},
            "Yes": {"properties": {"purpose": "text"}},
            "No": {"properties": {"purpose": "text"}},
        },
        "consent": [{"event": "Yes", "allowed": True}, {"event": "No", "allowed": False}],
    },
    "traits.yaml": {
        "traits": {
            "orders": {"count": "events", "where": "event = 'Ordered'"},
            "name": {"type": "text"},
        }
    },
    "content/hello.web.en.liquid": "Hello\n",
}
WITHIN = 2 * DAY


class Corner:
    """A server of a small company on a manual clock."""

    def __init__(self, engine: Runtime) -> None:
        self.engine = engine

    def at(self, now: int) -> None:
        clock = self.engine.clock
        assert isinstance(clock, ManualClock)
        clock.set(now)

    def order(self, who: str = "maija", own: int | None = None, **said: Any) -> CallsAnswer:
        return self.say("track", who, own, event="Ordered", **said)

    def say(
        self, kind: str, who: str = "maija", own: int | None = None, **said: Any
    ) -> CallsAnswer:
        call = {"userId": who, "messageId": "m", **said}
        if own is not None:
            call["timestamp"] = format_instant(own)
        return use.accept(self.engine, kind, json.dumps(call).encode(), None, "shop")

    def batch(self, *calls: Mapping[str, Any], **said: Any) -> CallsAnswer:
        body = json.dumps({"batch": calls, **said}).encode()
        return use.accept(self.engine, "batch", body, None, "shop")

    def trait(self, name: str, who: str = "maija") -> Any:
        return use.customer(self.engine, {"user_id": who}, "test").traits[name]

    def letters(self) -> list[str]:
        found = use.dead_letters(self.engine, DeadLettersQuery()).dead_letters
        return [each.code for each in found]


def folder(path: Path) -> Path:
    return write(FILES, path)


@pytest.fixture
def corner(storage_url: str, tmp_path: Path) -> Iterator[Corner]:
    company = folder(tmp_path / "corner")
    with closing(open_engine(company, clock=ManualClock(NOON), storage=storage_url)) as engine:
        yield Corner(engine)
        folded = use.replay(engine)
        assert (folded.live, folded.refused) == (folded.replayed, 0)


def test_a_try_that_is_stamped_anew_is_a_repeat(corner: Corner) -> None:
    assert corner.order(own=NOON - 62 * MINUTE).accepted == 1
    for own in (NOON - 62 * MINUTE, NOON - 58 * MINUTE, NOON, None):
        assert corner.order(own=own).duplicates == 1
    assert corner.trait("orders") == 1
    assert corner.letters() == []


@pytest.mark.parametrize(("after", "orders"), [(WITHIN, 1), (WITHIN + SECOND, 2)])
def test_an_id_is_remembered_for_its_time(corner: Corner, after: int, orders: int) -> None:
    corner.order(own=NOON - HOUR)
    corner.at(NOON + after)
    corner.order(own=NOON + after - HOUR)
    assert corner.trait("orders") == orders


def test_the_same_hour_of_its_own_time_is_a_repeat_for_ever(corner: Corner) -> None:
    corner.order(own=NOON)
    corner.at(NOON + 99 * DAY)
    assert corner.order(own=NOON + MINUTE).duplicates == 1
    assert corner.order("ville", own=NOON + MINUTE).duplicates == 1
    assert corner.trait("orders") == 1


@pytest.mark.parametrize("own", [NOON - HOUR, NOON - 5 * HOUR, None])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("track", {"who": "ville", "event": "Ordered"}),
        ("track", {"event": "Returned"}),
        ("track", {"event": "Ordered", "anonymousId": "phone-1"}),
        ("identify", {"traits": {"name": "Maija"}}),
    ],
)
def test_the_id_of_another_call_is_refused_and_kept(
    corner: Corner, kind: str, said: dict[str, Any], own: int | None
) -> None:
    corner.order(own=NOON)
    with pytest.raises(CallRefused, match="that another call, event or identifier had") as raised:
        corner.say(kind, own=own, **said)
    assert (raised.value.status, raised.value.code) == (409, "id_reused")
    assert corner.letters() == ["id_reused"]
    assert corner.trait("orders") == 1
    assert use.customer(corner.engine, {"user_id": "ville"}, "test").known is False


def test_a_call_without_a_time_has_no_hour(corner: Corner) -> None:
    corner.order()
    assert corner.order().duplicates == 1
    with pytest.raises(CallRefused, match="messageId"):
        corner.order("ville")
    corner.at(NOON + WITHIN + SECOND)
    assert corner.order("ville").duplicates == 1


def test_in_a_batch_only_that_call_is_refused(corner: Corner) -> None:
    def call(mid: str, who: str, event: str = "Ordered") -> dict[str, Any]:
        return {"type": "track", "event": event, "userId": who, "messageId": mid}

    bad = {**call("c", "maija"), "timestamp": "?"}
    answer = corner.batch(call("a", "maija"), bad, call("a", "ville"), call("a", "maija"))
    assert (answer.accepted, answer.duplicates) == (1, 1)
    assert [(each.index, each.code) for each in answer.refused] == [
        (1, "bad_timestamp"),
        (2, "id_reused"),
    ]
    assert all(each.dead_letter for each in answer.refused)
    assert sorted(corner.letters()) == ["bad_timestamp", "id_reused"]


def test_once_in_a_batch_and_once_alone(corner: Corner) -> None:
    one = {"type": "track", "event": "Ordered", "userId": "maija", "messageId": "m"}
    corner.batch({**one, "timestamp": format_instant(NOON)}, sentAt=format_instant(NOON))
    assert corner.order(own=NOON - 2 * HOUR).duplicates == 1
    assert corner.trait("orders") == 1


def test_a_slow_batch_does_not_overtake_a_fast_one(corner: Corner) -> None:
    for mid, own, sent, name in (
        ("1", NOON - 11 * MINUTE, NOON - 10 * MINUTE, "First"),
        ("2", NOON - 5 * MINUTE, NOON, "Second"),
    ):
        call = {
            "type": "identify",
            "userId": "maija",
            "messageId": mid,
            "timestamp": format_instant(own),
            "traits": {"name": name},
        }
        corner.batch(call, sentAt=format_instant(sent))
    assert corner.trait("name") == "Second"


@pytest.mark.parametrize(
    ("said", "sent", "allowed"),
    [
        (-40, -30, False),
        (-40, None, True),
        (-40, 0, True),
        (-24 * 60 - 40, -24 * 60 - 30, False),
        (20, 30, False),
        (0, 30, True),
    ],
)
def test_a_withdrawal_counts_from_the_latest_moment_that_it_may_have_had(
    corner: Corner, said: int, sent: int | None, allowed: bool
) -> None:
    """Consent was given twenty minutes ago; the no was said, by its clock, before that. It may be
    slow by half an hour, or was half an hour on its way: nobody knows, and doubt is no."""
    why = {"purpose": "marketing"}
    yes = NOON - 20 * MINUTE
    corner.say("track", own=yes, event="Yes", properties=why, messageId="yes")
    body: dict[str, Any] = {
        "type": "track",
        "event": "No",
        "userId": "maija",
        "messageId": "no",
        "properties": why,
        "timestamp": format_instant(NOON + said * MINUTE),
    }
    more = {} if sent is None else {"sentAt": format_instant(NOON + sent * MINUTE)}
    corner.batch(body, **more)
    cells = use.preferences(corner.engine, {"user_id": "maija"}, "test").preferences
    assert {each.allowed for each in cells} == {allowed}


CALLS = st.tuples(
    st.integers(0, 5 * DAY),
    st.sampled_from("ab"),
    st.sampled_from(["maija", "ville"]),
    st.none() | st.integers(-2 * DAY, 0),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return use.load_project(folder(tmp_path_factory.mktemp("law") / "corner"))


@pytest.mark.laws
@given(calls=st.lists(CALLS, max_size=8))
def test_of_one_id_all_that_count_are_far_apart(
    calls: list[tuple[int, str, str, int | None]], project: Project
) -> None:
    """However often ids are sent, with whatever times, by whom: those that count are received more
    than `repeat_within` apart and in different hours of their own time; every other one is told."""
    with closing(scratch_engine(project, clock=ManualClock(NOON))) as engine:
        corner = Corner(engine)
        kept: dict[str, list[tuple[int, int, str]]] = {"a": [], "b": []}
        for after, mid, who, own in sorted(calls, key=lambda call: call[0]):
            corner.at(NOON + after)
            said = None if own is None else NOON + after + own
            hour = 0 if said is None else said // HOUR
            near = [each for each in kept[mid] if NOON + after - each[0] <= WITHIN]
            same = [each for each in kept[mid] if each[1] == hour]
            try:
                answer = corner.order(who, own=said, messageId=mid)
            except CallRefused:
                assert near
                assert near[-1][2] != who
                assert own is None or not same
                continue
            assert answer.accepted + answer.duplicates == 1
            assert bool(answer.duplicates) == bool(near or same)
            if answer.accepted:
                kept[mid].append((NOON + after, hour, who))
        total = sum(map(len, kept.values()))
        counted = [
            use.customer(engine, {"user_id": who}, "test").traits["orders"]
            for who in ("maija", "ville")
        ]
        assert sum(counted) == total
        assert use.replay(engine).refused == 0
