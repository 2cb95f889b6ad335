"""customer, timeline, preferences, unmerge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from tuttu.api import (
    CustomerAnswer,
    PreferenceRequest,
    PreferencesAnswer,
    PreferencesRequest,
    TimelineAnswer,
    TimelineEntry,
    UnmergeAnswer,
    UnmergeRequest,
    Who,
)
from tuttu.cli import show
from tuttu.cli.door import Door, open_door, part
from tuttu.cli.options import folder_option, json_option, parse_who, path_name, print_json

PAGE = 1_000


def path_of(who: Who, more: str = "") -> str:
    return f"/v1/customers/{part(path_name(who))}{more}"


@click.command()
@click.argument("who", type=parse_who)
@json_option
@folder_option
def customer(who: Who, as_json: bool, folder: Path) -> None:
    """Show the whole picture of WHO; that you looked is recorded."""
    with open_door(folder) as door:
        answer = door.ask(CustomerAnswer, "GET", path_of(who))
    if as_json:
        print_json(answer)
    else:
        show.customer(answer)


@click.command()
@click.argument("who", type=parse_who)
@click.option("--after", type=int, default=0, help="Only facts after this log position.")
@json_option
@folder_option
def timeline(who: Who, after: int, as_json: bool, folder: Path) -> None:
    """Show everything that happened with WHO, oldest first."""
    with open_door(folder) as door:
        entries = list(_entries(door, who, after))
    if as_json:
        print_json(entries)
    else:
        show.timeline(entries)


def _entries(door: Door, who: Who, after: int) -> Iterator[TimelineEntry]:
    position: int | None = after
    while position is not None:
        query = {"after": position, "limit": PAGE}
        page = door.ask(TimelineAnswer, "GET", path_of(who, "/timeline"), query=query)
        yield from page.entries
        position = page.next


@click.command()
@click.argument("who", type=parse_who)
@click.option("--in", "allowed", multiple=True, metavar="PURPOSE[/CHANNEL]", help="Allow it.")
@click.option("--out", "refused", multiple=True, metavar="PURPOSE[/CHANNEL]", help="Refuse it.")
@json_option
@folder_option
def preferences(
    who: Who, allowed: tuple[str, ...], refused: tuple[str, ...], as_json: bool, folder: Path
) -> None:
    """Show what WHO allows, by purpose and channel; with --in or --out, record it first."""
    choices = [_choice(text, True) for text in allowed] + [_choice(text, False) for text in refused]
    with open_door(folder) as door:
        if choices:
            body = PreferencesRequest(preferences=choices)
            answer = door.ask(PreferencesAnswer, "PUT", path_of(who, "/preferences"), body=body)
        else:
            answer = door.ask(PreferencesAnswer, "GET", path_of(who, "/preferences"))
    if as_json:
        print_json(answer)
    else:
        show.preferences(answer)


def _choice(text: str, allowed: bool) -> PreferenceRequest:
    purpose, _, channel = text.partition("/")
    return PreferenceRequest(purpose=purpose, channel=channel or None, allowed=allowed)


@click.command()
@click.argument("one", type=parse_who)
@click.argument("other", type=parse_who, required=False)
@click.option("--why", default="", help="Why they are two persons.")
@json_option
@folder_option
def unmerge(one: Who, other: Who | None, why: str, as_json: bool, folder: Path) -> None:
    """Part the identifiers ONE and OTHER for good: they are two persons.

    Without OTHER, ONE is parted from everybody he is joined with. Each may also be named by its
    fragment, as fragment:ID; the ids are shown by tuttu customer.
    """
    request = UnmergeRequest(one=one, other=other, why=why)
    with open_door(folder) as door:
        answer = door.ask(UnmergeAnswer, "POST", "/v1/unmerge", body=request)
    if as_json:
        print_json(answer)
    else:
        show.unmerged(one, other, answer)
