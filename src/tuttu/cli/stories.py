"""test: does the project folder do what its scenarios tell?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tuttu import simulation
from tuttu.cli.options import FOLDER, json_option, print_json


@click.command("test")
@click.argument("folder", type=FOLDER, default=Path())
@json_option
def run_stories(folder: Path, as_json: bool) -> None:
    """Tell the scenarios of a project folder, each on a store of its own."""
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
