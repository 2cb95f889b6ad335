"""Every mutant fits the code as it is, and names tests that are there. `make mutants` runs them."""

from __future__ import annotations

import re

import pytest
from tools.mutants import ROOT, Mutant, apply, mutants

SUITES = [path.read_text() for path in (ROOT / "src/tuttu/testing").rglob("*.py")]
"""Of which a test may inherit."""


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_a_mutant_fits(mutant: Mutant) -> None:
    apply(mutant, ROOT, "--check")
    for test in mutant.tests:
        path, _, name = test.partition("::")
        function = name.rpartition("::")[2].partition("[")[0]
        sources = (ROOT / path).read_text(), *SUITES
        assert any(re.search(rf"def {function}\b", source) for source in sources), test
