"""The examples decide today what the code of an earlier commit decided, and have its digest.

`witnesses/` holds the script of each and what came of it; `write` there says how it came to be.
Three texts were rewritten since: subjects became a field of their own, and dates are in words.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.examples.witnesses.retold import (
    EXAMPLES,
    HERE,
    answered,
    company,
    imported,
    witness_of,
)
from tests.witness import comparable

NAMES = sorted(path.stem for path in HERE.glob("*.json"))


def test_there_is_a_witness_of_every_example() -> None:
    assert [path.parent.name for path in sorted(EXAMPLES.glob("*/tuttu.yaml"))] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_example_decides_as_it_did(name: str, tmp_path: Path) -> None:
    witness = witness_of(name)
    folder = tmp_path / name
    with company(name, folder, witness["begin"]) as opened:
        for question in witness["asked"]:
            found = comparable(answered(opened, question))
            recorded = comparable({key: question[key] for key in found})
            assert found == recorded, f"{question['path']} {question.get('body')}"
        assert opened.ask("GET", "/v1/digest")["digest"] == witness["digest"]
    if "import" in witness:
        taken = witness["import"]
        assert imported(folder, taken["rows"], taken["mapping"]) == taken["digest"]
