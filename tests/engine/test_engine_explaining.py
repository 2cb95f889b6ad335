"""What would turn a refusal, asked now and of an old decision: each by the rules that judged it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from tests import builders

from tuttu import decision
from tuttu import engine as use
from tuttu.api import (
    DecideRequest,
    ExplainAnswer,
    ExplainRequest,
    PreferenceRequest,
    PreferencesRequest,
    ResourceRequest,
    ShownRefusal,
)
from tuttu.catalog import load
from tuttu.decision import judged_ways
from tuttu.decision.receipts import receipt_of
from tuttu.engine import ROOMS, Runtime, open_engine, scratch_engine
from tuttu.storage import Store, open_store
from tuttu.versions import FixedVersion
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant, parse_instant
from tuttu.vocabulary.errors import BadRequest, NotFound
from tuttu.vocabulary.events import ProjectActivated
from tuttu.vocabulary.values import DAY

EXAMPLES = Path(__file__).parents[2] / "src/tuttu/examples"
LAST_YEAR = parse_instant("2026-03-02T07:00:00Z") or 0
MAIJA = {"user_id": "maija"}
FRONT = ["front.hero"]
RULE = "has settled in: COALESCE(days_since(moved_at), 999) > 14"
TV = "actions/sales/cross-sell/tv-package.yaml"
HOME = {"has_broadband": True, "has_tv": False, "churn_risk": 0.1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The operator, who sells TV to lines of 50 Mbit/s."""
    made = tmp_path / "operator"
    shutil.copytree(EXAMPLES / "operator", made)
    ruled(made, "has a fast line: line_mbps >= 50", RULE)
    return made


def ruled(folder: Path, rule: str, before: str) -> None:
    text = (folder / TV).read_text("utf-8")
    assert before in text
    (folder / TV).write_text(text.replace(before, rule), "utf-8")


def sent(engine: Runtime, call: str, message: str, **said: object) -> None:
    moment = format_instant(engine.now())
    body = {"userId": "maija", "messageId": message, "timestamp": moment, **said}
    outcome = use.accept(engine, call, json.dumps(body).encode(), None, "test")
    assert not outcome.refused


def described(engine: Runtime, message: str, **traits: object) -> None:
    sent(engine, "identify", message, traits=traits)


def decided(engine: Runtime, surfaces: list[str] | None = None) -> str:
    answer = use.decide(engine, DecideRequest(who=MAIJA, surfaces=surfaces or FRONT))
    assert answer.decision_id is not None
    return answer.decision_id


def asked(engine: Runtime, surfaces: list[str] | None = None) -> ExplainAnswer:
    return use.explain(engine, ExplainRequest(who=MAIJA, surfaces=surfaces or FRONT), "anna")


def of(engine: Runtime, decision_id: str) -> ExplainAnswer:
    return use.explain(engine, ExplainRequest(decision=decision_id), "anna")


def refused(answer: ExplainAnswer, action: str) -> ShownRefusal:
    (found,) = (each for each in answer.refused if each.action == action)
    return found


def words(answer: ExplainAnswer, action: str) -> list[str]:
    return [part.words for part in refused(answer, action).would_pass_if]


def test_a_receipt_of_last_year_gives_its_own_reasons_and_not_todays(
    folder: Path, storage_url: str
) -> None:
    clock = ManualClock(LAST_YEAR)
    with closing(open_engine(folder, clock=clock, storage=storage_url)) as engine:
        described(engine, "m1", **HOME, line_mbps=20)
        decision_id = decided(engine)
        then = of(engine, decision_id)
    ruled(folder, "has a very fast line: line_mbps >= 200", "has a fast line: line_mbps >= 50")
    clock.set(LAST_YEAR + 365 * DAY)
    with closing(open_engine(folder, clock=clock, storage=storage_url)) as engine:
        described(engine, "m2", line_mbps=60)
        now, later = asked(engine), of(engine, decision_id)
        kept = use.decision_by_id(engine, decision_id, "anna")
    assert later == then
    assert later.note == ""
    assert later.decision_id == decision_id
    assert (later.now, later.project_digest) == (then.now, kept.decision.project_digest)
    assert later.choices == kept.decision.choices
    assert refused(later, "tv-package").reason == "not met: has a fast line"
    assert words(later, "tv-package") == ["line_mbps: 50 instead of 20"]
    assert kept.read["line_mbps"] == 20
    assert refused(now, "tv-package").reason == "not met: has a very fast line"
    assert words(now, "tv-package") == ["line_mbps: 200 instead of 60"]
    assert now.project_digest != later.project_digest


def test_what_the_row_does_not_say_is_in_the_receipt_too(folder: Path) -> None:
    """Consent, resources and the ledger, whatever has become of them since."""
    clock = ManualClock(LAST_YEAR)
    surfaces = ["call", "email", "front.hero"]
    with closing(open_engine(folder, clock=clock)) as engine:
        described(engine, "m1", **HOME, line_mbps=100)
        use.set_resource(engine, "call_minutes", ResourceRequest(amount=3), "anna")
        first = use.decide(engine, DecideRequest(who=MAIJA, surfaces=FRONT))
        (choice,) = first.choices
        properties = {"offer": choice.action, "contact_id": choice.contact_id}
        sent(engine, "track", "m2", event="Offer Declined", properties=properties)
        clock.set(LAST_YEAR + DAY)
        decision_id = decided(engine, surfaces)
        then = of(engine, decision_id)
        clock.set(LAST_YEAR + 365 * DAY)
        use.set_resource(engine, "call_minutes", ResourceRequest(amount=480), "anna")
        choice_of_his = PreferenceRequest(purpose="marketing", channel="email", allowed=True)
        use.set_preferences(engine, MAIJA, PreferencesRequest(preferences=[choice_of_his]), "anna")
        assert of(engine, decision_id) == then
        assert asked(engine, surfaces) != then
    stages = {each.stage for each in then.refused}
    assert {"suppressions", "consent", "resources"} <= stages | {
        other.stage for each in then.refused for other in each.also
    }
    kinds = {part.kind for each in then.refused for part in each.would_pass_if}
    assert {"time", "consent", "resource"} <= kinds


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store("sqlite::memory:", tmp_path)) as made:
        yield made


def test_where_the_version_is_not_kept_the_receipt_speaks_alone(folder: Path, store: Store) -> None:
    """A version that no process has ever activated."""
    clock = ManualClock(LAST_YEAR)
    ruled(folder, "line_mbps >= 51", "line_mbps >= 50")
    before = Runtime(store, clock, FixedVersion(load(folder), ROOMS, store))
    described(before, "m1", **HOME, line_mbps=20)
    decision_id = decided(before)
    ruled(folder, "has a very fast line: line_mbps >= 200", "has a fast line: line_mbps >= 51")
    after = Runtime(store, clock, FixedVersion(load(folder), ROOMS, store))
    answer = of(after, decision_id)
    assert "not kept" in answer.note
    assert answer.refused == []
    assert answer.choices == use.decision_by_id(after, decision_id, "anna").decision.choices


def test_where_the_version_cannot_be_read_any_more_it_is_known_who_was_refused_where(
    folder: Path, store: Store
) -> None:
    """Its files were right when it was activated, and are faulty to the tuttu of today."""
    engine = Runtime(store, ManualClock(LAST_YEAR), FixedVersion(load(folder), ROOMS, store))
    described(engine, "m1", **HOME, line_mbps=20)
    made = use.decide(engine, DecideRequest(who=MAIJA, surfaces=FRONT))
    with store.read() as snapshot:
        receipt = receipt_of(snapshot, made.decision_id or "") or pytest.fail("no receipt")
    activated = ProjectActivated(
        digest="old", files={"tuttu.yaml": "nmae: x\n"}, by="anna", ways=judged_ways(load(folder))
    )
    old = msgspec.structs.replace(receipt, id="old", project_digest="old", contacts=())
    builders.commit(store, builders.fact(store, activated), builders.fact(store, old))
    answer = of(engine, "old")
    assert "not kept" in answer.note
    then = {(each.action, each.treatment): each.stage for each in made.refused}
    assert {(each.action, each.treatment): each.stage for each in answer.refused} == then
    assert {each.code for each in answer.refused} == {"reason_not_kept"}


def test_a_receipt_from_before_grounds_were_kept_speaks_alone(folder: Path, store: Store) -> None:
    clock = ManualClock(LAST_YEAR)
    engine = Runtime(store, clock, FixedVersion(load(folder), ROOMS, store))
    described(engine, "m1", **HOME, line_mbps=20)
    decision_id = decided(engine)
    with store.read() as snapshot:
        receipt = receipt_of(snapshot, decision_id) or pytest.fail("no receipt")
    told = decision.told(receipt, engine.project)
    old = msgspec.structs.replace(told, id="old", evidence=None, contacts=())
    builders.commit(store, builders.fact(store, old))
    answer = of(engine, "old")
    assert "before receipts kept" in answer.note
    assert refused(answer, "tv-package").reason == "not met: has a fast line"


def test_an_items_own_field_is_named_with_the_item() -> None:
    clock = ManualClock(LAST_YEAR)
    with closing(scratch_engine(load(EXAMPLES / "utility"), clock=clock)) as engine:
        for number, (contract, status) in enumerate([("home", "paid"), ("cottage", "disputed")]):
            said = {"contract_id": contract, "product": "spot", "bill_status": status}
            sent(engine, "track", str(number), event="Contract Signed", properties=said)
        answer = asked(engine, ["front.page"])
        kept = of(engine, decided(engine, ["front.page"]))
    for each in (answer, kept):
        assert all(one.would_pass_if for one in each.refused)  # also what has no words as it is
        (found,) = (one for one in each.refused if (one.action, one.item) == ("bill-help", "home"))
        (part,) = found.would_pass_if
        assert part.about == {"collection": "contracts", "item": "home"}
        assert (part.name, part.now, part.would_be) == ("item.bill_status", "paid", "disputed")
        assert part.words == "contracts home: item.bill_status: disputed instead of paid"


def test_what_nothing_turns_says_so(folder: Path) -> None:
    ruled(
        folder, "is never so: line_mbps > 50 AND line_mbps < 50", "has a fast line: line_mbps >= 50"
    )
    with closing(scratch_engine(load(folder), clock=ManualClock(LAST_YEAR))) as engine:
        described(engine, "m1", **HOME, line_mbps=20)
        found = refused(asked(engine), "tv-package")
        assert found.would_pass_if == []
        assert "no change of at most" in found.no_change
        quick = use.explain(
            engine, ExplainRequest(who=MAIJA, surfaces=FRONT, changes=False), "anna"
        )
        assert refused(quick, "tv-package").no_change == ""


@pytest.mark.parametrize(
    ("request_", "error", "found"),
    [
        (ExplainRequest(decision="nope"), NotFound, "no decision has the id 'nope'"),
        (ExplainRequest(), BadRequest, "neither a question nor a decision"),
        (ExplainRequest(decision="x", who=MAIJA), BadRequest, "a decision and a question"),
    ],
)
def test_a_bad_question_says_what_was_found(
    folder: Path, request_: ExplainRequest, error: type[Exception], found: str
) -> None:
    with (
        closing(scratch_engine(load(folder), clock=ManualClock(LAST_YEAR))) as engine,
        pytest.raises(error, match=found),
    ):
        use.explain(engine, request_, "anna")
