"""An import that stops, goes on, or is done again: told from which row, nothing twice, and rows of
customers only for their owner's eyes."""

from __future__ import annotations

import csv
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.waiting import HANG_SECONDS, until

from tuttu.cli.importing import BATCH_CALLS, Reject
from tuttu.cli.resuming import Place, Rejects

MAPPING = """\
format: {delimiter: ";"}
id: {column: number, prefix: member-}
time: {column: at}
who: {user_id: {column: number}}
call: identify
traits: {first_name: {column: name}}
"""
COLUMNS = ["number", "at", "name"]
PAD = "x" * 120


@pytest.fixture
def members(folder: Path) -> Path:
    (folder / "imports" / "members.yaml").write_text(MAPPING)
    with (folder / "traits.yaml").open("a") as traits:
        traits.write("\n  first_name: {type: text}\n")
    return write(folder, ("k-1", "Aino"), ("k-2", "Pekka"), ("k-3", "Salla"))


def write(folder: Path, *people: tuple[str, str], at: str = "2026-02-01T09:00:00Z") -> Path:
    path = folder / "members.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(COLUMNS)
        rows.writerows((number, at, name) for number, name in people)
    return path


def call(row: int, *, broken: bool = False) -> str:
    """A line of JSON: one of Segment's calls."""
    said = {"type": "identify", "userId": f"k-{row}", "messageId": f"l-{row}", "category": PAD}
    return json.dumps({**said, "userId": None} if broken else said) + "\n"


def rejected(path: Path) -> list[dict[str, Any]]:
    kept = path.with_name(path.name + ".rejects.jsonl")
    return [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []


def name_of(ask: Any, number: str) -> str:
    return str(ask("customer", number)["traits"].get("first_name"))


BY = ("--mapping", "imports/members.yaml")


@pytest.fixture
def either(storage_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store of each kind, which all commands of the test use."""
    monkeypatch.setenv("TUTTU_STORAGE", storage_url)
    return storage_url


@pytest.mark.usefixtures("either")
def test_a_corrected_row_is_told_and_taken_with_replace(
    ask: Any, run: Any, folder: Path, members: Path
) -> None:
    ask("import", str(members), *BY)
    write(folder, ("k-1", "Aino"), ("k-2", "Petri"), ("k-3", "Salla"))
    told = ask("import", str(members), *BY)
    assert (told["accepted"], told["duplicates"], told["different"]) == (0, 3, 1)
    (kept,) = rejected(members)
    assert (kept["row"], kept["text"].endswith("Petri")) == (2, True)
    assert kept["reason"].startswith("differs from what is known")
    assert name_of(ask, "k-2") == "Pekka"
    assert "1 differs from what is known (--replace)" in run("import", str(members), *BY).stdout
    run("import", str(members), *BY, "--strict", exit_code=1)

    assert ask("import", str(members), *BY, "--replace")["replaced"] == 1
    assert name_of(ask, "k-2") == "Petri"
    before = run("digest").output
    again = ask("import", str(members), *BY, "--replace")
    assert (again["replaced"], again["different"], rejected(members)) == (0, 0, [])
    assert run("digest").output == before

    write(folder, ("k-1", "Aino"), ("k-2", "Pekka"), ("k-3", "Salla"))  # as it was at first
    assert ask("import", str(members), *BY, "--replace")["replaced"] == 1
    assert name_of(ask, "k-2") == "Pekka"


def test_a_correction_gives_way_to_what_was_said_later(
    ask: Any, folder: Path, members: Path
) -> None:
    ask("import", str(members), *BY)
    later = folder / "later.jsonl"
    said = {"type": "identify", "userId": "k-1", "messageId": "x", "traits": {"first_name": "Ai"}}
    later.write_text(json.dumps({**said, "timestamp": "2026-02-02T09:00:00Z"}))
    ask("import", str(later))
    write(folder, ("k-1", "Aini"))
    assert ask("import", str(members), *BY, "--replace")["replaced"] == 1
    assert name_of(ask, "k-1") == "Ai"


@pytest.mark.parametrize("name", ["members.csv", "members.csv.gz", "members.parquet"])
def test_a_table_without_a_mapping_is_no_import(run: Any, folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"number;name\n1;Aino\n")
    assert "--mapping" in run("import", name, exit_code=2).output


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ('{"number": 1, "name": "Aino"}\n', 1),
        ("number;name\n1;Aino\n", 1),
        (call(1) + '{"number": 1}\n', 1),
        (call(1) + "{\n", 0),
        (call(1, broken=True), 0),
        ("", 0),
    ],
)
def test_rows_that_are_no_calls_end_with_1(run: Any, folder: Path, lines: str, code: int) -> None:
    (folder / "rows.jsonl").write_text(lines)
    run("import", "rows.jsonl", exit_code=code)


@pytest.mark.usefixtures("either")
def test_a_broken_row_again_makes_no_second_letter(ask: Any, folder: Path) -> None:
    path = folder / "calls.jsonl"
    path.write_text(call(1) + call(2, broken=True))
    for _ in range(3):
        ask("import", str(path))
    (letter,) = ask("dead-letters", "list")
    assert [each["dead_letter"] for each in rejected(path)] == [letter["id"]]


def test_rejects_are_for_the_owner_only(run: Any, folder: Path) -> None:
    path = folder / "calls.jsonl"
    path.write_text(call(1, broken=True))
    kept = folder / "calls.jsonl.rejects.jsonl"
    kept.write_text("{}\n")
    kept.chmod(0o644)
    run("import", str(path))
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not (folder / "calls.jsonl.row").exists()


class Import:
    """`tuttu import` of a pipe, as a process of its own: it reads as far as it is given."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.path = folder / "calls.jsonl"
        if not self.path.exists():
            os.mkfifo(self.path)
        command = [sys.executable, "-m", "tuttu", "import", str(self.path), *options]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
            # What runs behind a shell ignores it, and so would this.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        self.pipe = self.path.open("w")

    def give(self, lines: str, row: int) -> None:
        """Waits until the row is on disk."""
        self.pipe.write(lines)
        self.pipe.flush()
        until(lambda: Place(self.path).left() == row, f"row {row} is not on disk")

    def end(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=HANG_SECONDS)
        self.pipe.close()
        return self.process.returncode, said


ROWS = [call(row, broken=row in {3, 900}) for row in range(1, 1001)]
GIVEN = "".join(ROWS[:700])
"""More than one batch, and more than is read of a pipe at once before the rest is waited for."""
assert len(GIVEN) > 2 * 64 * 1024 > len("".join(ROWS[: BATCH_CALLS + 1]))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_tells_from_which_row_to_go_on(ask: Any, folder: Path, number: int) -> None:
    running = Import(folder)
    running.give(GIVEN, BATCH_CALLS)
    assert [each["row"] for each in rejected(running.path)] == [3]
    code, said = running.end(number)
    assert "Traceback" not in said
    running.path.unlink()
    running.path.write_text("".join(ROWS))
    if number == signal.SIGKILL:
        assert code == -signal.SIGKILL
        assert Place(running.path).left() == BATCH_CALLS
    else:
        assert code == 128 + number
        assert f"`--after {BATCH_CALLS}` goes on" in said
    on = ask("import", str(running.path), "--after", str(BATCH_CALLS))
    assert (on["accepted"], on["duplicates"], on["last"]) == (499, 0, 1000)
    assert [each["row"] for each in rejected(running.path)] == [3, 900]
    assert Place(running.path).left() is None


def test_the_next_import_tells_of_one_that_was_killed(run: Any, folder: Path) -> None:
    path = folder / "calls.jsonl"
    path.write_text(call(1))
    (folder / "calls.jsonl.row").write_text("000000000500\n")
    assert "`--after 500` goes on" in run("import", str(path)).stderr
    assert "goes on" not in run("import", str(path)).stderr


@given(
    st.lists(st.integers(1, 30), max_size=9),
    st.integers(1, 30),
    st.binary(max_size=9).filter(lambda rest: b"\n" not in rest),
)
def test_going_on_keeps_the_rejects_up_to_its_row(
    tmp_path_factory: pytest.TempPathFactory, rows: list[int], after: int, torn: bytes
) -> None:
    """And no half a line that a kill left behind."""
    source = tmp_path_factory.mktemp("rejects") / "calls.jsonl"
    first = Rejects(source, 0)
    for row in rows:
        first.write(Reject(row, "no", str(row)))
    first.close()
    if rows:
        with first.path.open("ab") as kept:
            kept.write(torn)
    second = Rejects(source, after)
    second.write(Reject(after + 1, "no", "behind it"))
    second.close()
    expected = [*(row for row in rows if row <= after), after + 1]
    assert [each["row"] for each in rejected(source)] == expected
