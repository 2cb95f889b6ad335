"""A name that is searched for is found once."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.house.source import FILES, SOURCE, parsed

SAY_LITTLE = ("people", "calls", "rows", "questions", "stories", "text", "parts", "values")
"""Names of files that fit anything: one of each at most."""


def test_no_public_class_name_is_there_twice() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in FILES:
        for each in ast.walk(parsed(path)):
            if isinstance(each, ast.ClassDef) and not each.name.startswith("_"):
                found[each.name].append(_short(path))
    assert not {name: paths for name, paths in sorted(found.items()) if len(paths) > 1}


def test_a_file_name_that_says_little_is_there_once() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in (*FILES, *(each.parent for each in SOURCE.rglob("__init__.py"))):
        found[path.stem].append(_short(path))
    assert not {name: found[name] for name in SAY_LITTLE if len(found[name]) > 1}


def _short(path: Path) -> str:
    return str(path.relative_to(SOURCE))
