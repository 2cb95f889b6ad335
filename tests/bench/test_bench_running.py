"""Every bench runs at toy size and says what the others say; what it measured is not looked at."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tuttu import bench
from tuttu.cli import main

KEYS = ["bench", "size", "ours", "unit", "ratio", "target", "ok", "note"]


@pytest.mark.parametrize("name", [each.name for each in bench.BENCHES])
def test_a_bench_prints_one_object_a_line(name: str) -> None:
    done = CliRunner().invoke(main, ["bench", name, "--quick", "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines
    for line in lines:
        kinds = line.keys() - set(KEYS)
        assert kinds in ({"limit"}, {"peer"})
        beside = line.pop(kinds.pop())
        assert list(line) == KEYS
        assert line["bench"] == name
        assert isinstance(line["unit"], str)
        skipped = line["note"].startswith("skipped: ")
        assert line["ok"] is None
        assert skipped or line["note"].startswith("no verdict: a quick run measures nothing")
        assert skipped is (line["ours"] is None)
        assert (line["ratio"] is None) is (beside is None)
        assert "the peer passes others" not in line["note"]
        assert "fewer than" not in line["note"]
        if not skipped:
            assert line["size"]
            assert line["ours"] > 0
        if beside is not None:
            assert line["ratio"] > 0


def test_a_table_for_people() -> None:
    done = CliRunner().invoke(main, ["bench", "decide.process", "--quick"], catch_exceptions=False)
    heading, *rows = done.stdout.splitlines()
    assert heading.split()[:3] == ["bench", "size", "ours"]
    assert len(rows) == 3
    assert all(row.split()[0] == "decide.process" for row in rows)


def test_the_list_names_all() -> None:
    done = CliRunner().invoke(main, ["bench", "--list"], catch_exceptions=False)
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        each.name for each in bench.BENCHES
    ]
    assert len({each.name for each in bench.BENCHES}) == len(bench.BENCHES)


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        (["caps"], ["caps"]),
        (["intake", "caps"], [each.name for each in bench.chosen(["intake", "caps"])]),
        (["caps", "--all"], [each.name for each in bench.BENCHES]),
    ],
)
def test_the_list_names_those_that_are_asked_for(asked: list[str], listed: list[str]) -> None:
    done = CliRunner().invoke(main, ["bench", *asked, "--list"], catch_exceptions=False)
    assert [line.split()[0] for line in done.stdout.splitlines()] == listed


def test_nothing_to_run_is_refused() -> None:
    assert CliRunner().invoke(main, ["bench"]).exit_code == 2


@pytest.mark.parametrize("name", ["no-such", "deci"])
@pytest.mark.parametrize("more", [[], ["--list"], ["--all"], ["caps"]])
def test_a_name_that_no_bench_has_is_refused(name: str, more: list[str]) -> None:
    done = CliRunner().invoke(main, ["bench", name, *more])
    assert done.exit_code == 2
    assert f"found {name!r}; expected one of these" in done.stderr
    assert all(each.name in done.stderr for each in bench.BENCHES)


def test_the_beginning_of_a_name_names_several() -> None:
    found = [each.name for each in bench.chosen(["decide"])]
    assert {"decide.http", "decide.process"} <= set(found)
    assert found == [each.name for each in bench.BENCHES if each.name.startswith("decide.")]
    assert [each.name for each in bench.chosen(["decide.http"])] == ["decide.http"]
