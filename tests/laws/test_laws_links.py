"""Links of others: to import one run of a set, and then another, is to import the other alone."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.saying import NAMES, START, Name, said, send
from tests.laws.twins import Fresh, facts, people, twin

from tuttu import engine as use
from tuttu.api import (
    ClaimedLink,
    LinksRequest,
    LinksRunRequest,
    PreferenceRequest,
    PreferencesRequest,
    UnmergeRequest,
)
from tuttu.engine import Runtime
from tuttu.identity import rules_of, set_changes, sets
from tuttu.identity.records import NODES
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.events import LinkClaimed, LinksClosed, LinksRead
from tuttu.vocabulary.facts import Fact
from tuttu.vocabulary.values import HOUR

pytestmark = pytest.mark.laws

LINK_FACTS = (LinkClaimed, LinksRead, LinksClosed)


class Reading(msgspec.Struct, frozen=True):
    """One run of a set; not closed: whoever read it was killed."""

    set: str
    links: tuple[tuple[Name, Name, float], ...]
    closed: bool


names = st.sampled_from(NAMES)
links = st.tuples(st.permutations(NAMES), st.sampled_from([0.2, 0.6, 0.9])).map(
    lambda drawn: (drawn[0][0], drawn[0][1], drawn[1])
)
readings = st.builds(
    Reading,
    st.sampled_from(["splink", "splink", "crm"]),
    st.lists(links, max_size=6).map(tuple),
    st.sampled_from([True, True, True, False]),
)


@pytest.fixture(autouse=True, params=["at once", "in steps"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In steps: as if every change were great, and one claim as much as traffic may wait for."""
    if request.param == "in steps":
        monkeypatch.setattr(set_changes, "AT_ONCE", 0)
        monkeypatch.setattr(sets, "STEP", 1)


def read(engine: Runtime, reading: Reading) -> None:
    run = use.begin_links(engine, reading.set, LinksRunRequest(), "law").run
    for row, (one, other, score) in enumerate(reading.links, 1):
        link = ClaimedLink(one=dict([one]), other=dict([other]), score=score)
        request = LinksRequest(through=row, links=[link])
        use.claim_links(engine, reading.set, run, request, "law")
    if reading.closed:
        answer = use.close_links(engine, reading.set, run, "law")
        assert answer.whole
        assert answer.joined + sum(each.pairs for each in answer.refused) == answer.pairs


@given(data=st.data(), seed=st.integers(0, 2**32))
def test_one_run_and_then_another_is_the_other_alone(
    fresh: Fresh, data: st.DataObject, seed: int
) -> None:
    """In whatever order the facts come; events, choices and unmerges between them count as ever."""
    clock, random = ManualClock(START), Random(seed)
    with fresh(clock) as engine:
        for number, step in enumerate(data.draw(st.lists(st.integers(0, 9), max_size=10))):
            clock.set(clock.now() + HOUR)
            if step < 4:
                call = data.draw(said(number, clock.now()))
                send(engine, call.call, call.wire())
            elif step < 8:
                read(engine, data.draw(readings))
            elif step == 8:
                choose(engine, data.draw(names))
            else:
                part(engine, *data.draw(st.permutations(NAMES))[:2])
        told, digest = facts(engine), use.digest(engine)
        assert use.replay(engine).replayed == digest.digest
        left = counting(told)
        with twin(engine, random.sample(left, len(left)), clock) as alone:
            assert people(alone) == people(engine)
            assert use.digest(alone) == digest


def counting(told: list[Fact]) -> list[Fact]:
    """Without every run of which another one of its set took the place, or that was not closed."""
    newest: dict[str, Any] = {}
    for fact in told:
        if isinstance(fact.body, LinksClosed):
            newest[fact.body.set] = fact.body.run
    return [
        fact
        for fact in told
        if not isinstance(fact.body, LINK_FACTS) or newest.get(fact.body.set) == fact.body.run
    ]


def choose(engine: Runtime, who: Name) -> None:
    choice = PreferenceRequest(purpose="marketing", channel=None, allowed=False)
    use.set_preferences(engine, dict([who]), PreferencesRequest(preferences=[choice]), "law")


def part(engine: Runtime, one: Name, other: Name) -> None:
    use.unmerge(engine, UnmergeRequest(one=dict([one]), other=dict([other])), "anna")


def test_an_unmerge_stands_over_every_run(fresh: Fresh) -> None:
    one, other = ("user_id", "maija"), ("anonymous_id", "a1")
    reading = Reading("splink", ((one, other, 0.9),), closed=True)
    with fresh(ManualClock(START)) as engine:
        read(engine, reading)
        assert people(engine)[one] == {one, other}
        part(engine, one, other)
        for links in ((), reading.links) * 2:
            read(engine, Reading("splink", links, closed=True))
            assert people(engine)[one] == {one}
        picture = use.customer(engine, dict([one]), "law")
        assert [(each.reason, each.set) for each in picture.refused_links] == [
            ("unmerged", "splink")
        ]
        (answer,) = (each for each in use.links(engine) if each.set == "splink")
        assert [(each.reason, each.pairs) for each in answer.refused] == [("unmerged", 1)]


def test_what_a_set_claims_no_more_is_parted_and_the_rest_is_not_visited(fresh: Fresh) -> None:
    """Whom the new run claims as the old one did is not written again, so that no decision about
    them conflicts."""
    kept, gone = (
        (("user_id", "maija"), ("anonymous_id", "a1")),
        (
            ("user_id", "matti"),
            ("anonymous_id", "a2"),
        ),
    )
    with fresh(ManualClock(START)) as engine:
        read(engine, Reading("splink", ((*kept, 0.9), (*gone, 0.9)), closed=True))
        with engine.store.read() as before:
            key = before.pseudonym(*kept[0]) + rules_of(engine.project).part
            assert before.get(NODES, key) is not None
            reads = before.reads
        read(engine, Reading("splink", ((*kept, 0.9),), closed=True))
        with engine.store.read() as after:
            after.get(NODES, key)
            assert after.reads == reads
        assert people(engine)[gone[0]] == {gone[0]}
        assert people(engine)[kept[0]] == set(kept)
