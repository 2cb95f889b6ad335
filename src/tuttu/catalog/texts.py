"""Bytes of a user's file to text, or a fault that says where it is none: UTF-8, at most 1 MiB."""

import codecs
import re
import unicodedata

from tuttu.catalog.findings import Findings
from tuttu.vocabulary.errors import Where

LARGEST = 1 << 20
_LINE_END = re.compile(r"\r\n|\r|\n")
_OTHERS = {
    "UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    "UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}
"""Marks at the beginning. In this order: that of UTF-32 begins with the one of UTF-16."""
_WIDE = re.compile(rb"(?:[^\0]\0){4}|(?:\0[^\0]){4}", re.DOTALL)
"""UTF-16 without a mark: its first letters, each with a zero byte."""
_NAMES = {
    "\t": "tab",
    "\n": "line feed",
    "\r": "carriage return",
    "\x85": "next line",
    "\ufeff": "byte order mark",
}
_KINDS = {"Cc": "control character", "Cs": "half of a surrogate pair", "Co": "private use"}


def lines_of(text: str) -> list[str]:
    """As editors and YAML 1.2 count them: at the other marks that Unicode calls ends of lines, and
    at a form feed, none ends."""
    return _LINE_END.split(text)


def line_at(text: str, position: int) -> int:
    """The line in which a position of the text stands, from 1."""
    return len(lines_of(text[:position]))


def named(character: str) -> str:
    """A character that cannot be seen, as `U+00A0 no-break space`."""
    kind = _KINDS.get(unicodedata.category(character), "not assigned")
    name = _NAMES.get(character) or unicodedata.name(character, kind).lower()
    return f"U+{ord(character):04X} {name}"


def unseen(text: str) -> list[str]:
    """Characters that cannot be seen, each once; of white space only the plain blank is none."""
    return [each for each in dict.fromkeys(text) if not each.isprintable()]


def decoded(data: bytes, file: str, findings: Findings) -> str | None:
    """None: a fault, which is reported."""
    if len(data) > LARGEST:
        findings.add(Where(file, 1), "a file over 1 MiB", "a smaller file")
        return None
    other = _encoding(data)
    if other:
        findings.add(Where(file, 1), f"a file in {other}", "text in UTF-8: save it as UTF-8")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        read = error.object[: error.start].decode()  # without a byte order mark
        line = line_at(read, len(read))
        found = f"the byte 0x{error.object[error.start]:02x}, which is not UTF-8"
        findings.add(Where(file, line), found, "text in UTF-8")
        return None


def _encoding(data: bytes) -> str | None:
    for name, marks in _OTHERS.items():
        if data.startswith(marks):
            return name
    return "UTF-16" if _WIDE.match(data) else None
