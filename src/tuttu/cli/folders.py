"""init, check, schema, openapi: project folders and the shapes that tools read."""

import json
import shutil
import sys
from collections.abc import Sequence
from importlib.resources import as_file, files
from itertools import groupby
from pathlib import Path

import click

from tuttu import api, catalog, engine
from tuttu.cli import terminal
from tuttu.cli.options import FOLDER, print_json, show
from tuttu.decision import STAGE_NAMES
from tuttu.intake import mapping_schema
from tuttu.vocabulary.counting import so_many
from tuttu.vocabulary.errors import FinalError
from tuttu.web import openapi_document

PROJECT = "tuttu.yaml"
FAULTY = 2
"""Exit status of a command that met a faulty project folder."""


class ExampleError(FinalError):
    """The example cannot be copied."""


def examples(having: str = PROJECT) -> list[str]:
    """Names of the example companies that come with tuttu and have this file."""
    shipped = files("tuttu") / "examples"
    return sorted(each.name for each in shipped.iterdir() if each.joinpath(having).is_file())


def copy_example(name: str, folder: Path) -> None:
    """A fresh project folder. Raises ExampleError unless `folder` is empty or new, and can be
    written."""
    if folder.exists() and any(folder.iterdir()):
        raise ExampleError(f"{folder}: found a folder that is not empty; choose another one")
    with as_file(files("tuttu") / "examples" / name) as shipped:
        left_out = shutil.ignore_patterns(".tuttu", "__pycache__")
        try:
            shutil.copytree(shipped, folder, dirs_exist_ok=True, ignore=left_out)
        except OSError as error:
            why = error.strerror or "not all files can be written"
            raise ExampleError(f"{folder}: {why}; choose a folder that can be written") from error


class ExampleName(click.ParamType[str]):
    """The name of a shipped example; the help names all. having: a file that it must have."""

    name = "example"

    def __init__(self, having: str = PROJECT) -> None:
        self._having = having

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        return "|".join(examples(self._having))

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:  # noqa: ARG002
        return f"expected one of: {', '.join(examples(self._having))}"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        known = examples(self._having)
        if value not in known:
            self.fail(f"found {value!r}; expected one of: {', '.join(known)}", param, ctx)
        return value


@click.command()
@click.option("--example", type=ExampleName(), required=True, help="Which company to begin with.")
@click.argument("folder", type=FOLDER, required=False)
def init(example: str, folder: Path | None) -> None:
    """Make a project folder from an example company."""
    target = folder or Path(example)
    copy_example(example, target)
    terminal.say(f"made {target}; next: tuttu check {target}, tuttu serve {target}")


@click.command()
@click.argument("folder", type=FOLDER, default=Path())
@click.option("--cost", is_flag=True, help="Of a project without faults, say what is dear.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(folder: Path, cost: bool, as_json: bool) -> None:
    """Show every fault of a project folder: file, line, what was found and expected; without any,
    warnings of what is probably not meant."""
    checked = engine.check(folder)
    faults, project = checked.faults, checked.project
    if cost and not faults:
        show(engine.costs(project), as_json, _costs)
    elif as_json:
        print_json(faults)
    elif faults:
        for fault in faults:
            terminal.say(str(fault))
        terminal.say(so_many(len(faults), "fault"), err=True)
    else:
        for warning in engine.warnings(project):
            terminal.say(f"warning: {warning}", err=True)
        actions = so_many(len(project.actions), "action")
        terminal.say(f"{project.company.name}: no faults, {actions}, {project.digest[:12]}")
    sys.exit(FAULTY if faults else 0)


def _costs(found: Sequence[api.ShownCost]) -> None:
    """A block for each kind, the dearest first."""
    if not found:
        terminal.say("nothing is dear: no decision and no event costs more than look-ups")
        return
    for words, some in groupby(found, lambda each: each.costs):
        terminal.say(words)
        terminal.table(
            (
                f"{each.count:,}",
                f"{each.file}:{each.line}",
                each.name if each.alike == 1 else f"{each.name} and {each.alike - 1:,} more",
                each.about,
            )
            for each in some
        )
    terminal.say(so_many(len(found), "line"))


@click.command()
@click.argument("kind", required=False)
@click.option("--out", type=FOLDER, help="Write one file for each kind into this folder.")
def schema(kind: str | None, out: Path | None) -> None:
    """Print the JSON Schema of the project files, or of one KIND of them, as `action`."""
    schemas = {**catalog.schemas(STAGE_NAMES), "mapping": mapping_schema()}
    if kind is not None and kind not in schemas:
        raise click.UsageError(f"found {kind!r}; expected one of: {', '.join(schemas)}")
    wanted = {kind: schemas[kind]} if kind else schemas
    if out is None:
        terminal.say_json(
            json.dumps(wanted[kind] if kind else wanted, indent=2, ensure_ascii=False)
        )
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, content in wanted.items():
        text = json.dumps(content, indent=2, ensure_ascii=False)
        (out / f"{name}.json").write_text(text + "\n", encoding="utf-8")


@click.command()
def openapi() -> None:
    """Print the OpenAPI document of the HTTP routes."""
    print_json(openapi_document())
