"""serve: its clock, its address, how it begins and ends; and that a folder has one owner."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.waiting import HANG_SECONDS

from tuttu.web import socket_path

MOMENT = "2026-03-05T09:00:00Z"


def test_it_tells_where_it_is(server: Any) -> None:
    assert server.told["project"] == "corner"
    assert (server.told["clock"], server.told["now"]) == ("manual", MOMENT)
    health = httpx.get(f"{server.url}/healthz", timeout=HANG_SECONDS, trust_env=False).json()
    assert health["project_digest"] == server.told["project_digest"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104
def test_a_manual_clock_is_for_loopback_only(run: Any, host: str) -> None:
    said = run("serve", "--host", host, "--port", "0", "--clock", "manual", exit_code=2).output
    assert "loopback only" in said


@pytest.mark.parametrize("clock", ["fast", "manual=yesterday", "system=2026-03-05", ""])
def test_a_clock_that_does_not_exist(run: Any, clock: str) -> None:
    assert "expected system, manual" in run("serve", "--clock", clock, exit_code=2).output


def test_a_taken_port_is_told(run: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = run("serve", "--port", str(port), exit_code=1).output
    assert f"127.0.0.1:{port}: " in said
    assert "choose another --port" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked(server: Any, folder: Path, number: int) -> None:
    assert socket_path(folder).exists()
    assert server.end(number) == (0, "")
    assert not socket_path(folder).exists()


def test_a_folder_has_one_server(server: Any, run: Any, ask: Any) -> None:
    said = run("serve", "--port", "0", exit_code=1).output
    assert "another process owns this store" in said
    assert ask("clock") == {"now": MOMENT, "manual": True, "ahead": 0.0}


def test_a_killed_server_leaves_nothing_in_the_way(
    server: Any, serve: Any, folder: Path, ask: Any
) -> None:
    server.end(signal.SIGKILL)
    assert socket_path(folder).exists()
    assert ask("clock")["manual"] is False
    again = serve("--clock", f"manual={MOMENT}")
    assert again.told["now"] == MOMENT
    assert ask("clock")["manual"] is True


def test_the_clock_is_moved_on_and_never_back(server: Any, run: Any, ask: Any) -> None:
    assert ask("clock", "--set", "2026-03-06T09:00:00Z")["now"] == "2026-03-06T09:00:00Z"
    assert "does not go back" in run("clock", "--set", MOMENT, exit_code=1).output
    assert ask("clock")["now"] == "2026-03-06T09:00:00Z"


def test_the_systems_clock_is_not_moved(run: Any) -> None:
    said = run("clock", "--set", "2999-01-01", exit_code=1).output
    assert "one started with --clock manual" in said
