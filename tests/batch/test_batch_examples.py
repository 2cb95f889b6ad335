"""The shipped companies with what their stories tell: one meaning."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.batch.conftest import EXAMPLES, Told, all_steps, hear

from tuttu import catalog
from tuttu import engine as use
from tuttu.cli.render import verification_text
from tuttu.engine import open_engine
from tuttu.vocabulary.clock import ManualClock

pytestmark = pytest.mark.laws


def test_an_example_means_the_same_both_ways(example: str, told: Told) -> None:
    engine = told(example)
    found = use.verify(engine)
    assert found.agree, verification_text(found)
    asked = {each.part: each for each in found.parts}
    assert asked["stages"].definitions >= 3 * len(engine.project.actions)
    assert asked["traits over the log"].definitions == len(engine.project.profile.traits)
    assert found.customers >= 1
    assert found.events > 1


def test_each_story_means_the_same_both_ways(
    example: str, told: Told, scale: Callable[[int, int], int]
) -> None:
    stories = [each for each in catalog.read_scenarios(EXAMPLES / example) if each.given]
    for story in stories[: scale(1, len(stories))]:
        found = use.verify(told(example, *story.given))
        assert found.agree, f"{story.name}: {verification_text(found)}"


def test_either_store_means_the_same_both_ways(storage_url: str, tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "utility", tmp_path / "utility")
    clock = ManualClock(0)
    with closing(open_engine(folder, clock=clock, storage=storage_url)) as engine:
        hear(engine, clock, all_steps("utility"))
        found = use.verify(engine)
    assert found.agree, verification_text(found)
    assert found.events > 10
