"""test: a story that holds passes, one that does not is told with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_a_story_that_holds_passes(run: Any, folder: Path) -> None:
    assert "1 scenario, 2 expectations, 0 failed" in run("test").output
    assert not (folder / ".tuttu").exists()


def test_a_story_that_does_not_hold_is_told_with_its_place(
    run: Any, ask: Any, folder: Path
) -> None:
    story = folder / "scenarios" / "open-case.yaml"
    story.write_text(story.read_text().replace("chosen: tv-package", "chosen: case-news"))
    said = run("test", exit_code=1).output
    assert "scenarios/open-case.yaml:6: " in said
    assert "expected case-news" in said
    assert "tv-package chosen" in said


def test_no_story_is_no_proof(run: Any, folder: Path) -> None:
    (folder / "scenarios" / "open-case.yaml").unlink()
    run("test", exit_code=1)
