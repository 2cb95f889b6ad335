"""The law: everybody judged row by row and in DuckDB, and every trait over the log and live, is
the same, whatever the company and whatever happened."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from tests.batch.happening import History, histories
from tests.batch.inventing import NOW, Company, companies
from tests.batch.telling import tell
from tests.folders import write

from tuttu import engine as use
from tuttu.api import Verification
from tuttu.cli.render import verification_text
from tuttu.engine import load_project, scratch_engine
from tuttu.vocabulary.clock import ManualClock

pytestmark = pytest.mark.laws

EXAMPLES = max(14, settings().max_examples // 6)
PARTS = {
    *("conditions", "formulas", "guards", "stages", "segments", "derived traits"),
    *("traits over the log", "sources over the log", "items over the log", "groups over the log"),
    "items judged",
    "guards of shades",
}


def _verified(company: Company, history: History) -> Verification:
    with tempfile.TemporaryDirectory() as folder:
        project = load_project(write(company.files, Path(folder)))
    with closing(scratch_engine(project, clock=ManualClock(NOW))) as engine:
        tell(engine, history)
        return use.verify(engine)


def test_one_policy_has_one_meaning() -> None:
    compared: Counter[str] = Counter()

    # An example takes the better part of a second: who wants it smaller shrinks it by hand.
    @settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(companies(), histories())
    def law(company: Company, history: History) -> None:
        found = _verified(company, history)
        assert found.agree, verification_text(found)
        compared.update({each.part: each.compared for each in found.parts})

    law()
    assert compared.keys() >= PARTS
    assert min(compared[part] for part in PARTS) > EXAMPLES, compared
