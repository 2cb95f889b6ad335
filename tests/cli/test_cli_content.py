"""What a customer is shown: its subject and its language stand in the answer, and stay with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

HEAD = "---\nsubject: \"For {{ has_tv | default: 'you' }}\"\n---\n"


@pytest.fixture
def told(folder: Path) -> Path:
    """Every message has a subject."""
    for path in (folder / "content").glob("*.liquid"):
        path.write_text(HEAD + path.read_text())
    return folder


def test_language_and_subject_stand_in_the_answer(ask: Any, run: Any, told: Path) -> None:
    assert told.is_dir()
    run("import", "demo/events.jsonl")
    said = ask("decide", "maija", "--surface", "front", "--language", "de-AT")
    (choice,) = said["choices"]
    assert (choice["language"], choice["subject"]) == ("en", "For you")
    kept = ask("decision", said["decision_id"])["decision"]["choices"]
    assert [(each["language"], each["subject"]) for each in kept] == [("en", "For you")]
    assert "  subject: For you\n" in run("decision", said["decision_id"]).stdout


def test_without_a_head_there_is_no_subject(ask: Any, run: Any) -> None:
    run("import", "demo/events.jsonl")
    (choice,) = ask("decide", "maija", "--surface", "front")["choices"]
    assert (choice["language"], choice["subject"]) == ("en", None)
