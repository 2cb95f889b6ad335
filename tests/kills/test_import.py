"""An import that is killed, or loses its server: whole slices of batches are kept, and doing it
again takes the rest."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.kills.books import Books
from tests.kills.senders import VIEW, Wire
from tests.kills.server import Server, project
from tests.waiting import HANG_SECONDS, random_moment, until

from tuttu.engine import open_engine
from tuttu.intake.accept import SLICE
from tuttu.web import SystemClock

if TYPE_CHECKING:
    from tests.kills.conftest import Serving
else:
    Serving = Any

pytestmark = pytest.mark.kills

EMBEDDED = "sqlite:.tuttu/store.db"
ROWS = 3_000
CUSTOMERS = 40


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Calls of Segment's, one in each line."""
    path = tmp_path / "events.jsonl"
    call = {"type": "track", "event": VIEW}
    lines = (
        json.dumps({**call, "messageId": f"row-{row}", "userId": f"u{row % CUSTOMERS}"})
        for row in range(ROWS)
    )
    path.write_text("\n".join(lines) + "\n")
    return path


class Importing:
    """`tuttu import` of the file, again and again."""

    def __init__(self, folder: Path, storage: str, file: Path) -> None:
        self._folder = folder
        self._storage = storage
        self._command = [sys.executable, "-m", "tuttu", "import", str(file), "--json"]
        self._command += ["--folder", str(folder)]
        with closing(open_engine(folder, clock=SystemClock())):
            """The store is made, so that its books can be opened."""
        self.books = Books(folder / ".tuttu" / "secret")

    def begin(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def taken(self) -> int:
        """Rows in the log: the first ones, and of no slice a part."""
        self.books.read(self._storage, self._folder)
        assert not self.books.broken()
        ids = {name for (name,) in self.books.ask("SELECT id FROM facts WHERE kind = 'event'")}
        assert ids == {f"row-{row}" for row in range(len(ids))}
        assert len(ids) % SLICE == 0
        return len(ids)

    def until_more(self, before: int, process: subprocess.Popen[str]) -> None:
        """Returns when more was kept, or the import has ended."""
        until(
            lambda: process.poll() is not None or self.taken() != before,
            "the import does not get on",
        )

    def to_the_end(self) -> Any:
        """What it says of itself when nobody kills it."""
        with self.begin() as process:
            said, wrong = process.communicate(timeout=HANG_SECONDS)
        assert process.returncode == 0, wrong
        return json.loads(said)


def all_there(importing: Importing, server: Server) -> None:
    """Each row is in the log once, and was applied once."""
    assert importing.taken() == ROWS
    with closing(Wire(server.url, server.key)) as wire:
        for number in range(CUSTOMERS):
            traits = wire.get(f"/v1/customers/u{number}")["traits"]
            assert traits["report_views_30d"] == ROWS / CUSTOMERS


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_import_that_was_killed_is_done_again(
    kind: str,
    tmp_path: Path,
    file: Path,
    serving: Serving,
    request: pytest.FixtureRequest,
    seed: int,
    scale: Callable[[int, int], int],
) -> None:
    storage = EMBEDDED if kind == "sqlite" else request.getfixturevalue("postgres_url")
    folder = project(tmp_path / "o", storage)
    importing, chance = Importing(folder, storage, file), random.Random(f"{seed}/import")
    with closing(importing.books):
        for _ in range(scale(1, 10)):
            before = importing.taken()
            with importing.begin() as process:
                importing.until_more(before, process)
                random_moment(chance, 0.3)
                process.kill()
            assert importing.taken() >= before
        summary = importing.to_the_end()
        assert summary["accepted"] + summary["duplicates"] == ROWS
        server = serving(folder, clock="system")
        server.start()
        server.issue_key()
        all_there(importing, server)


def test_an_import_whose_server_was_killed_is_done_again(
    tmp_path: Path, file: Path, serving: Serving, seed: int, scale: Callable[[int, int], int]
) -> None:
    folder = project(tmp_path / "o", EMBEDDED)
    importing, chance = Importing(folder, EMBEDDED, file), random.Random(f"{seed}/server")
    server = serving(folder, clock="system")
    server.start()
    server.issue_key()
    with closing(importing.books):
        for _ in range(scale(1, 8)):
            before = importing.taken()
            with importing.begin() as process:
                importing.until_more(before, process)
                random_moment(chance, 0.2)
                server.kill()
                _, wrong = process.communicate(timeout=HANG_SECONDS)
            if process.returncode:
                assert "the server went away" in wrong
                assert "Traceback" not in wrong
            server.start()
        importing.to_the_end()
        all_there(importing, server)
