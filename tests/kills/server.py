"""`tuttu serve` as a process, to be killed and started again on the same folder."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.local import local_client
from tests.waiting import HANG_SECONDS

from tuttu.vocabulary.conversion import format_instant

EXAMPLES = Path(__file__).parents[2] / "src" / "tuttu" / "examples"
MOMENT = "2026-03-02T09:00:00Z"
SCOPES = ("ingest", "decide", "read-person", "write-person", "admin")
SERVE = (sys.executable, "-m", "tuttu", "serve")


def project(folder: Path, storage: str, *, example: str = "operator") -> Path:
    """A copy of a shipped example over the store of this URL."""
    shutil.copytree(EXAMPLES / example, folder, ignore=shutil.ignore_patterns(".tuttu"))
    return stored(folder, storage)


def stored(folder: Path, storage: str) -> Path:
    """The project, with its store at this URL."""
    company = folder / "tuttu.yaml"
    kept = re.sub(r"(?m)^storage:.*\n", "", company.read_text())
    company.write_text(f"{kept}storage: {json.dumps(storage)}\n")
    return folder


class Server:
    """One project folder and the process that serves it. Unless `clock` says otherwise, time
    stands still at `MOMENT`, so that nothing runs out while the test looks on."""

    def __init__(
        self, folder: Path, *, command: Sequence[str] = SERVE, clock: str = f"manual={MOMENT}"
    ) -> None:
        self.folder = folder
        self.url = self.key = ""
        self._command = [*command, str(folder), "--port", "0", "--json"]
        self._command += ["--clock", clock]
        self._said = (folder.parent / f"{folder.name}.log").open("ab")
        self.process: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        """Starts the process, and does not wait for it."""
        self.process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def opened(self) -> None:
        """Waits until both doors answer."""
        assert self.process is not None
        assert self.process.stdout is not None
        told = self.process.stdout.readline()
        assert told, f"it did not start: {self.said()[-2_000:]}"
        self.url = json.loads(told)["url"]

    def start(self) -> float:
        """Seconds until it served."""
        start = time.perf_counter()
        self.begin()
        self.opened()
        return time.perf_counter() - start

    def issue_key(self) -> None:
        """A key for everything but the clock, over the project's own socket."""
        with local_client(self.folder) as client:
            answer = client.post("/v1/keys", json={"name": "sender", "scopes": SCOPES})
        self.key = answer.raise_for_status().json()["key"]

    def set_clock(self, now: int) -> None:
        with local_client(self.folder) as client:
            client.put("/v1/clock", json={"now": format_instant(now)}).raise_for_status()

    def tell(self, command: str) -> None:
        """A line to what runs the server, which answers it when it is done."""
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n", self.said()[-2_000:]

    def kill(self) -> None:
        """SIGKILL: it may finish nothing."""
        self.end(signal.SIGKILL)

    def freeze(self) -> None:
        """It stands still until it is killed."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.communicate(timeout=HANG_SECONDS)
        return self.process.returncode

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def said(self) -> str:
        """What it wrote to its log, all its lives together."""
        return Path(self._said.name).read_text()

    def close(self) -> None:
        if self.running:
            self.kill()
        elif self.process is not None:
            self.process.communicate()
        self._said.close()
