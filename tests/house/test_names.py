"""Names that two rooms must both know, because neither may import the other, are the same."""

from __future__ import annotations

from tuttu.access import Scope
from tuttu.access.keys import SCOPES
from tuttu.catalog.schemas.stories import STAGES
from tuttu.vocabulary.verdicts import Stage


def test_scopes_of_keys_are_scopes_of_routes() -> None:
    assert list(SCOPES) == list(Scope)


def test_stages_of_stories_are_stages_of_decisions() -> None:
    assert list(STAGES) == list(Stage)
