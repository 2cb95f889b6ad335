"""A kill proves no sync: the system calls of the server do.

Between the reading of an event from its socket and the first byte of its answer, everything that
was written to the store's log must have been synced.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.kills.senders import DESCRIBED, Request, Wire
from tests.kills.server import SERVE, Server, project
from tests.waiting import until

from tuttu.testing import PrivatePostgres

if TYPE_CHECKING:
    from tests.kills.conftest import Serving
else:
    Serving = Any

pytestmark = pytest.mark.kills

HERE = Path(__file__).parent
LOG = ".db-wal"


@dataclass
class Seen:
    """One system call that came back."""

    name: str
    thread: int
    target: str
    result: int
    passed: str


@dataclass
class Traced:
    """A server under the tracer, and what it has done since `watch`."""

    server: Server
    calls: Path

    def watch(self) -> None:
        """Returns when calls are being written down."""
        assert self.server.process is not None
        self.server.process.send_signal(signal.SIGUSR1)
        with closing(Wire(self.server.url, self.server.key)) as wire:

            def asked_and_seen() -> bytes:
                wire.get("/v1/resources")
                return self.calls.read_bytes()

            until(asked_and_seen, "the tracer sees nothing")

    def seen(self) -> list[Seen]:
        with self.calls.open() as lines:
            return [Seen(*json.loads(line)) for line in lines]


Tracing = Callable[[Sequence[str]], Traced]


@pytest.fixture
def tracing(tmp_path: Path, serving: Serving) -> Tracing:
    """tracing(command): a traced server of the operator on its embedded store."""

    def started(command: Sequence[str]) -> Traced:
        calls = tmp_path / "calls"
        calls.touch()
        tracer = (sys.executable, str(HERE / "tracer.py"), str(calls))
        folder = project(tmp_path / "o", "sqlite:.tuttu/store.db")
        server = serving(folder, (*tracer, *command))
        server.start()
        server.issue_key()
        return Traced(server, calls)

    return started


def spoken(turns: int) -> Iterator[Request]:
    """Requests that write, each with a mark of its own in its body."""
    for turn in range(turns):
        mark = f"mark-{turn}"
        call = {"userId": f"u{turn % 5}", "messageId": f"{mark}."}
        described = {**call, "type": "identify", "traits": DESCRIBED}
        yield Request("/v1/identify", described, ids=(mark,))
        mark = f"mark-{turn}-seen"
        track = {"type": "track", "event": "Usage Report Viewed", "messageId": f"{mark}."}
        yield Request("/v1/track", {**call, **track}, ids=(mark,))
        mark = f"mark-{turn}-asked"
        asked = {"who": {"user_id": call["userId"]}, "surfaces": ["call"], "language": f"{mark}."}
        yield Request("/v1/decide", asked, ids=(mark,))


def unsynced_at_the_answer(calls: Sequence[Seen], mark: str) -> str | None:
    """What is wrong with the request that bears the mark; None: it was synced before its answer.

    A sync counts if it returned 0, and covers what was written to its file before it.
    """
    arrived = next(
        at for at, call in enumerate(calls) if call.name in ("read", "recvfrom", "recvmsg")
        and call.target.startswith("socket:") and f"{mark}." in call.passed
    )  # fmt: skip
    written = synced = 0
    for call in calls[arrived + 1 :]:
        if call.target == calls[arrived].target and call.name.startswith(("write", "send")):
            break
        if call.target.endswith(LOG) and call.name.startswith(("write", "pwrite")):
            written, synced = written + 1, 0
        if call.target.endswith(LOG) and call.name in ("fsync", "fdatasync") and call.result == 0:
            synced += 1
    else:
        return "was not answered"
    if not written:
        return "wrote nothing to the store"
    return None if synced else f"was answered with {written} writes that nobody synced"


def faults(traced: Traced, turns: int) -> list[str]:
    """Sends, one request after the other, and gives what is wrong with each."""
    traced.watch()
    requests = list(spoken(turns))
    with closing(Wire(traced.server.url, traced.server.key)) as wire:
        for request in requests:
            status, answer = wire.ask(request)
            assert status == 200, answer
    traced.server.end()
    calls = traced.seen()
    found = (unsynced_at_the_answer(calls, request.ids[0]) for request in requests)
    return [fault for fault in found if fault]


def test_an_answer_comes_after_the_sync(tracing: Tracing, scale: Callable[[int, int], int]) -> None:
    assert not faults(tracing(SERVE), scale(15, 300))


def test_without_syncs_the_same_proof_fails(
    tracing: Tracing, scale: Callable[[int, int], int]
) -> None:
    turns = scale(5, 50)
    unsynced = (sys.executable, str(HERE / "unsynced.py"), "serve")
    found = faults(tracing(unsynced), turns)
    assert len(found) == 3 * turns
    assert all("nobody synced" in fault for fault in found)


def log_syncs(storage: str) -> int:
    """Syncs of the write-ahead log by sessions of clients, as PostgreSQL itself counts them."""
    query = (
        "SELECT coalesce(sum(fsyncs), 0) FROM pg_stat_io"
        " WHERE object = 'wal' AND backend_type = 'client backend'"
    )
    with closing(psycopg.connect(storage)) as connection:
        ((count,),) = connection.execute(query).fetchall()
    return int(count)


def test_postgresql_syncs_each_answer_whatever_its_default(
    tmp_path: Path,
    database: PrivatePostgres,
    serving: Serving,
    scale: Callable[[int, int], int],
) -> None:
    """One sender, so that no two answers share a sync; sessions report when they end."""
    storage, turns = database.create(), scale(20, 300)
    database.stop()
    database.start(synchronous_commit="off", wal_writer_delay="10s")
    server = serving(project(tmp_path / "o", storage))
    server.start()
    server.issue_key()
    before = log_syncs(storage)
    with closing(Wire(server.url, server.key)) as wire:
        for request in spoken(turns):
            status, answer = wire.ask(request)
            assert status == 200, answer
    server.end()
    assert log_syncs(storage) - before >= 3 * turns
