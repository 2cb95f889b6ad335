"""The budgets of CONTRIBUTING: files and functions to be read, rooms that say what they are."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest
from tests.house.source import FILES, SOURCE, functions, lines_of, not_blank, parsed, place

ROOMS = sorted(path.parent for path in SOURCE.glob("*/__init__.py"))
WORDS_ONLY = {"vocabulary"}
"""Rooms whose public names are their modules': there is no behaviour to hide behind a face."""

FILE_LINES = 500
FUNCTION_LINES = 60
NEARLY_ALL_LINES = 30
"""The 95th percentile of functions."""
MEDIAN_LINES = 10
ENGINE_LINES = 1_500
SOURCE_LINES = 44_500
"""Not blank."""
IMPORT_SHARE = 0.08
"""Of the lines that are not blank."""


def test_there_is_something_to_measure() -> None:
    assert len(FILES) > 100
    assert len(ROOMS) > 10


def test_no_file_is_too_long() -> None:
    long = {
        place(path, lines): lines
        for path in FILES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES
    }
    assert not long


def test_no_function_is_too_long() -> None:
    long = [
        f"{place(path, each.lineno)} {each.name}: {lines_of(each)} lines"
        for path in FILES
        for each in functions(parsed(path))
        if lines_of(each) > FUNCTION_LINES
    ]
    assert not long


def test_functions_are_small() -> None:
    sizes = [lines_of(each) for path in FILES for each in functions(parsed(path))]
    assert statistics.median(sizes) < MEDIAN_LINES
    assert statistics.quantiles(sizes, n=20)[-1] <= NEARLY_ALL_LINES


def test_the_engine_is_small() -> None:
    assert (
        sum(not_blank(path) for path in FILES if SOURCE / "engine" in path.parents) <= ENGINE_LINES
    )


def test_the_source_does_not_grow() -> None:
    assert sum(map(not_blank, FILES)) <= SOURCE_LINES


def test_few_lines_are_imports() -> None:
    imports = sum(
        (each.end_lineno or 0) - each.lineno + 1
        for path in FILES
        for each in ast.walk(parsed(path))
        if isinstance(each, ast.Import | ast.ImportFrom)
    )
    assert imports / sum(map(not_blank, FILES)) <= IMPORT_SHARE


def test_modules_import_at_the_top() -> None:
    """An import inside a function hides a ring of modules, or a slow start."""
    hidden = [
        f"{place(path, each.lineno)}: {ast.unparse(each)}"
        for path in FILES
        for function in functions(parsed(path))
        for each in ast.walk(function)
        if isinstance(each, ast.Import | ast.ImportFrom)
    ]
    assert not hidden


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_says_what_it_is(room: Path) -> None:
    tree = parsed(room / "__init__.py")
    assert len((ast.get_docstring(tree) or "").split()) >= 10, f"{room.name}: what is it?"
    if room.name not in WORDS_ONLY:
        assert exported(tree), f"{room.name}: __all__ names nothing"
        assert exported(tree) <= bound(tree), f"{room.name}: __all__ names what is not there"


def exported(tree: ast.Module) -> set[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def bound(tree: ast.Module) -> set[str]:
    """Names that the top of a module imports or defines."""
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return imported | defined | assigned
