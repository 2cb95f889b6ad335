"""A version and its snapshot are bound in one function: no request can mix two of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import SOURCE, parsed

ROOMS = ("versions", "batch", "engine")
OPENS = {"read", "write"}
"""Methods of a store that give a snapshot."""
BINDS = "versions/version.py: view"


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a method, with the outermost function that it stands in."""
    for top in parsed(path).body:
        functions = [top] if isinstance(top, ast.FunctionDef) else []
        if isinstance(top, ast.ClassDef):
            functions = [each for each in top.body if isinstance(each, ast.FunctionDef)]
        for function in functions:
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield f"{path.relative_to(SOURCE)}: {function.name}", node


def method_calls(names: set[str], arguments: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*.py")):
            for place, call in calls(path):
                function = call.func
                assert isinstance(function, ast.Attribute)
                if function.attr in names and len(call.args) == arguments:
                    found.setdefault(place, []).append(ast.unparse(call))
    return found


def test_a_snapshot_is_opened_in_one_function() -> None:
    opened = method_calls(OPENS, arguments=0)
    assert list(opened) == [BINDS], opened


def test_a_version_is_chosen_where_its_snapshot_is_opened() -> None:
    """The chooser is passed to that function, never called."""
    chosen = {
        place: said
        for place, said in method_calls({"at"}, arguments=1).items()
        if any("reader" not in each for each in said)
    }
    assert not chosen
