"""The bank's folder: it holds, its stories come true, and no rule can read what leaks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tuttu import catalog, simulation
from tuttu.catalog import load
from tuttu.decision import STAGE_NAMES
from tuttu.intake import load_mapping, mapping_schema, read_records, require_fit
from tuttu.storage import read_parquet
from tuttu.vocabulary.errors import ProjectError

pytestmark = pytest.mark.stories

BANK = Path(__file__).parents[2] / "src/tuttu/examples/bank"
MAPPING = BANK / "imports/bank.yaml"
LEAKS = ("duration", "y")


def test_a_dozen_actions_in_four_channels() -> None:
    project = load(BANK)
    assert len(project.actions) == 12
    ways = [way for action in project.actions.values() for way in action.treatments.values()]
    assert {way.channel for way in ways} == {"web", "call", "email", "letter"}


def test_the_stories_come_true() -> None:
    report = simulation.run(BANK)
    assert report.failures == ()
    assert report.scenarios == 5


def test_the_files_point_at_the_published_shapes() -> None:
    published = {**catalog.schemas(STAGE_NAMES), "mapping": mapping_schema()}
    for path in BANK.rglob("*.yaml"):
        first = path.read_text("utf-8").splitlines()[0]
        shape = (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()
        assert json.loads(shape.read_text("utf-8")) == published[shape.stem]


def test_the_mapping_fits_the_file_and_the_project() -> None:
    mapping = load_mapping(MAPPING.read_text("utf-8"))
    rows = read_records(read_parquet(BANK / "data/bank.parquet"), mapping.format)
    require_fit(mapping, rows.columns, load(BANK))


@pytest.mark.parametrize("leak", LEAKS)
def test_no_rule_can_read_what_is_known_only_after_the_call(leak: str, tmp_path: Path) -> None:
    assert leak in next(iter(read_parquet(BANK / "data/bank.parquet")))
    assert leak not in load_mapping(MAPPING.read_text("utf-8")).columns
    schema = load(BANK).row_schema
    assert not {leak, f"crm.{leak}"} & schema.columns.keys()

    folder = tmp_path / "bank"
    shutil.copytree(BANK, folder)
    action = folder / "actions/sales/deposits/term-deposit.yaml"
    action.write_text(action.read_text("utf-8").replace("age >= 18", f"{leak} IS NOT NULL"))
    with pytest.raises(ProjectError, match=leak) as raised:
        load(folder)
    assert [fault.where.file for fault in raised.value.faults] == [
        "actions/sales/deposits/term-deposit.yaml"
    ]
