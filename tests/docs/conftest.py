"""Pages of the documentation as tests: their commands are run, and their output is compared.

The fences of a page say what is done with them:

    ```sh          run, in order, in one bash for the whole page; it must succeed
    ```sh fails    the same, but its last command must fail
    ```sh server   run in the background, as in a second terminal, until the page ends or the next
                   such block; the page goes on when it has printed its first line
    ```text        directly behind one of these: what it prints (of a server, its first line)
    ```console     not run: it needs the network, or another machine

In expected output, ``…`` stands for any characters of a line, and on a line of its own for any
lines. The port 8080 is replaced by a free one.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.waiting import HANG_SECONDS

ROOT = Path(__file__).parents[2]
DATABASE = "postgresql://tuttu:secret@db.example.com/acme"
MARK = "\x1e"
SERVER = "sh server"
FAILING = "sh fails"
RUN = {"sh", FAILING, SERVER}

PREAMBLE = """\
set -euo pipefail
stop() { if [ -n "${served:-}" ]; then kill "$served"; wait "$served" || true; served=; fi; }
trap stop EXIT
"""
SERVED = """\
stop
coproc SERVER {{ exec {command}; }} 2>>"$LOG"
served=$SERVER_PID
IFS= read -r line <&"${{SERVER[0]}}"
printf '%s\\n' "$line"
"""


class Block(NamedTuple):
    """One fence that is run. line: of the page, from 1. expected: None if the page says nothing."""

    kind: str
    text: str
    line: int
    expected: str | None


class Step(NamedTuple):
    """What came of a block."""

    block: Block
    output: str


class Fence(NamedTuple):
    kind: str
    text: str
    first: int
    last: int


def fences(page: str) -> Iterator[Fence]:
    """All fences of a page, in order."""
    lines = page.splitlines()
    start: int | None = None
    for number, line in enumerate(lines, 1):
        if not line.startswith("```"):
            continue
        if start is None:
            start = number
        else:
            kind = lines[start - 1].removeprefix("```").strip()
            yield Fence(kind, "\n".join(lines[start : number - 1]), start, number)
            start = None
    assert start is None, f"the fence of line {start} is not closed"


def blocks(page: str) -> list[Block]:
    """The blocks that are run, each with the output that stands behind it."""
    found: list[Block] = []
    before: Fence | None = None
    lines = page.splitlines()
    for fence in fences(page):
        if fence.kind in RUN:
            found.append(Block(fence.kind, fence.text, fence.first, None))
        elif fence.kind == "text" and before is not None and before.kind in RUN:
            between = "".join(lines[before.last : fence.first - 1])
            if not between.strip():
                found[-1] = found[-1]._replace(expected=fence.text)
        before = fence
    return found


def script_of(found: list[Block], port: int) -> str:
    """One script for the whole page: a mark before the output of each block."""
    parts = [PREAMBLE]
    for number, block in enumerate(found):
        text = block.text.replace("8080", str(port))
        parts.append(f"printf '{MARK}%s\\n' {number}\n")
        if block.kind == SERVER:
            parts.append(SERVED.format(command=text))
        elif block.kind == FAILING:
            parts.append(f"if {{\n{text}\n}} 2>&1; then echo 'this did not fail'; exit 96; fi\n")
        else:
            parts.append(f"{{\n{text}\n}} 2>&1\n")
    return "".join(parts)


def pattern_of(expected: str) -> re.Pattern[str]:
    """Lines as they stand; ``…`` is any characters, on a line of its own any lines."""
    lines = [
        r"(?:.*\n)*?"
        if line.strip() == "…"
        else r".*".join(map(re.escape, line.rstrip().split("…"))) + r"[ \t]*\n"
        for line in expected.splitlines()
    ]
    return re.compile("".join(lines))


def agrees(expected: str, output: str) -> bool:
    ended = output.rstrip("\n") + "\n" if output.strip() else ""
    return pattern_of(expected).fullmatch(ended) is not None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run_page(path: Path, folder: Path, database: Callable[[], str]) -> list[Step]:
    """Runs the page's blocks in a fresh folder; fails at the first one that does not succeed.

    database: makes an empty one, for a page that names `DATABASE`; its URL.
    """
    text = path.read_text(encoding="utf-8")
    found = blocks(text.replace(DATABASE, database()) if DATABASE in text else text)
    port = free_port()
    work, log = folder / "work", folder / "server.log"
    work.mkdir()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "LOG": str(log),
    }
    process = subprocess.Popen(
        ["bash", "-c", script_of(found, port)],
        cwd=work,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=HANG_SECONDS)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    steps = _steps(found, said.replace(str(port), "8080"))
    told = log.read_text() if log.exists() else ""
    if process.returncode:
        pytest.fail(_failure(path, steps, process.returncode, told), pytrace=False)
    return steps


def place(path: Path, block: Block) -> str:
    """File and line, for the author of the page."""
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    return f"{shown}:{block.line}"


def _steps(found: list[Block], said: str) -> list[Step]:
    parts = said.split(MARK)[1:]
    texts = [part.partition("\n")[2] for part in parts]
    return [Step(block, text) for block, text in zip(found, texts, strict=False)]


def _failure(path: Path, steps: list[Step], status: int, told: str) -> str:
    block, output = steps[-1]
    return (
        f"{place(path, block)}: ended with {status}\n{block.text}\n--- it printed\n{output}\n{told}"
    )


@pytest.fixture
def check_page(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Runs a page and compares everything that it says will be printed."""

    def database() -> str:
        url: str = request.getfixturevalue("postgres_url")
        return url

    def checking(path: Path) -> None:
        for block, output in run_page(path, tmp_path, database):
            if block.expected is not None and not agrees(block.expected, output):
                compared = f"--- expected\n{block.expected}\n--- printed\n{output}"
                pytest.fail(f"{place(path, block)}: {block.text}\n{compared}", pytrace=False)

    return checking


@pytest.fixture
def quoted() -> Callable[[str], list[re.Pattern[str]]]:
    """The texts that a page quotes, as patterns to be searched for."""
    return lambda page: [pattern_of(each.text) for each in fences(page) if each.kind == "text"]
