"""Files torn and spliced at random: a fault or a project, never anything else."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tuttu import catalog

PIECES = ["{", "}", "[", "]", ": ", "- ", "\n", "'", '"', "#", "&a ", "*a ", "!!int ", "|\n", ">"]
PIECES += ["null", "\t", "\x00", "é", "\u2028", "%", "0x", "1e9", "---\n", "? ", "<<: ", ",", "  "]
pytestmark = pytest.mark.fuzz


def torn(text: str, dice: random.Random) -> str:
    """The text with one to thirty pieces put in, cut out or moved."""
    for _ in range(dice.choice([1, 1, 2, 5, 30])):
        at, other = sorted(dice.choices(range(len(text) + 1), k=2))
        length = dice.choice([1, 3, 20, 200])
        text = dice.choice(
            [
                text[:at] + dice.choice(PIECES) + text[at:],
                text[:at] + text[at + length :],
                text[:at] + text[other : other + length] + text[at:],
            ]
        )
    return text


def test_no_text_makes_it_stumble(
    operator: Path, tmp_path: Path, scale: Callable[[int, int], int], seed: int
) -> None:
    dice = random.Random(seed)
    company = tmp_path / "operator"
    shutil.copytree(operator, company, ignore=shutil.ignore_patterns("scenarios", "demo"))
    files = sorted(company.rglob("*.yaml"))
    faulty = 0
    for _ in range(scale(20, 1_500)):
        file = dice.choice(files)
        before = file.read_bytes()
        file.write_text(torn(before.decode(), dice))
        faults = catalog.check(company)
        assert all(fault.where.line >= 1 and str(fault) for fault in faults)
        faulty += bool(faults)
        file.write_bytes(before)
    assert faulty
    assert catalog.check(company) == []
