"""Rows through a mapping: values, events, rejects."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tuttu.intake import (
    Context,
    Format,
    MappingError,
    Row,
    load_mapping,
    map_rows,
    read_records,
    read_rows,
    require_fit,
)
from tuttu.vocabulary.company import Namespace
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.events import Identifier
from tuttu.vocabulary.values import DAY, HOUR, SECOND

if TYPE_CHECKING:
    from tests.intake.conftest import Take, Taken

NOON = 1_772_366_400 * SECOND
"""2026-03-01T12:00:00Z."""
HEAD = """\
format: {delimiter: ";", decimal: ",", thousands: ".", nulls: [unknown]}
id: {row: number, prefix: x-}
who: {user_id: {column: who}}
event: Seen
"""
BANK = Path(__file__).parents[2] / "src/tuttu/examples/bank/imports/bank.yaml"

Run = Callable[..., "Taken"]


@pytest.fixture
def run(take: Take) -> Run:
    """run(text, content, context): a file in UTF-8, by the mapping that the text says."""

    def running(text: str, content: str, context: Context) -> Taken:
        mapping = load_mapping(text)
        return take(read_rows(io.BytesIO(content.encode()), mapping.format), mapping, context)

    return running


CELLS = [
    ("x", "{column: v}", "x"),
    ("unknown", "{column: v}", None),
    ("", "{column: v}", None),
    ("x", "fixed", "fixed"),
    ("x", "12.5", 12.5),
    ("x", "{constant: true}", True),
    ("x", "{row: number}", 1),
    ("x", "{columns: [who, v], join: ' of '}", "maija of x"),
    ("", "{columns: [who, v]}", None),
    ("1.234", "{column: v, type: integer}", 1234),
    (" 7 ", "{column: v, type: integer}", 7),
    ("-7,0", "{column: v, type: integer}", -7),
    ("1.234,5", "{column: v, type: real}", 1234.5),
    ("1e3", "{column: v, type: real}", 1000.0),
    ("9,90", "{column: v, type: money}", 9.9),
    ("", "{column: v, type: real}", None),
    ("TRUE", "{column: v, type: bool}", True),
    ("7", "{column: v, type: text}", "7"),
    ("2026-03-01", "{column: v, type: date}", "2026-03-01"),
    ("1.3.2026", "{column: v, type: date, format: '%d.%m.%Y'}", "2026-03-01"),
    ("2026-03-01 12:00", "{column: v, type: timestamp}", "2026-03-01T12:00:00Z"),
    ("2026-03-01T14:00+02:00", "{column: v, type: timestamp}", "2026-03-01T12:00:00Z"),
    ("2026-07-01", "{column: v, type: timestamp, zone: Europe/Helsinki}", "2026-06-30T21:00:00Z"),
    ("1.7.26 9", "{column: v, type: timestamp, format: '%d.%m.%y %H', zone: Europe/Rome}",
     "2026-07-01T07:00:00Z"),
    ("yes", "{column: v, map: {'yes': true, 'no': false}}", True),
    ("7", "{column: v, map: {7: seven}}", "seven"),
    ("maybe", "{column: v, map: {'yes': true}, otherwise: false}", False),
    ("maybe", "{column: v, map: {'yes': true}, otherwise: null}", None),
    ("yes", "{column: v, map: {'yes': null}, otherwise: x}", None),
    ("", "{column: v, map: {'yes': true}}", None),
    ("", "{column: v, map: {'yes': true}, otherwise: none}", "none"),
    ("x", "{column: who, when: {column: v, equals: x}}", "maija"),
    ("y", "{column: who, when: {column: v, equals: x}}", None),
    ("x", "{column: who, when: {column: v, in: [x, y]}}", "maija"),
    ("x", "{column: who, when: {column: v, not: x}}", None),
    ("x", "{column: who, when: {column: v, not: [y, z]}}", "maija"),
    ("", "{column: who, when: {column: v, not: [y, z]}}", None),
    ("998", "{column: who, when: {column: v, below: 999}}", "maija"),
    ("1.000", "{column: who, when: {column: v, below: 999}}", None),
    ("1.000", "{column: who, when: {column: v, above: 999}}", "maija"),
    ("", "{column: who, when: {column: v, below: 999}}", None),
    ("x", "{column: who, when: {column: v, known: true}}", "maija"),
    ("", "{column: who, when: {column: v, known: true}}", None),
    ("", "{column: who, when: {column: v, known: false}}", "maija"),
    ("5", "{column: who, when: [{column: v, above: 1}, {column: v, below: 9}]}", "maija"),
    ("0", "{column: who, when: [{column: v, above: 1}, {column: v, below: 9}]}", None),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "value", "expected"), CELLS)
def test_values(run: Run, context: Context, cell: str, value: str, expected: object) -> None:
    """What is NULL is left out."""
    text = f"{HEAD}properties: {{p: {value}}}"
    (event,) = run(text, f"who;v\nmaija;{cell}\n", context).events
    assert json.loads(event.properties) == ({} if expected is None else {"p": expected})


@pytest.mark.parametrize(
    ("cell", "value", "reason"),
    [
        ("x", "{column: v, type: integer}", "found 'x' in 'v'; expected an integer"),
        ("1,5", "{column: v, type: integer}", "found '1,5' in 'v'; expected an integer"),
        ("1_000", "{column: v, type: integer}", "found '1_000' in 'v'; expected an integer"),
        ("٣", "{column: v, type: integer}", "found '٣' in 'v'; expected an integer"),
        ("nan", "{column: v, type: real}", "found 'nan' in 'v'; expected a number with ','"),
        ("1e999", "{column: v, type: real}", "found '1e999' in 'v'; expected a number"),
        ("ja", "{column: v, type: bool}", "found 'ja' in 'v'; expected true or false"),
        ("1.3.26", "{column: v, type: date}", "found '1.3.26' in 'v'; expected a date as 2026"),
        ("soon", "{column: v, type: timestamp}", "found 'soon' in 'v'; expected a time as 2026"),
        ("x", "{column: v, map: {y: z}}", "found 'x' in 'v', which the map does not name"),
        ("x", "{column: who, when: {column: v, below: 9}}", "found 'x' in 'v'; expected a number"),
    ],
)
def test_what_cannot_be_read_is_a_reject(
    run: Run, context: Context, cell: str, value: str, reason: str
) -> None:
    text = f"{HEAD}properties: {{p: {value}}}"
    imported = run(text, f"who;v\nanna;\nmaija;{cell}\n", context)
    (reject,) = imported.rejects
    assert (reject.number, reject.text) == (2, f"maija;{cell}")
    assert reject.reason.startswith(reason)
    assert len(imported.units) == 1


def test_refusals_of_the_border_are_rejects(run: Run, context: Context) -> None:
    text = HEAD.replace("Seen", "{column: what}") + "properties: {order_id: {column: id}}"
    content = "who;what;id\n;Seen;1\nmaija;Order Completed;\nunknown;Seen;1\nmaija;Seen;1\na;b\n"
    imported = run(text, content, context)
    assert [reject.number for reject in imported.rejects] == [1, 2, 3, 5]
    reasons = [reject.reason for reject in imported.rejects]
    assert reasons[0].startswith("found a missing id")
    assert reasons[1].startswith("found no property `order_id`")
    assert reasons[3] == "found 2 fields; expected 3, as the header has"
    assert (len(imported.units), imported.last, imported.dropped) == (1, 5, 0)


@pytest.mark.parametrize(
    ("time", "cell", "expected"),
    [
        ("{column: v}", "2026-03-01T12:00:00Z", NOON),
        ("{column: v, format: '%d.%m.%Y', zone: Europe/Rome}", "28.2.2026", NOON - 37 * HOUR),
        ("2026-03-01T12:00:00Z", "x", NOON),
        ("{constant: 2026-03-01T14:00, zone: Europe/Helsinki}", "x", NOON),
        ("{constant: 2026-03-01T12:00:00Z, minus: {column: v, unit: days}}", "6", NOON - 6 * DAY),
        ("{constant: 2026-03-01T12:00:00Z, minus: {column: v, unit: hours}}", "24", NOON - DAY),
        ("{constant: 2026-03-01T12:00:00Z, minus: {column: v, unit: days}}", "0", NOON),
    ],
)  # fmt: skip
def test_the_time_of_a_row(run: Run, context: Context, time: str, cell: str, expected: int) -> None:
    later = msgspec.structs.replace(context, now=NOON + 30 * DAY)
    text = f"{HEAD}time: {time}\nproperties: {{at: {{row: time}}}}"
    (event,) = run(text, f"who;v\nmaija;{cell}\n", later).events
    assert event.time == expected
    assert (event.received, event.claimed) == (later.now, None)
    assert json.loads(event.properties)["at"].startswith(("2026-03-01T12:00", "2026-02-2"))


@pytest.mark.parametrize(
    ("time", "cell", "reason"),
    [
        ("{column: v}", "", "found no time in 'v'; expected one in every row"),
        ("{column: v}", "soon", "found 'soon' in 'v'; expected a time as 2026-03-01T09:30:00Z"),
        ("{constant: 2026-03-01, minus: {column: v, unit: days}}", "", "found '' in 'v'"),
        ("{constant: 2026-03-01, minus: {column: v, unit: days}}", "-1", "found '-1' in 'v'"),
        ("{constant: 2026-03-01, minus: {column: v, unit: days}}", "1,5", "found '1,5' in 'v'"),
        ("{column: v}", "1970-01-01", "found an event of 1970-01-01T00:00:00Z; expected none"),
    ],
)
def test_a_row_without_a_time_is_a_reject(
    run: Run, context: Context, time: str, cell: str, reason: str
) -> None:
    (reject,) = run(f"{HEAD}time: {time}", f"who;v\nmaija;{cell}\n", context).rejects
    assert reject.reason.startswith(reason)


def test_several_events_of_a_row(run: Run, context: Context) -> None:
    text = """\
id: {row: number, prefix: crm-}
who: {user_id: {column: who}, email: {column: mail}}
properties: {line: {row: number}}
events:
  - {call: identify, traits: {vip: {column: vip}}}
  - {event: Bought, when: {column: sum, known: true}, properties: {sum: {column: sum}}}
  - {call: page, name: Home}
  - {call: group, group: {column: who}}
  - {call: alias, previous: {column: mail}}
"""
    content = "who,mail,vip,sum\nmaija,M@X.FI,true,5\nanna,,,\n"
    imported = run(
        text.replace("  - {call: alias, previous: {column: mail}}\n", ""), content, context
    )
    assert imported.rejects == ()
    found = [(event.id, event.call, event.name) for event in imported.events]
    assert found == [
        ("crm-000000001", "identify", "Identify"),
        ("crm-000000001.2", "track", "Bought"),
        ("crm-000000001.3", "page", "Page Viewed"),
        ("crm-000000001.4", "group", "Group"),
        ("crm-000000002", "identify", "Identify"),
        ("crm-000000002.3", "page", "Page Viewed"),
        ("crm-000000002.4", "group", "Group"),
    ]
    first, second, third, fourth, *_ = imported.events
    assert first.identifiers == (Identifier("user_id", "maija"), Identifier("email", "m@x.fi"))
    assert json.loads(first.traits) == {"vip": "true"}
    assert json.loads(second.properties) == {"line": 1, "sum": "5"}
    assert (third.label, fourth.group_id) == ("Home", "maija")
    with_alias = run(text, content, context)
    assert [reject.number for reject in with_alias.rejects] == [2]
    assert len(with_alias.units) == len(imported.units) + 1


def test_rows_that_become_nothing_are_counted(run: Run, context: Context) -> None:
    text = HEAD.replace("Seen", "{column: v, map: {a: Seen, b: null}, otherwise: null}")
    imported = run(text, "who;v\nmaija;a\nmaija;b\nmaija;c\n", context)
    assert (len(imported.units), imported.dropped, imported.rejects) == (1, 2, ())


def test_ids(run: Run, context: Context) -> None:
    content = "who;key\nmaija;k1\nmaija;k1\nanna;\n"
    by_row = run(HEAD, content, context)
    assert [event.id for event in by_row.events] == [f"x-00000000{n}" for n in (1, 2, 3)]
    by_key = run(HEAD.replace("row: number", "column: key"), content, context)
    assert [event.id for event in by_key.events] == ["x-k1", "x-k1"]
    assert by_key.units[0].dedupe_keys == by_key.units[1].dedupe_keys
    assert by_key.rejects[0].reason == "found no id in 'key'; expected one in every row"


NAMESPACES = "namespace that identity.yaml has: user_id, email, anonymous_id."
COLUMNS = "column that the file has: who, Amount."


def test_what_the_mapping_names_must_be_there(context: Context) -> None:
    text = HEAD + "properties: {p: {column: Amuont}, q: {column: other}}\n"
    text = text.replace("user_id", "userid")
    mapping = load_mapping(text, "m.yaml")
    rows = read_rows(io.BytesIO(b"who;Amount\nmaija;1\n"), mapping.format)
    with pytest.raises(MappingError) as raised:
        require_fit(mapping, rows.columns, context.project)
    assert str(raised.value).splitlines() == [
        f"m.yaml:{line}: found the {what}; expected a {kind}{hint}"
        for line, what, kind, hint in (
            (3, "namespace `userid`", NAMESPACES, " Did you mean 'user_id'?"),
            (5, "column `Amuont`", COLUMNS, " Did you mean 'Amount'?"),
            (5, "column `other`", COLUMNS, ""),
        )
    ]


def test_json_lines_with_a_mapping(run: Run, context: Context) -> None:
    text = """\
format: {kind: jsonl}
id: {column: id, prefix: j-}
who: {user_id: {column: customer.id}}
event: Seen
properties:
  list: {column: list}
  city: {column: customer.address.city}
  dotted: {column: a.b}
  total: {column: total, type: real}
  text: {column: flag, type: text}
  mapped: {column: flag, map: {"true": "yes"}}
"""
    line = {
        "id": 7, "customer": {"id": 5, "address": {"city": "Oulu"}}, "a.b": 1, "total": 9.5,
        "flag": True, "list": [1, {"x": None}],
    }  # fmt: skip
    (event,) = run(text, json.dumps(line) + "\n", context).events
    assert (event.id, event.identifiers[0].value) == ("j-7", "5")
    assert json.loads(event.properties) == {
        "list": [1, {"x": None}], "city": "Oulu", "dotted": 1, "total": 9.5, "text": "true",
        "mapped": "yes",
    }  # fmt: skip


def test_json_lines_of_calls(take: Take, context: Context) -> None:
    lines = [
        '{"type":"track","event":"Seen","userId":"m","messageId":"a","properties":{ "x" : 1 }}',
        '{"type":"track","event":"Seen","userId":"m","properties":{ "x" : 1 }}',
        '{"type":"track","event":"Seen","userId":"m","messageId":null}',
        "{}",
        '{"type":"track","event":"Seen","userId":"m","properties":{ "x" : 1 }}',
        "[]",
    ]

    def again() -> Taken:
        rows = read_rows(io.BytesIO("\n".join(lines).encode()), Format(kind="jsonl"))
        return take(rows, None, context)

    imported = again()
    found = imported.events
    assert found[0].properties == found[1].properties == b'{ "x" : 1 }'
    assert found[0].id == "a"
    assert [event.id[:15] for event in found[1:]] == [f"line-00000000{n}-" for n in (2, 3, 5)]
    assert [reject.number for reject in imported.rejects] == [4, 6]
    assert again() == imported


def test_rows_are_mapped_one_at_a_time_behind_a_number() -> None:
    def rows() -> Iterator[Row]:
        for number in (1, 2, 3):
            yield Row(number=number, values={"who": "m"})
        raise EOFError

    each = map_rows(rows(), load_mapping(HEAD), after=2)
    first = next(each)
    assert (first.row.number, first.fault) == (3, None)
    assert [json.loads(call)["messageId"] for call in first.calls] == ["x-000000003"]
    with pytest.raises(EOFError):
        next(each)


@pytest.mark.import_
def test_bank_by_its_mapping(take: Take, context: Context, data: Path) -> None:
    """Every row a client, every dated earlier contact a call that many days before the moment."""
    with zipfile.ZipFile(data / "bank_marketing" / "bank-additional.zip") as archive:
        content = archive.read("bank-additional/bank-additional-full.csv")
    table = list(csv.DictReader(io.StringIO(content.decode()), delimiter=";"))
    moment = 1_291_118_400 * SECOND
    client = Namespace(name="client", rank=0, where=Where("identity.yaml", 1))
    project = msgspec.structs.replace(context.project, namespaces={"client": client})
    here = msgspec.structs.replace(context, project=project, now=moment + 100 * DAY)
    mapping = load_mapping(BANK.read_text("utf-8"))
    imported = take(read_rows(io.BytesIO(content), mapping.format), mapping, here)
    assert (imported.rejects, imported.dropped, imported.last) == ((), 0, 41_188)
    found = imported.events
    told = {event.identifiers[0].value: event for event in found if event.call == "identify"}
    assert list(told) == [str(number) for number in range(1, 41_189)]
    for row, event in zip(table, told.values(), strict=True):
        assert json.loads(event.traits) == _traits(row)
    calls = Counter(
        (e.time, json.loads(e.properties).get("outcome")) for e in found if e.call == "track"
    )
    assert calls == Counter(
        (moment - int(row["pdays"]) * DAY, row["poutcome"].replace("nonexistent", "") or None)
        for row in table
        if int(row["pdays"]) < 999
    )
    parquet = [
        {name: float(cell) if name in {"age", "pdays"} else cell for name, cell in row.items()}
        for row in table[:500]
    ]
    again = take(read_records(parquet, mapping.format), mapping, here)
    assert again.units == tuple(unit for unit in imported.units if _row(unit.facts[0].id) <= 500)


def _row(event_id: str) -> int:
    return int(event_id.removeprefix("bank-").partition(".")[0])


def _traits(row: dict[str, str]) -> dict[str, Any]:
    whole_numbers = {"age", "campaign", "previous"}
    reals = {"emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed"}
    left_out = {"duration", "y", "pdays", "poutcome"}
    return {
        name.replace(".", "_"): int(cell)
        if name in whole_numbers
        else float(cell)
        if name in reals
        else cell
        for name, cell in row.items()
        if name not in left_out and cell != "unknown"
    }
