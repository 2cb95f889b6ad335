"""Some claims of critiques.md, asked of the code: a point that is mended must leave that page."""

from __future__ import annotations

import re
from pathlib import Path

from tuttu.access import Scope
from tuttu.ledger import HOLD
from tuttu.profile.records import STEPS
from tuttu.vocabulary.values import MINUTE
from tuttu.web import ROUTES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tuttu"
PAGE = " ".join((ROOT / "docs" / "critiques.md").read_text(encoding="utf-8").split())


def source_of(*rooms: str) -> str:
    files = (path for room in rooms for path in sorted((SOURCE / room).rglob("*.py")))
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_a_scope_that_opens_nothing() -> None:
    assert "The scope `erase` opens nothing." in PAGE
    assert set(Scope) - {each.scope for each in ROUTES} == {Scope.ERASE}


def test_settings_that_do_nothing() -> None:
    assert "`environment`, `brands`, and of a surface `deadline` and `counts`" in PAGE
    rooms = [path.name for path in SOURCE.iterdir() if path.is_dir()]
    elsewhere = source_of(*{*rooms} - {"catalog", "vocabulary", "examples"})
    for name in (r"company\.environment", r"\.brands", r"\.deadline\b", r"surface\.counts"):
        assert not re.search(name, elsewhere), f"{name} is used: take it off critiques.md"


def test_what_a_sequence_remembers() -> None:
    assert f"the newest {STEPS} happenings" in PAGE


def test_how_long_a_hold_lasts() -> None:
    assert f"**A hold is {HOLD // MINUTE} minutes**" in PAGE


def test_nothing_goes_out() -> None:
    assert "**Nothing is sent.**" in PAGE
    assert not (SOURCE / "channels").exists()
    assert not (SOURCE / "delivery").exists()
