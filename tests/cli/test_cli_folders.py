"""init, check, schema, openapi; and what every command says of a faulty folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tuttu import catalog
from tuttu.cli.folders import examples
from tuttu.decision import STAGE_NAMES
from tuttu.intake import mapping_schema
from tuttu.web import openapi_document


def test_an_example_becomes_a_folder_of_ones_own(run: Any, tmp_path: Path) -> None:
    for name in examples():
        target = tmp_path / "made" / name
        run("init", "--example", name, str(target))
        assert catalog.check(target) == []
        assert not (target / ".tuttu").exists()


def test_a_folder_with_something_in_it_is_left_alone(run: Any, tmp_path: Path) -> None:
    kept = tmp_path / "mine" / "tuttu.yaml"
    kept.parent.mkdir()
    kept.write_text("name: mine")
    said = run("init", "--example", examples()[0], str(kept.parent), exit_code=1).output
    assert "not empty" in said
    assert kept.read_text() == "name: mine"


def test_a_folder_that_cannot_be_made(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    target = str(tmp_path / "file" / "mine")
    said = run("init", "--example", examples()[0], target, exit_code=1).output
    assert f"{target}: " in said
    assert "choose a folder that can be written" in said


def test_an_unknown_example_is_told_which_there_are(run: Any) -> None:
    said = run("init", "--example", "circus", exit_code=2).output
    assert "found 'circus'; expected one of:" in said


def test_the_help_names_the_examples(run: Any) -> None:
    named = "|".join(examples())
    assert f"--example {named}\n" in run("init", "--help").output
    assert "expected one of: bank, " in run("init", exit_code=2).output


def test_a_demonstration_is_asked_of_an_example_that_has_one(run: Any) -> None:
    with_one = examples("demo/demo.yaml")
    assert "operator" in with_one
    assert f"--example {'|'.join(with_one)}  " in run("demo", "--help").output
    [without, *_] = sorted({*examples()} - {*with_one})
    said = run("demo", "--example", without, exit_code=2).output
    assert f"found {without!r}; expected one of: {', '.join(with_one)}" in said


def test_a_good_folder_has_no_faults(run: Any) -> None:
    assert "corner: no faults, 2 actions" in run("check").output


def test_that_nothing_is_dear_is_said(run: Any) -> None:
    said = run("check", "--cost").output
    assert "nothing is dear: " in said
    assert "0 lines" not in said


def test_what_is_dear_is_told_of_a_project_without_faults(run: Any, folder: Path) -> None:
    target = folder.parent / "acme"
    run("init", "--example", "operator", str(target))
    told = json.loads(run("check", "--cost", "--json", str(target)).stdout)
    keys = ["kind", "name", "file", "line", "about", "count", "alike", "costs"]
    assert all(list(line) == keys for line in told)
    [dear] = [line for line in told if line["about"] == "line_limit_mbps >= 2 * line_mbps"]
    assert (dear["kind"], dear["name"], dear["count"]) == (
        "asked_alone",
        "faster-broadband: line can carry more",
        1,
    )
    said = run("check", "--cost", str(target)).output
    assert f"{dear['costs']}\n" in said
    assert said.endswith(f"{len(told)} lines\n")
    (target / "tuttu.yaml").write_text("nmae: corner\n")
    faulty = run("check", "--cost", "--json", str(target), exit_code=2)
    assert json.loads(faulty.stdout) == json.loads(
        run("check", "--json", str(target), exit_code=2).stdout
    )


FAULTS = {
    "tuttu.yaml": "nmae: corner\n",
    "channels.yaml": "channels: {web: sideways}\n",
    "consent.yaml": "purposes: {service: {basis: contract, default: on}}\n",
}


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--port", "0"),
        ("decide", "maija", "--surface", "front"),
        ("digest",),
        ("keys", "list"),
        ("import", "demo/events.jsonl"),
        ("demo", "--once", "--folder", "."),
    ],
)
def test_no_command_works_on_a_faulty_folder(run: Any, folder: Path, command: Any) -> None:
    for name, text in FAULTS.items():
        (folder / name).write_text(text)
    said = run(*command, exit_code=2).output
    for name in FAULTS:
        assert f"{name}:1: found" in said, said
    assert not (folder / ".tuttu").exists()


def test_check_tells_every_fault_and_ends_with_2(run: Any, folder: Path) -> None:
    for name, text in FAULTS.items():
        (folder / name).write_text(text)
    said = run("check", exit_code=2).output
    assert all(f"{name}:1:" in said for name in FAULTS)
    told = json.loads(run("check", "--json", exit_code=2).stdout)
    assert {fault["where"]["file"] for fault in told} >= set(FAULTS)


def test_a_lone_surrogate_is_a_fault_in_json_too(run: Any, folder: Path) -> None:
    settings = folder / "tuttu.yaml"
    settings.write_text(settings.read_text() + 'name: "op\\ud83d"\n')
    (fault,) = json.loads(run("check", "--json", exit_code=2).stdout)
    assert fault["found"] == "`\\ud83d`, half of a surrogate pair"


def test_a_folder_that_is_not_there_is_named(run: Any) -> None:
    said = run("check", "nofolder", exit_code=2).stdout
    assert said.startswith("nofolder:1: found no such folder")


def test_the_schemas_are_those_of_the_files(run: Any, tmp_path: Path) -> None:
    schemas = {**catalog.schemas(STAGE_NAMES), "mapping": mapping_schema()}
    assert json.loads(run("schema").output) == json.loads(json.dumps(schemas))
    assert json.loads(run("schema", "tuttu").output) == schemas["tuttu"]
    run("schema", "--out", str(tmp_path / "schemas"))
    written = {path.name for path in (tmp_path / "schemas").iterdir()}
    assert written == {f"{kind}.json" for kind in schemas}
    assert "expected one of" in run("schema", "nothing", exit_code=2).output


def test_the_document_is_that_of_the_server(run: Any) -> None:
    assert json.loads(run("openapi").output) == json.loads(bytes(openapi_document()))
