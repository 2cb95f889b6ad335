"""An import of links that is killed: nothing of it counts, or all does, and doing it again ends as
if nothing had happened."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.kills.server import project
from tests.waiting import HANG_SECONDS, random_moment

pytestmark = pytest.mark.kills

PAIRS = 240
IN_STEPS = """
from tuttu.identity import set_changes, sets
set_changes.AT_ONCE, sets.STEP = 0, 20
from tuttu.cli import linking, main
linking.AT_ONCE = 40
main()
"""
"""As if the change were great: most of the time goes into its steps."""


def links(path: Path, first: int) -> Path:
    """Every second pair is in both files."""
    rows = (
        f"anonymous_id:w{n},anonymous_id:v{n if n % 2 else n + first},0.9{n % 10}\n"
        for n in range(PAIRS)
    )
    path.write_text("one,other,score\n" + "".join(rows))
    return path


def company(folder: Path, storage: str) -> Path:
    made = project(folder, storage)
    with (made / "identity.yaml").open("a") as rules:
        rules.write("\nsets:\n  splink: {strength: 20}\n")
    views = folder.with_suffix(".jsonl")
    call = '{"type": "page", "anonymousId": "w%d", "messageId": "m%d", "properties": {}}\n'
    views.write_text("".join(call % (n, n) for n in range(PAIRS)))
    tuttu(made, "import", str(views))
    return made


def command(folder: Path, *said: str) -> list[str]:
    return [sys.executable, "-c", IN_STEPS, *said, "--folder", str(folder)]


def tuttu(folder: Path, *said: str) -> str:
    done = subprocess.run(
        command(folder, *said), capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_import_of_links_that_was_killed_changes_nothing_or_all(
    kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    seed: int,
    scale: Callable[[int, int], int],
) -> None:
    storage = "sqlite:.tuttu/store.db"
    alone = company(tmp_path / "alone", storage)
    old, new = links(tmp_path / "old.csv", 1_000), links(tmp_path / "new.csv", 2_000)
    tuttu(alone, "links", "import", str(new), "--set", "splink")
    expected = tuttu(alone, "digest")
    url = storage if kind == "sqlite" else request.getfixturevalue("postgres_url")
    folder, chance = company(tmp_path / "o", url), random.Random(f"{seed}/links")
    begun = time.monotonic()
    tuttu(folder, "links", "import", str(old), "--set", "splink")
    long = time.monotonic() - begun
    before = tuttu(folder, "digest")
    assert before != expected
    for _ in range(scale(1, 12)):
        importing = command(folder, "links", "import", str(new), "--set", "splink")
        with subprocess.Popen(importing, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            random_moment(chance, long)
            process.kill()
        # Whoever opens the store next makes a change whole that was closed.
        assert tuttu(folder, "digest") in {before, expected}
    tuttu(folder, "links", "import", str(new), "--set", "splink")
    assert tuttu(folder, "digest") == expected
    tuttu(folder, "replay")  # which fails if the log gives another state
