"""The forms of the design's own page: they load as they stand there, and their story holds."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from tuttu import catalog, simulation
from tuttu.vocabulary.values import Kind, Type

DESIGN = Path(__file__).parent / "design"
EXAMPLES = Path(str(files("tuttu"))) / "examples"


def test_it_loads() -> None:
    project = catalog.load(DESIGN)
    assert project.channels["web"].outbound is False
    assert project.channels["letter"].outbound is True
    assert project.purposes["service"].default["email"] is True
    assert project.purposes["marketing"].default["email"] is False


def test_told_goes_before_bought_under_one_name() -> None:
    project = catalog.load(DESIGN)
    size = project.profile.traits["shoe_size"]
    assert size.written
    assert size.first_known == ("told.shoe_size", "bought.shoe_size")
    assert project.row_schema.columns["bought.shoe_size"] == Type(Kind.TEXT)


def test_its_story_holds() -> None:
    report = simulation.run(DESIGN)
    assert report.passed, report.failures
    assert report.expectations == 3


@pytest.mark.parametrize("example", ["operator", "helpdesk", "bank", "shop", "utility"])
def test_every_example_ships_the_schemas_that_its_files_point_at(example: str) -> None:
    folder = EXAMPLES / example
    for kind, schema in catalog.schemas().items():
        assert json.loads((folder / ".schema" / f"{kind}.json").read_text()) == schema
    for file in folder.rglob("*.yaml"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        if "$schema=" in first:
            assert (file.parent / first.partition("$schema=")[2].strip()).resolve().is_file(), file
