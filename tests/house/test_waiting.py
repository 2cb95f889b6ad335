"""No test rests on how fast a machine is: whatever waits has the one bound of `tests.waiting`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
FILES = sorted(path for path in TESTS.rglob("*.py") if "node_modules" not in path.parts)
WAITING = TESTS / "waiting.py"
WAITS = {"wait", "join", "wait_for"}
ASKS = {"get", "post", "put", "delete", "request", "stream", "Client", "AsyncClient"}
"""Of httpx, whose own patience is five seconds."""


def calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def bounded_by_a_number(call: ast.Call) -> bool:
    """Seconds of its own: `timeout=5`, `.wait(5)`, `.join(5)`."""
    said = [each.value for each in call.keywords if each.arg == "timeout"]
    if isinstance(call.func, ast.Attribute) and call.func.attr in WAITS:
        said += call.args
    return any(isinstance(each, ast.Constant) and _is_number(each.value) for each in said)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def impatient_by_default(call: ast.Call) -> bool:
    named = {each.arg for each in call.keywords}
    return (
        isinstance(call.func, ast.Attribute)
        and ast.unparse(call.func.value) == "httpx"
        and call.func.attr in ASKS
        and "timeout" not in named
    )


def sleeps(call: ast.Call) -> bool:
    return ast.unparse(call.func) in {"time.sleep", "sleep", "asyncio.sleep"}


def test_nobody_has_seconds_of_their_own() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{call.lineno}: {ast.unparse(call)[:80]}"
        for path in FILES
        for call in calls(path)
        if bounded_by_a_number(call) or impatient_by_default(call)
    ]
    assert not found


def test_nobody_sleeps() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{call.lineno}"
        for path in FILES
        if path != WAITING
        for call in calls(path)
        if sleeps(call)
    ]
    assert not found
