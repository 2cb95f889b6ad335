"""A new version beside live traffic, over real doors: HTTP, commands, signals, kills."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from tests.reload.company import Version
from tests.reload.conftest import PLAIN, Server, order, write
from tests.waiting import HANG_SECONDS, until

from tuttu.cli import main

Serve = Callable[..., Server]

COUNTED = Version(size=None, tickets=None, group=None)
FAULTY = "traits:\n  home: {type: txt}\n"


def _post(client: httpx.Client, path: str, body: Any = None) -> Any:
    answer = client.post(path, json=body)
    assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()


def _get(client: httpx.Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()


def _orders(client: httpx.Client, who: str = "maija") -> int:
    return int(_get(client, f"/v1/customers/{who}")["traits"]["orders"])


def _same_when_replayed(client: httpx.Client) -> None:
    answer = _get(client, "/v1/replay")
    assert answer["live"] == answer["replayed"]


class Crowd:
    """Senders and askers that go on until they are told to stop."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._stop = threading.Event()
        self._numbers = itertools.count()
        self._pool = ThreadPoolExecutor(6)
        self.acknowledged: list[int] = []
        self.decided: list[tuple[int, int, str]] = []
        """When it was asked and answered, by one counter, and by which version."""
        self._clock = itertools.count()

    def __enter__(self) -> Crowd:
        work = [self._send, self._send, self._send, self._ask, self._ask, self._ask]
        self._working = [self._pool.submit(each) for each in work]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._working:
            each.result(timeout=HANG_SECONDS)
        self._pool.shutdown()

    def tick(self) -> int:
        return next(self._clock)

    def _send(self) -> None:
        with self._server.client() as client:
            while not self._stop.is_set():
                number = next(self._numbers)
                _post(client, "/v1/track", order(number))
                self.acknowledged.append(number)

    def _ask(self) -> None:
        question = {"who": {"user_id": "maija"}, "surfaces": ["letter"]}
        with self._server.client() as client:
            while not self._stop.is_set():
                asked = self.tick()
                digest = _post(client, "/v1/decide", question)["project_digest"]
                self.decided.append((asked, self.tick(), digest))


def test_a_reload_under_load_loses_nothing_and_doubles_nothing(
    folder: Path, serve: Serve, storage_url: str
) -> None:
    server = serve(storage_url)
    with server.client() as client:
        old = _get(client, "/v1/project")["project_digest"]
        _post(client, "/v1/batch", {"batch": [order(100_000 + n) for n in range(1_000)]})
        with Crowd(server) as crowd:
            until(lambda: len(crowd.decided) >= 5, "nobody is answered")
            write(folder, COUNTED)
            begun = crowd.tick()
            new = _post(client, "/v1/project/reload")["project_digest"]
            ended = crowd.tick()
            seen = len(crowd.decided)
            until(lambda: len(crowd.decided) >= seen + 8, "nobody is answered")
        assert {digest for _, _, digest in crowd.decided} == {old, new}
        assert all(digest == old for _, answered, digest in crowd.decided if answered < begun)
        assert all(digest == new for asked, _, digest in crowd.decided if asked > ended)
        assert any(begun < asked < ended for asked, _, _ in crowd.decided)
        assert _orders(client) == 1_000 + len(crowd.acknowledged)
        _same_when_replayed(client)


def test_a_faulty_folder_is_told_of_at_every_door(
    folder: Path, serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    server = serve("sqlite:.tuttu/store.db")
    with server.client() as client:
        before = _get(client, "/v1/project")
        (folder / "traits.yaml").write_text(FAULTY)
        refused = client.post("/v1/project/reload")
        assert refused.status_code == 422
        assert refused.json()["code"] == "faulty_project"
        [fault] = refused.json()["faults"]
        assert (fault["file"], fault["line"]) == ("traits.yaml", 2)
        assert _get(client, "/v1/project")["failed"]["faults"] == [fault]
        checked = _run("check", str(folder), exit_code=2)
        reloaded = _run("reload", str(folder), exit_code=2)
        assert reloaded.stderr.splitlines() == checked.stdout.splitlines()
        assert _get(client, "/v1/project")["project_digest"] == before["project_digest"]
        for path in ("/healthz", "/readyz"):
            assert _get(client, path)["project_digest"] == before["project_digest"]
        write(folder, COUNTED)
        said = _run("reload", str(folder)).stdout
        after = _get(client, "/v1/project")
        assert f"version {after['project_digest'][:12]} holds since" in said
        assert after["failed"] is None
        assert _run("reload", str(folder)).stdout.strip().endswith("nothing has changed")


def test_without_a_server_the_command_activates_by_itself(folder: Path) -> None:
    first = json.loads(_run("reload", str(folder), "--json").stdout)
    assert (first["changed"], first["before"]) == (True, None)
    write(folder, COUNTED)
    second = json.loads(_run("reload", str(folder), "--json").stdout)
    assert (second["changed"], second["before"]) == (True, first["project_digest"])
    (folder / "traits.yaml").write_text(FAULTY)
    assert "traits.yaml:2: found" in _run("reload", str(folder), exit_code=2).stderr
    assert "traits.yaml:2: found" in _run("digest", "--folder", str(folder), exit_code=2).stderr


def test_a_signal_reloads(folder: Path, serve: Serve) -> None:
    server = serve("sqlite:.tuttu/store.db")
    with server.client() as client:
        _post(client, "/v1/track", order(1))
        (folder / "traits.yaml").write_text(FAULTY)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: _get(client, "/v1/project")["failed"], "no word of the fault")
        write(folder, COUNTED)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: _get(client, "/v1/project")["by"] == "signal", "not activated")
        assert _orders(client) == 1
    logged = [json.loads(line) for line in server.end().splitlines()]
    assert [line["message"] for line in logged] == ["faulty project", "project reloaded"]
    assert logged[0]["fault"].startswith("traits.yaml:2: found")


@pytest.mark.kills
def test_a_fill_goes_on_after_a_kill(
    folder: Path, serve: Serve, storage_url: str, scale: Callable[[int, int], int]
) -> None:
    """Killed in the middle again and again; what has been told stays told, once."""
    server = serve(storage_url)
    facts = scale(4, 20) * 1_000
    with server.client() as client:
        for start in range(0, facts, 1_000):
            batch = [order(number) for number in range(start, start + 1_000)]
            _post(client, "/v1/batch", {"batch": batch})
    write(folder, COUNTED)
    killed = 0
    with server.client() as client, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(_reload_until_killed, server)
        until(lambda: _told(client) > 500 or answer.done(), "the fill does not get on")
        if not answer.done():
            server.kill()
            killed += 1
        answer.result()
    assert killed == 1
    server.begin()
    with server.client() as client:
        assert _orders(client) == facts
        _post(client, "/v1/track", order(facts))
        assert _orders(client) == facts + 1
        _same_when_replayed(client)


def _reload_until_killed(server: Server) -> None:
    with server.client() as client:
        try:
            client.post("/v1/project/reload")
        except httpx.TransportError:
            return


def _told(client: httpx.Client) -> int:
    filling = _get(client, "/v1/project")["filling"]
    return int(filling["done"]) if filling else 0


def test_two_servers_follow_an_activation(
    folder: Path, tmp_path: Path, serve: Serve, postgres_url: str
) -> None:
    other = tmp_path / "other"
    (other / ".tuttu").mkdir(parents=True)
    write(other, PLAIN)
    first = serve(postgres_url)
    shutil.copy(folder / ".tuttu/secret", other / ".tuttu/secret")
    second = serve(postgres_url, other)
    with first.client() as one, second.client() as two:
        _post(one, "/v1/batch", {"batch": [order(number) for number in range(700)]})
        write(folder, COUNTED)
        new = _post(one, "/v1/project/reload")["project_digest"]
        _post(two, "/v1/track", order(700))
        assert _orders(two) == _orders(one) == 701
        question = {"who": {"user_id": "maija"}, "surfaces": ["letter"]}
        assert _post(two, "/v1/decide", question)["project_digest"] == new
        assert _get(two, "/readyz")["project_digest"] == new
        _same_when_replayed(two)


def _run(*arguments: str, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == exit_code, result.output
    return result
