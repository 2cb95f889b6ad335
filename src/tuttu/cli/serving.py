"""serve, reload: the HTTP server of a project folder, and the activation of a new version."""

import shlex
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click
import msgspec

from tuttu import api, catalog, web
from tuttu.cli import terminal
from tuttu.cli.client import open_client, rehearse_reload
from tuttu.cli.options import (
    FOLDER,
    PORT,
    chosen_storage,
    json_option,
    removes_option,
    show,
    storage_option,
)
from tuttu.engine import Runtime, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant, instant_of, parse_moment
from tuttu.vocabulary.counting import so_many
from tuttu.vocabulary.values import SECOND
from tuttu.web import SystemClock
from tuttu.web.log import clock_ahead, configure, keys_lost

Clock = SystemClock | ManualClock


def chosen_clock(text: str, folder: Path) -> Clock:
    """``system``, ``manual``, or ``manual=`` and a moment, else of the project's zone."""
    kind, _, moment = text.partition("=")
    if text == "system":
        return SystemClock()
    there = parse_moment(moment)
    if kind != "manual" or (moment and there is None):
        expected = "system, manual, or manual=2026-03-01T09:00:00Z"
        raise click.BadParameter(f"found {text!r}; expected {expected}", param_hint="--clock")
    if there is None:
        return ManualClock(SystemClock().now())
    zone = "UTC" if there.tzinfo else catalog.load(folder).company.zone
    start = instant_of(there, zone)
    if start is None:
        expected = "a moment of the years 1 to 9999"
        raise click.BadParameter(f"found {text!r}; expected {expected}", param_hint="--clock")
    return ManualClock(start)


@click.command()
@click.argument("folder", type=FOLDER, default=Path())
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=PORT, default=8080, show_default=True, help="0 takes a free one.")
@click.option(
    "--clock",
    "clock_text",
    default="system",
    metavar="system|manual[=ISO]",
    show_default=True,
    help="The machine's time, or one that stands still until `tuttu clock --set` moves it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the address as JSON.")
@removes_option
@storage_option
def serve(
    folder: Path, host: str, port: int, clock_text: str, as_json: bool, removes: tuple[str, ...]
) -> None:
    """Serve a project folder over HTTP, and to the commands on its own socket."""
    clock = chosen_clock(clock_text, folder)
    if isinstance(clock, ManualClock) and not web.is_loopback(host):
        raise click.UsageError("--clock manual is for loopback only: give --host 127.0.0.1")
    configure()
    with (
        closing(web.bind(host, port)) as bound,
        closing(
            open_engine(folder, clock=clock, storage=chosen_storage(), removes=removes)
        ) as engine,
    ):
        web.catch_up(clock, engine)
        _tell_clock(engine)
        if engine.refolded is not None and engine.refolded.lost_keys:
            keys_lost(engine.refolded.lost_keys, engine.refolded.unreadable)
        web.serve(engine, bound, folder, _announcer(engine, as_json))


def _tell_clock(engine: Runtime) -> None:
    """A store whose newest fact is dated ahead of the machine's time."""
    ahead = engine.clock.ahead()
    if ahead:
        clock_ahead(ahead / SECOND, refused=ahead > engine.project.company.limits.clock_ahead)


def _announcer(engine: Runtime, as_json: bool) -> Callable[[str], None]:
    def announce(url: str) -> None:
        status = {
            "url": url,
            "project": engine.project.company.name,
            "project_digest": engine.project.digest,
            "clock": "manual" if isinstance(engine.clock, ManualClock) else "system",
            "now": format_instant(engine.now()),
        }
        as_text = f"{status['project']} at {url}, {status['clock']} clock at {status['now']}"
        say = terminal.say_json if as_json else terminal.say
        say(msgspec.json.encode(status).decode() if as_json else as_text)

    return announce


@click.command("reload")
@click.argument("folder", type=FOLDER, default=Path())
@click.option("--dry-run", is_flag=True, help="Change nothing; say in numbers what would change.")
@removes_option
@json_option
@storage_option
def reload_project(folder: Path, dry_run: bool, as_json: bool, removes: tuple[str, ...]) -> None:
    """Activate what the project folder holds now; a faulty one changes nothing.

    New traits, and other rules of who is who, are filled from the log first. Requests in flight
    keep the version they began with.
    """
    if dry_run:
        show(rehearse_reload(folder), as_json, lambda each: terminal.say_text(_rehearsed(each)))
        return
    with open_client(folder, removes) as client:
        if client.runtime is None or client.runtime.reloads is None:
            body = api.ReloadRequest(removes=list(removes))
            answer = client.ask(api.ReloadAnswer, "POST", "/v1/project/reload", body=body)
        else:
            # Without a server, opening the store has activated what the folder holds.
            answer = client.runtime.reloads.opened
    show(answer, as_json, lambda each: terminal.say_text(_in_words(each)))


def _rehearsed(answer: api.ReloadRehearsal) -> str:
    version = answer.project_digest[:12]
    if not answer.changed and not answer.filled:
        return f"version {version} holds: nothing would change"
    lines = [f"version {version} would hold"]
    if answer.before is not None and answer.changed:
        lines[0] += f", after {answer.before[:12]}"
    if answer.filled:
        source = f"{so_many(answer.facts, 'fact')} of the log"
        lines.append(f"definitions to fill: {answer.filled:,}, from {source}")
    lines += [f"needs --removes {shlex.quote(each)}" for each in answer.removes]
    return "\n".join(
        [
            *lines,
            f"customers: {answer.customers_before:,}, then {answer.customers_after:,}",
            f"customers joined: {answer.joined}; parted: {answer.parted}",
            f"identifiers spelled otherwise: {answer.respelled}; naming nobody: {answer.nobodies}",
        ]
    )


def _in_words(answer: api.ReloadAnswer) -> str:
    version = answer.project_digest[:12]
    if not answer.changed and not answer.filled:
        return f"version {version} holds since {answer.since}: nothing has changed"
    lines = [f"version {version} holds since {answer.since}"]
    if answer.before is not None and answer.changed:
        lines[0] += f", after {answer.before[:12]}"
    if answer.filled:
        source = f"{so_many(answer.facts, 'fact')} of the log"
        lines.append(f"filled {so_many(answer.filled, 'definition')} from {source}")
    lines += [
        f"withdrew the contact {each.contact_id} ({each.action}, {each.treatment})"
        for each in answer.withdrawn
    ]
    return "\n".join(lines)
