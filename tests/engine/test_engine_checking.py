"""A project folder is checked by every room that reads it, and a faulty one never starts."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from tuttu import engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.errors import ProjectError

OPERATOR = Path(str(files("tuttu"))) / "examples" / "operator"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(OPERATOR, tmp_path / "operator")


@pytest.mark.parametrize("example", ["operator", "bank", "helpdesk", "shop", "utility"])
def test_the_examples_have_no_faults(example: str) -> None:
    assert engine.check(OPERATOR.with_name(example)).faults == []


def test_faults_of_templates_stand_beside_the_others(folder: Path) -> None:
    (folder / "content" / "case-news.sms.en.liquid").write_text("Hello\n{{ frst_name }}")
    policy = folder / "policy.yaml"
    policy.write_text(policy.read_text().replace("blocks: marketing", "blocks: marketin"))
    found = [(fault.where.file, fault.nearest) for fault in engine.check(folder).faults]
    assert ("content/case-news.sms.en.liquid", "first_name") in found
    assert ("policy.yaml", "marketing") in found


def test_a_faulty_template_never_starts(folder: Path) -> None:
    (folder / "content" / "case-news.sms.en.liquid").write_text("{% if first_name %}")
    with pytest.raises(ProjectError, match=r"content/case-news\.sms\.en\.liquid:1"):
        engine.open_engine(folder, clock=ManualClock(0))
    assert not (folder / ".tuttu").exists()
