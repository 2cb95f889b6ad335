"""What arrives in one turn of the loop shares one commit; answers wait for it, and fall with it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from tests.full import full
from tests.waiting import HANG_SECONDS

from tuttu.engine import Runtime, open_engine
from tuttu.intake.accept import SLICE
from tuttu.storage import MEMORY, open_store
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.slices import Slices
from tuttu.web import create_app
from tuttu.web.turns import Turns

EMBEDDED = "sqlite:.tuttu/store.db"
Asked = tuple[str, str, Any]
T = TypeVar("T")


@pytest.fixture
def engine(corner_folder: Path) -> Iterator[Runtime]:
    clock = ManualClock(parse_instant("2026-03-05T09:00:00Z") or 0)
    with closing(open_engine(corner_folder, clock=clock, storage=EMBEDDED)) as opened:
        yield opened


def together(engine: Runtime, *asked: Asked) -> list[httpx.Response]:
    """The answers to what is asked in one turn of the loop, at two doors of one server in turn."""

    async def ask() -> list[httpx.Response]:
        turns = Turns(engine.store)
        doors = [create_app(engine, local=True, turns=turns) for _ in range(2)]
        clients = [
            httpx.AsyncClient(
                transport=httpx.ASGITransport(door), base_url="http://tuttu", timeout=HANG_SECONDS
            )
            for door in doors
        ]
        sent = [
            clients[number % 2].request(method, path, json=body)
            for number, (method, path, body) in enumerate(asked)
        ]
        return await asyncio.gather(*sent)

    return asyncio.run(ask())


def seen(number: int, who: str = "maija") -> Asked:
    call = {"event": "Order Completed", "messageId": f"m{number}", "userId": who}
    return "POST", "/v1/track", call


PICTURE: Asked = ("GET", "/v1/customers/maija", None)
WITHOUT_A_LOOK: Asked = ("GET", "/v1/resources", None)


def commits(engine: Runtime) -> list[str]:
    """The statements that end the transactions of the writer from here on."""
    ended: list[str] = []

    def note(statement: str) -> None:
        if statement == "COMMIT":
            ended.append(statement)

    engine.store._driver._writer.set_trace_callback(note)  # type: ignore[attr-defined]
    return ended


def test_what_arrives_together_is_one_commit(engine: Runtime) -> None:
    ended = commits(engine)
    answers = together(engine, *(seen(number) for number in range(12)), PICTURE)
    assert [answer.status_code for answer in answers] == [200] * 13
    assert len(ended) == 1
    with engine.store.read() as snapshot:
        ids = [entry.fact.id for entry in snapshot.facts()]
    assert [each for each in ids if each.startswith("m")] == [f"m{each}" for each in range(12)]


def test_a_tick_of_readers_commits_nothing(engine: Runtime) -> None:
    ended = commits(engine)
    [answer, other] = together(engine, WITHOUT_A_LOOK, WITHOUT_A_LOOK)
    assert (answer.status_code, other.status_code) == (200, 200)
    assert ended == []


def test_what_rests_on_a_commit_falls_with_it(engine: Runtime) -> None:
    """A refusal, too: it was judged by what is lost. What was read before stands."""
    refused = ("POST", "/v1/decide", {"who": {"user_id": "maija"}, "surfaces": ["nowhere"]})
    dry = {"who": {"user_id": "maija"}, "surfaces": ["front"], "dry_run": True}
    with full(EMBEDDED):
        before, *resting = together(
            engine,
            WITHOUT_A_LOOK,
            seen(1),
            PICTURE,
            WITHOUT_A_LOOK,
            refused,
            ("POST", "/v1/decide", dry),
        )
    assert before.status_code == 200
    for answer in resting:
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    [again] = together(engine, seen(1))
    assert (again.status_code, again.json()["accepted"]) == (200, 1)


def test_a_batch_is_lost_with_any_of_its_slices(engine: Runtime) -> None:
    calls = [
        {"type": "track", "event": "Order Completed", "userId": "maija", "messageId": f"b{number}"}
        for number in range(3 * SLICE)
    ]
    batch = ("POST", "/v1/batch", {"batch": calls})
    with full(EMBEDDED):
        [answer] = together(engine, batch)
    assert answer.status_code == 503
    [again] = together(engine, batch)
    assert again.json() == {"success": True, "accepted": 3 * SLICE}


def in_turns(work: Callable[[Turns], Coroutine[Any, Any, T]]) -> T:
    with closing(open_store(MEMORY, Path())) as store:

        async def run() -> T:
            async with asyncio.timeout(HANG_SECONDS):
                return await work(Turns(store))

        return asyncio.run(run())


def test_who_comes_between_two_slices_is_served_between_them() -> None:
    """And told before the rest of the batch is done."""
    done: list[str] = []
    begun, sent, told = (threading.Event() for _ in range(3))

    def batch() -> Slices[str]:
        done.append("first slice")
        begun.set()
        assert sent.wait(HANG_SECONDS)
        yield
        done.append("second slice")
        yield
        done.append("third slice")
        assert told.wait(HANG_SECONDS)
        return "batch"

    async def work(turns: Turns) -> str:
        slices = asyncio.ensure_future(turns.do(batch))
        await asyncio.to_thread(begun.wait, HANG_SECONDS)
        other = asyncio.ensure_future(turns.do(lambda: done.append("decision")))
        asyncio.get_running_loop().call_soon(sent.set)
        await other
        told.set()
        answer: str = await slices
        return answer

    assert in_turns(work) == "batch"
    assert done == ["first slice", "decision", "second slice", "third slice"]


def test_a_mistake_in_one_slice_ends_its_batch_alone() -> None:
    def batch() -> Slices[str]:
        yield
        raise ArithmeticError("a mistake of ours")

    async def work(turns: Turns) -> Any:
        return await asyncio.gather(
            turns.do(batch), turns.do(lambda: "other"), return_exceptions=True
        )

    failed, other = in_turns(work)
    assert isinstance(failed, ArithmeticError)
    assert other == "other"
