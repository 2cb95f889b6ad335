"""The database is away, or hangs: refused at once, nobody else kept waiting, and taken up again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.kills.books import Books
from tests.kills.senders import Diary, Request, Wire, settle
from tests.kills.server import SERVE, Server, project
from tests.kills.test_disk_full import acknowledge, told
from tests.waiting import HANG_SECONDS

from tuttu.storage.postgres_connections import ANSWER_SECONDS, WAIT_SECONDS
from tuttu.testing import PrivatePostgres

if TYPE_CHECKING:
    from tests.kills.conftest import Serving
else:
    Serving = Any

pytestmark = pytest.mark.kills

AT_ONCE_SECONDS = 0.75 * min(WAIT_SECONDS, ANSWER_SECONDS)
"""Whoever is not kept waiting is answered within them: less than tuttu waits for a database that is
silent, so that an answer proves that nobody waited for it. What is asked so needs no disk."""


@pytest.fixture
def storage(database: PrivatePostgres) -> str:
    """A database that is new; how long a connection to it may take is not what is tested."""
    return f"{database.create()}?connect_timeout={HANG_SECONDS:.0f}"


@pytest.fixture
def server(tmp_path: Path, storage: str, serving: Serving) -> Server:
    made: Server = serving(project(tmp_path / "o", storage))
    made.start()
    made.issue_key()
    return made


def refuse(wire: Wire, diary: Diary, requests: Any) -> None:
    for request in requests:
        diary.begins(request)
        status, answer = wire.ask(request)
        assert (status, answer["code"]) == (503, "unavailable"), answer
        assert "the database" in answer["detail"]
        assert "127.0.0.1" not in answer["detail"]
        assert 1 <= int(wire.headers["retry-after"]) <= 60


def as_told(server: Server, storage: str, diary: Diary) -> None:
    settle(diary, server.url, server.key)
    with closing(Books(server.folder / ".tuttu" / "secret")) as books:
        books.read(storage, server.folder)
        assert not books.broken()
        events = books.ask("SELECT id FROM facts WHERE kind = 'event'")
        assert sorted(events) == sorted((name,) for name in diary.events)
    with closing(Wire(server.url, server.key)) as wire:
        for who, views in diary.views.items():
            assert wire.get(f"/v1/customers/{who}")["traits"]["report_views_30d"] == views


def test_away_and_back(
    server: Server, database: PrivatePostgres, storage: str, scale: Callable[[int, int], int]
) -> None:
    """Stopped, and killed; each time served again as soon as it is back, without a restart."""
    diary = Diary()
    ways: tuple[Callable[[], None], ...] = (database.stop, database.kill)
    for number in range(scale(2, 12)):
        with closing(Wire(server.url, server.key)) as wire:
            acknowledge(wire, diary, told(3 * number))
        ways[number % 2]()
        with closing(Wire(server.url, server.key, AT_ONCE_SECONDS)) as wire:
            refuse(wire, diary, told(3 * number + 1))
            assert wire.say("GET", "/healthz")[0] == 200
            assert wire.say("GET", "/readyz")[0] == 503
        database.start()
        with closing(Wire(server.url, server.key)) as wire:
            acknowledge(wire, diary, told(3 * number + 2))
            assert wire.say("GET", "/readyz")[0] == 200
    as_told(server, storage, diary)


def test_one_that_hangs_keeps_nobody_else_waiting(
    server: Server, database: PrivatePostgres, storage: str
) -> None:
    """What asks nothing of the store is answered meanwhile; what waits is answered in the end."""
    diary, waiting, ready = Diary(), list(told(0)), list[int]()

    def wait(request: Request) -> None:
        with closing(Wire(server.url, server.key)) as wire:
            acknowledge(wire, diary, iter([request]))

    def wait_until_ready() -> None:
        # It needs no key: what waits for the store here is the use case, elsewhere the look-up.
        with closing(Wire(server.url, server.key)) as wire:
            ready.append(wire.say("GET", "/readyz")[0])

    database.signal(signal.SIGSTOP)
    try:
        threads = [threading.Thread(target=wait_until_ready)]
        threads += [threading.Thread(target=wait, args=(request,)) for request in waiting]
        for thread in threads:
            thread.start()
        with closing(Wire(server.url, server.key, AT_ONCE_SECONDS)) as wire:
            for path in ("/healthz", "/v1/openapi.json", "/healthz"):
                assert wire.say("GET", path)[0] == 200
    finally:
        database.signal(signal.SIGCONT)
    for thread in threads:
        thread.join()
    assert ready == [200]
    assert not diary.open
    as_told(server, storage, diary)


def test_a_start_without_its_database_says_so(tmp_path: Path, database: PrivatePostgres) -> None:
    storage = database.create()
    folder = project(tmp_path / "o", storage)
    database.stop()
    try:
        done = subprocess.run(
            [*SERVE, folder, "--port", "0"],
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG_SECONDS,
        )
    finally:
        database.start()
    assert done.returncode == 1
    assert "the database cannot be used now" in done.stderr
    assert f":{database.port}/" in done.stderr
    assert database.password not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_is_known_and_revoked_in_every_process(
    tmp_path: Path, database: PrivatePostgres, serving: Serving
) -> None:
    storage = database.create()
    one = serving(project(tmp_path / "one", storage))
    one.start()
    one.issue_key()
    other_folder = project(tmp_path / "other", storage)
    (other_folder / ".tuttu").mkdir(mode=0o700)
    shutil.copy(one.folder / ".tuttu" / "secret", other_folder / ".tuttu" / "secret")
    other = serving(other_folder)
    other.start()
    with (
        closing(Wire(one.url, one.key)) as asked_there,
        closing(Wire(other.url, one.key)) as asked_here,
    ):
        status, made = asked_there.say("POST", "/v1/keys", {"name": "new", "scopes": ["admin"]})
        assert status == 200
        with closing(Wire(other.url, made["key"])) as stranger:
            assert stranger.say("GET", "/v1/resources")[0] == 200
            assert [key["name"] for key in asked_here.get("/v1/keys")] == ["new", "sender"]
            assert asked_there.say("DELETE", "/v1/keys/new")[0] == 204
            assert stranger.say("GET", "/v1/resources")[0] == 401
        assert [key["name"] for key in asked_here.get("/v1/keys")] == ["sender"]
        # The other process has known this one since its start.
        assert asked_there.say("DELETE", "/v1/keys/sender")[0] == 204
        assert asked_here.say("GET", "/v1/keys")[0] == 401
