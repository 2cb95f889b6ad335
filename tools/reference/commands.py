"""The page of the command line: every command with its help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from tools.reference.markdown import page

from tuttu.cli import main
from tuttu.web.route import first_sentence

WIDTH = 88


def commands() -> str:
    """Every command with its help."""
    parts = []
    for context in _contexts(click.Context(main, info_name="tuttu", **_screen())):
        parts.append(f"## `{context.command_path}`")
        parts.append(f"```text\n{_help(context)}\n```")
    return page(
        "Command line",
        "Each command asks the running server of the project folder over its own socket; without "
        "one, it opens the store itself. `WHO` is `namespace:value`, or a bare value of the "
        "namespace `user_id`.",
        "**Exit status**: 0 done; 1 refused, or an expectation failed; 2 a faulty project folder, "
        "mapping or command line.",
        *parts,
    )


def _help(context: click.Context) -> str:
    """As `--help` prints it, but for the commands of a group: their sentences are not cut."""
    command, formatter = context.command, context.make_formatter()
    command.format_usage(context, formatter)
    command.format_help_text(context, formatter)
    click.Command.format_options(command, context, formatter)
    if isinstance(command, click.Group):
        with formatter.section("Commands"):
            rows = sorted(command.commands.items())
            formatter.write_dl(
                [(name, f"{first_sentence(each.help or '')}.") for name, each in rows]
            )
    return formatter.getvalue().rstrip("\n")


def _screen() -> dict[str, Any]:
    return {"terminal_width": WIDTH, "help_option_names": ["-h", "--help"]}


def _contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name, command in sorted(context.command.commands.items()):
            inner = click.Context(command, info_name=name, parent=context, **_screen())
            yield from _contexts(inner)
