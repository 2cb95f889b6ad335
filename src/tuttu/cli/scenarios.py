"""test and funnel: what the project folder does, in stories and for everybody."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tuttu import simulation
from tuttu.batch.funnel import Funnel, funnel_text
from tuttu.cli.client import open_client
from tuttu.cli.options import FOLDER, folder_option, json_option, print_json


@click.command("test")
@click.argument("folder", type=FOLDER, default=Path())
@json_option
def run_stories(folder: Path, as_json: bool) -> None:
    """Run the scenarios of a project folder, each on a store of its own."""
    report = simulation.run(folder, lambda name: click.echo(f"{name} …", err=True))
    if as_json:
        print_json(report)
    else:
        for failure in report.failures:
            click.echo(str(failure))
        click.echo(
            f"{report.scenarios} scenarios, {report.expectations} expectations, "
            f"{len(report.failures)} failed"
        )
    sys.exit(0 if report.passed else 1)


@click.command()
@click.option("--surfaces", default="", help="Names, parted by commas.  [default: all]")
@click.option("--at", help="The moment, ISO 8601.  [default: now]")
@click.option("--treatments", is_flag=True, help="Lines for treatments too.")
@json_option
@folder_option
def funnel(surfaces: str, at: str | None, treatments: bool, as_json: bool, folder: Path) -> None:
    """Show how many customers each action reaches, and at which stage it loses the others."""
    with open_client(folder) as client:
        counted = client.ask(Funnel, "GET", "/v1/funnel", query={"surfaces": surfaces, "at": at})
    if as_json:
        print_json(counted)
    else:
        click.echo(funnel_text(counted, treatments=treatments))
