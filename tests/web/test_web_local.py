"""The project's own socket: only its owner may open it, and no two servers share it."""

from __future__ import annotations

import socket
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tuttu.web import LocalSocketError, answers, local, reachable, socket_path
from tuttu.web.local import listen


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
    with socket.socket(socket.AF_UNIX) as dead, reachable(path) as address:
        dead.bind(address)
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
    assert running.local_client().get("/v1/digest").json() == {
        "digest": "0" * 64,
        "unreadable": 0,
    }


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    """A folder deeper than a socket's address is long."""
    folder = tmp_path / ("deep" * 20) / ("deeper" * 15)
    folder.mkdir(parents=True)
    return folder


def test_a_deep_folder_is_reached(deep: Path) -> None:
    path = socket_path(deep)
    with listen(path):
        assert answers(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with listen(path) as second:
            assert second is None
    assert not path.exists()


def test_what_makes_it_reachable_is_private_and_gone_afterwards(deep: Path) -> None:
    with reachable(socket_path(deep)) as address:
        private = Path(address).parents[1]
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert not private.exists()
    assert deep.exists()


@pytest.mark.parametrize("place", ["deep", "gone"])
def test_a_place_for_temporary_files_that_is_of_no_use_is_not_taken(
    deep: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", {"deep": str(deep), "gone": "/gone"}[place])
    with listen(socket_path(deep)):
        assert answers(socket_path(deep))


def test_nowhere_to_make_it_reachable_is_said(deep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "LONGEST", 10)
    with pytest.raises(LocalSocketError, match="set TMPDIR to a folder near the root"):
        listen(socket_path(deep)).__enter__()


def test_a_key_means_nothing_on_the_own_socket(running: Any, stub: Any) -> None:
    client = running.local_client()
    assert client.post("/v1/track", json={}, headers={"Authorization": "Bearer no"}).is_success
    expected = {"call": "track", "body": b"{}", "encoding": None, "by": "local"}
    assert stub.asked == [("accept_in_slices", expected)]
