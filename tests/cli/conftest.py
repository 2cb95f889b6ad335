"""A project folder of its own for each test, commands on it, and a server beside them."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from tests.waiting import HANG_SECONDS

from tuttu.cli import main

CORNER = Path(__file__).parents[1] / "web" / "corner"
MOMENT = "2026-03-05T09:00:00Z"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(CORNER, tmp_path / "corner")


Run = Callable[..., Result]


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command inside the project folder; it must end with `exit_code`, None: with any."""
    monkeypatch.chdir(folder)

    def running(
        *arguments: str,
        exit_code: int | None = 0,
        input: bytes | None = None,  # noqa: A002
    ) -> Result:
        result = CliRunner().invoke(main, arguments, input=input)
        assert exit_code in {None, result.exit_code}, result.output
        return result

    return running


@pytest.fixture
def ask(run: Run) -> Callable[..., Any]:
    """Runs a command with --json and decodes what it prints."""
    return lambda *arguments: json.loads(run(*arguments, "--json").stdout)


class Server:
    """`tuttu serve` as a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "tuttu", "serve", str(folder), "--port", "0", "--json"]
        self.process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        told = self.process.stdout.readline()
        self.told: dict[str, str] = json.loads(told) if told else {}

    @property
    def url(self) -> str:
        return self.told["url"]

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Its exit status and what it said on stderr."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, said = self.process.communicate(timeout=HANG_SECONDS)
        return self.process.returncode, said


Serve = Callable[..., Server]


@pytest.fixture
def serve(folder: Path) -> Iterator[Serve]:
    started: list[Server] = []

    def serving(*options: str) -> Server:
        started.append(Server(folder, *options))
        return started[-1]

    yield serving
    for server in started:
        server.end(signal.SIGKILL)


@pytest.fixture
def server(serve: Serve) -> Server:
    """A running server on a manual clock at `MOMENT`."""
    return serve("--clock", f"manual={MOMENT}")


@pytest.fixture
def client() -> Iterator[Callable[[str, str], httpx.Client]]:
    """HTTP clients by address and key."""
    opened: list[httpx.Client] = []

    def opening(url: str, key: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"}
        opened.append(
            httpx.Client(base_url=url, headers=headers, timeout=HANG_SECONDS, trust_env=False)
        )
        return opened[-1]

    yield opening
    for each in opened:
        each.close()
