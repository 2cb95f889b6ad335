"""Mapping files: what they may say, and every fault with its line and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tuttu.intake import MappingError, load_mapping, mapping_schema

EXAMPLES = Path(__file__).parents[2] / "src/tuttu/examples"
MAPPINGS = sorted(EXAMPLES.glob("*/imports/*.yaml"))

WHOLE = """\
format:
  kind: csv
  delimiter: ";"
  quote: "'"
  encoding: iso-8859-1
  decimal: ","
  thousands: "."
  nulls: [unknown, 999]
  rename: {".": "_"}
id: {row: number, prefix: crm-}
time: {column: date, format: "%d.%m.%Y", zone: Europe/Rome}
who: {user_id: {column: customer}, email: {column: mail, when: {column: mail, known: true}}}
properties:
  about: {columns: [case, customer], join: " of "}
events:
  - event: {column: activity, map: {Opened: Ticket Opened, 7: Ticket Seven}, otherwise: null}
    when:
      - {column: kind, in: [a, b]}
      - {column: pdays, below: 999, above: -1}
    properties:
      amount: {column: sum, type: money}
      closed: {column: closed, type: timestamp, format: "%Y/%m/%d", zone: UTC}
      fixed: 12.5
      at: {row: time, when: {column: kind, not: c}}
      line: {row: number}
      none: {constant: null}
  - call: identify
    time: {constant: 2026-03-01T00:00:00Z, minus: {column: pdays, unit: days}}
    traits: {vip: {column: vip, map: {"yes": true, "no": false}}}
  - {call: page, name: {column: page}}
  - {call: group, group: {column: firm}}
  - {call: alias, previous: {column: old}}
"""


def faults(text: str) -> list[tuple[int, str, str, str | None]]:
    with pytest.raises(MappingError) as raised:
        load_mapping(text, "imports/x.yaml")
    found = raised.value.faults
    assert {fault.where.file for fault in found} == {"imports/x.yaml"}
    assert str(raised.value).startswith("imports/x.yaml:")
    return [(fault.where.line, fault.found, fault.expected, fault.nearest) for fault in found]


def test_all_that_a_mapping_can_say_is_read() -> None:
    mapping = load_mapping(WHOLE)
    assert [entry.call for entry in mapping.entries] == [
        "track", "identify", "page", "group", "alias",
    ]  # fmt: skip
    assert mapping.format.nulls == {"unknown", "999"}
    assert mapping.columns["pdays"].line == 19
    assert set(mapping.columns) == {
        "activity", "case", "closed", "customer", "date", "firm", "kind", "mail", "old", "page",
        "pdays", "sum", "vip",
    }  # fmt: skip
    assert {name: where.line for name, where in mapping.namespaces.items()} == {
        "user_id": 12,
        "email": 12,
    }
    assert all("about" in entry.properties for entry in mapping.entries)


MINIMAL = """\
id: {row: number, prefix: x-}
who: {user_id: {column: customer}}
event: Opened
"""


def test_the_smallest_mapping() -> None:
    (entry,) = load_mapping(MINIMAL).entries
    assert (entry.call, entry.time, entry.when) == ("track", None, ())


@pytest.mark.parametrize(
    ("cell", "found", "expected", "nearest"),
    [
        ("{colum: a}", "the key `colum`", "one of constant", "column"),
        ("[a]", "a list", "a constant, or where it comes from", None),
        ("{column: 7}", "`7`", "the name of a column", None),
        ("{}", "none of them", "exactly one of constant, column", None),
        ("{column: a, row: number}", "`column` and `row`", "exactly one", None),
        ("{row: nummer}", "`nummer`", "one of number, time", "number"),
        ("{row: time}", "`row: time`", "a `time` of the event", None),
        ("{column: a, type: int}", "`int`", "one of bool", "integer"),
        ("{column: a, otherwise: b}", "`otherwise` without `map`", "`map` too", None),
        ("{column: a, format: x}", "`format` without `type`", "`type` too", None),
        ("{column: a, join: x}", "`join` without `columns`", "`columns` too", None),
        ("{columns: [a]}", "a list", "names of columns", None),
        ("{column: a, map: {x: y}, type: text}", "`type` beside `map`", "constants", None),
        ("{column: a, type: date, format: '%Q'}", "`%Q`", "a format of strptime ('Q'", None),
        ("{column: a, type: timestamp, zone: Mars}", "`Mars`", "a time zone such as", None),
        ("{column: a, when: {column: b}}", "a test of nothing", "one of equals", None),
        ("{column: a, when: {equals: b}}", "no `column`", "`column`: the name", None),
        ("{column: a, when: {column: b, blow: 1}}", "the key `blow`", "one of column", "below"),
    ],
)
def test_faults_in_a_value(cell: str, found: str, expected: str, nearest: str | None) -> None:
    ((line, what, wanted, near),) = faults(MINIMAL.replace("{column: customer}", cell))
    assert (line, near) == (2, nearest)
    assert what.startswith(found)
    assert wanted.startswith(expected)


WHO = "who: {user_id: {column: customer}}"
ID = "{row: number, prefix: x-}"


@pytest.mark.parametrize(
    ("old", "new", "line", "found", "expected", "nearest"),
    [
        ("who:", "whom:", 2, "the key `whom`", "one of format, id", "who"),
        (WHO, "", 1, "no `who`", "`who`: values by namespace", None),
        (WHO, "who: {}", 2, "a mapping", "values by namespace", None),
        ("event: Opened", "", 1, "no `event`", "one: a track call needs it", None),
        ("event: Opened", "call: group", 1, "no `group`", "one: a group call needs it", None),
        ("event: Opened", "call: alias", 1, "no `previous`", "one: a alias call", None),
        ("Opened", "a\nname: b", 4, "the key `name`", "it in a page or screen call", None),
        ("Opened", "a\ncall: trakc", 4, "`trakc`", "one of identify, track", "track"),
        ("Opened", "a\ntime: 5", 4, "`5`", "a time, or where it comes from", None),
        ("Opened", "a\ntime: {zone: UTC}", 4, "none of them", "exactly one of column", None),
        ("Opened", "a\ntime: soon", 4, "`soon`", "a time such as 2026", None),
        ("Opened", "a\ntime: {constant: 2026-02-30}", 4, "`2026-02-30`", "a time such as", None),
        (MINIMAL, "- a\n", 1, "a list", "a mapping of keys to values", None),
        ("event: Opened", "events:\n  -event: a", 3, "a mapping", "events; an item has a", None),
        ("Opened", "a\nevents: []", 4, "a list", "events", None),
        ("Opened", "[", 3, "`event: [`, which is no YAML", "YAML 1.2", None),
        (f"id: {ID}", "", 2, "no `id`", "`id`: where an event's id", None),
        (ID, "{row: number}", 1, "no `prefix`", "one beside `row`", None),
        (ID, "{prefix: x-}", 1, "none of them", "exactly one of row", None),
        (ID, "&a {row: number}", 1, "the anchor `&a`", "no anchors", None),
    ],
)
def test_a_fault_says_line_found_expected_and_nearest(
    old: str, new: str, line: int, found: str, expected: str, nearest: str | None
) -> None:
    ((at, what, wanted, near),) = faults(MINIMAL.replace(old, new))
    assert (at, near) == (line, nearest)
    assert what.startswith(found)
    assert wanted.startswith(expected)


def test_all_faults_at_once() -> None:
    text = (
        MINIMAL.replace("who", "whom").replace("row: number", "row: 1").replace("event:", "evnt:")
    )
    assert [line for line, *_ in faults(text)] == [1, 2, 3]


@pytest.mark.parametrize("text", ["", "- a", "7", "a: *b", "a: b: c", "x: \x00", "{" * 30])
def test_what_is_no_mapping_at_all(text: str) -> None:
    assert faults(text)


def test_the_schema_is_one_and_takes_what_is_read() -> None:
    Draft202012Validator.check_schema(mapping_schema())
    loaded = YAML(typ="safe", pure=True).load(WHOLE)
    loaded["events"][0]["event"]["map"] = {"7": "Ticket Seven"}
    loaded["events"][1]["time"]["constant"] = "2026-03-01T00:00:00Z"
    assert list(Draft202012Validator(mapping_schema()).iter_errors(loaded)) == []


def test_there_are_example_mappings() -> None:
    assert {path.parts[-3] for path in MAPPINGS} >= {"bank", "helpdesk"}


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.parts[-3])
def test_example_mappings_load(path: Path) -> None:
    assert load_mapping(path.read_text("utf-8")).entries


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.parts[-3])
def test_each_key_removed_loads_or_is_a_fault_of_its_file(path: Path) -> None:
    """Every line of the shipped mappings, left out."""
    lines = path.read_text("utf-8").splitlines()
    for number in range(len(lines)):
        text = "\n".join(lines[:number] + lines[number + 1 :])
        try:
            load_mapping(text, path.name)
        except MappingError as error:
            for fault in error.faults:
                assert fault.where.file == path.name
                assert 1 <= fault.where.line <= len(lines)
