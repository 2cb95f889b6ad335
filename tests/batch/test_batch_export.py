"""What leaves the store for batch work: pseudonyms and named columns, in a private folder that is
gone afterwards, and DuckDB that can touch nothing else."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from tests.batch.conftest import NAMES, Told, exports
from tests.waiting import HANG_SECONDS

from tuttu import batch
from tuttu import engine as use
from tuttu.batch.verify import exporting
from tuttu.batch.verify.definition_checks import expressions
from tuttu.engine import ROOMS, Runtime
from tuttu.profile.batch import Layout, layout_of
from tuttu.storage import (
    ExportError,
    ExportWorkspace,
    InterruptedRunError,
    open_store,
    open_workspace,
    sweep,
)
from tuttu.vocabulary.events import Event

KEY = bytes(16)
AT_WORK_SECONDS = 0.2
"""After which a statement has begun, as a rule."""


def _exported(engine: Runtime, bench: ExportWorkspace) -> Layout:
    """All files of a run, while they are there."""
    plan = batch.ExportPlan(engine.project, ROOMS, engine.now(), KEY)
    with engine.view() as seen:
        written = batch.export(seen.snapshot, plan, bench, batch.no_progress)
    assert batch.compare(written, batch.no_progress).agree
    return layout_of(engine.project, expressions(engine.project))


# What is in it


def _cells(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _cells(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _cells(each)


def _read(folder: Path) -> set[str]:
    """Every text in every file."""
    files = sorted(folder.glob("*.parquet"))
    assert files
    with duckdb.connect() as connection:
        rows = (
            connection.execute("SELECT * FROM read_parquet(?)", [str(file)]).fetchall()
            for file in files
        )
        return set(_cells(list(rows)))


def _events(engine: Runtime) -> list[Event]:
    with engine.store.read() as snapshot:
        return [event for _, event in exporting.events(snapshot)]


def _said(raw: bytes) -> dict[str, Any]:
    said = msgspec.json.decode(raw)
    return said if isinstance(said, dict) else {}


def _unnamed(engine: Runtime, layout: Layout) -> set[str]:
    """Texts that senders said where no condition looks."""
    texts: set[str] = set()
    named: set[str] = set()
    for event in _events(engine):
        texts |= {event.id, *(each.value for each in event.identifiers)}
        about = _said(event.traits) if event.call == "identify" else {}
        for name, value in (about | _said(event.context).get("traits", {})).items():
            (named if layout.shows(name) else texts).update(_cells(value))
        named.update(_cells(_said(event.properties)))
    return {each for each in texts - named if each}


@pytest.mark.parametrize("company", ["operator", "shop", "utility"])
def test_who_somebody_is_stays_out(company: str, told: Told, temporary: Path) -> None:
    engine = told(company)
    with open_workspace() as bench:
        layout = _exported(engine, bench)
        cells = _read(bench.folder)
        raw = b"".join(path.read_bytes() for path in bench.folder.rglob("*") if path.is_file())
    unnamed = _unnamed(engine, layout)
    assert len(unnamed) > 2
    assert not unnamed & cells
    long = [each.encode() for each in unnamed if len(each) >= 5]
    assert long
    assert not [each for each in long if each in raw]


def test_only_what_is_read_has_a_column(told: Told, temporary: Path) -> None:
    engine = told("utility")
    with open_workspace() as bench:
        layout = _exported(engine, bench)
        columns = {
            name: [row[0] for row in bench.run(f'DESCRIBE "{name}"')]
            for name in ("customers", "items 0", "events")
        }
    assert not layout.shows("first_name")
    assert layout.shows("customer_since")
    assert "customer_since" in columns["customers"]
    assert "first_name" not in columns["customers"]
    assert "tuttu masked first_name" in columns["customers"]
    shown = {name for name in columns["items 0"] if not name.startswith("tuttu ")}
    assert shown == set(layout.fields["contracts"])
    assert "place" not in shown
    assert "bill_status" in shown
    assert "path" not in columns["events"]


def test_files_have_the_types_of_the_row(told: Told, temporary: Path) -> None:
    engine = told("utility")
    with open_workspace() as bench:
        _exported(engine, bench)
        types = dict(row[:2] for row in bench.run("DESCRIBE customers"))
    assert types["now"] == "TIMESTAMP"
    assert types["customer_since"] == "DATE"
    assert types["report_views_30d"] == "BIGINT"
    assert types["left_report"] == "BOOLEAN"
    assert re.fullmatch(r"STRUCT\(.*bill_status VARCHAR.*\)\[\]", types["contracts"])


# Where it is


def test_the_folder_is_private_and_gone_afterwards(told: Told, temporary: Path) -> None:
    engine = told("shop")
    seen: list[int] = []

    def look(_said: str) -> None:
        (folder,) = exports(temporary)
        seen.append(stat.S_IMODE(folder.stat().st_mode))

    assert use.verify(engine, look).agree
    assert set(seen) == {0o700}
    assert exports(temporary) == []


def test_the_folder_is_gone_after_a_failure(told: Told, temporary: Path) -> None:
    engine = told("shop")

    def fail(_said: str) -> None:
        assert len(exports(temporary)) == 1
        raise RuntimeError("the disk is full, say")

    with pytest.raises(RuntimeError):
        use.verify(engine, fail)
    assert exports(temporary) == []
    with pytest.raises(ExportError), open_workspace() as bench:
        bench.run("SELECT no_such_column")
    assert exports(temporary) == []


def test_a_run_is_ended_from_another_thread(told: Told, temporary: Path) -> None:
    engine = told("shop")
    ended: list[threading.Thread] = []

    def end(_said: str) -> None:
        ended.append(threading.Thread(target=engine.interrupt))
        ended[-1].start()
        ended[-1].join()

    with pytest.raises(InterruptedRunError):
        use.verify(engine, end)
    assert exports(temporary) == []


def test_a_statement_at_work_is_ended_too(temporary: Path) -> None:
    with open_workspace() as bench:
        over = threading.Event()

        def interrupt_again_and_again() -> None:
            """Interrupts as a caller would: the first time may come before the statement begins."""
            while not over.wait(AT_WORK_SECONDS):
                bench.interrupt()

        other = threading.Thread(target=interrupt_again_and_again)
        other.start()
        try:
            with pytest.raises(InterruptedRunError):
                bench.run("SELECT count(*) FROM range(10000000000000) a WHERE a.range % 7 = 8")
        finally:
            over.set()
            other.join()
    assert exports(temporary) == []


WORKING = """
import signal
from tuttu.cli.evaluation import endable
from tuttu.storage import open_workspace
benches = []
# As in a terminal: whoever starts the tests in the background, or by nohup, makes us ignore them.
signal.signal(signal.SIGINT, signal.default_int_handler)
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
def work():
    with open_workspace() as bench:
        benches.append(bench)
        print(bench.folder, flush=True)
        bench.run("SELECT count(*) FROM range(10000000000000) a WHERE a.range % 7 = 8")
endable(work, lambda: [bench.interrupt() for bench in benches])
"""


@pytest.fixture
def working(temporary: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of its batch work; its folder is on its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKING],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    yield process
    process.kill()
    process.communicate()


def _folder(working: subprocess.Popen[str]) -> Path:
    assert working.stdout is not None
    return Path(working.stdout.readline().strip())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_folder_is_gone_after_a_signal(number: int, working: subprocess.Popen[str]) -> None:
    folder = _folder(working)
    assert folder.is_dir()
    working.send_signal(number)
    assert working.wait(HANG_SECONDS) != 0
    assert not folder.exists()


def test_the_next_run_sweeps_up_what_a_killed_one_left(
    working: subprocess.Popen[str], told: Told, temporary: Path
) -> None:
    folder = _folder(working)
    sweep()
    assert folder.is_dir(), "its process lives"
    working.kill()
    working.wait(HANG_SECONDS)
    assert folder.is_dir()
    assert use.verify(told("shop")).agree
    assert exports(temporary) == []


def test_a_scratch_copy_of_a_killed_process_is_swept_up(temporary: Path) -> None:
    """And no other: a lock is held by whoever lives."""
    left = temporary / "tuttu-scratch-left"
    left.mkdir()
    (left / "store.db").write_text("of a killed one")
    with closing(open_store("sqlite::memory:", temporary)):
        sweep()
        (living,) = temporary.glob("tuttu-scratch-*")
        assert living != left
    assert not list(temporary.glob("tuttu-scratch-*"))


def test_what_is_not_ours_is_not_swept_up(temporary: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("kept")
    (temporary / "tuttu-export-link").symlink_to(elsewhere)
    (temporary / "tuttu-export-file").write_text("no folder")
    (temporary / "another").mkdir()
    sweep()
    assert (elsewhere / "file").read_text() == "kept"
    assert (temporary / "another").is_dir()


# What DuckDB can touch


def test_duckdb_opens_nothing_but_the_export(
    told: Told, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By DuckDB's own log of files."""
    connect = duckdb.connect

    def watched() -> duckdb.DuckDBPyConnection:
        connection = connect()
        connection.execute("CALL enable_logging('FileSystem')")
        return connection

    monkeypatch.setattr(duckdb, "connect", watched)
    engine = told("utility")
    with open_workspace() as bench:
        _exported(engine, bench)
        folder = str(bench.folder)
        rows = bench.run("SELECT DISTINCT message FROM duckdb_logs WHERE type = 'FileSystem'")
    paths = {msgspec.json.decode(message)["path"] for (message,) in rows}
    assert len(paths) > 5
    assert not {path for path in paths if not path.startswith(folder)}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_blob('{store}')",
        "SELECT * FROM read_parquet('{store}')",
        "ATTACH '{store}' AS stolen",
        "ATTACH '{store}' AS stolen (TYPE sqlite)",
        "COPY (SELECT 1) TO '{store}.parquet'",
        "INSTALL sqlite",
        "LOAD sqlite",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SELECT * FROM read_csv('/etc/hostname')",
    ],
)
def test_duckdb_is_refused_the_store_and_everything_else(
    sql: str, temporary: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store.db"
    store.write_bytes(b"SQLite format 3\0")
    with open_workspace() as bench, pytest.raises(ExportError):
        bench.run(sql.format(store=store))
    assert store.read_bytes() == b"SQLite format 3\0"


def test_there_are_examples() -> None:
    assert set(NAMES) >= {"bank", "helpdesk", "operator"}
