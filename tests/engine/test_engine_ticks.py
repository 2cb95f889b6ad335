"""A tick of use cases: as one by one, whole or not at all, and what went wrong went wrong alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import builders
from tests.full import full
from tests.reload.test_lost_keys import forget

from tuttu import batch
from tuttu import engine as use
from tuttu.access import Scope
from tuttu.api import (
    ClockRequest,
    DeadLettersQuery,
    DecideAnswer,
    DecideRequest,
    KeyRequest,
    ResourceRequest,
)
from tuttu.engine import ROOMS, Runtime, open_engine
from tuttu.intake.accept import SLICE
from tuttu.storage import LoggedFactError, StoreUnavailableError
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.errors import BadRequest, CallRefused
from tuttu.vocabulary.events import Event, ResourceSet
from tuttu.vocabulary.facts import Logged, Transaction
from tuttu.vocabulary.room import Room

DESIGN = Path(__file__).parents[1] / "catalog" / "design"
MOMENT = parse_instant("2026-03-02T07:00:00Z") or 0
LATER = "2026-03-02T08:00:00Z"


class Clumsy:
    """A room whose folds fail while `broken`, for events of the name `Broken` and for resources."""

    def __init__(self) -> None:
        self.broken = True
        self.room = Room(name="clumsy", folds=lambda _: {Event: self.fold, ResourceSet: self.fold})

    def fold(self, transaction: Transaction, logged: Logged) -> None:
        body = logged.fact.body
        if self.broken and (isinstance(body, ResourceSet) or getattr(body, "name", "") == "Broken"):
            raise ArithmeticError("a mistake of ours")


@pytest.fixture
def clumsy() -> Clumsy:
    return Clumsy()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(DESIGN, tmp_path / "design")


@pytest.fixture
def engine(folder: Path, storage_url: str) -> Iterator[Runtime]:
    """On a store of each kind."""
    with closing(_opened(folder, storage_url)) as opened:
        yield opened


@pytest.fixture
def clumsy_engine(folder: Path, storage_url: str, clumsy: Clumsy) -> Iterator[Runtime]:
    with closing(_opened(folder, storage_url, clumsy)) as opened:
        yield opened


def _opened(folder: Path, url: str, clumsy: Clumsy | None = None) -> Runtime:
    rooms = (*ROOMS, clumsy.room) if clumsy else ROOMS
    return open_engine(folder, clock=ManualClock(MOMENT), storage=url, rooms=rooms)


def identify(number: int) -> dict[str, Any]:
    traits = {"has_broadband": True, "has_tv": False, "churn_risk": 0.1}
    return {"type": "identify", "messageId": f"i{number}", "userId": f"u{number}", "traits": traits}


def track(name: str, number: int, who: int = 0) -> dict[str, Any]:
    return {"type": "track", "event": name, "messageId": f"t{number}", "userId": f"u{who}"}


def tell(engine: Runtime, *calls: dict[str, Any]) -> Any:
    said = json.dumps({"batch": calls}).encode()
    return use.accept(engine, "batch", said, None, "test")


def ask(engine: Runtime, who: int) -> DecideAnswer:
    request = DecideRequest(who={"user_id": f"u{who}"}, surfaces=["call"])
    return use.decide(engine, request)


WORK = st.tuples(st.sampled_from(["tell", "tell", "ask"]), st.integers(0, 3))


@settings(max_examples=6, deadline=None)
@given(st.lists(st.lists(WORK, min_size=1, max_size=5), max_size=4))
def test_after_ticks_the_state_is_that_of_the_facts_one_by_one(
    engine: Runtime, ticks: list[list[tuple[str, int]]]
) -> None:
    """Whoever works later in a tick sees the events and the holds of those before."""
    with engine.view() as seen:
        number = seen.snapshot.position
    for works in ticks:
        tick = engine.store.tick()
        tickets = []
        for what, who in works:
            number += 1
            call = identify(who) | {"messageId": f"m{number}"}
            work = partial(tell, engine, call) if what == "tell" else partial(ask, engine, who)
            tickets.append(tick.add(work))
        tick.close()
        for ticket in tickets:
            ticket.result()
    with engine.view() as seen, closing(engine.store.scratch()) as one_by_one:
        version = seen.version
        one_by_one.register(version.folds)
        for logged in seen.snapshot.facts(limit=10_000):
            builders.commit(one_by_one, logged.fact)
        digest = partial(batch.digest_of, project=version.project, rooms=version.rooms)
        with one_by_one.read() as again:
            assert digest(again) == digest(seen.snapshot)


def test_the_last_unit_is_given_once_in_a_tick(engine: Runtime) -> None:
    """The second one sees the hold of the first, which is not durable yet."""
    use.set_resource(engine, "call_minutes", ResourceRequest(amount=8), "test")
    tell(engine, *(identify(number) for number in range(8)))
    tick = engine.store.tick()
    tickets = [tick.add(partial(ask, engine, number)) for number in range(8)]
    tick.close()
    assert sum(len(ticket.result().choices) for ticket in tickets) == 1
    assert use.resource(engine, "call_minutes").free == 0


def test_what_is_lost_with_a_tick_is_remembered_nowhere(engine: Runtime, storage_url: str) -> None:
    """Keys, the clock, attempts and events are as before; what rests on them is told so."""
    old = use.issue_key(engine, KeyRequest(name="old", scopes=[Scope.DECIDE])).key
    tick = engine.store.tick()
    new = KeyRequest(name="new", scopes=[Scope.DECIDE])
    tickets = [
        tick.add(lambda: tell(engine, identify(1), {"type": "track", "userId": "u1"})),
        tick.add(lambda: use.issue_key(engine, new)),
        tick.add(lambda: use.revoke_key(engine, "old")),
        tick.add(lambda: use.set_clock(engine, ClockRequest(now=LATER))),
        tick.add(lambda: use.keys(engine)),
        tick.add(lambda: ask(engine, 1)),
    ]
    assert engine.keyring.holder(old) is not None
    with full(storage_url):
        tick.close()
    for ticket in tickets:
        with pytest.raises(StoreUnavailableError):
            ticket.result()
    assert engine.now() == MOMENT
    assert engine.keyring.holder(old) is not None
    assert [key.name for key in use.keys(engine)] == ["old"]
    assert not use.dead_letters(engine, DeadLettersQuery()).dead_letters
    assert not ask(engine, 1).known
    tick = engine.store.tick()
    again = tick.add(lambda: use.issue_key(engine, new))
    tick.add(lambda: use.set_clock(engine, ClockRequest(now=LATER)))
    tick.close()
    assert engine.keyring.holder(again.result().key) is not None
    assert engine.now() == parse_instant(LATER)


def test_two_keys_of_one_name_in_a_tick_are_one(engine: Runtime) -> None:
    request = KeyRequest(name="shop", scopes=[Scope.DECIDE])
    tick = engine.store.tick()
    one, other = (tick.add(lambda: use.issue_key(engine, request)) for _ in range(2))
    tick.close()
    assert engine.keyring.holder(one.result().key) is not None
    with pytest.raises(BadRequest, match="second key"):
        other.result()


def test_an_event_that_cannot_be_folded_waits_to_be_tried_again(
    clumsy_engine: Runtime, clumsy: Clumsy
) -> None:
    """The others of its batch are taken; tried again too early, it goes on waiting."""
    engine, noted = clumsy_engine, list[Exception]()

    def note(error: Exception) -> str:
        noted.append(error)
        return f"incident {len(noted)}"

    engine.note_mistake = note
    answer = tell(engine, identify(0), track("Broken", 1), track("Fine", 2))
    assert (answer.accepted, answer.duplicates) == (2, 0)
    [refused] = answer.refused
    assert (refused.index, refused.code) == (1, "unforeseen")
    assert refused.message.endswith("incident 1")
    assert [type(error) for error in noted] == [ArithmeticError]
    assert refused.dead_letter is not None
    assert _waiting(engine) == [refused.dead_letter]
    with pytest.raises(CallRefused, match="incident 2") as told:
        use.send_again(engine, refused.dead_letter, "test")
    assert (told.value.status, told.value.code) == (400, "unforeseen")
    [once_more] = tell(engine, track("Broken", 1)).refused
    assert once_more.dead_letter == refused.dead_letter
    assert _waiting(engine) == [refused.dead_letter]
    clumsy.broken = False
    assert use.send_again(engine, refused.dead_letter, "test").accepted == 1
    assert _waiting(engine) == []


def _waiting(engine: Runtime) -> list[str]:
    letters = use.dead_letters(engine, DeadLettersQuery()).dead_letters
    return [each.id for each in letters if each.status == "waiting"]


def test_anything_else_that_cannot_be_folded_is_our_mistake(clumsy_engine: Runtime) -> None:
    """The rest of the tick goes on."""
    engine = clumsy_engine
    tick = engine.store.tick()
    amount = ResourceRequest(amount=8)
    failed = tick.add(lambda: use.set_resource(engine, "call_minutes", amount, "test"))
    told = tick.add(lambda: tell(engine, identify(0)))
    tick.close()
    with pytest.raises(ArithmeticError):
        failed.result()
    assert told.result().accepted == 1


def test_a_logged_fact_that_cannot_be_folded_stops_a_replay(
    clumsy_engine: Runtime, clumsy: Clumsy
) -> None:
    clumsy.broken = False
    tell(clumsy_engine, track("Broken", 1))
    with clumsy_engine.view() as seen:
        position = seen.snapshot.position
    clumsy.broken = True
    told = rf"log position {position}: .* type Event .* version [0-9a-f]{{12}} .*ArithmeticError"
    with pytest.raises(LoggedFactError, match=told):
        use.replay(clumsy_engine)


def test_a_logged_fact_that_cannot_be_folded_stops_the_start(
    folder: Path, storage_url: str, clumsy: Clumsy
) -> None:
    """Where a lost key makes it fold the log again; and nothing is changed by that."""
    clumsy.broken = False
    with closing(_opened(folder, storage_url, clumsy)) as engine:
        tell(engine, track("Broken", 1), identify(1))
        lost = engine.store.pseudonym("user_id", "u1")
    forget(folder, storage_url, [lost])
    clumsy.broken = True
    with pytest.raises(LoggedFactError, match=r"type Event .* version"):
        _opened(folder, storage_url, clumsy)
    clumsy.broken = False
    with closing(_opened(folder, storage_url, clumsy)) as engine:
        assert use.digest(engine).digest == use.replay(engine).replayed


@pytest.mark.parametrize("size", [0, 1, SLICE, SLICE + 1, 3 * SLICE + 1])
def test_a_batch_in_slices_is_answered_as_one(engine: Runtime, size: int) -> None:
    """Each of its calls stands or falls alone, and the answer says which by its place."""
    calls = [track("Fine", number) for number in range(size)]
    wrong = list(range(0, size, 7))
    for number in wrong:
        del calls[number]["event"]
    steps: Callable[[], Any] = partial(
        use.accept_in_slices, engine, "batch", json.dumps({"batch": calls}).encode(), None, "test"
    )
    slices = steps()
    stops = 0
    while True:
        try:
            next(slices)
        except StopIteration as end:
            answer = end.value
            break
        stops += 1
        with engine.view() as seen:
            assert seen.snapshot.position >= stops * SLICE
    assert stops == max(0, (size - 1) // SLICE)
    assert [each.index for each in answer.refused] == wrong
    assert (answer.accepted, answer.duplicates) == (size - len(wrong), 0)
    again = tell(engine, *calls)
    assert (again.accepted, again.duplicates) == (0, size - len(wrong))
    assert [each.dead_letter for each in again.refused] == [
        each.dead_letter for each in answer.refused
    ]
