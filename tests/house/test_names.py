"""Names that two rooms must both know, because neither may import the other, are the same."""

from __future__ import annotations

from tuttu.catalog.schemas.scenarios import STAGES
from tuttu.vocabulary.verdicts import Stage


def test_stages_of_stories_are_stages_of_decisions() -> None:
    assert list(STAGES) == list(Stage)
