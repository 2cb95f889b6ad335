"""YAML text to nodes that know their file and line.

YAML 1.2 with the core schema, less what a policy does not need: no anchors (so no text can
unfold to more than itself), no tags, one document. Dates stay text. Numbers keep their text, so
that 0.10 is not rounded before somebody knows what it is.
"""

import math
import re
from collections.abc import Iterator

import msgspec
from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from tuttu.catalog.findings import Findings, quote
from tuttu.catalog.texts import line_at, lines_of, named, unseen
from tuttu.catalog.yaml_faults import QUOTE_IT, character_fault, syntax_fault
from tuttu.vocabulary.errors import Fault, Where

DEEPEST = 20

Plain = bool | int | float | str | None
Data = Plain | list["Data"] | dict[str, "Data"]

_INTEGER = re.compile(r"[-+]?[0-9]{1,40}|0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_REAL = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,4})?")
_WORDS: dict[str, Plain] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_UNSURE = re.compile(
    r"[\t\x85\u2028\u2029\ufeff]|(?:^|[-:?,\[{])\s*[|>?&*!%]|^(?:---|\.\.\.)"
    r"|[\"'}\]]\s*:(?![ \r\n])",
    re.MULTILINE,
)
"""Where libyaml, which is of YAML 1.1, may read something else than ruamel.yaml, or sees it on
another line: other white space, block scalars, marked keys, what is refused, marks of documents, a
quoted or bracketed key without a blank behind its colon."""
_HALF = re.compile("[\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LONE = re.compile(
    r"(?<!\\)(?:\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F])"
)
"""The escape of a half without its other one."""


class ScalarNode(msgspec.Struct):
    """One value as it was written. plain: without quotes, so it may be more than text. lone: not
    even the colon of its key was."""

    text: str
    where: Where
    plain: bool = False
    literal: bool = False
    lone: bool = False

    @property
    def value(self) -> Plain:
        return plain_value(self.text) if self.plain else self.text

    @property
    def missing(self) -> bool:
        """Nothing was written where a value could stand."""
        return self.plain and not self.text


class BrokenNode(msgspec.Struct):
    """Something has a fault here, which is reported already: readers pass it over."""

    where: Where


class ListNode(msgspec.Struct):
    """A sequence. flow: written in [ ]."""

    items: "list[Node]"
    where: Where
    flow: bool = False


class MappingNode(msgspec.Struct):
    """A mapping. flow: written in { }. doubtful: it had unknown keys.

    The accessors are for shapes that are checked: what is absent or broken reads as nothing.
    """

    entries: "dict[str, Node]"
    keys: dict[str, Where]
    where: Where
    flow: bool = False
    doubtful: bool = False

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def at(self, key: str) -> Where:
        """Where the key stands; for an absent one, where the mapping does."""
        return self.keys.get(key, self.where)

    def scalar(self, key: str) -> ScalarNode | None:
        node = self.entries.get(key)
        return node if isinstance(node, ScalarNode) else None

    def text(self, key: str, default: str = "") -> str:
        node = self.scalar(key)
        return node.text if node else default

    def whole(self, key: str, default: int) -> int:
        node = self.scalar(key)
        value = node.value if node else None
        return int(value) if isinstance(value, int | float) else default

    def flag(self, key: str) -> bool:
        node = self.scalar(key)
        return node is not None and node.value is True

    def mapping(self, key: str) -> "MappingNode":
        node = self.entries.get(key)
        return node if isinstance(node, MappingNode) else MappingNode({}, {}, self.at(key))

    def mappings(self) -> "Iterator[tuple[str, MappingNode]]":
        """Entries that are mappings themselves."""
        for name, node in self.entries.items():
            if isinstance(node, MappingNode):
                yield name, node

    def scalars(self) -> Iterator[tuple[str, ScalarNode]]:
        for name, node in self.entries.items():
            if isinstance(node, ScalarNode):
                yield name, node

    def listed(self, key: str) -> list[ScalarNode]:
        """The scalars of a list."""
        return [item for item in self._items(key) if isinstance(item, ScalarNode)]

    def listed_mappings(self, key: str) -> "list[MappingNode]":
        return [item for item in self._items(key) if isinstance(item, MappingNode)]

    def broken(self, key: str) -> bool:
        """Whether the value, or an item of it, has a fault."""
        values = [self.entries.get(key), *self._items(key)]
        return any(isinstance(value, BrokenNode) for value in values)

    def _items(self, key: str) -> "list[Node]":
        node = self.entries.get(key)
        return node.items if isinstance(node, ListNode) else []


Node = ScalarNode | MappingNode | ListNode | BrokenNode


def plain_value(text: str) -> Plain:
    """What an unquoted scalar is by the core schema; infinite and overlong numbers are text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if _REAL.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def to_data(node: Node) -> Data:
    """A node as plain values."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, ListNode):
        return [to_data(item) for item in node.items]
    if isinstance(node, MappingNode):
        return {key: to_data(value) for key, value in node.entries.items()}
    return None


def parse_yaml(file: str, text: str, findings: Findings) -> Node:
    """The one document of a file; a `BrokenNode` if it cannot be read."""
    try:
        return _Builder(file, text, findings).build()
    except _Halt as halt:
        fault = halt.fault
    except MarkedYAMLError as error:
        fault = syntax_fault(file, text, error)
    except YAMLError as error:
        fault = character_fault(file, text, error)
    findings.add(fault.where, fault.found, fault.expected)
    return BrokenNode(fault.where)


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


class _Halt(Exception):  # noqa: N818 - carries a fault, is none
    def __init__(self, where: Where, found: str, expected: str) -> None:
        super().__init__(found)
        self.fault = Fault(where, found, expected)


def _events(text: str) -> Iterator[events.Event]:
    """By libyaml, ten times faster, if it surely says the same; else, and where it is not
    installed, by ruamel.yaml."""
    quick = None if _UNSURE.search(text) else _quick_events(text)
    if quick is not None:
        return iter(quick)
    found: Iterator[events.Event] = YAML(typ="safe", pure=True).parse(text)
    return found


def _quick_events(text: str) -> list[events.Event] | None:
    """None: libyaml refuses the text, which ruamel.yaml may read, and says why it does not; or
    there are too many levels, each of which makes libyaml slower."""
    found: list[events.Event] = []
    depth = 0
    try:
        for event in YAML(typ="safe").parse(text):
            found.append(event)
            if isinstance(event, events.CollectionStartEvent):
                depth += 1
            elif isinstance(event, events.CollectionEndEvent):
                depth -= 1
            if depth > DEEPEST:
                return None
    except (YAMLError, UnicodeError):
        return None
    return found


class _Builder:
    """Turns the parser's events into nodes."""

    def __init__(self, file: str, text: str, findings: Findings) -> None:
        self.file = file
        self.text = text
        self.findings = findings
        self.events = _events(text)

    def build(self) -> Node:
        root: Node | None = None
        for event in self.events:
            if not isinstance(event, events.DocumentStartEvent):
                continue
            if root is not None:
                raise _Halt(self.where(event), "a second document", "one document in a file")
            self.refuse_directives(event)
            root = self.node(next(self.events), 0)
        if root is None or (isinstance(root, ScalarNode) and root.missing):
            raise _Halt(Where(self.file, 1), "an empty file", "a mapping of keys to values")
        return root

    def where(self, event: events.Event) -> Where:
        return Where(self.file, event.start_mark.line + 1)

    def node(self, event: events.Event, depth: int) -> Node:
        self.refuse_extras(event)
        if isinstance(event, events.ScalarEvent):
            plain = not event.style
            literal = event.style == "|"
            return ScalarNode(self.characters(event), self.where(event), plain, literal)
        if depth == DEEPEST:
            raise _Halt(self.where(event), "too many levels", f"at most {DEEPEST} levels")
        if isinstance(event, events.SequenceStartEvent):
            return self.sequence(event, depth + 1)
        if isinstance(event, events.CollectionStartEvent):
            return self.mapping(event, depth + 1)
        raise TypeError(f"no node begins with {event}")

    def refuse_directives(self, start: events.Event) -> None:
        for number, line in enumerate(lines_of(self.text)[: start.start_mark.line]):
            directive = line.removeprefix("\ufeff")
            if directive.startswith("%") and directive.split("#")[0].split() != ["%YAML", "1.2"]:
                found = f"the directive {quote(directive)}"
                raise _Halt(
                    Where(self.file, number + 1), found, "no directives: files are YAML 1.2"
                )

    def characters(self, event: events.ScalarEvent) -> str:
        """The text. JSON escapes some characters as two halves, which are one here."""
        text = str(event.value)
        if not _HALF.search(text):
            return text
        whole = _PAIR.sub(_joined, text)
        if half := _HALF.search(whole):
            code = f"\\u{ord(half[0]):04x}"
            expected = "both halves of the pair, or the character itself"
            raise _Halt(self.of_escape(event), f"`{code}`, half of a surrogate pair", expected)
        return whole

    def of_escape(self, event: events.ScalarEvent) -> Where:
        """The line, of those of a text in quotes, in which the half stands."""
        written = self.text[event.start_mark.index : event.end_mark.index]
        found = _LONE.search(written)
        line = event.start_mark.line + (line_at(written, found.start()) if found else 1)
        return Where(self.file, line)

    def refuse_extras(self, event: events.Event) -> None:
        """Anchors, aliases and tags."""
        if isinstance(event, events.AliasEvent):
            found = f"the alias `*{event.anchor}`"
            raise _Halt(self.where(event), found, "the text itself: aliases are not read")
        if isinstance(event, events.NodeEvent) and event.anchor:
            found = f"the anchor `&{event.anchor}`"
            raise _Halt(self.where(event), found, "no anchors: say it where it holds")
        if isinstance(event, events.ScalarEvent | events.CollectionStartEvent) and event.ctag:
            raise _Halt(self.where(event), f"the tag `{event.ctag}`", "a value without a tag")

    def sequence(self, start: events.CollectionStartEvent, depth: int) -> ListNode:
        items = []
        for event in self.events:
            if isinstance(event, events.SequenceEndEvent):
                break
            items.append(self.node(event, depth))
        return ListNode(items, self.where(start), bool(start.flow_style))

    def mapping(self, start: events.CollectionStartEvent, depth: int) -> MappingNode:
        mapping = MappingNode({}, {}, self.where(start), bool(start.flow_style))
        for event in self.events:
            if isinstance(event, events.MappingEndEvent):
                break
            key = self.key(event)
            value = self.value(event, depth)
            if key in mapping.entries:
                first = mapping.keys[key].line
                expected = f"each key once; it stands on line {first} already"
                self.findings.add(self.where(event), f"the key {quote(key)} again", expected)
                continue
            mapping.entries[key] = value
            mapping.keys[key] = self.where(event)
            if not isinstance(value, ScalarNode) or value.missing:
                value.where = mapping.keys[key]
        return mapping

    def value(self, key: events.Event, depth: int) -> Node:
        event = next(self.events)
        node = self.node(event, depth)
        if isinstance(node, ScalarNode) and node.missing:
            between = self.text[key.end_mark.index : event.start_mark.index]
            node.lone = not between.lstrip().startswith(":")
        return node

    def key(self, event: events.Event) -> str:
        self.refuse_extras(event)
        if not isinstance(event, events.ScalarEvent):
            raise _Halt(self.where(event), "a list or mapping as a key", f"text; {QUOTE_IT}")
        key = self.characters(event)
        if key == "<<" and not event.style:
            expected = "the keys themselves: nothing is merged"
            raise _Halt(self.where(event), "the merge key `<<`", expected)
        if not key.isprintable():
            found = f"{', '.join(map(named, unseen(key)))} in the key {quote(key)}"
            expected = "text on one line, of characters that can be seen: take it out"
            raise _Halt(self.where(event), found, expected)
        return key
