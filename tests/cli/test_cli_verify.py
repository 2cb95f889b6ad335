"""`tuttu verify`: what it tells, how it ends, and that it leaves nothing behind."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import Result
from tests import builders
from tests.batch.conftest import exports
from tests.local import local_client
from tests.waiting import HANG_SECONDS, until

from tuttu import engine as use
from tuttu.api import Verification
from tuttu.cli.evaluation import endable
from tuttu.engine import open_engine
from tuttu.profile.plan import plan_of
from tuttu.profile.records import FRAGMENTS
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.events import PersonLookedAt
from tuttu.vocabulary.facts import Logged, Transaction
from tuttu.vocabulary.room import RoomFolds

pytestmark = pytest.mark.usefixtures("temporary")
Run = Callable[..., Result]
MOMENT = parse_instant("2026-03-05T09:00:00Z") or 0
SAID = {"userId": "maija", "messageId": "m1", "traits": {"has_tv": True, "name": "Maija"}}


def _tell(folder: Path, count: int = 1) -> None:
    """So many persons say who they are."""
    calls = [{**SAID, "type": "identify", "messageId": f"m{n}"} for n in range(count)]
    for number, call in enumerate(calls[1:]):
        call["userId"] = f"person-{number}"
    with closing(open_engine(folder, clock=ManualClock(MOMENT))) as engine:
        for start in range(0, count, 500):
            body = msgspec.json.encode({"batch": calls[start : start + 500]})
            answer = use.accept(engine, "batch", body, None, "test")
            assert not answer.refused


def _falsify(folder: Path) -> None:
    """State says something else than the log."""
    with closing(open_engine(folder, clock=ManualClock(MOMENT))) as engine:
        fragment = engine.store.pseudonym("user_id", "maija")
        key = plan_of(engine.project).written["has_tv"]

        def fold(transaction: Transaction, logged: Logged) -> None:
            state = transaction.get(FRAGMENTS, fragment)
            assert state is not None
            wrong = msgspec.structs.replace(state.written[key]["told"], value=False)
            written = {**state.written, key: {**state.written[key], "told": wrong}}
            after = msgspec.structs.replace(state, written=written)
            transaction.put(FRAGMENTS, fragment, after)

        body = PersonLookedAt(by="test", what="nothing")
        fact = builders.fact(engine.store, body, MOMENT, id="f", who="maija")
        folds = RoomFolds(
            room="profile", tables=frozenset({FRAGMENTS.name}), folds={PersonLookedAt: fold}
        )
        builders.commit(engine.store, fact, folds=[folds])


def test_one_meaning_is_told_with_what_was_compared(
    folder: Path, run: Run, temporary: Path
) -> None:
    _tell(folder)
    result = run("verify")
    assert result.stdout.splitlines()[-1] == "one meaning: no difference"
    assert "1 customer and 1 event" in result.stdout
    assert "customer judged row by row …" in result.stderr
    assert exports(temporary) == []


def test_a_difference_is_told_under_a_pseudonym_and_fails(folder: Path, run: Run) -> None:
    _tell(folder)
    _falsify(folder)
    result = run("verify", exit_code=1)
    assert "traits over the log: has_tv: customer" in result.stdout
    assert "maija" not in result.output.lower()
    found = msgspec.json.decode(run("verify", "--json", exit_code=1).stdout, type=Verification)
    assert not found.agree
    by_name = {each.name: each for each in found.differences}
    assert by_name.keys() == {"has_tv", "told.has_tv"}
    difference = by_name["has_tv"]
    assert (difference.live, difference.batch) == ("false", "true")
    assert len(difference.customer) == 32
    parts = {each.part: each for each in found.parts}
    assert parts["traits over the log"].different == 1
    assert parts["conditions"].different == 0


def test_an_empty_store_has_one_meaning(folder: Path, run: Run) -> None:
    assert json.loads(run("verify", "--json").stdout)["agree"] is True


@pytest.fixture
def answer(
    folder: Path, serve: Callable[..., Any], temporary: Path
) -> tuple[Any, Callable[[], Path]]:
    """A server with enough to do, and a way to wait for its export."""
    _tell(folder, 3_000)
    server = serve()

    def exported() -> Path:
        return until(lambda: exports(temporary), "no export")[0]

    return server, exported


def test_a_server_does_it_and_ends_it_when_it_ends(
    answer: tuple[Any, Callable[[], Path]], folder: Path, run: Run, temporary: Path
) -> None:
    server, exported = answer
    statuses: list[int] = []

    def ask() -> None:
        with local_client(folder) as client:
            try:
                statuses.append(client.get("/v1/verify").status_code)
            except httpx.HTTPError:
                statuses.append(0)

    asking = threading.Thread(target=ask)
    asking.start()
    export = exported()
    status, said = server.end(signal.SIGTERM)
    asking.join(HANG_SECONDS)
    assert status == 0, said
    assert not export.exists()
    assert exports(temporary) == []
    assert statuses in ([503], [0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("before", [signal.SIG_DFL, signal.SIG_IGN])
def test_a_hangup_that_is_ignored_stays_ignored(number: int, before: signal.Handlers) -> None:
    """The night's run under `nohup` outlives its terminal."""
    found = signal.signal(number, before)
    try:
        during = endable(lambda: signal.getsignal(number), lambda: None)
        assert (during is signal.SIG_IGN) == (before is signal.SIG_IGN)
        assert signal.getsignal(number) is before
    finally:
        signal.signal(number, found)


def test_a_command_asks_the_server(folder: Path, run: Run, serve: Callable[..., Any]) -> None:
    _tell(folder)
    serve("--clock", "manual=2026-03-05T09:00:00Z")
    result = run("verify")
    assert "the server of this folder compares" in result.stderr
    assert result.stdout.endswith("one meaning: no difference\n")
    assert "at 2026-03-05T09:00:00Z" in result.stdout
