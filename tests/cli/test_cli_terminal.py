"""What clients send never moves a terminal's cursor, and never breaks a line."""

from __future__ import annotations

import ast
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tuttu.cli
from tuttu.cli import terminal

MOVES = "\x1b[2J\x1b]0;owned\x07\r\n\x7f\x9b31m\u0085\u2028\u202egnp\u2066"
"""Clears a screen, names a window, breaks a line, colours (in one sign of Latin-1), turns round."""
OBEYED = {"Cc", "Zl", "Zp", "Cs"}
SIGNS = st.one_of(st.text(max_size=20), st.text(alphabet=MOVES, max_size=9))
MODULES = sorted(Path(tuttu.cli.__file__).parent.glob("*.py"))


def obeyed(text: str) -> list[str]:
    """Signs of one line that a terminal does not just show."""
    return [
        sign
        for sign in text
        if unicodedata.category(sign) in OBEYED
        or unicodedata.bidirectional(sign) in {"LRO", "RLO", "LRE", "RLE", "PDF", "LRI", "RLI"}
    ]


@given(said=SIGNS)
def test_a_line_that_is_said_is_one_line(said: str) -> None:
    shown = terminal.printable(f"a {said} b")
    assert not obeyed(shown)
    assert shown.splitlines() == [shown]
    assert terminal.printable(shown) == shown


@given(said=st.dictionaries(SIGNS, SIGNS, max_size=3))
def test_json_says_the_same(said: dict[str, str]) -> None:
    text = json.dumps(said, ensure_ascii=False, indent=2)
    lines = terminal.json_lines(text)
    assert json.loads("\n".join(lines)) == said
    assert not any(map(obeyed, lines))


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), max_size=20))
def test_what_only_shows_stays(said: str) -> None:
    assert terminal.printable(said) == said


def test_only_one_module_writes() -> None:
    """By `click.echo` or `print`: all others go through it."""
    for path in MODULES:
        if path.name == "terminal.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"click.echo", "click.secho", "print"}, path.name


@pytest.fixture
def hostile(run: Any, folder: Path) -> str:
    """A customer whose every value would move the cursor; their id."""
    who = f"mal{MOVES}ory"
    call = {"type": "identify", "userId": who, "traits": {"first_name": MOVES}, "messageId": "1"}
    seen = {
        "type": "track",
        "event": f"Seen {MOVES}",
        "userId": who,
        "properties": {MOVES: MOVES},
        "messageId": f"2{MOVES}",
    }
    broken = {"type": "track", "event": 7, "userId": who, "messageId": "3", MOVES: MOVES}
    unknown = {"type": MOVES, "userId": who}
    path = folder / "hostile.jsonl"
    calls = (call, seen, broken, unknown)
    path.write_text("\n".join(json.dumps(each) for each in calls), encoding="utf-8")
    run("import", str(path), exit_code=1)
    kept = path.with_name("hostile.jsonl.rejects.jsonl").read_text(encoding="utf-8")
    assert not any(map(obeyed, kept.split("\n")))
    return who


@pytest.mark.parametrize(
    "command",
    [
        ("customer", "WHO"),
        ("customer", "WHO", "--json"),
        ("timeline", "WHO"),
        ("timeline", "WHO", "--json"),
        ("preferences", "WHO"),
        ("explain", "WHO", "--surface", "front"),
        ("decide", "WHO", "--surface", "front", "--json"),
        ("dead-letters", "list"),
        ("dead-letters", "list", "--json"),
        ("keys", "list"),
        ("keys", "list", "--json"),
        ("unmerge", "WHO"),
    ],
)
def test_no_command_prints_what_a_terminal_obeys(
    run: Any, hostile: str, command: tuple[str, ...]
) -> None:
    run("keys", "add", f"of {MOVES}", "--scope", "ingest", exit_code=None)
    result = run(*(hostile if each == "WHO" else each for each in command), exit_code=None)
    for text in (result.stdout, result.stderr):
        assert not any(map(obeyed, text.split("\n"))), text
    assert "\\x1b" in result.output or "\\u001b" in result.output or command[0] == "preferences"


def test_an_error_is_one_line_too(run: Any, hostile: str) -> None:
    for command in (("customer", f":{MOVES}"), ("decision", MOVES), (f"no{MOVES}",)):
        result = run(*command, exit_code=None)
        assert result.exit_code
        assert not any(map(obeyed, result.output.split("\n"))), result.output
