"""A private place for one run of batch work: Parquet files, and DuckDB over them alone.

The folder belongs to this user only (0700), is in the system's place for temporary files, and is
deleted when the run ends, however it ends; the next run removes what a killed process left. Each
process holds a lock on its folder while it lives, so that no folder in use is removed. DuckDB's
settings forbid access to anything outside the folder, the store included.
"""

# ruff: noqa: S608 - names are quoted, and values are constants of ours

import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from tuttu.storage.errors import ExportError, InterruptedRunError
from tuttu.storage.parquet import ROWS_AT_ONCE, as_pattern
from tuttu.storage.temporary_folders import EXPORT, locked_folder, sweep

MEMORY = "2GB"
"""Above it, DuckDB spills to disk, inside the folder."""


class ExportWorkspace:
    """Tables as Parquet files in `folder`, and SQL over them. For one thread; others may call
    `interrupt`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._connection = _connect(folder)
        self._stopped = threading.Event()

    def table(self, name: str, columns: Mapping[str, str]) -> "Sheet":
        """A new table, empty. columns: name to DuckDB type; names that differ in nothing but the
        case of ASCII letters are one name to DuckDB."""
        sheet = Sheet(self, name, columns)
        self.run(f"CREATE VIEW {_quoted(name)} AS {sheet.reading()}")
        return sheet

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a statement yields. Raises ExportError, InterruptedRunError."""
        if self._stopped.is_set():
            raise InterruptedRunError("the run was ended")
        try:
            return self._connection.execute(sql, list(values)).fetchall()
        except (duckdb.Error, RuntimeError) as error:
            if self._stopped.is_set():
                raise InterruptedRunError("the run was ended") from error
            raise ExportError(f"the batch work failed: {_cause(error)}") from error

    def interrupt(self) -> None:
        """Ends the run: the current and any further statement raise InterruptedRunError."""
        self._stopped.set()
        self._connection.interrupt()

    def close(self) -> None:
        self._connection.close()


class Sheet:
    """One table while it is being written: a Parquet file for each `ROWS_AT_ONCE` rows."""

    def __init__(self, workspace: ExportWorkspace, name: str, columns: Mapping[str, str]) -> None:
        self._workspace = workspace
        self._stem = name.replace(" ", "-")
        self._typed = ", ".join(f"{_quoted(each)} {kind}" for each, kind in columns.items())
        self._names = list(columns)
        self._waiting: list[Sequence[Any]] = []
        self._files = 0
        self._flush()

    def add(self, row: Sequence[Any]) -> None:
        """One row, in the order of the columns: None, bool, int, float, str, date, naive datetime
        (UTC), and lists and dicts of them."""
        self._waiting.append(row)
        if len(self._waiting) == ROWS_AT_ONCE:
            self._flush()

    def close(self) -> None:
        """What was added is in the files."""
        if self._waiting:
            self._flush()

    def reading(self) -> str:
        files = f"{as_pattern(self._workspace.folder)}/{self._stem}.*.parquet"
        return f"SELECT * FROM read_parquet({_text(files)})"

    def _flush(self) -> None:
        """Rows go to DuckDB as one JSON text, hundreds of times faster than one by one."""
        path = self._workspace.folder / f"{self._stem}.{self._files:06}.parquet"
        rows = [dict(zip(self._names, row, strict=True)) for row in self._waiting]
        self._workspace.run(
            f"COPY (SELECT unnest(CAST(CAST(? AS JSON) AS STRUCT({self._typed})[]),"
            f" max_depth := 2)) TO {_text(str(path))} (FORMAT parquet)",
            [msgspec.json.encode(rows).decode()],
        )
        self._waiting.clear()
        self._files += 1


@contextmanager
def open_workspace() -> Iterator[ExportWorkspace]:
    """A workspace in a new folder, which is deleted at the end. Raises ExportError."""
    sweep()
    try:
        folder, lock = locked_folder(EXPORT)
    except OSError as error:
        raise ExportError(f"no folder for the export: {error.strerror}") from error
    try:
        workspace = ExportWorkspace(folder)
        try:
            yield workspace
        finally:
            workspace.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _connect(folder: Path) -> "duckdb.DuckDBPyConnection":
    """An in-memory database that can read and write inside the folder, and nowhere else."""
    # Its annotation is quoted: DuckDB reports a type that a function still holds at exit as leaked.
    connection = duckdb.connect()
    for setting in (
        f"temp_directory = {_text(str(folder / 'aside'))}",
        f"allowed_directories = [{_text(f'{folder}/')}]",
        f"memory_limit = '{MEMORY}'",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "preserve_insertion_order = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")
    return connection


def _cause(error: Exception) -> str:
    """The cause; for an unexpected error its type only, since its message may quote a value."""
    if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
        return str(error).splitlines()[0]
    return type(error).__name__


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
