"""A project folder that changes, an engine or a server on it, and who speaks to them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.builders import NOON
from tests.local import local_client
from tests.reload.company import Version, texts
from tests.waiting import HANG_SECONDS

from tuttu import engine as use
from tuttu.engine import Runtime, open_engine
from tuttu.versions import Report, no_report
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant

PLAIN = Version(size=None, orders=None, tickets=None, group=None)


def write(folder: Path, version: Version, **more: str | None) -> Path:
    """The folder holds this version; `more`: files by name, with `__` for a slash; None: none."""
    for path in folder.rglob("*"):
        if path.is_file() and ".tuttu" not in path.parts:
            path.unlink()
    changed = {name.replace("__", "/"): text for name, text in more.items()}
    for name, text in {**texts(version), **changed}.items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "company").mkdir()
    return write(tmp_path / "company", PLAIN)


class Opening:
    """Opens the folder's engine, again and again."""

    def __init__(self, folder: Path, storage: str) -> None:
        self._folder = folder
        self._storage = storage
        self._engine: Runtime | None = None

    def __call__(self, report: Report = no_report) -> Runtime:
        self.close()
        self._engine = open_engine(
            self._folder, clock=ManualClock(NOON), storage=self._storage, report=report
        )
        return self._engine

    def close(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()


@pytest.fixture
def opening(folder: Path, storage_url: str) -> Iterator[Opening]:
    with closing(Opening(folder, storage_url)) as opened:
        yield opened


@pytest.fixture
def engine(opening: Opening) -> Runtime:
    return opening()


class Server:
    """`tuttu serve` as a process of its own, on a clock that stands still."""

    def __init__(self, folder: Path, storage: str) -> None:
        self.folder = folder
        self.storage = storage
        self.key = ""
        # Not a pipe: when nobody reads, a server that logs would stand still.
        self._said = folder / ".tuttu" / "said"
        self.begin()

    def begin(self) -> None:
        command = [sys.executable, "-m", "tuttu", "serve", str(self.folder), "--port", "0"]
        command += ["--json", "--storage", self.storage]
        self._said.parent.mkdir(exist_ok=True)
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [*command, "--clock", f"manual={format_instant(NOON)}"],
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        assert self.process.stdout is not None
        told = self.process.stdout.readline()
        assert told, self._said.read_text()
        self.url = json.loads(told)["url"]

    def client(self) -> httpx.Client:
        """One more, with a key for everything; the caller closes it."""
        self.key = self.key or self._issued()
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=HANG_SECONDS, trust_env=False
        )

    def _issued(self) -> str:
        scopes = ["ingest", "decide", "read-person", "write-person", "admin"]
        with local_client(self.folder) as local:
            answer = local.post("/v1/keys", json={"name": self.folder.name, "scopes": scopes})
            return str(answer.json()["key"])

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def end(self) -> str:
        """What it said on stderr."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=HANG_SECONDS)
        return self._said.read_text()


@pytest.fixture
def serve(folder: Path) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def run(storage: str, where: Path | None = None) -> Server:
        started.append(Server(where or folder, storage))
        return started[-1]

    yield run
    for server in started:
        if server.process.poll() is None:
            server.kill()


def order(number: int, who: str = "maija", amount: int = 1) -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": f"o{number:06}",
        "timestamp": format_instant(NOON - number * 1_000_000),
        "userId": who,
        "event": "Order",
        "properties": {"amount": amount},
    }


def trait(engine: Runtime, name: str, who: str = "maija") -> Any:
    return use.customer(engine, {"user_id": who}, "test").traits[name]
