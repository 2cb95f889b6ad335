"""decide, explain, decision: what to do now, why, and what was decided then."""

from pathlib import Path

import click

from tuttu import api
from tuttu.cli import options, render
from tuttu.cli.client import open_client, part

surfaces_option = click.option(
    "--surface", "surfaces", multiple=True, required=True, help="Where; may be given repeatedly."
)


@click.command()
@click.argument("who", type=options.parse_who)
@surfaces_option
@options.content_language_option
@click.option("--dry-run", is_flag=True, help="Write nothing.")
@options.json_option
@options.folder_option
def decide(
    who: api.Who,
    surfaces: tuple[str, ...],
    language: str | None,
    dry_run: bool,
    as_json: bool,
    folder: Path,
) -> None:
    """Decide the next best actions for WHO.

    For somebody whom nobody knows nothing is written, unless they may be new.
    """
    request = api.DecideRequest(
        who=who, surfaces=list(surfaces), language=language, dry_run=dry_run
    )
    _ask(folder, "/v1/decide", request, as_json)


@click.command()
@click.argument("who", type=options.parse_who, required=False)
@click.option("--surface", "surfaces", multiple=True, help="Where; may be given repeatedly.")
@click.option("--decision", "decision_id", metavar="ID", help="An earlier decision, by its id.")
@options.content_language_option
@options.json_option
@options.folder_option
def explain(
    who: api.Who | None,
    surfaces: tuple[str, ...],
    decision_id: str | None,
    language: str | None,
    as_json: bool,
    folder: Path,
) -> None:
    """Explain for WHO why, why not, every stage that would refuse, and the least change that would
    turn each refusal; or, with --decision, an earlier decision by its own rules. Decides nothing;
    that you looked is recorded."""
    if decision_id is None and (who is None or not surfaces):
        raise click.UsageError("Give WHO and at least one --surface, or --decision ID.")
    if decision_id is not None and (who is not None or surfaces):
        raise click.UsageError("A decision has its own WHO and --surface.")
    request = api.ExplainRequest(
        decision=decision_id,
        who=who or {},
        surfaces=list(surfaces),
        language=language,
    )
    _ask(folder, "/v1/explain", request, as_json)


def _ask(
    folder: Path, path: str, request: api.DecideRequest | api.ExplainRequest, as_json: bool
) -> None:
    shape = api.ExplainAnswer if isinstance(request, api.ExplainRequest) else api.DecideAnswer
    with open_client(folder) as client:
        answer = client.ask(shape, "POST", path, body=request)
    options.show(answer, as_json, lambda each: render.decision(each, dry_run=request.dry_run))


@click.command()
@click.argument("decision_id")
@options.language_option
@options.json_option
@options.folder_option
def decision(decision_id: str, as_json: bool, folder: Path) -> None:
    """Show a decision as it was made, and what came of it."""
    with open_client(folder) as client:
        answer = client.ask(api.DecisionAnswer, "GET", f"/v1/decisions/{part(decision_id)}")
    options.show(answer, as_json, render.stored_decision)
