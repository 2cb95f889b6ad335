"""What is told of a text that is no YAML: the line that is to be changed, and what to do there.

ruamel.yaml says where it could not go on. That is often a line after the one that is wrong.
"""

import re
from functools import cached_property
from typing import NamedTuple

from ruamel.yaml import YAML, tokens
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.reader import ReaderError

from tuttu.catalog.findings import quote
from tuttu.catalog.texts import line_at, lines_of, named, unseen
from tuttu.vocabulary.errors import Fault, Where

QUOTE_IT = "an expression inside [ ] or { } is quoted: quote the expression"
NO_TABS = "write blanks, not tabs"
AFTER_DASH = "an item has a blank after the dash"
AFTER_COLON = "a key has a blank after the colon"
OWN_LINES = "items stand on lines of their own, below their key"
ONE_COLUMN = "what belongs together begins in one column"
QUOTE_WHOLE = "text that holds `: ` or begins with a quote is quoted whole"
_ENDS = "\x85\u2028\u2029"
_CLOSES = {"[": "]", "{": "}"}
_ITEMS = re.compile(r"\s*(?:- +)*")
_KEY = re.compile(r":(?:\s|$)")
_ENTRY = re.compile(r"\s*(?:- |[^,\[\]{}]*?:(?:\s|$))")
_GLUED = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s:"']+):\S""")
_KEY_NEEDED = "could not find expected ':'"
_NO_KEY = "mapping values are not allowed here"
_NO_ITEM = "sequence entries are not allowed here"
_STAGGERED = ("<block mapping start>", "<block sequence start>")


class _Spot(NamedTuple):
    """line: from 0. what: stands there, where the reader's own words say too little."""

    line: int
    advice: str
    what: str = ""


def syntax_fault(file: str, text: str, error: MarkedYAMLError) -> Fault:
    lines = lines_of(text)
    spot = _Syntax(text, lines, error).spot()
    line = lines[spot.line]
    hidden = ", ".join(map(_hidden, unseen(line.replace("\t", ""))))
    holding = f", which holds {hidden}" if hidden else ""
    why = spot.what or str(error.problem or error.context)
    found = f"{quote(line)}{holding}, which is no YAML ({why})"
    return Fault(Where(file, spot.line + 1), found, f"YAML 1.2; {spot.advice}")


def character_fault(file: str, text: str, error: YAMLError) -> Fault:
    """Of a character that no YAML holds."""
    position = error.position if isinstance(error, ReaderError) else 0
    found = named(text[position : position + 1] or "\0")
    expected = "text that can be printed: take the character out"
    return Fault(Where(file, line_at(text, position)), found, expected)


def glued(text: str, wanted: str) -> str:
    """What to do where a list or a mapping ("array", "object") was written without blanks, and so
    is one text; nothing, if it does not look so."""
    if wanted == "array" and re.match(r"-\S", text):
        return AFTER_DASH
    if wanted == "object" and _GLUED.match(text):
        return AFTER_COLON
    return ""


def _hidden(character: str) -> str:
    ends = " (it ends a line, and so a comment)" if character in _ENDS else ""
    return f"{named(character)}{ends}"


class _Syntax:
    """Looks for the line that is to be changed."""

    def __init__(self, text: str, lines: list[str], error: MarkedYAMLError) -> None:
        self.text = text
        self.lines = lines
        self.problem = str(error.problem or "")
        self.context = str(error.context or "")
        at = error.problem_mark or error.context_mark
        self.at: StreamMark = at or StreamMark("", 0, 0, 0)
        self.began: StreamMark = error.context_mark or self.at

    def spot(self) -> _Spot:
        return (
            self.unclosed_quote()
            or self.tab()
            or self.unclosed_bracket()
            or self.long_quote()
            or self.no_key()
            or self.other()
        )

    def unclosed_quote(self) -> _Spot | None:
        if self.context == "while scanning a quoted scalar":
            sign = self.text[self.began.index]
            return _Spot(self.began.line, f"the `{sign}` that closes the text")
        return None

    def tab(self) -> _Spot | None:
        line = self.lines[self.at.line]
        if self.text[self.at.index : self.at.index + 1] == "\t":
            return _Spot(self.at.line, NO_TABS, "a tab")
        before = line[: len(line) - len(line.lstrip())]
        return _Spot(self.at.line, NO_TABS, "a tab") if "\t" in before else None

    def unclosed_bracket(self) -> _Spot | None:
        """The innermost one that is open where the reader stopped, if that is surely behind it."""
        opened: list[StreamMark] = []
        for token in self.read:
            if isinstance(token, tokens.FlowSequenceStartToken | tokens.FlowMappingStartToken):
                opened.append(token.start_mark)
            elif isinstance(token, tokens.FlowSequenceEndToken | tokens.FlowMappingEndToken):
                opened.pop()
        if not opened:
            return None
        mark = opened[-1]
        sign = self.text[mark.index]
        here = self.text[self.at.index : self.at.index + 1]
        ended = not self.text[self.at.index :].strip()
        level = self.indent(self.at.line) <= self.indent(mark.line)
        outside = self.at.line > mark.line and level and _ENTRY.match(self.lines[self.at.line])
        if ended or outside or (here in "]}" and here != _CLOSES[sign]):
            advice = f"the `{_CLOSES[sign]}` that closes it, and a comma between entries"
            return _Spot(mark.line, advice, f"its `{sign}` is not closed")
        if self.at.line > mark.line:
            return _Spot(self.at.line, f"a comma between entries; {QUOTE_IT}")
        return _Spot(self.at.line, QUOTE_IT)

    def long_quote(self) -> _Spot | None:
        """A text in quotes behind which something stands: it may have been closed by the next."""
        last = self.read[-1] if self.read else None
        if isinstance(last, tokens.ScalarToken) and not last.plain:
            sign, begins = self.text[last.start_mark.index], last.start_mark.line
            if begins < last.end_mark.line == self.at.line:
                what = f"its quoted text ends on line {self.at.line + 1}"
                return _Spot(begins, f"the `{sign}` that closes the text", what)
        return None

    @cached_property
    def read(self) -> list[tokens.Token]:
        """What was read up to where the reader stopped."""
        read = []
        try:
            for token in YAML(typ="safe", pure=True).scan(self.text):
                if token.start_mark.index >= self.at.index:
                    break
                read.append(token)
        except YAMLError:
            pass  # the error that is being told
        return read

    def no_key(self) -> _Spot | None:
        """A text where a key had to be, which is noticed at the next one."""
        if self.problem == _KEY_NEEDED:
            number = self.began.line
        elif self.problem == _NO_KEY and self.first_of_text() < self.at.line:
            number = self.first_of_text()
        else:
            return None
        said = _ITEMS.sub("", self.lines[number], count=1)
        advice = glued(said, "array") or glued(said, "object")
        return _Spot(number, advice or "a key is followed by a colon and a blank")

    def first_of_text(self) -> int:
        """The line in which the text began that goes on here; this one, if it is no key's value."""
        first = self.at.line
        for number in range(self.at.line - 1, -1, -1):
            line = self.lines[number]
            if _KEY.search(line) or line.lstrip().startswith("#"):
                break
            if line.strip():
                first = number
            if line.lstrip().startswith("- "):
                break
        return first

    def other(self) -> _Spot:
        """Where the reader stopped, or the last line before it that says something."""
        number = min(self.at.line, len(self.lines) - 1)
        while number and not self.lines[number].strip():
            number -= 1
        return _Spot(number, self.advice(self.lines[number]))

    def advice(self, line: str) -> str:
        sign = re.fullmatch(r"found character '([@`%])' that cannot start any token", self.problem)
        if sign:
            return f"text that begins with {sign[1]} is quoted"
        key = _KEY.search(line)
        first = key is not None and key.start() == self.at.column
        if any(one in self.problem for one in _STAGGERED) or (first and self.problem == _NO_KEY):
            return ONE_COLUMN
        said = _ITEMS.sub("", line, count=1)
        if "<scalar>" in self.problem and glued(said, "object"):
            return AFTER_COLON
        if "found '-'" in self.problem or self.problem == _NO_ITEM:
            return OWN_LINES
        return QUOTE_IT if any(each in line for each in "[{") else QUOTE_WHOLE

    def indent(self, number: int) -> int:
        line = self.lines[number]
        return len(line) - len(line.lstrip(" "))
