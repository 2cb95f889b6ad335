"""A company at work: its project folder, `tuttu serve` as a process, and who speaks to it.

The tests of the acceptance stories are called `test_s1_….py` to `test_s8_….py`, by the number
of the story and a word for it.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from tests.waiting import HANG_SECONDS

from tuttu.cli import main

EXAMPLES = Path(__file__).parents[2] / "src" / "tuttu" / "examples"


class Company:
    """A running server on a manual clock, a client of it with a server key for everything, and
    the commands beside it, which speak to it over its Unix socket."""

    def __init__(self, folder: Path, moment: str, *options: str) -> None:
        self.folder = folder
        self.url = self.key = ""
        command = [sys.executable, "-m", "tuttu", "serve", str(folder), "--port", "0", "--json"]
        self.process = subprocess.Popen(
            [*command, "--clock", f"manual={moment}", *options], stdout=subprocess.PIPE, text=True
        )

    def begin(self) -> None:
        """Waits for the server and takes a key."""
        assert self.process.stdout is not None
        told = self.process.stdout.readline()
        assert told, "the server did not start; it says above why"
        self.url = json.loads(told)["url"]
        name = f"story-{self.process.pid}"
        key = self.command("keys", "add", name, "--scope", "all", "--json")
        self.key = json.loads(key)["key"]

    def connect(self) -> httpx.Client:
        """One more client; the caller closes it."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=HANG_SECONDS, trust_env=False
        )

    @cached_property
    def client(self) -> httpx.Client:
        return self.connect()

    def command(self, *arguments: str, exit_code: int = 0) -> str:
        """What a command beside the server prints. That it did not open the store itself is sure:
        the server holds it."""
        result = CliRunner().invoke(main, [*arguments, "--folder", str(self.folder)])
        assert result.exit_code == exit_code, result.output
        return result.stdout

    def ask(
        self, method: str, path: str, body: object = None, by: httpx.Client | None = None
    ) -> Any:
        """The answer as JSON; `by`: asked through another client than our own."""
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        answer = (by or self.client).request(method, path, content=content)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def send(self, **call: Any) -> Any:
        """One call to its own route; it must be accepted whole."""
        answer = self.ask("POST", f"/v1/{call['type']}", call)
        assert answer["success"]
        assert not answer.get("refused")
        return answer

    def decide(self, who: str, surface: str, by: httpx.Client | None = None, **more: Any) -> Any:
        """For a `user_id`; a dry run, and with who was refused, unless `more` says otherwise."""
        usual = {"dry_run": True, "refused": True}
        question = {"who": {"user_id": who}, "surfaces": [surface], **usual, **more}
        return self.ask("POST", "/v1/decide", question, by)

    def chosen(self, who: str, surface: str) -> list[str]:
        return [choice["action"] for choice in self.decide(who, surface)["choices"]]

    def customer(self, who: str) -> Any:
        return self.ask("GET", f"/v1/customers/{who}")

    def timeline(self, who: str) -> list[dict[str, Any]]:
        """Every entry but our own looks."""
        entries = self.ask("GET", f"/v1/customers/{who}/timeline?limit=1000")["entries"]
        return [entry for entry in entries if entry["kind"] != "PersonLookedAt"]

    def digest(self) -> str:
        found: str = self.ask("GET", "/v1/digest")["digest"]
        return found

    def set_clock(self, moment: str) -> None:
        self.ask("PUT", "/v1/clock", {"now": moment})

    def end(self) -> None:
        if self.key:
            self.client.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=HANG_SECONDS)


Open = Callable[..., Company]
Copy = Callable[[Path, str], Path]


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of a project folder under a name of its own, with a path short enough for sockets."""
    left_out = shutil.ignore_patterns(".tuttu", "__pycache__")
    return lambda source, name: shutil.copytree(
        source, tmp_path_factory.mktemp("s") / name, ignore=left_out
    )


@contextmanager
def companies() -> Iterator[Open]:
    running: list[Company] = []

    def opening(folder: Path, moment: str, *options: str) -> Company:
        running.append(Company(folder, moment, *options))
        running[-1].begin()
        return running[-1]

    try:
        yield opening
    finally:
        for company in running:
            company.end()


@pytest.fixture
def opened() -> Iterator[Open]:
    """Starts companies: `opened(folder, moment, *options of serve)`."""
    with companies() as opening:
        yield opening


@pytest.fixture(scope="module")
def shared() -> Iterator[Open]:
    """The same, for companies of which a file's tests only read."""
    with companies() as opening:
        yield opening


@pytest.fixture(scope="session")
def examples() -> Path:
    return EXAMPLES
