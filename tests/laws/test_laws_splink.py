"""Splink on its own list of persons, as the how-to page does it, and the numbers there."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner

from tuttu import identity
from tuttu.cli import main
from tuttu.engine import load_project
from tuttu.storage import open_store

pytestmark = pytest.mark.import_

PAGE = Path(__file__).parents[2] / "docs/how-to/import-the-links-of-a-matcher.md"
COMPANY = Path(__file__).parent / "crm"
Pairs = set[frozenset[str]]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture
def persons(data: Path) -> Path:
    return data / "splink_fake_1000" / "fake_1000.csv"


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """The page's company: its kinds of identifiers, its set, its mapping."""
    folder = Path(shutil.copytree(COMPANY, tmp_path / "lists"))
    rules, mapping = blocks("yaml")
    (folder / "identity.yaml").write_text(rules)
    (folder / "imports" / "persons.yaml").write_text(mapping)
    return folder


def tuttu(folder: Path, url: str, *command: str) -> None:
    result = CliRunner().invoke(main, [*command, "--folder", str(folder), "--storage", url])
    assert result.exit_code == 0, result.output


def joined(folder: Path, url: str) -> Pairs:
    """Pairs of records that are one customer."""
    store, project = open_store(url, folder), load_project(folder)
    with store.read() as snapshot:
        everybody = list(identity.customers(snapshot, project))
    store.close()
    groups = (
        sorted(each.value for each in customer.identifiers if each.namespace == "record_id")
        for customer in everybody
    )
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def true_pairs(persons: Path) -> Pairs:
    clusters: dict[str, list[str]] = defaultdict(list)
    with persons.open(newline="") as file:
        for row in csv.DictReader(file):
            clusters[row["cluster"]].append(row["unique_id"])
    return {frozenset(pair) for one in clusters.values() for pair in combinations(one, 2)}


def line(name: str, found: Pairs, true: Pairs) -> str:
    """As it stands in the page's table."""
    hits = len(found & true)
    shares = hits / len(found), hits / len(true), 2 * hits / (len(found) + len(true))
    numbers = f"{len(found):,} | {hits:,} | " + " | ".join(f"{each:.3f}" for each in shares)
    return f"| {name} | {numbers} |"


def test_the_numbers_of_the_page_are_those_that_it_gives(
    persons: Path, lists: Path, storage_url: str, tmp_path: Path
) -> None:
    if find_spec("splink") is None:
        pytest.skip("no Splink here: install the extra `splink`")
    script, pairs = tmp_path / "match.py", tmp_path / "pairs.parquet"
    script.write_text(blocks("python")[0])
    made = subprocess.run(
        [sys.executable, str(script), str(persons), str(pairs)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    true, page = true_pairs(persons), PAGE.read_text()
    assert f"{len(true):,} pairs are truly" in page
    rows = Path(shutil.copy(persons, tmp_path / "rows.csv"))
    mapping = ("--mapping", str(lists / "imports" / "persons.yaml"))
    tuttu(lists, storage_url, "import", str(rows), *mapping)
    by_rule = joined(lists, storage_url)
    assert line("the same e-mail address", by_rule, true) in page
    import_links = ("links", "import", str(pairs), "--set", "splink", "--namespace", "record_id")
    tuttu(lists, storage_url, *import_links)
    assert line("the same address, and Splink from 0.5", joined(lists, storage_url), true) in page
    tuttu(lists, storage_url, *import_links, "--threshold", "0.9")
    assert line("the same address, and Splink from 0.9", joined(lists, storage_url), true) in page
    tuttu(lists, storage_url, "links", "drop", "--set", "splink")
    assert joined(lists, storage_url) == by_rule
