"""Over the syntax tree of the whole package: nobody but the room `consent` makes a permit."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tuttu

PACKAGE = Path(tuttu.__path__[0])
DEFINED = PACKAGE / "vocabulary" / "verdicts.py"
MAKER = PACKAGE / "consent"


def uses(tree: ast.Module) -> Iterator[str]:
    """Every way in which a permit could come into being, or be passed off as something else."""
    annotations = {id(part) for node in ast.walk(tree) for part in hinted(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.alias) and node.name == "Permit" and node.asname:
            yield f"line {node.lineno}: imports Permit under another name"
        elif is_permit(node) and id(node) not in annotations:
            yield f"line {getattr(node, 'lineno', 0)}: uses Permit other than as a type hint"
        elif names_permit(node) and id(node) not in annotations:
            yield f"line {getattr(node, 'lineno', 0)}: names Permit in text"


def names_permit(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == "Permit"


def is_permit(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id == "Permit") or (
        isinstance(node, ast.Attribute) and node.attr == "Permit"
    )


def hinted(node: ast.AST) -> Iterator[ast.AST]:
    """Parts of hints of parameters, results and local names; not of a record's fields, which a
    decoder would fill."""
    hints: list[ast.AST | None] = []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        hints.append(node.returns)
        inside = ast.walk(ast.Module(node.body, []))
        hints += [each.annotation for each in inside if isinstance(each, ast.AnnAssign)]
    elif isinstance(node, ast.arg):
        hints.append(node.annotation)
    for hint in hints:
        if hint is not None:
            yield from ast.walk(hint)


def test_nobody_else_makes_a_permit() -> None:
    found = [
        f"{path.relative_to(PACKAGE)} {use}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != DEFINED and MAKER not in path.parents
        for use in uses(ast.parse(path.read_text()))
        if "__all__" not in use
    ]
    assert found == []


def test_consent_makes_it_in_one_place() -> None:
    calls = [
        path.name
        for path in MAKER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and is_permit(node.func)
    ]
    assert calls == ["consents.py"]


def test_no_record_of_the_vocabulary_holds_a_permit() -> None:
    """A record that held one could be decoded from outside, permit and all."""
    for path in (PACKAGE / "vocabulary").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AnnAssign):
                assert not any(is_permit(part) for part in ast.walk(node.annotation)), path


@pytest.mark.parametrize(
    "forgery",
    [
        "Permit(purpose='marketing', channel='email', basis='consent')",
        "verdicts.Permit(purpose='marketing', channel='email', basis='consent')",
        "from tuttu.vocabulary.verdicts import Permit as Leave",
        "msgspec.convert({}, Permit)",
        "msgspec.json.decode(b'{}', type=Permit)",
        "DECODER = msgspec.json.Decoder(list[Permit])",
        "make = Permit",
        "getattr(verdicts, 'Permit')(purpose='marketing')",
        "class Leave(Permit): pass",
        "class Sending(Struct):\n    permit: Permit",
    ],
)
def test_every_forgery_is_seen(forgery: str) -> None:
    assert list(uses(ast.parse(forgery)))


@pytest.mark.parametrize(
    "fair",
    [
        "from tuttu.vocabulary.verdicts import Permit",
        "def send(permit: Permit | None) -> Permit: ...",
        "def send(consents):\n    leave: Permit | None = consents.permit('a', 'b')",
    ],
)
def test_fair_use_is_let_through(fair: str) -> None:
    assert not list(uses(ast.parse(fair)))
