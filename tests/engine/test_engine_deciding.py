"""Decide, explain and look up, over a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from tuttu import catalog
from tuttu import engine as use
from tuttu.api import DeadLettersQuery, DecideRequest, ExplainRequest, TimelineQuery
from tuttu.engine import Runtime, scratch_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.errors import BadRequest, CallRefused, NotFound

OPERATOR = Path(str(files("tuttu"))) / "examples" / "operator"
STRANGER = {"anonymous_id": "never seen"}


@pytest.fixture
def engine() -> Iterator[Runtime]:
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


def test_a_decision_about_a_stranger_can_be_looked_up(engine: Runtime) -> None:
    answer = use.decide(engine, asking())
    assert answer.customer == "anonymous_id:never seen"
    assert answer.decision_id is not None
    kept = use.decision_by_id(engine, answer.decision_id, "tester")
    assert kept.decision == answer
    assert kept.outcomes == []


def test_the_same_key_gives_the_same_answer_and_no_other_question(engine: Runtime) -> None:
    first = use.decide(engine, asking(), idempotency=b"k")
    assert use.decide(engine, asking(), idempotency=b"k") == first
    with pytest.raises(BadRequest, match="used with another question"):
        use.decide(engine, asking(surfaces=["app.home"]), idempotency=b"k")
    assert use.decide(engine, asking(), idempotency=b"other").decision_id != first.decision_id


def test_another_context_and_another_language_are_other_questions(engine: Runtime) -> None:
    """What is laid over the customer may change the choice, and the language what is shown."""
    asked = asking(context={"has_tv": True}, language="sv")
    first = use.decide(engine, asked, idempotency=b"k")
    assert use.decide(engine, asked, idempotency=b"k") == first
    others: tuple[dict[str, object], ...] = (
        {"context": {"has_tv": False}},
        {"context": {}},
        {"language": "fi"},
    )
    for other in others:
        with pytest.raises(BadRequest, match="used with another question"):
            use.decide(engine, msgspec.structs.replace(asked, **other), idempotency=b"k")


def test_asking_leaves_no_trace_but_the_look(engine: Runtime) -> None:
    use.decide(engine, asking())
    before = use.digest(engine).digest
    use.explain(engine, explaining(asking()), "anna")
    use.decide(engine, asking(dry_run=True))
    assert use.digest(engine).digest == before
    looks = [
        entry.kind for entry in use.timeline(engine, STRANGER, "anna", TimelineQuery()).entries
    ]
    assert looks == ["Receipt", "PersonLookedAt"]


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
    engine: Runtime, more: dict[str, object], found: str
) -> None:
    with pytest.raises(BadRequest, match=found):
        use.decide(engine, asking(**more))
    if "seed" not in more:
        with pytest.raises(BadRequest, match=found):
            use.explain(engine, explaining(asking(**more)), "anna")


def test_what_is_not_there_is_not_found(engine: Runtime) -> None:
    with pytest.raises(NotFound, match="no decision"):
        use.decision_by_id(engine, "nothing", "anna")
    with pytest.raises(NotFound, match="no dead letter"):
        use.dead_letter(engine, "nothing")
    with pytest.raises(NotFound, match="no resource"):
        use.resource(engine, "nothing")


def test_a_dead_letter_is_dropped_once(engine: Runtime) -> None:
    with pytest.raises(CallRefused):
        use.accept(engine, "track", b"{", None, "shop")
    (letter,) = use.dead_letters(engine, DeadLettersQuery()).dead_letters
    use.drop(engine, letter.id, "anna")
    assert use.dead_letter(engine, letter.id).status == "dropped"
    with pytest.raises(BadRequest, match="dropped already"):
        use.drop(engine, letter.id, "anna")
