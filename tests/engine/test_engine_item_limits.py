"""More contracts than rules see: told wherever somebody looks, and the same in every executor."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tuttu import engine as use
from tuttu.api import ClockRequest, DecideRequest, ExplainRequest
from tuttu.cli import render
from tuttu.engine import Runtime, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant, parse_instant
from tuttu.vocabulary.values import SECOND

UTILITY = Path(__file__).parents[2] / "src/tuttu/examples/utility"
MOMENT = parse_instant("2026-03-01T09:00:00Z") or 0
AINO = {"user_id": "aino"}
TERMS = {"place": "home", "product": "spot", "yearly_kwh": 2_600, "ends_on": "2026-05-01"}


@pytest.fixture
def engine(storage_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """The newest two contracts that are not over."""
    folder = shutil.copytree(UTILITY, tmp_path / "utility")
    traits = folder / "traits.yaml"
    key = "    key: contract_id\n"
    more = f"{key}    limit: 2\n    closed: bill_status = 'over'\n"
    traits.write_text(traits.read_text().replace(key, more))
    with closing(open_engine(folder, clock=ManualClock(MOMENT), storage=storage_url)) as opened:
        yield opened


def _sign(engine: Runtime, contract: str, status: str = "paid") -> None:
    said: dict[str, Any] = {**TERMS, "contract_id": contract, "bill_status": status}
    call = {
        "messageId": f"{contract} {status}",
        "userId": "aino",
        "event": "Contract Signed",
        "properties": said,
    }
    outcome = use.accept(engine, "track", json.dumps(call).encode(), None, "test")
    assert outcome.accepted == 1, outcome
    use.set_clock(engine, ClockRequest(now=format_instant(engine.now() + SECOND)))


def _shown(engine: Runtime) -> list[str]:
    picture = use.customer(engine, AINO, "anna")
    return [each["contract_id"] for each in picture.collections["contracts"]]


def test_what_no_rule_saw_is_told(engine: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    question = DecideRequest(who=AINO, surfaces=["front.page"])
    asked = ExplainRequest(who=AINO, surfaces=["front.page"])
    for contract in ("first", "second"):
        _sign(engine, contract)
    assert use.decide(engine, question).beyond_limit == {}
    assert use.customer(engine, AINO, "anna").beyond_limit == {}
    for contract in ("third", "fourth"):
        _sign(engine, contract)
    decided = use.decide(engine, question)
    about = {each.item for each in decided.choices} | {each.item for each in decided.refused}
    assert about - {None} == {"fourth", "third"}
    assert decided.decision_id is not None
    earlier = ExplainRequest(decision=decided.decision_id)
    assert decided.beyond_limit == {"contracts": 2}
    picture = use.customer(engine, AINO, "anna")
    assert picture.beyond_limit == {"contracts": 2}
    _sign(engine, "fifth")
    assert use.explain(engine, asked, "anna").beyond_limit == {"contracts": 3}
    assert use.explain(engine, earlier, "anna").beyond_limit == {"contracts": 2}
    kept = use.decision_by_id(engine, decided.decision_id, "anna")
    assert kept.decision.beyond_limit == {"contracts": 2}
    render.customer(picture)
    render.decision(decided)
    said = capsys.readouterr().out
    assert "2 more are beyond the limit, unseen by any rule" in said
    assert "contracts: 2 more are beyond the limit" in said
    verified = use.verify(engine)
    assert verified.agree, render.verification_text(verified)


def test_one_that_is_over_makes_room_and_totals_go_on(engine: Runtime) -> None:
    for contract in ("first", "second", "third"):
        _sign(engine, contract)
    assert _shown(engine) == ["second", "third"]
    _sign(engine, "third", "over")
    assert _shown(engine) == ["first", "second"]
    _sign(engine, "second", "over")
    assert _shown(engine) == ["first", "second"]
    before = use.digest(engine)
    assert use.replay(engine).refused == 0
    assert use.digest(engine) == before
