"""Fifty at once for the last unit: one gets it, and every other is told why not."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tuttu import engine as use
from tuttu.api import DecideAnswer, DecideRequest, ResourceRequest
from tuttu.engine import Runtime, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant

DESIGN = Path(__file__).parents[1] / "catalog" / "design"
ASKERS = 50
MINUTES_OF_A_CALL = 8


@pytest.fixture
def engine(storage_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """On a store of each kind."""
    folder = shutil.copytree(DESIGN, tmp_path / "design")
    clock = ManualClock(parse_instant("2026-03-02T07:00:00Z") or 0)
    with closing(open_engine(folder, clock=clock, storage=storage_url)) as opened:
        _introduce(opened)
        yield opened


def _introduce(engine: Runtime) -> None:
    calls = [
        {
            "type": "identify",
            "messageId": f"i{number}",
            "userId": f"u{number}",
            "traits": {"has_broadband": True, "has_tv": False, "churn_risk": 0.1},
        }
        for number in range(ASKERS)
    ]
    use.accept(engine, "batch", json.dumps({"batch": calls}).encode(), None, "test")


def test_fifty_threads_for_the_last_unit(engine: Runtime) -> None:
    use.set_resource(engine, "call_minutes", ResourceRequest(amount=MINUTES_OF_A_CALL), "test")
    answers: list[DecideAnswer] = []
    together = threading.Barrier(ASKERS)

    def ask(number: int) -> None:
        together.wait()
        request = DecideRequest(who={"user_id": f"u{number}"}, surfaces=["call"])
        answers.append(use.decide(engine, request))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(ASKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == ASKERS
    assert sum(len(answer.choices) for answer in answers) == 1
    stages = [no.stage for answer in answers if not answer.choices for no in answer.refused]
    assert stages.count("resources") + stages.count("controls") == len(stages) == ASKERS - 1
    assert stages.count("resources") > ASKERS / 2
    state = use.resource(engine, "call_minutes")
    assert (state.used + state.held, state.free) == (MINUTES_OF_A_CALL, 0)


def test_the_same_customer_fifty_times_at_once_is_called_once(engine: Runtime) -> None:
    who = _with_marketing(engine)
    answers: list[DecideAnswer] = []
    together = threading.Barrier(ASKERS)

    def ask() -> None:
        together.wait()
        answers.append(use.decide(engine, DecideRequest(who=who, surfaces=["call"])))

    threads = [threading.Thread(target=ask) for _ in range(ASKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == ASKERS
    contacts = use.customer(engine, who, "test").contacts
    assert len({choice.contact_id for answer in answers for choice in answer.choices}) == 1
    assert len(contacts) == 1


def _with_marketing(engine: Runtime) -> dict[str, str]:
    """A customer outside the control group, which each store draws anew for itself."""
    customers = ({"user_id": f"u{number}"} for number in range(ASKERS))
    arms = {"policy", "random_choice", "propensity_only"}
    return next(
        who
        for who in customers
        if use.decide(engine, DecideRequest(who=who, surfaces=["call"], dry_run=True)).arm in arms
    )
