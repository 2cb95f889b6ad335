"""Decide, explain and look up, over a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from tuttu import catalog
from tuttu.api.answers import DecideRequest, ExplainRequest
from tuttu.engine import BadRequest, Engine, NotFound, scratch_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant

OPERATOR = Path(str(files("tuttu"))) / "examples" / "operator"
STRANGER = {"anonymous_id": "never seen"}


@pytest.fixture
def engine() -> Iterator[Engine]:
    clock = ManualClock(parse_instant("2026-03-02T07:00:00Z") or 0)
    made = scratch_engine(catalog.load(OPERATOR), clock=clock)
    yield made
    made.close()


def asking(**more: object) -> DecideRequest:
    said = {"who": STRANGER, "surfaces": ["front.hero"], **more}
    return DecideRequest(**said)  # type: ignore[arg-type]


def explaining(request: DecideRequest) -> ExplainRequest:
    """The same question, to be explained."""
    return ExplainRequest(**msgspec.structs.asdict(request))


def test_a_decision_about_a_stranger_can_be_looked_up(engine: Engine) -> None:
    answer = engine.decide(asking())
    assert answer.customer == "anonymous_id:never seen"
    assert answer.decision_id is not None
    kept = engine.decision(answer.decision_id, "tester")
    assert kept.decision == answer
    assert kept.outcomes == []


def test_the_same_key_gives_the_same_answer_and_no_other_question(engine: Engine) -> None:
    first = engine.decide(asking(), idempotency=b"k")
    assert engine.decide(asking(), idempotency=b"k") == first
    with pytest.raises(BadRequest, match="used with another question"):
        engine.decide(asking(surfaces=["app.home"]), idempotency=b"k")
    assert engine.decide(asking(), idempotency=b"other").decision_id != first.decision_id


def test_asking_leaves_no_trace_but_the_look(engine: Engine) -> None:
    before = engine.digest()
    engine.explain(explaining(asking()), "anna")
    engine.decide(asking(dry_run=True))
    assert engine.digest() == before
    looks = [entry.kind for entry in engine.timeline(STRANGER, "anna").entries]
    assert looks == ["PersonLookedAt"]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"surfaces": []}, "no surface"),
        ({"surfaces": ["front.hera"]}, "'front.hera'.*did you mean 'front.hero'"),
        ({"who": {}}, "an empty `who`"),
        ({"who": {"user": "x"}}, "the namespace 'user'.*did you mean 'user_id'"),
        ({"who": {"user_id": "  "}}, "neither empty nor blocked"),
        ({"slots": {"app.home": 1}}, "slots for 'app.home'"),
        ({"slots": {"front.hero": 101}}, "101 slots"),
        ({"seed": 1}, "a seed"),
        ({"context": {"churn_rsk": 1}}, "did you mean 'churn_risk'"),
    ],
)
def test_a_bad_question_says_what_was_found(
    engine: Engine, more: dict[str, object], found: str
) -> None:
    for ask in (engine.decide, lambda request: engine.explain(explaining(request), "anna")):
        if "seed" in more and ask is not engine.decide:
            continue
        with pytest.raises(BadRequest, match=found):
            ask(asking(**more))


def test_what_is_not_there_is_not_found(engine: Engine) -> None:
    with pytest.raises(NotFound, match="no decision"):
        engine.decision("nothing", "anna")
    with pytest.raises(NotFound, match="no dead letter"):
        engine.dead_letter("nothing")
    with pytest.raises(NotFound, match="no resource"):
        engine.resource("nothing")


def test_a_dead_letter_is_dropped_once(engine: Engine) -> None:
    engine.accept("track", b"{", None, "shop")
    (letter,) = engine.dead_letters().dead_letters
    engine.drop(letter.id, "anna")
    assert engine.dead_letter(letter.id).status == "dropped"
    with pytest.raises(BadRequest, match="dropped already"):
        engine.drop(letter.id, "anna")
