"""The load client, against real servers of this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu import bench
from tuttu.bench import load, processes

ASKED = load.request("/any", b"{}", "key")
BYTES = 70_000
"""More than one read of a socket brings."""


@pytest.fixture(scope="module")
def echo() -> Iterator[processes.Server]:
    with processes.echoing(BYTES) as server:
        yield server


@pytest.mark.parametrize("connections", [1, 5])
def test_every_answer_is_whole_and_counted(echo: processes.Server, connections: int) -> None:
    bodies: list[bytes] = []
    before = echo.cpu()
    found = load.load(
        echo, repeat(ASKED), connections=connections, seconds=60, most=40, each=bodies.append
    )
    assert list(map(len, bodies)) == [BYTES] * 40
    assert len(found.answers) == 40
    assert 0 < found.server <= echo.cpu() - before
    assert 0 < found.seconds <= sum(each.took for each in found.answers) * 40
    assert found.percentile(0) <= found.percentile(0.5) <= found.percentile(1)


def test_however_short_the_time_one_is_asked(echo: processes.Server) -> None:
    assert len(load.load(echo, repeat(ASKED), seconds=0).answers) == 1


def test_nothing_to_ask_is_told(echo: processes.Server) -> None:
    with pytest.raises(processes.BenchError, match="nothing to ask"):
        load.load(echo, [])


def test_what_is_refused_is_told(tmp_path: Path) -> None:
    folder = bench.write(bench.GeneratedCompany(12), tmp_path)
    with (
        processes.serving(folder) as server,
        pytest.raises(processes.BenchError, match="unauthenticated"),
    ):
        load.load(server, [load.request("/v1/decide", b"{}", "nobody's")], connections=1)


def test_a_closed_connection_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def close_the_first() -> None:
            connection, _ = listening.accept()
            connection.close()

        thread = threading.Thread(target=close_the_first)
        thread.start()
        server = processes.Server(pid=0, port=listening.getsockname()[1])
        with pytest.raises(processes.BenchError, match="closed a connection"):
            load.load(server, repeat(ASKED), connections=1)
        thread.join()


def test_a_faulty_project_does_not_start(tmp_path: Path) -> None:
    with (
        pytest.raises(processes.BenchError, match=r"(?s)did not start.*tuttu\.yaml"),
        processes.serving(tmp_path),
    ):
        pass


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0, 1))
def test_a_percentile_is_one_of_them(seconds: list[float], share: float) -> None:
    found = load.percentile(seconds, share)
    assert found in [1_000 * each for each in seconds]
    slower = sum(1_000 * each > found for each in seconds)
    assert slower <= len(seconds) * (1 - share) + 1e-6


@given(*[st.tuples(st.floats(0, 10), st.floats(0.1, 10))] * 2)
def test_two_requests_meet_or_one_is_over(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    first, second = load.Timed(*one), load.Timed(*other)
    over = sum(one) <= other[0] or sum(other) <= one[0]
    assert first.meets(second) is second.meets(first) is not over
