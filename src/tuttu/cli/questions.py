"""decide, explain, decision: what to do now, why, and what was decided then."""

from __future__ import annotations

from pathlib import Path

import click

from tuttu.cli import show
from tuttu.cli.door import open_door, part
from tuttu.cli.options import folder_option, json_option, parse_who, print_json
from tuttu.engine.answers import DecideAnswer, DecideRequest, DecisionAnswer, Who

surfaces_option = click.option(
    "--surface", "surfaces", multiple=True, required=True, help="Where; may be given repeatedly."
)
language_option = click.option("--language", help="Language of the content.")


@click.command()
@click.argument("who", type=parse_who)
@surfaces_option
@language_option
@click.option("--dry-run", is_flag=True, help="Write nothing.")
@json_option
@folder_option
def decide(
    who: Who,
    surfaces: tuple[str, ...],
    language: str | None,
    dry_run: bool,
    as_json: bool,
    folder: Path,
) -> None:
    """Decide the next best actions for WHO (namespace:value)."""
    request = DecideRequest(who=who, surfaces=list(surfaces), language=language, dry_run=dry_run)
    _ask(folder, "/v1/decide", request, as_json)


@click.command()
@click.argument("who", type=parse_who)
@surfaces_option
@language_option
@json_option
@folder_option
def explain(
    who: Who, surfaces: tuple[str, ...], language: str | None, as_json: bool, folder: Path
) -> None:
    """Explain for WHO why, why not, and every stage that would refuse; writes nothing."""
    request = DecideRequest(who=who, surfaces=list(surfaces), language=language)
    _ask(folder, "/v1/explain", request, as_json)


def _ask(folder: Path, path: str, request: DecideRequest, as_json: bool) -> None:
    with open_door(folder) as door:
        answer = door.ask(DecideAnswer, "POST", path, body=request)
    if as_json:
        print_json(answer)
    else:
        show.decision(answer)


@click.command()
@click.argument("decision_id")
@json_option
@folder_option
def decision(decision_id: str, as_json: bool, folder: Path) -> None:
    """Show a decision as it was made, and what came of it."""
    with open_door(folder) as door:
        answer = door.ask(DecisionAnswer, "GET", f"/v1/decisions/{part(decision_id)}")
    if as_json:
        print_json(answer)
        return
    show.decision(answer.decision)
    for outcome in answer.outcomes:
        click.echo(f"{outcome.time}: {outcome.action or outcome.contact_id} {outcome.outcome}")
