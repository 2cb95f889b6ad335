"""reload: the project folder read anew, beside a running server or without one."""

from __future__ import annotations

from pathlib import Path

import click

from tuttu.api import ReloadAnswer
from tuttu.cli.client import open_client
from tuttu.cli.options import FOLDER, json_option, print_json, storage_option


@click.command("reload")
@click.argument("folder", type=FOLDER, default=Path())
@json_option
@storage_option
def reload_project(folder: Path, as_json: bool) -> None:
    """Activate what the project folder holds now; a faulty one changes nothing.

    New traits are filled from the log first. Requests in flight keep the version they began with.
    """
    answer = _reloaded(folder)
    if as_json:
        print_json(answer)
    else:
        click.echo(_in_words(answer))


def _reloaded(folder: Path) -> ReloadAnswer:
    with open_client(folder) as client:
        if client.runtime is None or client.runtime.reloads is None:
            return client.ask(ReloadAnswer, "POST", "/v1/project/reload")
        # Without a server, opening the store has activated what the folder holds.
        return client.runtime.reloads.opened


def _in_words(answer: ReloadAnswer) -> str:
    version = answer.project_digest[:12]
    if not answer.changed and not answer.filled:
        return f"version {version} holds since {answer.since}: nothing has changed"
    lines = [f"version {version} holds since {answer.since}"]
    if answer.before is not None and answer.changed:
        lines[0] += f", after {answer.before[:12]}"
    if answer.filled:
        what = "definition" if answer.filled == 1 else "definitions"
        lines.append(f"filled {answer.filled} {what} from {answer.facts} facts of the log")
    lines += [
        f"withdrew the contact {each.contact_id} ({each.action}, {each.treatment})"
        for each in answer.withdrawn
    ]
    return "\n".join(lines)
