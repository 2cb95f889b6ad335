"""import: a file's rows, through a mapping, to the same route as every other call."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import click
import msgspec

from tuttu import api, catalog, intake
from tuttu.cli import terminal
from tuttu.cli.client import Client, RefusedError, open_client
from tuttu.cli.options import FILE, folder_option, json_option, print_json
from tuttu.cli.resuming import Interrupted, Place, Rejects, interruptible
from tuttu.storage import read_parquet
from tuttu.vocabulary.counting import so_many
from tuttu.vocabulary.project import Project

BATCH_CALLS = 500
FRAME = b'{"batch":[%s]}'
TABLES = (".csv", ".tsv", ".parquet")
"""Ends of names of files whose rows are no calls."""
DIFFERS = "differs from what is known under this id: `--replace` takes it as a later fact"


class Reject(msgspec.Struct, omit_defaults=True):
    """A row that was refused, in whole or in part, or differs from what is known: why, and the row
    as it is in the file."""

    row: int
    reason: str
    text: str
    dead_letter: str | None = None


class Summary(msgspec.Struct):
    """The result of an import. last: number of the last row of which all is known; `--after`
    resumes behind it. different: rows known before that say something else. no_calls: rejected
    rows of a file without a mapping that are objects and none of Segment's calls; all, if no row
    is an object. refused_traits: values that did not fit, of rows that were accepted."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    dropped: int = 0
    rejected: int = 0
    refused_traits: int = 0
    last: int = 0
    different: int = 0
    replaced: int = 0
    no_calls: int = 0

    def exit_code(self, strict: bool) -> int:
        """1: the rows of a file without a mapping are no calls, or strictly, some are not taken."""
        wrong = strict and self.rejected + self.different
        return 1 if wrong or self.no_calls else 0


@click.command("import")
@click.argument("file", type=FILE)
@click.option("--mapping", "mapping_file", type=FILE, help="How rows become calls (YAML).")
@click.option("--after", type=click.IntRange(0), default=0, help="Go on behind this row number.")
@click.option("--replace", is_flag=True, help="Take rows that were corrected as later facts.")
@click.option("--strict", is_flag=True, help="End with 1 if a row was rejected or differs.")
@json_option
@folder_option
def import_file(  # noqa: PLR0913, PLR0917 - one for each option of the command
    file: Path,
    mapping_file: Path | None,
    after: int,
    replace: bool,
    strict: bool,
    as_json: bool,
    folder: Path,
) -> None:
    """Import FILE: CSV or JSON lines, also gzipped, or Parquet.

    Without --mapping each line is one of Segment's calls. Rows that are not
    taken go to FILE.rejects.jsonl, each at once. Doing it again takes nothing
    twice; a row that was corrected under the same id is told, and taken with
    --replace. If it is interrupted, it tells behind which row it goes on.
    """
    project = catalog.load(folder)
    mapping = _mapping(mapping_file, file, project.company.zone)
    place = Place(file)
    _tell_of_earlier(place, after)
    with interruptible(), file.open("rb") as stream, open_client(folder) as client:
        rows = _rows(file, stream, mapping)
        if mapping:
            intake.require_fit(mapping, rows.columns, project)
        rejects = Rejects(file, after)
        place.open()
        sending = Sending(client, rejects, place, project, replace=replace)
        sending.summary.last = after
        shown = with_progress(rows, stream, file.stat().st_size)
        whole = False
        try:
            sending.send(intake.map_rows(shown, mapping, after), calls=mapping is None)
            whole = True
        except Interrupted as wish:
            sys.exit(wish.exit_code)
        finally:
            place.close(whole=whole)
            some = rejects.close()
            if not whole:
                _tell_where(sending.summary.last)
    _show(sending.summary, rejects.path if some else None, as_json)
    sys.exit(sending.summary.exit_code(strict))


def _mapping(path: Path | None, file: Path, zone: str) -> intake.ImportMapping | None:
    if path is not None:
        return intake.load_mapping(path.read_bytes(), str(path), zone)
    kinds = [each for each in file.suffixes if each != ".gz"]
    if kinds and kinds[-1].lower() in TABLES:
        raise click.UsageError(
            f"found {file.name} without `--mapping`: only JSON lines can be calls as they are;"
            " say with a mapping how its rows become calls"
        )
    return None


def _tell_of_earlier(place: Place, after: int) -> None:
    left = place.left()
    if left is not None and not after:
        terminal.say(
            f"an earlier import of this file stopped behind row {left}: `--after {left}` goes on"
            " there; this one reads all of it again",
            err=True,
        )


def _tell_where(row: int) -> None:
    terminal.say(f"stopped; `--after {row}` goes on behind row {row}", err=True)


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
            terminal.progress(f"{so_many(row.number, 'row')}{part}")
    if watched:
        terminal.say("", err=True)


class Sending:
    """Sends calls in batches, and keeps what was refused."""

    def __init__(
        self, client: Client, rejects: Rejects, place: Place, project: Project, *, replace: bool
    ) -> None:
        limits = project.company.limits
        self.summary = Summary()
        self._client = client
        self._rejects = rejects
        self._place = place
        self._replace = replace
        self._most = min(BATCH_CALLS, limits.batch_events)
        self._bytes = limits.body_bytes - len(FRAME)
        self._evidence = limits.evidence_pairs
        self._project = project
        self._calls: list[bytes] = []
        self._size = self._pairs = 0
        self._rows: list[intake.Row] = []
        self._read = 0
        self._as_they_are = False

    def send(self, rows: Iterable[intake.MappedRow], *, calls: bool = False) -> None:
        """calls: each row is one, as it is."""
        self._as_they_are = calls
        unreadable = 0
        for each in rows:
            self.summary.rows += 1
            if each.fault:
                unreadable += 1
                self._reject(Reject(each.row.number, each.fault, each.row.text))
            elif not each.calls:
                self.summary.dropped += 1
            for call in each.calls:
                self._add(each.row, call)
            self._read = each.row.number
        self._flush()
        if calls and unreadable == self.summary.rows:
            self.summary.no_calls = unreadable

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
        if self._calls:
            calls, rows = self._calls, self._rows
            different = self._ask(calls, rows)
            self._calls, self._rows, self._size, self._pairs = [], [], 0, 0
            if different and self._replace:
                again = [_named(calls[each.index], each.replace_as) for each in different]
                self._ask(again, [rows[each.index] for each in different], replacing=True)
            else:
                self._differ([rows[each.index] for each in different])
        self.summary.last = max(self.summary.last, self._read)
        self._place.write(self.summary.last)

    def _ask(
        self, calls: list[bytes], rows: list[intake.Row], *, replacing: bool = False
    ) -> list[api.DifferentCall]:
        """Send some calls; which of them are known, and say something else."""
        body = FRAME % b",".join(calls)
        try:
            answer = self._client.ask(api.CallsAnswer, "POST", "/v1/batch", body=body)
        except RefusedError as error:
            if error.status >= 500:
                raise
            for row in rows:
                self._reject(Reject(row.number, str(error), row.text))
            return []
        summary = self.summary
        if replacing:
            summary.replaced += answer.accepted
        else:
            summary.accepted += answer.accepted
            summary.duplicates += answer.duplicates
        summary.refused_traits += len(answer.refused_traits)
        for no in answer.refused:
            row = rows[no.index]
            summary.no_calls += self._as_they_are and no.code == intake.RefusalCode.UNKNOWN_CALL
            self._reject(Reject(row.number, no.message, row.text, no.dead_letter))
        return answer.different

    def _differ(self, rows: list[intake.Row]) -> None:
        for row in rows:
            self.summary.different += 1
            self._rejects.write(Reject(row.number, DIFFERS, row.text))

    def _reject(self, reject: Reject) -> None:
        self.summary.rejected += 1
        self._rejects.write(reject)


def _named(call: bytes, message_id: str) -> bytes:
    """The call under another id; its values as they were written."""
    fields = msgspec.json.decode(call, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({**fields, "messageId": message_id})


def _show(summary: Summary, rejects: Path | None, as_json: bool) -> None:
    if as_json:
        print_json(summary)
    else:
        figures = [
            f"{so_many(summary.accepted, 'event')} accepted",
            f"{summary.duplicates:,} known before",
            f"{so_many(summary.dropped, 'row')} without an event",
            f"{summary.rejected:,} rejected",
        ]
        if summary.different:
            differ = so_many(summary.different, "differs", "differ")
            figures.append(f"{differ} from what is known (--replace)")
        if summary.replaced:
            figures.append(f"{summary.replaced:,} replaced")
        terminal.say(f"{so_many(summary.rows, 'row')}: {', '.join(figures)}")
        if summary.refused_traits:
            one, many = "value did not fit its trait", "values did not fit their traits"
            unfit = so_many(summary.refused_traits, one, many)
            terminal.say(f"{unfit}: see `tuttu slips`")
    if rejects is not None:
        terminal.say(f"the rejected ones are in {rejects}", err=True)
