"""The page of the command line: every command with its help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from tools.reference.markdown import page

from tuttu.cli import main

WIDTH = 88


def commands() -> str:
    """Every command with its help."""
    parts = []
    for context in _contexts(click.Context(main, info_name="tuttu", **_screen())):
        parts.append(f"## `{context.command_path}`")
        parts.append(f"```text\n{context.get_help()}\n```")
    return page(
        "Command line",
        "Each command asks the running server of the project folder over its own socket; without "
        "one, it opens the store itself. `WHO` is `namespace:value`, or a bare value of the "
        "namespace `user_id`.",
        "**Exit status**: 0 done; 1 refused, or an expectation failed; 2 a faulty project folder, "
        "mapping or command line.",
        *parts,
    )


def _screen() -> dict[str, Any]:
    return {"terminal_width": WIDTH, "help_option_names": ["-h", "--help"]}


def _contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name, command in sorted(context.command.commands.items()):
            inner = click.Context(command, info_name=name, parent=context, **_screen())
            yield from _contexts(inner)
