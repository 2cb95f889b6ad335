"""One owner of the embedded store: beside a server every command asks it, alone it owns the store;
two owners cannot be, however the first one ended."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from tests.waiting import HANG_SECONDS

from tuttu.cli import main
from tuttu.web import answers, socket_path

Run = Callable[..., Any]
OF_NO_STORE = {("bench",), ("check",), ("demo",), ("init",), ("openapi",), ("schema",), ("test",)}
"""They read or make a folder, or have a store of their own."""
AT_ONCE = 3
JOINED = {"userId": "maija", "traits": {"email": "maija@example.com"}}


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from leaves(each, (*path, name))
    else:
        yield path


def of_the_store() -> set[tuple[str, ...]]:
    """Every command that opens the store of a folder, but the one that serves it."""
    return set(leaves(main)) - OF_NO_STORE - {("serve",)}


class Tour:
    """Runs commands, and remembers which ones."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.seen: set[tuple[str, ...]] = set()

    def run(self, *arguments: str, exit_code: int = 0) -> str:
        self.seen |= {path for path in leaves(main) if arguments[: len(path)] == path}
        said: str = self._run(*arguments, exit_code=exit_code).stdout
        return said

    def ask(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))


def take(tour: Tour, folder: Path) -> None:
    """Every command that opens the store, each to some purpose."""
    call = {"type": "track", "messageId": "b1", "event": "Ticket Opened", "userId": "maija"}
    broken = [json.dumps({**call, "messageId": each}) for each in ("b1", "b2")]
    (folder / "broken.jsonl").write_text("\n".join(broken) + "\n")
    (folder / "repaired.json").write_text(json.dumps({**call, "properties": {"ticket_id": "T2"}}))
    (folder / "joined.jsonl").write_text(json.dumps({"type": "identify", **JOINED}) + "\n")
    for file in ("demo/events.jsonl", "joined.jsonl", "broken.jsonl"):
        tour.run("import", file)
    letters = [letter["id"] for letter in tour.ask("dead-letters", "list")]
    assert len(letters) == 2
    assert "waiting" in tour.run("dead-letters", "show", letters[0])
    tour.run("dead-letters", "repair", letters[0], "repaired.json")
    tour.run("dead-letters", "send", letters[1], exit_code=1)
    tour.run("dead-letters", "drop", letters[1])
    assert tour.ask("customer", "maija")["traits"]["open_tickets"] == 1
    decided = tour.ask("decide", "maija", "--surface", "front")
    assert tour.ask("decision", decided["decision_id"])["decision"] == decided
    tour.ask("explain", "maija", "--surface", "front")
    assert tour.ask("timeline", "maija")
    tour.ask("preferences", "maija", "--out", "marketing")
    tour.run("unmerge", "maija", "email:maija@example.com")
    (folder / "matches.csv").write_text("one,other\nuser_id:maija,anonymous_id:browser-7\n")
    tour.run("links", "import", "matches.csv", "--set", "crm")
    assert [each["pairs"] for each in tour.ask("links")] == [1]
    tour.run("links", "drop", "--set", "crm")
    tour.run("resources", "--set", "vouchers", "7")
    key = tour.ask("keys", "add", "shop", "--scope", "ingest")["key"]
    assert key not in tour.run("keys", "list")
    tour.run("keys", "revoke", "shop")
    for command in ("digest", "clock", "funnel", "reload", "replay", "slips", "verify"):
        tour.run(command)


def emptied(folder: Path) -> None:
    for kept in (folder / ".tuttu").iterdir():
        kept.unlink()


def test_every_command_works_beside_a_server_and_alone(server: Any, run: Run, folder: Path) -> None:
    """A command added tomorrow fails here until it is told how to run it. That a command beside
    the server does not open the store itself is sure: the server owns it."""
    beside, alone = Tour(run), Tour(run)
    take(beside, folder)
    assert server.process.poll() is None
    server.end()
    emptied(folder)
    take(alone, folder)
    assert beside.seen == alone.seen == of_the_store()


def test_commands_of_no_store_work_beside_a_server(server: Any, run: Run, folder: Path) -> None:
    run("check")
    run("test")
    run("bench", "--list")
    run("openapi")
    run("schema", "tuttu")
    run("init", "another", "--example", "helpdesk")
    assert server.process.poll() is None


def test_a_second_server_is_refused_whatever_is_deleted(
    server: Any, serve: Any, run: Run, folder: Path
) -> None:
    """The owner of the store is known from a kernel lock, not a file: a dead owner has none."""
    for path in (folder / ".tuttu").iterdir():
        if path.suffix in {".lock", ".sock"}:
            path.unlink()
    status, said = serve().end()
    assert status == 1
    assert "another process owns this store" in said
    assert server.process.poll() is None


def test_servers_that_start_at_once_become_one(serve: Any, folder: Path, run: Run) -> None:
    command = [sys.executable, "-m", "tuttu", "serve", str(folder), "--port", "0", "--json"]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(AT_ONCE)
    ]
    try:
        # A refused process ends and closes its pipes: every line arrives.
        told = [process.stdout.readline() for process in started if process.stdout]
        assert sum(bool(line) for line in told) == 1
        for line, process in zip(told, started, strict=True):
            if not line:
                assert process.wait(HANG_SECONDS) == 1
                assert process.stderr is not None
                assert "another process owns this store" in process.stderr.read()
        assert answers(socket_path(folder))
        run("digest")
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_after_a_kill_the_next_one_owns_it(serve: Any, run: Run, ask: Any, folder: Path) -> None:
    """What the dead one left, its socket among it, is in nobody's way."""
    for turn in range(2):
        server = serve()
        ask("keys", "add", f"shop{turn}", "--scope", "ingest")
        server.end(signal.SIGKILL)
        assert socket_path(folder).exists()
        assert not answers(socket_path(folder))
        assert len(ask("keys", "list")) == 2 * turn + 1
        ask("keys", "add", f"alone{turn}", "--scope", "ingest")
    server = serve()
    assert len(ask("keys", "list")) == 4
    assert answers(socket_path(folder))
    server.end()
    assert not socket_path(folder).exists()


@pytest.mark.usefixtures("run")
def test_commands_at_once_take_their_turns(ask: Any, folder: Path) -> None:
    """None of them is a server: each waits until it may own the store."""
    commands = [
        [sys.executable, "-m", "tuttu", "keys", "add", f"key{number}", "--scope", "ingest"]
        for number in range(AT_ONCE)
    ]
    started = [subprocess.Popen([*each, "--folder", str(folder)]) for each in commands]
    assert [process.wait(HANG_SECONDS) for process in started] == [0] * AT_ONCE
    assert len(ask("keys", "list")) == AT_ONCE
