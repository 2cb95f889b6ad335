"""test, funnel, verify: what the project folder does, in scenarios and for everybody."""

import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

import click

from tuttu import api, simulation
from tuttu import engine as use
from tuttu.batch.funnel import Funnel, funnel_text
from tuttu.cli import render, terminal
from tuttu.cli.client import open_client
from tuttu.cli.options import FOLDER, folder_option, json_option, language_option, print_json, show
from tuttu.vocabulary.counting import so_many

T = TypeVar("T")
SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@click.command("test")
@click.argument("folder", type=FOLDER, default=Path())
@json_option
def run_scenarios(folder: Path, as_json: bool) -> None:
    """Run the scenarios of a project folder, each on a store of its own."""
    report = simulation.run(folder, _report)
    if as_json:
        print_json(report)
    else:
        for failure in report.failures:
            terminal.say(str(failure))
        terminal.say(
            f"{so_many(report.scenarios, 'scenario')}, "
            f"{so_many(report.expectations, 'expectation')}, {len(report.failures)} failed"
        )
    sys.exit(0 if report.passed else 1)


@click.command()
@click.option("--surfaces", default="", help="Names, separated by commas.  [default: all]")
@click.option("--at", help="The moment, ISO 8601.  [default: now]")
@click.option("--treatments", is_flag=True, help="Lines for treatments too.")
@language_option
@json_option
@folder_option
def funnel(surfaces: str, at: str | None, treatments: bool, as_json: bool, folder: Path) -> None:
    """Show how many customers each action reaches, and at which stage it loses the others."""
    with open_client(folder) as client:
        counted = client.ask(Funnel, "GET", "/v1/funnel", query={"surfaces": surfaces, "at": at})
    show(counted, as_json, lambda each: terminal.say_text(funnel_text(each, treatments=treatments)))


@click.command()
@json_option
@folder_option
def verify(as_json: bool, folder: Path) -> None:
    """Judge everybody row by row and in DuckDB, compute every trait over the whole log, and show
    the differences: none, or the exit code is 1."""
    with open_client(folder) as client:
        if client.runtime is None:
            terminal.say("the server of this folder compares …", err=True)
            found = client.ask(api.Verification, "GET", "/v1/verify")
        else:
            runtime = client.runtime
            found = endable(lambda: use.verify(runtime, _report), runtime.interrupt)
    show(found, as_json, lambda each: terminal.say_text(render.verification_text(each)))
    sys.exit(0 if found.agree else 1)


def _report(progress: str) -> None:
    terminal.say(f"{progress} …", err=True)


def endable(work: Callable[[], T], interrupt: Callable[[], None]) -> T:
    """The result of long work. A signal that would end the process, as Ctrl-C does, first stops the
    work in an orderly way: `interrupt` is called until the work has given up.

    The work runs in another thread, so that this one handles signals at once. An ignored signal,
    as SIGHUP under `nohup`, stays ignored.
    """
    handled = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, signal.default_int_handler) for number in handled}
    try:
        with ThreadPoolExecutor(max_workers=1) as pool:
            doing = pool.submit(work)
            try:
                return doing.result()
            finally:
                while not doing.done():
                    interrupt()
                    wait([doing], timeout=0.05)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
