"""The funnel: nothing is lost between two stages, and what nobody knows is no zero."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu import engine as use
from tuttu.api import ENGLISH, DecideRequest, FunnelQuery, words_in
from tuttu.batch.funnel import Funnel, funnel_text, overview
from tuttu.batch.funnel.tally import Tally
from tuttu.catalog import load
from tuttu.decision import STAGE_NAMES, STAGES, DecisionQuery, candidates
from tuttu.engine import Runtime, scratch_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant, parse_instant
from tuttu.vocabulary.errors import BadRequest
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Reason, Verdict, refusal

BANK = Path(__file__).parents[2] / "src/tuttu/examples/bank"
MOMENT = parse_instant("2010-10-05T12:00:00Z") or 0
SAVER = {
    "age": 41, "job": "technician", "marital": "married", "education": "high.school",
    "default": "no", "housing": "no", "loan": "no", "contact": "cellular", "month": "oct",
    "campaign": 1, "previous": 0, "euribor3m": 1.2, "emp_var_rate": -1.8,
}  # fmt: skip


@pytest.fixture(scope="module")
def project() -> Project:
    return load(BANK)


@pytest.fixture
def engine(project: Project) -> Iterator[Runtime]:
    with closing(scratch_engine(project, clock=ManualClock(MOMENT))) as engine:
        yield engine


def send(engine: Runtime, client: int, **said: Any) -> None:
    call = {
        "messageId": f"{client}-{sorted(said)}-{said.get('event')}",
        "context": {"externalIds": [{"id": client, "type": "client"}]},
        "timestamp": "2010-10-05T09:00:00Z",
        **said,
    }
    route = "track" if "event" in said else "identify"
    assert use.accept(engine, route, json.dumps(call).encode(), None, "test").success


def counted(engine: Runtime, surfaces: Sequence[str] = ()) -> Funnel:
    query = FunnelQuery(surfaces=",".join(surfaces), at=format_instant(MOMENT))
    return use.funnel(engine, query)


def test_every_candidate_of_every_customer_ends_once(engine: Runtime) -> None:
    for client in range(1, 8):
        send(engine, client, traits={**SAVER, "age": 15 + client})
    found = counted(engine)
    assert found.customers == 7
    assert len(found.actions) == len(engine.project.actions)
    for line in found.lines:
        left = found.customers
        for stage in line.stages:
            assert stage.entered == left == stage.refused + stage.passed
            left = stage.passed
        assert left == line.chosen
    refused = found.line("term-deposit", "call").stage("eligibility")
    assert refused.reasons == {"not met: is of age": 2}


def test_it_counts_what_decide_answers(engine: Runtime) -> None:
    send(engine, 1, traits=SAVER)
    request = DecideRequest(
        who={"client": "1"}, surfaces=list(engine.project.surfaces), dry_run=True, seed=1
    )
    answer = use.decide(engine, request)
    found = counted(engine)
    chosen = {(line.action, line.treatment) for line in found.lines if line.treatment}
    chosen = {key for key in chosen if found.line(*key).chosen}
    assert chosen == {(each.action, each.treatment) for each in answer.choices}
    stages = {(each.action, each.treatment): each.stage for each in answer.refused}
    for line in found.lines:
        if line.treatment and (line.action, line.treatment) not in chosen:
            assert line.stage(stages[line.action, line.treatment]).refused == 1


def test_it_writes_nothing(engine: Runtime) -> None:
    send(engine, 1, traits=SAVER)
    before = use.digest(engine).digest
    with engine.store.read() as snapshot:
        position = snapshot.position
    counted(engine)
    assert use.digest(engine).digest == before
    with engine.store.read() as snapshot:
        assert snapshot.position == position


def test_what_the_data_cannot_feed_says_no_data(engine: Runtime) -> None:
    send(engine, 1, traits=SAVER)
    unfed = {"guards", "consent", "reachable", "suppressions", "contact_limits"}

    def without() -> set[str]:
        line = counted(engine).line("term-deposit", "call")
        return {each.stage for each in line.stages if each.no_data}

    assert without() == {*unfed, "resources"}
    send(engine, 2, event="Campaign Call")
    assert without() == {*unfed, "resources"} - {"contact_limits"}
    send(engine, 3, event="Campaign Call", properties={"outcome": "failure"})
    assert without() == {"guards", "consent", "reachable", "resources"}
    send(engine, 4, event="Marketing Welcomed")
    assert without() == {"guards", "reachable", "resources"}
    send(engine, 5, event="Complaint Opened", properties={"complaint_id": "C1"})
    assert without() == {"reachable", "resources"}


def test_an_empty_store_has_a_funnel_too(engine: Runtime) -> None:
    found = counted(engine)
    assert found.customers == 0
    assert all(stage.entered == 0 for line in found.lines for stage in line.stages)
    assert "0 customers at 2010-10-05T12:00:00Z" in funnel_text(found)


def test_surfaces_narrow_it_down(engine: Runtime) -> None:
    send(engine, 1, traits=SAVER)
    found = counted(engine, surfaces=["letter"])
    assert {line.surface for line in found.lines if line.treatment} == {"letter"}
    with pytest.raises(BadRequest, match="surface 'lettre'"):
        counted(engine, surfaces=["lettre"])


def test_it_goes_through_a_door_unchanged(engine: Runtime) -> None:
    send(engine, 1, traits=SAVER)
    found = counted(engine)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Funnel) == found


REASONS = (
    Reason("guard", {"guard": "open case"}),
    Reason("lost", {"winner": "win-back", "by": 1.25, "currency": "EUR"}),
    Reason("lost", {"winner": "win-back", "by": 0.75, "currency": "EUR"}),
)
refusals = st.none() | st.builds(refusal, st.sampled_from(STAGE_NAMES), st.sampled_from(REASONS))


@given(data=st.data())
def test_counts_add_up_whatever_is_decided(project: Project, data: st.DataObject) -> None:
    asked = DecisionQuery(surfaces=("call", "letter"), fragment=bytes(16))
    field = list(candidates(project, asked))
    tally = Tally(field, STAGES)
    customers = data.draw(st.lists(st.lists(refusals, min_size=len(field), max_size=len(field)),
                                   max_size=5))  # fmt: skip
    for ends in customers:
        tally.add(
            Verdict(
                action=each.action.name,
                treatment=each.treatment.name,
                surface=each.treatment.surface,
                refusal=end,
            )
            for each, end in zip(field, ends, strict=True)
        )
    lines = tally.lines(lambda _candidate, _stage: True, words_in(ENGLISH))
    for line in lines:
        assert line.stages[0].entered == len(customers)
        for before, after in zip(line.stages, line.stages[1:], strict=False):
            assert before.entered == before.refused + before.passed
            assert after.entered == before.passed
    for action in {line.action for line in lines}:
        whole, *ways = [line for line in lines if line.action == action]
        assert max(way.chosen for way in ways) <= whole.chosen
        for place in range(len(whole.stages)):
            assert whole.stages[place].passed >= max(way.stages[place].passed for way in ways)


def test_figures_of_one_customer_make_no_reason_of_their_own(project: Project) -> None:
    """Two losses to the same rival are one cause, whatever the difference; to others, others."""
    query = DecisionQuery(surfaces=("call",), fragment=bytes(16))
    way = candidates(project, query)[0]
    tally = Tally([way], STAGES)
    values = {"action": "a", "currency": "EUR"}
    for winner, by in (("win-back", 1.25), ("win-back", 0.75), ("plan-2", 1e-05)):
        lost = Reason("lost", {**values, "winner": winner, "by": by})
        verdict = Verdict(
            action=way.action.name,
            treatment=way.treatment.name,
            surface=way.treatment.surface,
            refusal=refusal("arbitration", lost),
        )
        tally.add([verdict])
    count = tally.lines(lambda *_: True, words_in(ENGLISH))[0].stage("arbitration")
    assert count.reasons == {"a lost to win-back by … EUR": 2, "a lost to plan-2 by … EUR": 1}
    assert [(each.code, each.values["winner"], each.refused) for each in count.by_code] == [
        ("lost", "win-back", 2),
        ("lost", "plan-2", 1),
    ]
    assert not any("by" in each.values for each in count.by_code)


def test_the_table_reads_well(engine: Runtime) -> None:
    send(engine, 1, traits={**SAVER, "age": 17})
    send(engine, 2, traits=SAVER)
    text = funnel_text(counted(engine, surfaces=["call"]))
    block = text[text.index("term-deposit   ", text.index("\n\n")) :].splitlines()
    assert [line.split() for line in block[:3]] == [
        ["term-deposit", "entered", "refused", "passed"],
        ["eligibility", "2", "1", "1"],
        ["not", "met:", "is", "of", "age", "1"],
    ]
    assert "guards" in text
    assert "no data" in overview(counted(engine))
    assert all(line == line.rstrip() for line in text.splitlines())
