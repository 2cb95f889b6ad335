"""YAML text to nodes with lines: the core schema, and every refusal a fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tuttu.catalog import yaml_nodes
from tuttu.catalog.findings import Findings
from tuttu.catalog.yaml_nodes import (
    BrokenNode,
    ListNode,
    MappingNode,
    Node,
    ScalarNode,
    parse_yaml,
    plain_value,
    to_data,
)
from tuttu.vocabulary.errors import Fault

pytestmark = pytest.mark.fuzz


def parse(text: str) -> tuple[Node, list[Fault]]:
    findings = Findings()
    return parse_yaml("a.yaml", text, findings), findings.faults()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("on", "on"),
        ("0", 0),
        ("-12", -12),
        ("012", 12),
        ("0o17", 15),
        ("0xfF", 255),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-03-01", "2026-03-01"),
        ("2026-03-01T09:00", "2026-03-01T09:00"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("9" * 50, "9" * 50),
    ],
)
def test_plain_scalars_are_read_by_the_core_schema(text: str, value: object) -> None:
    read = plain_value(text)
    assert read == value
    assert type(read) is type(value)


def test_quoted_scalars_are_text() -> None:
    node, faults = parse("a: '1'\nb: \"true\"\nc: ''\n")
    assert to_data(node) == {"a": "1", "b": "true", "c": ""}
    assert faults == []


def test_nodes_know_the_lines_of_their_keys() -> None:
    node, _ = parse("# first\na: 1\nb:\n\n  c: 2\n  d:\n    - 3\n    - {e: 4,\n       f: 5}\n")
    assert isinstance(node, MappingNode)
    inner = node.mapping("b")
    assert (node.at("a").line, node.at("b").line, inner.where.line) == (2, 3, 3)
    assert (inner.at("c").line, inner.at("d").line) == (5, 6)
    items = inner.entries["d"]
    assert isinstance(items, ListNode)
    assert isinstance(items.items[1], MappingNode)
    assert items.items[0].where.line == 7
    assert items.items[1].at("f").line == 9
    assert (items.items[1].flow, inner.flow) == (True, False)


@pytest.mark.parametrize(
    ("text", "line", "found", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "the key `a` again", "each key once; it stands on line 1"),
        ("a: &x 1\n", 1, "the anchor `&x`", "no anchors"),
        ("a: 1\nb: *x\n", 2, "the alias `*x`", "the text itself"),
        ("a: !!str 1\n", 1, "the tag `", "a value without a tag"),
        ("a: 1\n---\nb: 2\n", 2, "a second document", "one document"),
        ("", 1, "an empty file", "a mapping"),
        ("# only a comment\n", 1, "an empty file", "a mapping"),
        ("a: " + "[" * 30 + "]" * 30, 1, "too many levels", "at most 20 levels"),
        ("[a]: 1\n", 1, "a list or mapping as a key", "text"),
        ("a: 1\n b: 2\n", 2, "no YAML", "YAML 1.2"),
        ("a: 'x\n", 1, "no YAML", "YAML 1.2"),
        ("a: \x00\n", 1, "U+0000 control character", "text that can be printed"),
        ('"a\\nb": 1\n', 1, "U+000A line feed in the key", "text on one line"),
        ("a: x: y\n", 1, "no YAML", "text that holds `: `"),
    ],
)
def test_what_is_not_read_is_a_fault(text: str, line: int, found: str, expected: str) -> None:
    node, faults = parse(text)
    assert len(faults) == 1
    assert faults[0].where.line == line
    assert found in faults[0].found
    assert expected in faults[0].expected
    assert isinstance(node, BrokenNode | MappingNode)


@pytest.mark.parametrize(
    "text",
    [
        "a: {when: 'x' = y, b: 1}\n",
        "a: {when: any(p, c = 'tv'), 'x' = 1}\n",
        "a: [x IN ('a', 'b')]\n",
        "a: {when: x IN [1], y] }\n",
        "a:\n  - {when: b = 'x' AND 'y' = z}\n    {\n",
    ],
)
def test_an_expression_that_breaks_inside_brackets_is_to_be_quoted(text: str) -> None:
    _, faults = parse(text)
    assert faults == [] or "quote the expression" in faults[0].expected


def test_a_bomb_does_not_unfold() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{name}: &{name} [*{last}, *{last}]\n"
        for last, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    node, faults = parse(bomb)
    assert isinstance(node, BrokenNode)
    assert len(faults) == 1


def test_ten_thousand_levels_are_refused_at_once() -> None:
    _, faults = parse("a: " + "[" * 10_000)
    assert [fault.found for fault in faults] == ["too many levels"]


@given(st.text(alphabet=st.sampled_from("ab:- {}[],#&*!|>'\"%@`\n\t\\?~01.\x00\x85é"), max_size=60))
def test_any_text_is_read_or_refused_with_its_line(text: str) -> None:
    node, faults = parse(text)
    assert isinstance(node, ScalarNode | ListNode | MappingNode) or faults
    assert all(1 <= fault.where.line <= text.count("\n") + 2 for fault in faults)


@given(
    st.recursive(
        st.one_of(
            st.none(), st.booleans(), st.integers(-99, 99), st.sampled_from(["x", "1", "a b", ""])
        ),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_what_json_writes_is_read_as_it_was(value: object) -> None:
    import json

    node, faults = parse(json.dumps({"root": value}, indent=1))
    assert faults == []
    assert to_data(node) == {"root": value}


PIECES = (
    *("a", "b: ", "c:", "- ", "\n", "\n", "\n  ", "\n    ", "  ", " ", "#", "# c\n", "'", '"'),
    *("\\n", "\\/", "\\x41", "\\u00e4", "\\", "[", "]", "{", "}", ",", ": ", ":", "|", "|-", "|+2"),
    *(">", ">-", "?", "? ", "&x ", "*x", "!t ", "!!str ", "%", "%YAML 1.1\n", "---\n", "...\n"),
    *(
        "~",
        "null",
        "1",
        "0.10",
        "ä",
        "\u2028",
        "\x85",
        "\ufeff",
        "\t",
        "\x07",
        "\r\n",
        "\r",
        "@",
        "`",
    ),
    *("-", "--", "a b", "a > 3", "http://x", "a:b", "\U0001f600", "'x''y'", '"q"', "=", "<<: "),
    *('"b":c', "'b' :c", '["b":c]', "[a, 'b':c]", "{'b':c}", "[{}:c]", "[", "{", "]", "}", ","),
    *("{a: 1}", "[1, 2]", "key: value\n", "  k: v\n", "- i\n", "what?", "a|b"),
)
"""Of these texts are made, most of which are nearly YAML."""


def test_the_quick_reader_says_what_the_other_says(
    monkeypatch: pytest.MonkeyPatch, seed: int, scale: Callable[[int, int], int]
) -> None:
    random = Random(seed)
    texts = [
        "".join(random.choices(PIECES, k=random.randint(1, 12)))
        for _ in range(scale(4_000, 200_000))
    ]
    read = [parse(text) for text in texts]
    monkeypatch.setattr(yaml_nodes, "_UNSURE", re.compile(""))
    for text, found in zip(texts, read, strict=True):
        assert found == parse(text), text


def test_the_readers_agree_on_keys_in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    """There YAML 1.1 and 1.2 differ on what is a key."""
    opened = (("[", "]"), ("{", "}"), ("a: [", "]"), ("a: {b: [", "]}"), ("- [a, ", "]"))
    keys = ('"b"', "'b'", "b", "[b]", "{b: 1}", "{}", "")
    colons = (":", " :", ": ", ":\n ", "\n :", " # c\n :")
    values = ("c", '"c"', "[]", "{}", "", ", c", "\xa0c", ":c", "-")
    texts = [
        f"{begin}{key}{colon}{value}{end}"
        for (begin, end), key, colon, value in product(opened, keys, colons, values)
    ]
    read = [parse(text) for text in texts]
    monkeypatch.setattr(yaml_nodes, "_UNSURE", re.compile(""))
    for text, found in zip(texts, read, strict=True):
        assert found == parse(text), text


def test_a_plain_text_is_read_by_the_quick_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """That it is there is not noticed otherwise."""
    asked: list[bool] = []

    def reader(*, typ: str, pure: bool = False) -> YAML:
        asked.append(pure)
        return YAML(typ=typ, pure=pure)

    monkeypatch.setattr(yaml_nodes, "YAML", reader)
    parse('name: tv\nwhen: ["a > 3", b]\n')
    parse("name: |\n  tv\n")
    assert asked == [False, True]
    assert YAML(typ="safe").Parser is not YAML(typ="safe", pure=True).Parser


def test_deep_nesting_is_left_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """libyaml's time grows with the square of the levels."""
    read: list[object] = []

    class Counted(YAML):
        def parse(self, stream: object) -> Iterator[object]:
            for event in super().parse(stream):
                read.append(event)
                yield event

    monkeypatch.setattr(yaml_nodes, "YAML", Counted)
    _, faults = parse("name: " + "[" * 3_000)
    assert "too many levels" in faults[0].found
    assert len(read) < 100
