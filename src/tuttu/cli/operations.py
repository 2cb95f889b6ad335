"""resources, dead-letters, slips, keys, digest, clock: commands for operators."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from tuttu import api
from tuttu.access import ALL_SCOPES, Scope
from tuttu.cli import render, terminal
from tuttu.cli.client import PAGE, Client, open_client, part
from tuttu.cli.options import folder_option, json_option, print_json, show


@click.command()
@click.option("--set", "wanted", type=(str, int), metavar="NAME AMOUNT", help="A new amount.")
@json_option
@folder_option
def resources(wanted: tuple[str, int] | None, as_json: bool, folder: Path) -> None:
    """Show every resource: how much there is, used, held and free."""
    with open_client(folder) as client:
        if wanted:
            name, amount = wanted
            path = f"/v1/resources/{part(name)}"
            client.ask(api.ResourceAnswer, "PUT", path, body=api.ResourceRequest(amount=amount))
        answer = client.ask(list[api.ResourceAnswer], "GET", "/v1/resources")
    show(answer, as_json, render.resources)


@click.group("dead-letters")
def dead_letters() -> None:
    """Refused calls: list, show, repair, send again, drop."""


@dead_letters.command("list")
@json_option
@folder_option
def list_letters(as_json: bool, folder: Path) -> None:
    """List the refused calls, oldest first."""
    with open_client(folder) as client:
        found = list(_letters(client))
    show(found, as_json, render.letters)


def _letters(client: Client) -> Iterator[api.DeadLetterAnswer]:
    after: str | None = None
    while True:
        query = {"after": after, "limit": PAGE}
        page = client.ask(
            api.DeadLettersAnswer, "GET", "/v1/dead-letters", query=query
        ).dead_letters
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


@dead_letters.command("show")
@click.argument("letter_id")
@folder_option
def show_letter(letter_id: str, folder: Path) -> None:
    """Show one refused call with its body."""
    with open_client(folder) as client:
        print_json(client.ask(api.DeadLetterAnswer, "GET", _letter(letter_id)))


@dead_letters.command()
@click.argument("letter_id")
@click.argument("body", type=click.File("rb"))
@folder_option
def repair(letter_id: str, body: IO[bytes], folder: Path) -> None:
    """Send a refused call again with the repaired BODY (a file, or - for the input)."""
    with open_client(folder) as client:
        print_json(client.ask(api.CallsAnswer, "PUT", _letter(letter_id), body=body.read()))


@dead_letters.command()
@click.argument("letter_id")
@folder_option
def send(letter_id: str, folder: Path) -> None:
    """Send a refused call again as it is."""
    with open_client(folder) as client:
        print_json(client.ask(api.CallsAnswer, "POST", f"{_letter(letter_id)}/send"))


@dead_letters.command()
@click.argument("letter_id")
@folder_option
def drop(letter_id: str, folder: Path) -> None:
    """Give a refused call up."""
    with open_client(folder) as client:
        client.ask(type(None), "DELETE", _letter(letter_id))


def _letter(letter_id: str) -> str:
    return f"/v1/dead-letters/{part(letter_id)}"


@click.command()
@json_option
@folder_option
def slips(as_json: bool, folder: Path) -> None:
    """List traits that did not fit: who sent them, how often, since when."""
    with open_client(folder) as client:
        answer = client.ask(api.SlipsAnswer, "GET", "/v1/slips")
    show(answer, as_json, render.slips)


@click.group()
def keys() -> None:
    """Server keys: add, list, revoke."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([*sorted(ALL_SCOPES), "all"]),
    help="What the key may do; may be given repeatedly.",
)
@json_option
@folder_option
def add(name: str, scopes: tuple[str, ...], as_json: bool, folder: Path) -> None:
    """Issue a key for NAME. It is printed once, and kept nowhere."""
    wanted = list(Scope) if "all" in scopes else [Scope(scope) for scope in scopes]
    with open_client(folder) as client:
        body = api.KeyRequest(name=name, scopes=wanted)
        answer = client.ask(api.IssuedKeyAnswer, "POST", "/v1/keys", body=body)
    show(answer, as_json, lambda each: terminal.say(each.key))


@keys.command("list")
@json_option
@folder_option
def list_keys(as_json: bool, folder: Path) -> None:
    """List the keys: names and scopes, never secrets."""
    with open_client(folder) as client:
        answer = client.ask(list[api.KeyAnswer], "GET", "/v1/keys")
    show(answer, as_json, render.keys)


@keys.command()
@click.argument("name")
@folder_option
def revoke(name: str, folder: Path) -> None:
    """Revoke the key of NAME."""
    with open_client(folder) as client:
        client.ask(type(None), "DELETE", f"/v1/keys/{part(name)}")


@click.command()
@folder_option
def digest(folder: Path) -> None:
    """Print the digest of the whole state: equal digests, equal customers."""
    with open_client(folder) as client:
        terminal.say(client.ask(api.DigestAnswer, "GET", "/v1/digest").digest)


@click.command()
@json_option
@folder_option
def replay(as_json: bool, folder: Path) -> None:
    """Fold the whole log again in a scratch store and compare: exit code 1 if the state differs."""
    with open_client(folder) as client:
        answer = client.ask(api.ReplayAnswer, "GET", "/v1/replay")
    show(answer, as_json, render.replay)
    if answer.live != answer.replayed:
        sys.exit(1)


@click.command()
@click.option("--set", "wanted", metavar="ISO", help="Move a manual clock on to this moment.")
@click.option("--back", is_flag=True, help="Go on at the machine's time: it had been ahead.")
@json_option
@folder_option
def clock(wanted: str | None, back: bool, as_json: bool, folder: Path) -> None:
    """Show the server's present, and how far it is ahead of the machine's."""
    with open_client(folder) as client:
        if wanted or back:
            body = api.ClockRequest(now=wanted, back=back)
            answer = client.ask(api.ClockAnswer, "PUT", "/v1/clock", body=body)
        else:
            answer = client.ask(api.ClockAnswer, "GET", "/v1/clock")
    show(answer, as_json, render.clock)
