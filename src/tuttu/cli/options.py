"""What many commands share: the project folder, JSON output, how people are named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from tuttu.api import ENGLISH, LANGUAGES, Who
from tuttu.cli import terminal

Command = TypeVar("Command", bound=Callable[..., Any])
T = TypeVar("T")
FOLDER = click.Path(path_type=Path, file_okay=False)
PORT = click.IntRange(0, 65_535)
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


_STORAGE = "tuttu.storage"
_LANGUAGE = "tuttu.language"


def folder_option(command: Command) -> Command:
    """``--folder``: the project folder, by default the current directory; and ``--storage``."""
    return click.option(
        "--folder",
        type=FOLDER,
        default=Path(),
        help="The project folder.  [default: the current one]",
    )(storage_option(command))


def storage_option(command: Command) -> Command:
    """``--storage``: read by `chosen_storage`, so that it need not pass through every command."""
    return click.option(
        "--storage",
        metavar="URL",
        envvar="TUTTU_STORAGE",
        show_envvar=True,
        expose_value=False,
        callback=_remember_storage,
        help="Where the store is, if no server of the folder answers.  [default: as declared]",
    )(command)


def _remember_storage(context: click.Context, _: click.Parameter, url: str | None) -> None:
    context.meta[_STORAGE] = url or None


def chosen_storage() -> str | None:
    """The URL that was given to the running command; None: the one that the project declares."""
    context = click.get_current_context(silent=True)
    return context.meta.get(_STORAGE) if context else None


def language_option(command: Command) -> Command:
    """``--language``: read by `chosen_language`, and handed to a command that has a use for it."""
    return click.option(
        "--language",
        metavar="TAG",
        expose_value=False,
        callback=_remember_language,
        help=f"Language of the words of reasons: {', '.join(LANGUAGES)}.  [default: {ENGLISH}]",
    )(command)


def _remember_language(context: click.Context, _: click.Parameter, tag: str | None) -> str | None:
    context.meta[_LANGUAGE] = tag or None
    return tag


def content_language_option(command: Command) -> Command:
    """``--language`` of a command that shows content: of the content, and of the reasons."""
    return click.option(
        "--language",
        metavar="TAG",
        callback=_remember_language,
        help=f"Language of the content, and of the words of reasons ({', '.join(LANGUAGES)};"
        f" else {ENGLISH}).",
    )(command)


def chosen_language() -> str | None:
    """The tag that was given to the running command; None: the command takes none, or had none."""
    context = click.get_current_context(silent=True)
    return context.meta.get(_LANGUAGE) if context else None


def removes_option(command: Command) -> Command:
    """``--removes``: what the folder lacks on purpose."""
    return click.option(
        "--removes",
        multiple=True,
        metavar="NAME",
        help="A guard, contact limit, suppression, purpose or consent that the folder does not have"
        " any more, as guards.<name>; may be given repeatedly.",
    )(command)


def json_option(command: Command) -> Command:
    """``--json``: the answer as the HTTP API gives it."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def parse_who(text: str) -> Who:
    """A person: ``namespace:value``; without a colon the value of ``user_id``."""
    namespace, colon, name = text.partition(":")
    if colon and not (namespace and name):
        raise click.BadParameter(f"found {text!r}; expected namespace:value, as user_id:maija")
    return {namespace: name} if colon else {"user_id": namespace}


def print_json(answer: object) -> None:
    terminal.say_json(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())


def show(answer: T, as_json: bool, render: Callable[[T], None]) -> None:
    """The answer as JSON, or as people read it."""
    if as_json:
        print_json(answer)
    else:
        render(answer)
