"""links: a file says all that a set claims, in every form in which matchers write it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tuttu.cli.client import Client

SET = ("--set", "splink")
PAIRS = [("user_id:maija", "anonymous_id:a1", 0.95), ("user_id:pekka", "anonymous_id:a2", 0.91)]
TITLES = "one,other,score"


@pytest.fixture(autouse=True)
def declared(folder: Path) -> None:
    rules = folder / "identity.yaml"
    text = rules.read_text()
    said = text.replace(
        "crm: {strength: 20, at_least: 0.5}", "splink: {strength: 20, at_least: 0.9}"
    )
    assert said != text
    rules.write_text(said)


def rejects(path: Path) -> list[dict[str, Any]]:
    lines = path.with_name(path.name + ".rejects.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def csv_of(path: Path, titles: str = TITLES, rows: Any = PAIRS) -> Path:
    lines = [titles, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def jsonl_of(path: Path) -> Path:
    names = ("one_namespace", "one_value", "other_namespace", "other_value", "score")
    rows = ([*one.split(":"), *other.split(":"), score] for one, other, score in PAIRS)
    path.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows))
    return path


def gzipped(path: Path) -> Path:
    path.write_bytes(gzip.compress(csv_of(path.with_name("plain.csv")).read_bytes()))
    return path


def parquet_of(path: Path, columns: str = TITLES, rows: Any = PAIRS) -> Path:
    made = f"SELECT * FROM (VALUES {', '.join(str(tuple(row)) for row in rows)}) AS t({columns})"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({made}) TO '{path}' (FORMAT parquet)")
    return path


FORMS = {
    "pairs.csv": csv_of,
    "pairs.jsonl": jsonl_of,
    "pairs.csv.gz": gzipped,
    "pairs.parquet": parquet_of,
}


def identifiers(ask: Any, who: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = ask("customer", who)["identifiers"]
    return found


@pytest.mark.parametrize("form", FORMS)
def test_pairs_join_in_every_form(ask: Any, folder: Path, form: str) -> None:
    summary = ask("links", "import", str(FORMS[form](folder / form)), *SET)
    assert (summary["rows"], summary["claimed"], summary["refused"]) == (2, 2, 0)
    assert (summary["set"]["pairs"], summary["set"]["joined"]) == (2, 2)
    assert identifiers(ask, "maija") == [{"user_id": "maija"}, {"anonymous_id": "a1"}]


def test_splinks_own_columns_are_read_as_they_are(ask: Any, folder: Path) -> None:
    columns = "unique_id_l, unique_id_r, match_probability"
    file = parquet_of(folder / "splink.parquet", columns, [(1, 2, 0.99), (2, 3, 0.5)])
    summary = ask("links", "import", str(file), *SET, "--namespace", "anonymous_id")
    assert (summary["claimed"], summary["below"]) == (1, 1)
    names = identifiers(ask, "anonymous_id:1")
    assert names == [{"anonymous_id": "1"}, {"anonymous_id": "2"}]


def test_a_cluster_is_linked_to_its_first_identifier(ask: Any, folder: Path) -> None:
    rows = [(7, "user_id:maija", 1), (8, "a:b", 1), (7, "anonymous_id:a1", 0.95)]
    rows += [(7, "anonymous_id:a2", 0.4), (7, "anonymous_id:a3", 1)]
    file = csv_of(folder / "clusters.csv", "cluster,identifier,score", rows)
    summary = ask("links", "import", str(file), *SET)
    assert (summary["claimed"], summary["below"], summary["firsts"]) == (2, 1, 2)
    assert len(identifiers(ask, "maija")) == 3


def test_the_next_file_replaces_all_of_the_one_before(ask: Any, run: Any, folder: Path) -> None:
    file = csv_of(folder / "pairs.csv", rows=PAIRS[:1])
    run("links", "import", str(file), *SET)
    alone = run("digest").output
    run("links", "import", str(csv_of(file)), *SET)
    run("links", "import", str(csv_of(file, rows=PAIRS[:1])), *SET)
    assert run("digest").output == alone
    file.write_text("")
    assert ask("links", "import", str(file), *SET)["set"]["pairs"] == 0
    assert len(identifiers(ask, "maija")) == 1
    run("links", "import", str(csv_of(file)), *SET)
    assert ask("links", "drop", *SET)["pairs"] == 0
    (told,) = ask("links")
    assert (told["set"], told["pairs"], told["by"], told["whole"]) == ("splink", 0, "local", True)


def test_a_row_that_claims_nothing_stands_in_the_rejects(run: Any, folder: Path) -> None:
    rows = [
        ("user_id:maija", "null", 0.99),
        ("user_id:maija", "user_id:maija", 0.99),
        ("user_id:maija", "anonymous_id:a1", 1.5),
        ("user_id:maija", "anonymous_id:a1", "sure"),
        ("user_id:maija", "nobody:a1", 0.99),
        ("user_id:maija", "anonymous_id:unknown", 0.99),
        ("user_id:maija", "anonymous_id:" + "a" * 600, 0.99),
        ("user_id:maija", "anonymous_id:a1"),
        *PAIRS,
    ]
    file = csv_of(folder / "pairs.csv", rows=rows)
    result = run("links", "import", str(file), *SET)
    assert "2 links" in result.stdout
    assert "8 refused" in result.stdout
    kept = rejects(file)
    assert sorted(each["row"] for each in kept) == [*range(1, 9)]
    assert all(each["file"] == "pairs.csv" and each["found"] for each in kept)
    assert all(each["expected"] for each in kept)
    lines = file.read_text().splitlines()
    assert {each["row"]: each["text"] for each in kept} == {n: lines[n] for n in range(1, 9)}


def test_what_cannot_be_read_is_said_before_anything_counts(run: Any, folder: Path) -> None:
    file = csv_of(folder / "pairs.csv", "left,right,score")
    assert (
        "expected `one` and `other`" in run("links", "import", str(file), *SET, exit_code=1).output
    )
    csv_of(file)
    told = run("links", "import", str(file), "--set", "splnk", exit_code=1).output
    assert "sets: {splnk: {strength: 20}}" in told
    assert "did you mean 'splink'?" in told
    low = run("links", "import", str(file), *SET, "--threshold", "0.5", exit_code=2).output
    assert "at least 0.9" in low
    other = csv_of(folder / "pairs.xlsx")
    assert "expected .csv" in run("links", "import", str(other), *SET, exit_code=1).output
    run("links", "drop", *SET, exit_code=1)
    assert "nothing imported yet" in run("links").output


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_a_file_with_another_sign_between_its_columns(ask: Any, folder: Path, sign: str) -> None:
    rows = [TITLES.split(","), *PAIRS]
    text = "".join(sign.join(map(str, row)) + "\n" for row in rows)
    file = folder / "pairs.csv.gz"
    file.write_bytes(gzip.compress(text.encode()))
    assert ask("links", "import", str(file), *SET)["claimed"] == 2


def test_a_file_that_is_no_links_leaves_nothing_behind(run: Any, folder: Path) -> None:
    file = folder / "pairs.csv"
    file.write_text("left;right\na;b\n")
    told = run("links", "import", str(file), *SET, exit_code=1).output
    assert "found the columns left, right; expected `one` and `other`" in told
    assert not file.with_name("pairs.csv.rejects.jsonl").exists()


def test_no_threshold_is_no_number(run: Any, folder: Path) -> None:
    file = str(csv_of(folder / "pairs.csv"))
    told = run("links", "import", file, *SET, "--threshold", "nan", exit_code=2).output
    assert "at least 0.9" in told


def test_a_score_that_is_no_number_claims_nothing(ask: Any, folder: Path) -> None:
    rows = [(*PAIRS[0][:2], "nan"), (*PAIRS[1][:2], "-nan"), (*PAIRS[0][:2], "inf")]
    file = csv_of(folder / "pairs.csv", rows=rows)
    assert ask("links", "import", str(file), *SET)["refused"] == 3
    assert {each["expected"] for each in rejects(file)} == {"a number from 0 to 1"}


def test_a_higher_threshold_leaves_more_out(ask: Any, folder: Path) -> None:
    file = csv_of(folder / "pairs.csv")
    summary = ask("links", "import", str(file), *SET, "--threshold", "0.93")
    assert (summary["claimed"], summary["below"]) == (1, 1)


def test_an_import_that_was_interrupted_goes_on(
    ask: Any, run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing counts before its end; the same file goes on, and another one begins a new run."""
    monkeypatch.setattr("tuttu.cli.linking.AT_ONCE", 1)
    before, file = run("digest").output, csv_of(folder / "pairs.csv")
    send = Client.ask

    def broken(client: Client, *said: Any, **more: Any) -> Any:
        if getattr(more.get("body"), "through", 0) == 2:
            raise KeyboardInterrupt
        return send(client, *said, **more)

    monkeypatch.setattr(Client, "ask", broken)
    run("links", "import", str(file), *SET, exit_code=1)
    monkeypatch.setattr(Client, "ask", send)
    assert run("digest").output == before
    summary = ask("links", "import", str(file), *SET)
    assert (summary["rows"], summary["claimed"], summary["set"]["pairs"]) == (1, 1, 2)
    assert ask("links", "import", str(file), *SET)["rows"] == 2


def test_a_server_takes_the_links_beside_it(run: Any, ask: Any, serve: Any, folder: Path) -> None:
    serve()
    ask("links", "import", str(csv_of(folder / "pairs.csv")), *SET)
    assert len(identifiers(ask, "maija")) == 2
    assert "2 of one customer" in run("links").output


def test_links_are_read_by_the_rules_of_the_day(run: Any, ask: Any, folder: Path) -> None:
    """Other rules of identity spell what a set claims, as they do what events said."""
    rules, file = folder / "identity.yaml", folder / "pairs.csv"
    before, calls = rules.read_text(), folder / "calls.jsonl"
    call = '{"type": "page", "%s": "%s", "messageId": "%s", "timestamp": "2026-03-01T09:00:00Z"}\n'
    calls.write_text(call % ("userId", "maija", "m1") + call % ("anonymousId", "A1", "m2"))
    assert ask("import", str(calls))["accepted"] == 2
    run("links", "import", str(csv_of(file, rows=[("user_id:maija", "anonymous_id:A1", 1)])), *SET)
    after = before.replace("anonymous_id: {}", "anonymous_id: {normalise: [trim, lower]}")
    assert after != before
    rules.write_text(after)
    told = json.loads(run("reload", "--dry-run", "--json").stdout)
    kinds = ("customers_before", "customers_after", "joined", "parted", "respelled")
    assert [told[each] for each in kinds] == [1, 1, 0, 0, 1]
    assert {"anonymous_id": "a1"} in identifiers(ask, "maija")
    run("replay")
    assert ask("links")[0]["joined"] == 1
    run("links", "drop", *SET)
    assert len(identifiers(ask, "anonymous_id:a1")) == 1
    rules.write_text(before)
    assert len(identifiers(ask, "maija")) == 1
    run("replay")
