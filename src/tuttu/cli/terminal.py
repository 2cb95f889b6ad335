"""What a command prints: the only place that writes to the terminal.

Names and values come from clients, and a terminal obeys what stands in them: every sign that moves
the cursor, breaks a line or turns the writing round is written as its escape. So one line that is
said is one line that is read, on a terminal, in a file and in a pipe.
"""

import re
from collections.abc import Iterable

import click

_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls of ASCII and Latin-1, ends of lines and paragraphs, what turns text round, and halves of
pairs, which no encoding writes."""


def printable(text: str) -> str:
    """Without anything that a terminal obeys; what stands for it is as in Python and JSON."""
    return _OBEYED.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    usual = {9: "\\t", 10: "\\n", 13: "\\r"}
    return usual.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def say(*lines: str, err: bool = False) -> None:
    """Each as one line. err: on stderr."""
    for line in lines:
        click.echo(printable(line), err=err)


def say_text(text: str, *, err: bool = False) -> None:
    """Lines of our own making, as they are broken; in each, values as in `say`."""
    say(*text.split("\n"), err=err)


def say_json(text: str) -> None:
    """JSON that says the same, with escapes for what a terminal would obey; its own line ends
    stay."""
    click.echo("\n".join(json_lines(text)))


def json_lines(text: str) -> list[str]:
    return [_OBEYED.sub(_in_json, line) for line in text.split("\n")]


def _in_json(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def table(rows: Iterable[Iterable[object]], indent: str = "  ") -> None:
    """Rows of cells in aligned columns; the last column runs free."""
    texts = [[printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)] if texts else []
    for row in texts:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo((indent + "  ".join(padded)).rstrip())


def listing(rows: Iterable[Iterable[object]], nothing: str, indent: str = "") -> None:
    """A table; of an empty one `nothing` is said, on stderr: who reads the rows in a pipe gets
    none."""
    found = list(rows)
    table(found, indent)
    if not found:
        say(nothing, err=True)


def progress(text: str) -> None:
    """Over what was there, on stderr."""
    click.echo(f"\r{printable(text)}", nl=False, err=True)
