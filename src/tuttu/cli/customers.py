"""customer, timeline, preferences, unmerge."""

from collections.abc import Iterator
from pathlib import Path

import click

from tuttu import api
from tuttu.cli import options, render, terminal
from tuttu.cli.client import PAGE, Client, open_client, part


def path_of(who: api.Who, more: str = "") -> str:
    return f"/v1/customers/{part(render.named(who))}{more}"


@click.command()
@click.argument("who", type=options.parse_who)
@options.language_option
@options.json_option
@options.folder_option
def customer(who: api.Who, as_json: bool, folder: Path) -> None:
    """Show the whole picture of WHO; that you looked is recorded."""
    with open_client(folder) as client:
        answer = client.ask(api.CustomerAnswer, "GET", path_of(who))
    options.show(answer, as_json, render.customer)


@click.command()
@click.argument("who", type=options.parse_who)
@click.option(
    "--after",
    type=int,
    default=0,
    help="Only what is behind the entry of this position, as --json tells it, if that is one of"
    " WHO's.",
)
@options.language_option
@options.json_option
@options.folder_option
def timeline(who: api.Who, after: int, as_json: bool, folder: Path) -> None:
    """Show everything that happened with WHO, by when it happened; when it came stands beside it.

    Times are those of the customer's zone, else of the company's.
    """
    with open_client(folder) as client:
        pages = list(_pages(client, who, after))
    entries = [entry for page in pages for entry in page.entries]
    if as_json or pages[0].known:
        options.show(entries, as_json, render.timeline)
    else:
        terminal.say(f"nobody is known by {render.named(who)}")


def _pages(client: Client, who: api.Who, after: int) -> Iterator[api.TimelineAnswer]:
    position: int | None = after
    while position is not None:
        query = {"after": position, "limit": PAGE}
        page = client.ask(api.TimelineAnswer, "GET", path_of(who, "/timeline"), query=query)
        yield page
        position = page.next


@click.command()
@click.argument("who", type=options.parse_who)
@click.option("--in", "allowed", multiple=True, metavar="PURPOSE[/CHANNEL]", help="Allow it.")
@click.option("--out", "refused", multiple=True, metavar="PURPOSE[/CHANNEL]", help="Refuse it.")
@options.json_option
@options.folder_option
def preferences(
    who: api.Who, allowed: tuple[str, ...], refused: tuple[str, ...], as_json: bool, folder: Path
) -> None:
    """Show what WHO allows, by purpose and channel; with --in or --out, record it first."""
    choices = [_choice(text, True) for text in allowed] + [_choice(text, False) for text in refused]
    with open_client(folder) as client:
        if choices:
            body = api.PreferencesRequest(preferences=choices)
            answer = client.ask(
                api.PreferencesAnswer, "PUT", path_of(who, "/preferences"), body=body
            )
        else:
            answer = client.ask(api.PreferencesAnswer, "GET", path_of(who, "/preferences"))
    options.show(answer, as_json, lambda each: render.preferences(who, each))


def _choice(text: str, allowed: bool) -> api.PreferenceRequest:
    purpose, _, channel = text.partition("/")
    return api.PreferenceRequest(purpose=purpose, channel=channel or None, allowed=allowed)


@click.command()
@click.argument("one", type=options.parse_who)
@click.argument("other", type=options.parse_who, required=False)
@click.option("--why", default="", help="Why they are two persons.")
@options.json_option
@options.folder_option
def unmerge(one: api.Who, other: api.Who | None, why: str, as_json: bool, folder: Path) -> None:
    """Unmerge the identifiers ONE and OTHER for good: they are two persons.

    Without OTHER, ONE is unmerged from everybody it is joined with. Each may also be named by its
    fragment, as fragment:ID; the ids are shown by tuttu customer.
    """
    request = api.UnmergeRequest(one=one, other=other, why=why)
    with open_client(folder) as client:
        answer = client.ask(api.UnmergeAnswer, "POST", "/v1/unmerge", body=request)
    options.show(answer, as_json, lambda each: render.unmerged(one, other, each))
