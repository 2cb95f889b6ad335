"""verify: whether the project folder means the same row by row and in batch."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

import click

from tuttu import engine as use
from tuttu.api import Verification
from tuttu.cli.client import open_client
from tuttu.cli.options import folder_option, json_option, print_json
from tuttu.cli.render_verification import verification_text
from tuttu.engine import Runtime

T = TypeVar("T")

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@click.command()
@json_option
@folder_option
def verify(as_json: bool, folder: Path) -> None:
    """Judge everybody row by row and in DuckDB, compute every trait over the whole log, and show
    the differences: none, or the exit code is 1."""
    with open_client(folder) as client:
        if client.runtime is None:
            click.echo("the server of this folder is at it …", err=True)
            found = client.ask(Verification, "GET", "/v1/verify")
        else:
            found = _done_here(client.runtime)
    if as_json:
        print_json(found)
    else:
        click.echo(verification_text(found))
    sys.exit(0 if found.agree else 1)


def _done_here(runtime: Runtime) -> Verification:
    def work() -> Verification:
        return use.verify(runtime, lambda said: click.echo(f"{said} …", err=True))

    return endable(work, runtime.interrupt)


def endable(work: Callable[[], T], interrupt: Callable[[], None]) -> T:
    """The result of long work, which a signal that would end the process brings to an orderly end
    first, as Ctrl-C does: `interrupt` is called until the work has given up.

    The work is done in another thread: this one, waiting, hears signals at once. What is ignored,
    as a hangup under `nohup`, stays ignored.
    """
    heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, signal.default_int_handler) for number in heard}
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
