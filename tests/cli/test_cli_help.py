"""What `--help` says of every command: no name of our functions, and of every option a word."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from tuttu.cli import main


def contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name, command in context.command.commands.items():
            yield from contexts(click.Context(command, info_name=name, parent=context))


EVERY = list(contexts(click.Context(main, info_name="tuttu")))
OPTIONS = [
    pytest.param(context, each, id=f"{context.command_path} {each.opts[0]}")
    for context in EVERY
    for each in context.command.params
    if isinstance(each, click.Option)
]


@pytest.mark.parametrize(("context", "option"), OPTIONS)
def test_an_option_says_what_it_is_for(context: click.Context, option: click.Option) -> None:
    assert option.help
    metavar = option.make_metavar(context)
    assert metavar not in _names_of_functions()
    assert "_" not in metavar


@pytest.mark.parametrize("context", EVERY, ids=lambda each: str(each.command_path))
def test_a_command_says_what_it_does(context: click.Context) -> None:
    assert context.command.help


def _names_of_functions() -> set[str]:
    """What click shows for a type that is a function of ours."""
    params = (each for context in EVERY for each in context.command.params)
    return {
        each.type.func.__name__.upper()
        for each in params
        if isinstance(each.type, click.types.FuncParamType)
    }
