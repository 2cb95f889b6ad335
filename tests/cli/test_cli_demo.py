"""demo: what it prints comes from the server's answers and the folder's files alone."""

from __future__ import annotations

import ast
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.waiting import HANG_SECONDS

from tuttu.cli import demo


def test_it_shows_what_a_fault_changes(run: Any, folder: Path) -> None:
    said = run("demo", "--once", "--folder", str(folder)).output
    assert "2 accepted, 0 refused" in said
    assert "front slot 1: tv-package (web), worth 10.00" in said
    assert "Ticket Opened of maija" in said
    changed = said[said.index("What it changed:") :]
    assert re.search(
        r"user_id:maija  front  tv-package -> case-news  "
        r"guards: stopped by: an open case stops marketing",
        changed,
    )
    assert "pekka" not in changed
    assert "The server answers" not in said, "it has ended"
    assert not (folder / ".tuttu").exists()


def test_another_policy_gives_another_demonstration(run: Any, folder: Path) -> None:
    guard = folder / "policy.yaml"
    text = guard.read_text().replace("open_tickets > 0", "open_tickets > 5")
    guard.write_text(text.replace("open_tickets >= 1", "open_tickets >= 6"))
    said = run("demo", "--once", "--folder", str(folder)).output
    assert "nothing" in said[said.index("What it changed:") :]


def test_an_example_without_a_demonstration(run: Any, folder: Path) -> None:
    (folder / "demo" / "demo.yaml").unlink()
    assert "no demonstration" in run("demo", "--folder", str(folder), exit_code=1).output


def test_it_leaves_the_server_up_until_it_is_stopped(folder: Path) -> None:
    command = [sys.executable, "-u", "-m", "tuttu", "demo", "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = next(line for line in process.stdout if "answers at" in line)
        [url, key] = re.findall(r"answers at (\S+) with the key (\S+)", said)[0]
        headers = {"Authorization": f"Bearer {key}"}
        path = f"{url}/v1/customers/user_id:maija"
        answer = httpx.get(path, headers=headers, timeout=HANG_SECONDS, trust_env=False)
        assert answer.json()["traits"]["open_tickets"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=HANG_SECONDS) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/healthz", timeout=HANG_SECONDS, trust_env=False)


def test_one_threshold_of_the_example_changes_what_is_printed(run: Any, tmp_path: Path) -> None:
    company = tmp_path / "operator"
    run("init", "--example", "operator", str(company))
    before = run("demo", "--once", "--folder", str(company)).output
    action = company / "actions" / "sales" / "cross-sell" / "tv-package.yaml"
    threshold = "COALESCE(days_since(moved_at), 999) > 14"
    assert threshold in action.read_text()
    action.write_text(action.read_text().replace(threshold, threshold + "00"))
    after = run("demo", "--once", "--folder", str(company)).output
    assert re.search(r"front.hero slot 1: tv-package .*\n(.*\n)*.*because has settled in", before)
    assert "front.hero slot 1: tv-package" not in after
    assert "tv-package         applicability:  not met: has settled in" in after
    stopped = "tv-package -> case-news +guards: stopped by: open case stops marketing"
    assert re.search(stopped, before)
    assert "tv-package -> case-news" not in after


def test_another_threshold_of_the_example_changes_it_too(run: Any, tmp_path: Path) -> None:
    company = tmp_path / "operator"
    run("init", "--example", "operator", str(company))
    group = company / "actions" / "sales" / "cross-sell" / "_group.yaml"
    assert "churn_risk < 0.6" in group.read_text()
    group.write_text(group.read_text().replace("churn_risk < 0.6", "churn_risk < 0.05"))
    said = run("demo", "--once", "--folder", str(company)).output
    assert "front.hero slot 1: tv-package" not in said
    assert re.search(r"tv-package +suitability: +not met: is not about to leave", said)


def test_it_asks_the_server_and_never_an_engine_of_its_own(
    run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object, **__: object) -> None:
        pytest.fail("the demonstration opened the store itself")

    monkeypatch.setattr("tuttu.cli.client.open_engine", opened)
    assert "tv-package -> case-news" in run("demo", "--once", "--folder", str(folder)).output


def test_it_knows_answers_and_nothing_of_how_they_come_about() -> None:
    tree = ast.parse(Path(demo.__file__).read_text("utf-8"))
    imported = {
        f"{node.module}.{name.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert not any(isinstance(node, ast.Import) and "tuttu" in ast.dump(node) for node in tree.body)
    rooms = {name.split(".")[1] for name in imported if name.startswith("tuttu.")}
    assert rooms <= {"access", "api", "catalog", "cli", "vocabulary"}
