"""links: sets of links that others make, imported, listed and dropped."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import click
import msgspec

from tuttu import api, catalog, intake
from tuttu.cli import render, terminal
from tuttu.cli.client import Client, open_client, part
from tuttu.cli.importing import with_progress
from tuttu.cli.options import FILE, folder_option, json_option, print_json, show
from tuttu.cli.resuming import Rejects
from tuttu.storage import read_parquet
from tuttu.vocabulary.counting import so_many
from tuttu.vocabulary.errors import FinalError

AT_ONCE = 500
"""Links of one request."""
CHUNK = 1024 * 1024


class RefusedRow(msgspec.Struct):
    """A row that claims nothing: where it stands, what was found and what was expected."""

    file: str
    row: int
    found: str
    expected: str
    text: str


class LinkSummary(msgspec.Struct):
    """The result of an import. below: under the least score. one: the first of their cluster."""

    rows: int = 0
    claimed: int = 0
    below: int = 0
    firsts: int = 0
    refused: int = 0
    set: api.LinkSetAnswer | None = None


@click.group(invoke_without_command=True)
@json_option
@folder_option
@click.pass_context
def links(context: click.Context, as_json: bool, folder: Path) -> None:
    """Show the sets of links that others make: what they claim, and who was joined by it."""
    if context.invoked_subcommand is None:
        with open_client(folder) as client:
            answer = client.ask(list[api.LinkSetAnswer], "GET", "/v1/links")
        show(answer, as_json, render.link_sets)


@links.command("import")
@click.argument("file", type=FILE)
@click.option("--set", "name", required=True, help="The set, as identity.yaml declares it.")
@click.option("--namespace", help="The namespace of identifiers that are written without one.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="A least score, above the one of identity.yaml.",
)
@json_option
@folder_option
def import_links(
    file: Path,
    name: str,
    namespace: str | None,
    threshold: float | None,
    as_json: bool,
    folder: Path,
) -> None:
    """Let FILE say all that a set of links claims, in place of what it claimed before.

    Pairs or clusters: CSV or JSON lines, also gzipped, or Parquet. Rows that
    claim nothing go to FILE.rejects.jsonl. If it is interrupted nothing has
    changed; doing it again goes on.
    """
    catalog.load(folder)
    with file.open("rb") as stream, open_client(folder) as client:
        source = _digest(stream, namespace, threshold)
        path = f"/v1/links/{part(name)}/runs"
        run = client.ask(api.LinksRunAnswer, "POST", path, body=api.LinksRunRequest(source=source))
        least = _least(threshold, run.at_least, name)
        rows = _rows(file, stream)
        shown = with_progress(rows, stream, file.stat().st_size)
        rejects = Rejects(file, run.through)
        try:
            sending = LinkSending(client, f"{path}/{run.run}", rejects, file.name)
            found = intake.link_rows(shown, rows.columns, namespace)
            sending.send(_after(found, run.through), least)
        finally:
            some = rejects.close()
        sending.summary.set = client.ask(api.LinkSetAnswer, "POST", f"{path}/{run.run}/close")
    _show(sending.summary, rejects.path if some else None, as_json)


@links.command()
@click.option("--set", "name", required=True, help="The set.")
@json_option
@folder_option
def drop(name: str, as_json: bool, folder: Path) -> None:
    """Let a set of links claim nothing any more: whom it alone joined is parted again."""
    with open_client(folder) as client:
        answer = client.ask(api.LinkSetAnswer, "DELETE", f"/v1/links/{part(name)}")
    show(answer, as_json, lambda each: render.link_sets([each]))


def _digest(stream: IO[bytes], *said: object) -> str:
    """Of the file, and of how it is read: a run of the same goes on."""
    found = hashlib.sha256(repr(said).encode())
    for chunk in iter(lambda: stream.read(CHUNK), b""):
        found.update(chunk)
    stream.seek(0)
    return found.hexdigest()


def _least(threshold: float | None, declared: float, name: str) -> float:
    if threshold is None:
        return declared
    if not threshold >= declared:  # nan, too
        expected = f"at least {declared}, as identity.yaml declares for {name!r}"
        raise click.BadParameter(f"found {threshold}; expected {expected}")
    return threshold


def _rows(file: Path, stream: IO[bytes]) -> intake.RowFile:
    """By the file's name; a table's columns stand between the sign that its header has.
    An empty file has no rows: nothing is claimed."""
    names = [suffix for suffix in file.suffixes if suffix != ".gz"]
    kind = names[-1] if names else ""
    if kind == ".parquet":
        return intake.read_records(read_parquet(file), intake.Format())
    if file.stat().st_size == 0:
        return intake.RowFile((), iter(()))
    if kind not in {".csv", ".jsonl", ".ndjson", ".json"}:
        raise UnknownFileError(f"found {file.name!r}; expected .csv, .jsonl or .parquet")
    rows = intake.read_rows(stream, intake.Format(kind="csv" if kind == ".csv" else "jsonl"))
    sign = intake.other_delimiter(rows.columns or ())
    if sign is None:
        return rows
    stream.seek(0)
    return intake.read_rows(stream, intake.Format(delimiter=sign))


class UnknownFileError(FinalError):
    """A file of which nobody knows how it is written."""


def _after(rows: Iterable[intake.LinkRow], through: int) -> Iterator[intake.LinkRow]:
    """Those that are not kept yet. The others are read all the same: clusters go on."""
    return (each for each in rows if each.row.number > through)


class LinkSending:
    """Sends links in requests, and keeps the rows that claim nothing."""

    def __init__(self, client: Client, path: str, rejects: Rejects, file: str) -> None:
        self.summary = LinkSummary()
        self._client = client
        self._path = path
        self._rejects = rejects
        self._file = file
        self._links: list[api.ClaimedLink] = []
        self._rows: list[intake.Row] = []
        self._below = self._refused = self._through = 0

    def send(self, rows: Iterable[intake.LinkRow], least: float) -> None:
        for each in rows:
            self.summary.rows += 1
            self._through = each.row.number
            if each.found is not None:
                self._refuse(each.row, each.found, each.expected)
                self._refused += 1
            elif each.one is None or each.other is None:
                self.summary.firsts += 1
            elif each.score < least:
                self._below += 1
            else:
                link = api.ClaimedLink(
                    one=dict([each.one]), other=dict([each.other]), score=each.score
                )
                self._links.append(link)
                self._rows.append(each.row)
            if len(self._links) == AT_ONCE:
                self._flush()
        self._flush()

    def _flush(self) -> None:
        if not (self._links or self._below or self._refused):
            return
        body = api.LinksRequest(
            through=self._through, links=self._links, below=self._below, refused=self._refused
        )
        answer = self._client.ask(api.LinksAnswer, "POST", self._path, body=body)
        for no in answer.refused:
            self._refuse(self._rows[no.index], no.found, no.expected)
        self.summary.claimed += answer.claimed
        self.summary.below += answer.below
        self._links, self._rows, self._below, self._refused = [], [], 0, 0

    def _refuse(self, row: intake.Row, found: str, expected: str) -> None:
        self.summary.refused += 1
        no = RefusedRow(self._file, row.number, found, expected, row.text)
        self._rejects.write(no)


def _show(summary: LinkSummary, rejects: Path | None, as_json: bool) -> None:
    if as_json:
        print_json(summary)
    elif summary.set is not None:
        terminal.say(
            f"{so_many(summary.rows, 'row')}: {so_many(summary.claimed, 'link')},"
            f" {summary.below:,} below the least score, {summary.firsts:,} first of their cluster,"
            f" {summary.refused:,} refused"
        )
        render.link_sets([summary.set])
    if rejects is not None:
        terminal.say(f"the refused ones are in {rejects}", err=True)
