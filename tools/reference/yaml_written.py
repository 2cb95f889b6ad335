"""The part of the page of the project folder that says which YAML may be written."""

from __future__ import annotations

from tools.reference.markdown import table

from tuttu.catalog.texts import LARGEST
from tuttu.catalog.yaml_nodes import DEEPEST

REFUSED = (
    ("an anchor", "a: &x 1", "say it where it holds"),
    ("an alias", "a: *x", "the text itself"),
    ("a merge key", "<<: {a: 1}", "the keys themselves"),
    ("a tag", "a: !!str 1", "a value without a tag; text is quoted"),
    ("a directive other than `%YAML 1.2`", "%TAG ! x\n---\na: 1", "nothing"),
    ("a second document", "a: 1\n---\nb: 1", "one document in a file"),
    ("a key twice", "a: 1\na: 2", "each key once"),
    ("a list or mapping as a key", "[a]: 1", "text"),
    ("a tab outside quotes and comments", "a:\tb", "blanks"),
    ("a quoted key in `[ ]` without a blank behind its colon", 'a: ["b":c]', '`["b": c]`'),
    ("half of a surrogate pair", 'a: "\\ud83d"', "both halves, or the character itself"),
    ("a control character", "a: \x07", "its escape in double quotes, or none"),
    ("in a key, a character that cannot be seen", "a\xa0b: 1", "a plain blank, or none"),
)
"""What it is, an example, and what is written in its place. A test tries each."""
WORDS = (
    "Files are UTF-8, with or without a byte order mark, of at most {largest} MiB and {deepest} "
    "levels. Lines end by LF, CR LF or CR. Of words without quotes only numbers, `~`, `true`, "
    "`false` and `null` (also as `True` or `TRUE`) are more than text: `yes`, `no`, `on` and dates "
    "are text. Text that holds `: ` or ` #`, or begins with a sign that YAML uses, is quoted "
    "whole. U+2028, U+2029 and U+0085 end no line as faults count them, but they end a comment: "
    "where a fault shows such a line, it names them. An import mapping and the head of a message "
    "are read in the same way."
)


def written() -> str:
    rows = [(what, f"`{_shown(example)}`", instead) for what, example, instead in REFUSED]
    words = WORDS.format(largest=LARGEST >> 20, deepest=DEEPEST)
    refused = table(("what is refused", "as in", "instead"), rows)
    return f"## Which YAML may be written\n\n{words}\n\n{refused}"


def _shown(example: str) -> str:
    """On one line, with escapes for what cannot be seen."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in example
    )
