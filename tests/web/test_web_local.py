"""The project's own socket: only its owner may open it, and no two servers share it."""

from __future__ import annotations

import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from tuttu.web import LocalSocketError, answers, socket_path
from tuttu.web.local import address_of, listen


def test_only_the_owner_may_open_it(tmp_path: Path) -> None:
    path = socket_path(tmp_path)
    with listen(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_folder_without_a_server_answers_nobody(tmp_path: Path) -> None:
    assert not answers(socket_path(tmp_path))


def test_what_a_dead_server_left_is_replaced(tmp_path: Path) -> None:
    path = socket_path(tmp_path)
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(address_of(path))
    assert path.exists()
    assert not answers(path)
    with listen(path):
        assert answers(path)


def test_a_second_server_leaves_the_first_one_its_socket(tmp_path: Path) -> None:
    path = socket_path(tmp_path)
    with listen(path):
        with listen(path) as second:
            assert second is None
        assert answers(path)
    assert not path.exists()
    with listen(path) as third:
        assert third is not None


def test_a_running_server_answers(running: Any) -> None:
    assert answers(socket_path(running.folder))
    assert running.local_client().get("/v1/digest").json() == {"digest": "0" * 64}


def test_a_deep_folder_is_reached_from_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("deep" * 20) / ("deeper" * 15)
    folder.mkdir(parents=True)
    path = socket_path(folder)
    monkeypatch.chdir("/")
    with pytest.raises(LocalSocketError, match="start from inside the project folder"):
        listen(path).__enter__()
    monkeypatch.chdir(folder)
    with listen(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(address_of(path))


def test_a_key_means_nothing_on_the_own_socket(running: Any, stub: Any) -> None:
    client = running.local_client()
    assert client.post("/v1/track", json={}, headers={"Authorization": "Bearer no"}).is_success
    assert stub.asked == [("accept", ("track", b"{}", None, "local"), {})]
