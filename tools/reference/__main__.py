"""Writes the reference pages from the code: `python -m tools.reference [FOLDER]`, `make docs`.

What the code says of itself (help texts, routes, shapes, constructs) is taken from there. What it
does not say (what a scope or a code means, what a function is for) stands here, and a new one
without such a line ends the run with a KeyError. A test writes the pages again and compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.reference.commands import commands
from tools.reference.conditions import conditions
from tools.reference.http import http
from tools.reference.project import project
from tools.reference.reasons import reasons

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
PAGES = {
    "commands.md": commands,
    "http.md": http,
    "project.md": project,
    "conditions.md": conditions,
    "reasons.md": reasons,
}


def write(folder: Path) -> None:
    for name, made in PAGES.items():
        (folder / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
