"""What is told of a text that is no YAML: the line to be changed, what stands there, what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalog.conftest import OFFER, Edit, Faults, Write

from tuttu import catalog
from tuttu.catalog.findings import Findings
from tuttu.catalog.texts import decoded, line_at, lines_of, named, unseen
from tuttu.catalog.yaml_nodes import MappingNode, Node, parse_yaml, to_data
from tuttu.vocabulary.errors import Fault

pytestmark = pytest.mark.fuzz

TOLD = [
    ("a: 1\npropensity:0.06\nb: 2\n", 2, "`propensity:0.06`", "a blank after the colon"),
    ("propensity:0.06\nb: 2\n", 1, "`propensity:0.06`", "a blank after the colon"),
    ("a:\n  b:1\n\n  c: 2\n", 2, "`b:1`", "a blank after the colon"),
    ("- b:1\n  c: 2\n", 1, "`- b:1`", "a blank after the colon"),
    ("a: 1\nb:1\nc:2\nd: 3\n", 2, "`b:1`", "a blank after the colon"),
    ('"a":1\n', 1, '`"a":1`', "a blank after the colon"),
    ("a: 1\nb\nc: 2\n", 2, "`b`", "a key is followed by a colon"),
    ("a:\n  - x\n  -y\n", 3, "`-y`", "a blank after the dash"),
    ("a:\n-x\n-y\n", 2, "`-x`", "a blank after the dash"),
    ("a: 1\nb: [\n", 2, "`b: [`, which is no YAML (its `[` is not closed)", "the `]`"),
    ("a: 1\nb: [", 2, "its `[` is not closed", "the `]`"),
    ("a: {x: 1\nb: 2\n", 1, "`a: {x: 1`, which is no YAML (its `{` is not closed)", "the `}`"),
    ("a: {x: [1, 2}\n", 1, "its `[` is not closed", "the `]`"),
    ("a: {x: 1,\n\n\n", 1, "its `{` is not closed", "the `}`"),
    ("a: {x: 1\n  y: 2}\n", 2, "`y: 2}`", "a comma between entries"),
    ("a: 1\nb: 'x\nc: y", 2, "`b: 'x`", "the `'` that closes the text"),
    ('a: 1\nb: "x\nc: "y"\n', 2, "its quoted text ends on line 3", 'the `"` that closes'),
    ("a: 1\n\tb: 2\n", 2, "(a tab)", "write blanks, not tabs"),
    ("a:\n  b: 1\n  \tc: 2\n", 3, "(a tab)", "write blanks, not tabs"),
    ("a:\t1\n", 1, "(a tab)", "write blanks, not tabs"),
    ("a: 1\n  b: 2\n", 2, "`b: 2`", "begins in one column"),
    ("a:\n   b: 1\n  c: 2\n", 3, "`c: 2`", "begins in one column"),
    ("a: - b\n", 1, "`a: - b`", "items stand on lines of their own"),
    ("a: 1\n- b\n", 2, "`- b`", "items stand on lines of their own"),
    ("a: @x\n", 1, "`a: @x`", "text that begins with @ is quoted"),
    ("a: 1\rb: 2\rc: [\r", 3, "`c: [`", "the `]`"),
    ("a: 1\rb: \x07\r", 2, "U+0007 control character", "take the character out"),
    ('a: "x\u2028b"\nc: x: y\n', 2, "`c: x: y`, which is no", "quoted whole"),
    ("a: 1 # x\u2028b: : c\n", 1, "U+2028 line separator (it ends a line, and so a com", "YAML"),
    ("a: x\x85b: : c\n", 1, "U+0085 next line (it ends a line", "YAML 1.2"),
    ("a: 1\nb:\xa01\nc: 2\n", 2, "which holds U+00A0 no-break space", "YAML 1.2"),
    ("a\xa0b: 1\n", 1, "U+00A0 no-break space in the key `a b`", "take it out"),
    ("a: 1\nb\xad: 1\n", 2, "U+00AD soft hyphen in the key", "take it out"),
    ("a\u200db: 1\n", 1, "U+200D zero width joiner in the key", "take it out"),
    ("a: 1\n\ufeffb: 1\n", 2, "U+FEFF byte order mark in the key", "take it out"),
    ("%TAG ! x\n---\na: 1\n", 1, "the directive `%TAG ! x`", "no directives"),
    ("# c\n%YAML 1.1\n---\na: 1\n", 2, "the directive `%YAML 1.1`", "no directives"),
    ("%YAML 1.2\n%OWN\n---\na: 1\n", 2, "the directive `%OWN`", "no directives"),
    ("a:\n  <<: {b: 1}\n", 2, "the merge key `<<`", "the keys themselves"),
    ('a: "op\\ud83d"\n', 1, "`\\ud83d`, half of a surrogate pair", "both halves of the pair"),
    ('a: "\n  \\\\ud83d \\ud83d\\ude00\n  \\ude00"\n', 3, "`\\ude00`, half of", "both halves"),
    ('a: "\\U0000d83d"\n', 1, "`\\ud83d`, half of a surrogate pair", "both halves"),
    ('a: 1\n"b\\udc00": 1\n', 2, "`\\udc00`, half of a surrogate pair", "both halves"),
]


def parse(text: str) -> tuple[Node, list[Fault]]:
    findings = Findings()
    return parse_yaml("a.yaml", text, findings), findings.faults()


@pytest.mark.parametrize(("text", "line", "found", "expected"), TOLD)
def test_the_line_to_be_changed_is_told(text: str, line: int, found: str, expected: str) -> None:
    _, (fault,) = parse(text)
    assert fault.where.line == line
    assert found in fault.found
    assert expected in fault.expected


def test_what_json_escapes_as_two_halves_is_one_character() -> None:
    node, faults = parse('{"\\ud83d\\ude00": "a\\uD83D\\uDE00b\\uDBFF\\uDFFF"}')
    assert faults == []
    assert to_data(node) == {"\U0001f600": "a\U0001f600b\U0010ffff"}


def test_the_version_that_is_read_may_be_said() -> None:
    node, faults = parse("%YAML 1.2 # ours\n---\na: 1\n")
    assert (to_data(node), faults) == ({"a": 1}, [])


MARKS = ("\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "a", "", "ä")


@given(st.lists(st.sampled_from(MARKS), max_size=20).map("".join))
def test_lines_end_where_yaml_ends_them(text: str) -> None:
    ends = text.replace("\r\n", "\n").replace("\r", "\n")
    assert lines_of(text) == ends.split("\n")
    assert line_at(text, len(text)) == ends.count("\n") + 1


@given(st.text(alphabet="ab:- {}[],#\"'\\\n\r\u2028\x85", max_size=40))
def test_the_quoted_line_is_the_one_that_is_named(text: str) -> None:
    for fault in parse(text)[1]:
        said = fault.found.split("`")[1:-1]
        line = " ".join(lines_of(text)[fault.where.line - 1].split())
        assert "which is no YAML" not in fault.found or "`".join(said).startswith(line)


@given(st.text(alphabet=st.characters(), max_size=5))
def test_faults_can_be_written_in_utf_8(text: str) -> None:
    quoted = "".join(f"\\U{ord(each):08x}" for each in text)
    for written in (text, f'a: "{quoted}"', f'"{quoted}": 1', f"{text}: {text}"):
        _, faults = parse(written)
        assert all(str(fault).encode() for fault in faults)


def test_every_character_that_cannot_be_seen_has_a_name() -> None:
    assert unseen("a b\xa0\u200d\xa0") == ["\xa0", "\u200d"]
    assert named("\x00") == "U+0000 control character"
    assert named("\ud83d") == "U+D83D half of a surrogate pair"
    assert named("\uffff") == "U+FFFF not assigned"


@pytest.mark.parametrize(
    ("data", "line", "found"),
    [
        ("a: 1\n".encode("utf-16"), 1, "a file in UTF-16"),
        ("a: 1\n".encode("utf-16-be"), 1, "a file in UTF-16"),
        ("a: 1\n".encode("utf-16-le"), 1, "a file in UTF-16"),
        ("a: 1\n".encode("utf-32"), 1, "a file in UTF-32"),
        (b"a: 1\rb: 2\rc: \xe4\r", 3, "the byte 0xe4"),
        (b"a: \xe2\x80\xa8\x0c\r\nc: \xe4", 2, "the byte 0xe4"),
        (b"\xef\xbb\xbfa: 1\nb: \xe4\n", 2, "the byte 0xe4"),
    ],
)
def test_bytes_that_are_not_utf_8_are_told(data: bytes, line: int, found: str) -> None:
    findings = Findings()
    assert decoded(data, "a.yaml", findings) is None
    (fault,) = findings.faults()
    assert fault.where.line == line
    assert found in fault.found
    assert "UTF-8" in fault.expected


def test_an_empty_value_in_brackets_is_no_expression_cut_in_two(edit: Edit) -> None:
    surface = "web: {surface: front.hero, message: offer}"
    (first, second) = catalog.check(edit(OFFER, surface, "web: {surface: , message: }"))
    for fault in (first, second):
        assert fault.found == "nothing"
        assert "quote" not in fault.expected


@pytest.mark.parametrize("text", ["- a\n", "just text\n", "5\n"])
@pytest.mark.parametrize("path", [OFFER, "tuttu.yaml", "content/offer.web.en.liquid"])
def test_a_file_is_a_mapping(faults: Faults, path: str, text: str) -> None:
    whole = f"---\n{text}---\nText\n" if path.endswith(".liquid") else text
    assert "a mapping of keys to values" in {fault.expected for fault in faults({path: whole})}


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        ("    events: [Ticket Opened]\n", "    events:\n      -Ticket Opened\n", "the dash"),
        ("    events: [Ticket Opened]\n", "    events:\n      -Ticket: Opened\n", "the dash"),
        ("  household: {key: home_id}\n", "  household:\n    key:home_id\n", "the colon"),
    ],
)
def test_a_list_or_mapping_that_became_one_text(
    edit: Edit, old: str, new: str, advice: str
) -> None:
    found = catalog.check(edit("traits.yaml", old, new))
    assert f"a blank after {advice}" in found[0].expected


def test_the_folder_that_was_asked_for_is_named(write: Write) -> None:
    nowhere = write() / "nowhere"
    (fault,) = catalog.check(nowhere)
    assert fault.where.file == str(nowhere)


@pytest.mark.parametrize(
    "name", ["x\udcff.yaml", "x\udcff.txt", "content/x\udcff.txt", "acti\udcffns/x"]
)
def test_a_name_that_is_not_utf_8_is_told_in_utf_8(write: Write, name: str) -> None:
    folder = write()
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("x")
    assert all(str(fault).encode() for fault in catalog.check(folder))


def test_a_value_may_hold_what_a_key_may_not() -> None:
    node, faults = parse("a: b\xa0c\u200d\n")
    assert isinstance(node, MappingNode)
    assert (node.text("a"), faults) == ("b\xa0c\u200d", [])
