"""import: every row is taken once, or stands in the file of rejects with its reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tuttu.cli.importing import BATCH_CALLS

HEADER = "at;customer;ticket;what;väri\n"
ROWS = [
    "2026-03-01T09:00:00Z;maija;T1;opened;sininen",
    "2026-03-02T09:00:00Z;maija;T1;resolved;sininen",
    "2026-03-03T09:00:00Z;pekka;T2;opened;keltainen ä",
    "yesterday;pekka;T3;opened;",
    "2026-03-03T09:00:00Z;;T4;opened;",
    "2026-03-03T09:00:00Z;pekka",
]


@pytest.fixture
def tickets(folder: Path) -> Path:
    path = folder / "tickets.csv"
    path.write_bytes((HEADER + "\n".join(ROWS) + "\n").encode("iso-8859-1"))
    return path


MAPPING = ("--mapping", "imports/tickets.yaml")


def rejects(path: Path) -> list[dict[str, Any]]:
    lines = path.with_name(path.name + ".rejects.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_rows_become_events(ask: Any, tickets: Path) -> None:
    summary = ask("import", str(tickets), *MAPPING)
    assert (summary["rows"], summary["accepted"], summary["rejected"]) == (6, 3, 3)
    assert ask("customer", "maija")["traits"]["open_tickets"] == 0
    assert ask("customer", "pekka")["traits"]["open_tickets"] == 1


def test_dense_rows_are_sent_in_as_many_bodies_as_they_need(ask: Any, folder: Path) -> None:
    """No body names more pairs of identifiers than it may."""
    settings = folder / "tuttu.yaml"
    settings.write_text(settings.read_text() + "limits: {evidence_pairs: 49}\n")
    path = folder / "dense.jsonl"
    plain = {"type": "track", "event": "Seen", "timestamp": "2026-03-01T09:00:00Z"}
    calls: list[dict[str, Any]] = [
        {**plain, "messageId": f"m{n}", "userId": f"u{n}", "anonymousId": f"a{n}"}
        for n in range(120)
    ]
    listed = {"externalIds": [{"type": "user_id", "id": "x"}]}
    calls += [{**each, "messageId": f"{each['messageId']}-x", "context": listed} for each in calls]
    path.write_text("".join(json.dumps(each) + "\n" for each in calls))
    summary = ask("import", str(path))
    assert (summary["accepted"], summary["rejected"]) == (240, 0)


def test_what_is_not_taken_stands_in_the_rejects(run: Any, tickets: Path) -> None:
    result = run("import", str(tickets), *MAPPING)
    assert "tickets.csv.rejects.jsonl" in result.stderr
    kept = rejects(tickets)
    assert sorted(each["row"] for each in kept) == [4, 5, 6]
    assert all(each["reason"] for each in kept)
    assert {each["row"]: each["text"] for each in kept} == {n: ROWS[n - 1] for n in (4, 5, 6)}


def test_a_file_is_taken_once(ask: Any, run: Any, tickets: Path) -> None:
    ask("import", str(tickets), *MAPPING)
    before = run("digest").output
    summary = ask("import", str(tickets), *MAPPING)
    assert (summary["accepted"], summary["duplicates"]) == (0, 3)
    assert run("digest").output == before


def test_an_import_goes_on_where_it_stopped(ask: Any, tickets: Path) -> None:
    summary = ask("import", str(tickets), *MAPPING, "--after", "2")
    assert (summary["rows"], summary["accepted"], summary["last"]) == (4, 1, 6)


def test_strict_ends_with_1(run: Any, tickets: Path) -> None:
    run("import", str(tickets), *MAPPING, "--strict", exit_code=1)


def test_nothing_rejected_leaves_no_file(run: Any, folder: Path) -> None:
    run("import", "demo/events.jsonl", "--strict")
    assert not list(folder.rglob("*.rejects.jsonl"))


def test_a_gzipped_file_is_the_same_file(ask: Any, tickets: Path) -> None:
    packed = tickets.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(tickets.read_bytes()))
    assert ask("import", str(tickets), *MAPPING)["accepted"] == 3
    assert ask("import", str(packed), *MAPPING)["duplicates"] == 3


def test_calls_without_an_id_are_taken_once_too(ask: Any, folder: Path) -> None:
    path = folder / "calls.jsonl"
    path.write_text(
        '{"type": "identify", "userId": "a"}\n\n{"type": "identify", "userId": "b"}\n{\n'
    )
    first, again = ask("import", str(path)), ask("import", str(path))
    assert (first["accepted"], first["rejected"]) == (2, 1)
    assert (again["accepted"], again["duplicates"]) == (0, 2)


def test_a_reject_of_a_later_batch_names_its_row(ask: Any, folder: Path) -> None:
    lines = ['{"type": "identify", "userId": "a"}'] * (BATCH_CALLS + 3)
    lines[0] = lines[BATCH_CALLS + 2] = '{"type": "identify"}'
    lines[5] = "["
    path = folder / "calls.jsonl"
    path.write_text("\n".join(lines))
    summary = ask("import", str(path))
    assert (summary["accepted"], summary["last"]) == (BATCH_CALLS, BATCH_CALLS + 3)
    assert sorted(each["row"] for each in rejects(path)) == [1, 6, BATCH_CALLS + 3]


def test_a_mapping_that_does_not_fit_the_file(run: Any, tickets: Path, folder: Path) -> None:
    mapping = folder / "imports" / "tickets.yaml"
    mapping.write_text(mapping.read_text().replace("column: customer", "column: custommer"))
    said = run("import", str(tickets), *MAPPING, exit_code=2).output
    assert "tickets.yaml:5: found the column" in said
    assert "customer" in said


def test_a_mapping_with_faults(run: Any, tickets: Path, folder: Path) -> None:
    (folder / "imports" / "tickets.yaml").write_text("id: {row: number}\nclal: track\n")
    said = run("import", str(tickets), *MAPPING, exit_code=2).output
    assert "tickets.yaml:2:" in said


@pytest.mark.parametrize(
    ("data", "line", "found"),
    [
        ("who:\n  väri: 1\n".encode("latin-1"), 2, "the byte 0xe4, which is not UTF-8"),
        ("who: {}\n".encode("utf-16"), 1, "a file in UTF-16"),
        (b"#" * (1 << 20) + b"\n", 1, "a file over 1 MiB"),
    ],
)
def test_a_mapping_that_cannot_be_read(
    run: Any, tickets: Path, folder: Path, data: bytes, line: int, found: str
) -> None:
    (folder / "imports" / "tickets.yaml").write_bytes(data)
    said = run("import", str(tickets), *MAPPING, exit_code=2).output
    assert f"imports/tickets.yaml:{line}: found {found}" in said


def test_a_mapping_with_a_byte_order_mark(ask: Any, tickets: Path, folder: Path) -> None:
    mapping = folder / "imports" / "tickets.yaml"
    mapping.write_bytes(b"\xef\xbb\xbf" + mapping.read_bytes())
    assert ask("import", str(tickets), *MAPPING)["accepted"] == 3
