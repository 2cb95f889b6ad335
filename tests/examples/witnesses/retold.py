"""A script of calls and questions, told to an example company on its own clock."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.witness import Doors, Question, doors

from tuttu.cli import main

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[2] / "src" / "tuttu" / "examples"
EMBEDDED = "sqlite:.tuttu/store.db"
SECRET = b"a secret that all witnesses have"
"""Who falls in which arm follows from it."""


def witness_of(name: str) -> dict[str, Any]:
    witness: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text())
    return witness


@contextmanager
def company(name: str, folder: Path, begin: str) -> Iterator[Doors]:
    """The example of this name, copied to `folder`: nothing has happened yet."""
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns(".tuttu"))
    (folder / ".tuttu").mkdir()
    secret = folder / ".tuttu" / "secret"
    secret.write_bytes(SECRET)
    secret.chmod(0o600)
    with doors(folder, begin, EMBEDDED) as opened:
        yield opened


def answered(opened: Doors, question: Question) -> dict[str, Any]:
    """status, and answer without the digest of the example's files: these may be amended,
    and where a condition or content is worded otherwise, the witness is too.

    A question that only says `now` moves the clock, and has no answer.
    """
    if "now" in question:
        opened.ask("PUT", "/v1/clock", question)
        return {}
    found = opened.answer(question)
    if isinstance(found["answer"], dict):
        found["answer"].pop("project_digest", None)
    return found


def imported(folder: Path, text: str, mapping: str) -> str:
    """The digest after a file was imported with the example's own mapping."""
    file = folder / "rows.csv"
    file.write_text(text)
    where = ["--folder", str(folder)]
    command = ["import", str(file), "--mapping", str(folder / mapping), "--strict", *where]
    for arguments in (command, ["digest", *where]):
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
    return result.stdout.strip()
