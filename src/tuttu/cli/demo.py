"""demo: an example company from its first event to an explained decision, over HTTP alone."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click
import httpx
import msgspec
from ruamel.yaml import YAML

from tuttu import api, catalog
from tuttu.access import Scope
from tuttu.cli import render, terminal
from tuttu.cli.client import TIMEOUT, open_client
from tuttu.cli.folders import ExampleName, copy_example
from tuttu.cli.importing import BATCH_CALLS, FRAME
from tuttu.cli.options import FOLDER, PORT
from tuttu.vocabulary.conversion import format_instant, parse_instant
from tuttu.vocabulary.errors import FinalError

STORAGE = "sqlite:.tuttu/store.db"
"""The demo uses no database, whatever the environment names."""
PLAN_FILE = "demo/demo.yaml"
SCOPES = [Scope.INGEST, Scope.DECIDE, Scope.READ_PERSON, Scope.CLOCK]


class DemoError(FinalError):
    """The demo cannot continue: what was found and expected."""


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """demo/demo.yaml: the customers, the surfaces, and the moment (ISO 8601)."""

    customers: list[api.Who]
    surfaces: list[str]
    moment: str


A = TypeVar("A")
Answers = dict[str, api.DecideAnswer]
"""The answers, by customer."""


@click.command()
@click.option("--once", is_flag=True, help="Stop the server at the end.")
@click.option(
    "--example",
    type=ExampleName(having=PLAN_FILE),
    default="operator",
    show_default=True,
    help="Which company to show, of those that have a demonstration.",
)
@click.option("--folder", type=FOLDER, help="A project folder to copy instead of an example.")
@click.option("--port", type=PORT, default=0, help="The port of the server.  [default: a free one]")
def demo(once: bool, example: str, folder: Path | None, port: int) -> None:
    """Show an example company at work: its events in, explained decisions out."""
    with _ended_by_sigterm(), _fresh_folder(example, folder) as project:
        catalog.load(project)  # Reports a faulty folder before anything starts.
        plan = read_plan(project)
        with _server(project, port, plan.moment) as url:
            key = _issue_key(project)
            headers = {"Authorization": f"Bearer {key}"}
            with httpx.Client(
                base_url=url, headers=headers, timeout=TIMEOUT, trust_env=False
            ) as client:
                Demonstration(client, project, plan).run()
            if not once:
                terminal.say("", f"The server answers at {url} with the key {key}")
                terminal.say("Ctrl-C stops it.")
                _wait_for_interrupt()


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """On a signal to end, the server is stopped and the folder removed first."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _fresh_folder(example: str, source: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tuttu-") as parent:
        folder = Path(parent) / (source.resolve().name if source else example)
        if source:
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".tuttu"))
        else:
            copy_example(example, folder)
        yield folder


def read_plan(folder: Path) -> Plan:
    """Raises DemoError for a file that is missing or does not fit."""
    path = folder / PLAN_FILE
    try:
        said = YAML(typ="safe", pure=True).load(path)
        if isinstance(said, dict) and isinstance(said.get("moment"), datetime):
            said["moment"] = said["moment"].isoformat()
        plan = msgspec.convert(said, Plan)
    except FileNotFoundError:
        raise DemoError(f"{path}: not found; this folder has no demonstration") from None
    except msgspec.ValidationError as error:
        raise DemoError(f"{path}: {error}") from None
    if parse_instant(plan.moment) is None:
        raise DemoError(f"{path}: found the moment {plan.moment!r}; expected ISO 8601")
    return plan


def _issue_key(folder: Path) -> str:
    """A key, which the server issues to a caller on the project's own socket."""
    with open_client(folder) as client:
        request = api.KeyRequest(name="demo", scopes=SCOPES)
        return client.ask(api.IssuedKeyAnswer, "POST", "/v1/keys", body=request).key


@contextmanager
def _server(folder: Path, port: int, moment: str) -> Iterator[str]:
    """`tuttu serve` as a process of its own; yields its address."""
    command = [sys.executable, "-m", "tuttu", "serve", str(folder), "--port", str(port), "--json"]
    command += ["--clock", f"manual={moment}", "--storage", STORAGE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None  # noqa: S101 - it was asked for
            first_line = process.stdout.readline()
            if not first_line:
                raise DemoError("the server did not start; see above")
            yield json.loads(first_line)["url"]
        finally:
            process.send_signal(signal.SIGTERM)


def _wait_for_interrupt() -> None:
    with suppress(KeyboardInterrupt):
        signal.pause()


class Demonstration:
    """The demo as an HTTP client, which knows nothing but the server's address."""

    def __init__(self, client: httpx.Client, folder: Path, plan: Plan) -> None:
        self._client = client
        self._files = folder / "demo"
        self._plan = plan

    def run(self) -> None:
        lines = (self._files / "events.jsonl").read_bytes().splitlines()
        terminal.say(f"At {self._plan.moment} the company's events go in:")
        self._send([line for line in lines if line.strip()])
        before = self._ask()
        for answer in before.values():
            _show(answer)
        fault = (self._files / "fault.json").read_bytes()
        said = msgspec.json.decode(fault)
        terminal.say("", f"Then this happens: {_sent(said)}")
        self._move_clock_to(said.get("timestamp"))
        self._send([fault])
        after = self._ask()
        changed = changes(before, after)
        for who in dict.fromkeys(row[0] for row in changed):
            _show(after[who])
        terminal.say("", "What it changed:")
        terminal.table(changed or [("nothing",)])

    def _send(self, calls: list[bytes]) -> None:
        for start in range(0, len(calls), BATCH_CALLS):
            body = FRAME % b",".join(calls[start : start + BATCH_CALLS])
            answer = self._post("/v1/batch", body, api.CallsAnswer)
            terminal.say(f"  {answer.accepted} accepted, {len(answer.refused)} refused")
            terminal.table((each.index, each.message) for each in answer.refused)

    def _ask(self) -> Answers:
        answers: Answers = {}
        for who in self._plan.customers:
            request = api.DecideRequest(who=who, surfaces=self._plan.surfaces, refused=True)
            body = msgspec.json.encode(request)
            answers[render.named(who)] = self._post("/v1/decide", body, api.DecideAnswer)
        return answers

    def _move_clock_to(self, moment: object) -> None:
        wanted = parse_instant(moment) if isinstance(moment, str) else None
        if wanted is not None and wanted > (parse_instant(self._plan.moment) or 0):
            _checked(self._client.put("/v1/clock", json={"now": format_instant(wanted)}))

    def _post(self, path: str, body: bytes, answer: type[A]) -> A:
        return msgspec.json.decode(_checked(self._client.post(path, content=body)), type=answer)


def _show(answer: api.DecideAnswer) -> None:
    terminal.say("")
    render.decision(answer)


def _checked(response: httpx.Response) -> bytes:
    if not response.is_success:
        raise DemoError(f"{response.request.url.path}: {response.status_code} {response.text}")
    return response.content


def _sent(said: dict[str, object]) -> str:
    who = said.get("userId") or said.get("anonymousId")
    return f"{said.get('event') or said.get('type')} of {who} {json.dumps(said.get('properties'))}"


def changes(before: Answers, after: Answers) -> list[tuple[str, ...]]:
    """Rows: customer, surface, what was chosen and what is now, and why not the first any more."""
    rows: list[tuple[str, ...]] = []
    for who, first in before.items():
        was, now = _chosen(first), _chosen(after[who])
        for place in sorted(was.keys() | now.keys()):
            old, new = was.get(place), now.get(place)
            if old != new:
                why = _why_not(after[who], old, place[0])
                rows.append((who, place[0], f"{old or 'nothing'} -> {new or 'nothing'}", why))
    return rows


def _chosen(answer: api.DecideAnswer) -> dict[tuple[str, int], str]:
    return {(choice.surface, choice.slot): choice.action for choice in answer.choices}


def _why_not(answer: api.DecideAnswer, action: str | None, surface: str) -> str:
    for refusal in answer.refused:
        if (refusal.action, refusal.surface) == (action, surface):
            return f"{refusal.stage}: {refusal.reason}"
    return ""
