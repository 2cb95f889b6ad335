"""import: a file's rows, through a mapping, to the same route as every other call."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import click
import msgspec

from tuttu import api, catalog, intake
from tuttu.cli.client import Client, RefusedError, open_client
from tuttu.cli.options import FILE, folder_option, json_option, print_json
from tuttu.storage import read_parquet
from tuttu.vocabulary.project import Project

BATCH_CALLS = 500
FRAME = b'{"batch":[%s]}'


class Reject(msgspec.Struct, omit_defaults=True):
    """A row that was refused, in whole or in part: why, and the row as it is in the file."""

    row: int
    reason: str
    text: str
    dead_letter: str | None = None


class Summary(msgspec.Struct):
    """The result of an import. last: number of the last row; `--after` resumes behind it."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    dropped: int = 0
    rejected: int = 0
    last: int = 0


@click.command("import")
@click.argument("file", type=FILE)
@click.option("--mapping", "mapping_file", type=FILE, help="How rows become calls (YAML).")
@click.option("--after", type=int, default=0, help="Go on behind this row number.")
@click.option("--strict", is_flag=True, help="End with 1 if a row was rejected.")
@json_option
@folder_option
def import_file(
    file: Path, mapping_file: Path | None, after: int, strict: bool, as_json: bool, folder: Path
) -> None:
    """Import FILE: CSV or JSON lines, also gzipped, or Parquet.

    Without --mapping each line is one of Segment's calls. Rows that are not
    taken go to FILE.rejects.jsonl. Doing it again takes nothing twice.
    """
    mapping = _mapping(mapping_file)
    project = catalog.load(folder)
    rejects = file.with_name(file.name + ".rejects.jsonl")
    with (
        file.open("rb") as stream,
        rejects.open("ab" if after else "wb") as kept,
        open_client(folder) as client,
    ):
        rows = _rows(file, stream, mapping)
        if mapping:
            intake.require_fit(mapping, rows.columns, project)
        sending = Sending(client, kept, project)
        shown = with_progress(rows, stream, file.stat().st_size)
        sending.send(intake.map_rows(shown, mapping, after))
    _show(sending.summary, rejects, as_json)
    sys.exit(1 if strict and sending.summary.rejected else 0)


def _mapping(path: Path | None) -> intake.ImportMapping | None:
    return intake.load_mapping(path.read_text(encoding="utf-8"), str(path)) if path else None


def _rows(file: Path, stream: IO[bytes], mapping: intake.ImportMapping | None) -> intake.RowFile:
    """Parquet is recognised by the file's name, everything else by the mapping."""
    style = mapping.format if mapping else intake.Format(kind="jsonl")
    if file.suffix == ".parquet":
        return intake.read_records(read_parquet(file), style)
    return intake.read_rows(stream, style)


def with_progress(rows: Iterable[intake.Row], stream: IO[bytes], size: int) -> Iterator[intake.Row]:
    """The rows, with progress on stderr where somebody watches it."""
    watched = sys.stderr.isatty()
    for row in rows:
        yield row
        if watched and row.number % BATCH_CALLS == 0:
            part = f" ({stream.tell() / size:.0%})" if stream.tell() else ""
            click.echo(f"\r{row.number:,} rows{part}", nl=False, err=True)
    if watched:
        click.echo(err=True)


class Sending:
    """Sends calls in batches, and keeps what was refused."""

    def __init__(self, client: Client, rejects: IO[bytes], project: Project) -> None:
        limits = project.company.limits
        self.summary = Summary()
        self._client = client
        self._rejects = rejects
        self._most = min(BATCH_CALLS, limits.batch_events)
        self._bytes = limits.body_bytes - len(FRAME)
        self._evidence = limits.evidence_pairs
        self._project = project
        self._calls: list[bytes] = []
        self._size = self._pairs = 0
        self._rows: list[intake.Row] = []

    def send(self, rows: Iterable[intake.MappedRow]) -> None:
        for each in rows:
            self.summary.rows += 1
            self.summary.last = each.row.number
            if each.fault:
                self._reject(Reject(each.row.number, each.fault, each.row.text))
            elif not each.calls:
                self.summary.dropped += 1
            for call in each.calls:
                self._add(each.row, call)
        self._flush()

    def _add(self, row: intake.Row, call: bytes) -> None:
        pairs = intake.most_evidence(call, self._project)
        full = len(self._calls) == self._most or self._size + len(call) > self._bytes
        if full or self._pairs + pairs > self._evidence:
            self._flush()
        self._size += len(call) + 1
        self._pairs += pairs
        self._calls.append(call)
        self._rows.append(row)

    def _flush(self) -> None:
        if not self._calls:
            return
        rows = self._rows
        body = FRAME % b",".join(self._calls)
        self._calls, self._rows, self._size, self._pairs = [], [], 0, 0
        try:
            answer = self._client.ask(api.CallsAnswer, "POST", "/v1/batch", body=body)
        except RefusedError as error:
            if error.status >= 500:
                raise
            for row in rows:
                self._reject(Reject(row.number, str(error), row.text))
            return
        self.summary.accepted += answer.accepted
        self.summary.duplicates += answer.duplicates
        for no in answer.refused:
            row = rows[no.index]
            self._reject(Reject(row.number, no.message, row.text, no.dead_letter))

    def _reject(self, reject: Reject) -> None:
        self.summary.rejected += 1
        self._rejects.write(msgspec.json.encode(reject) + b"\n")


def _show(summary: Summary, rejects: Path, as_json: bool) -> None:
    if as_json:
        print_json(summary)
    else:
        click.echo(
            f"{summary.rows} rows: {summary.accepted} events accepted, "
            f"{summary.duplicates} known before, {summary.dropped} rows without an event, "
            f"{summary.rejected} rejected"
        )
    if rejects.stat().st_size:
        click.echo(f"the rejected ones are in {rejects}", err=True)
    else:
        rejects.unlink()
