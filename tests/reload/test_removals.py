"""What protects customers does not go unseen: neither with a file that was cut, nor by a reload."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tuttu import engine as use
from tuttu.api import ReloadRequest
from tuttu.cli import main
from tuttu.engine import Runtime, open_engine
from tuttu.versions.loading import removed
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.errors import ProjectError

NOON = 1_772_704_800_000_000
CORNER = Path(__file__).parents[1] / "web" / "corner"
POLICY = {
    "guards": {
        "case first": "{when: open_tickets > 0, blocks: marketing}",
        "many cases": "{when: open_tickets > 5, blocks: service}",
    },
    "contact_limits": {
        "two a week": "{purpose: marketing, at_most: 2, in: 7d}",
        "one a day": "{at_most: 1, per: day}",
    },
    "suppressions": {"said no": "{after: declined, for: 60d}"},
}
REFUSED = "consent.Marketing Refused.marketing.refused"
NAMES = [f"{kind}.{name}" for kind, table in POLICY.items() for name in table]


def policy(without: set[str]) -> str:
    lines = []
    for kind, table in POLICY.items():
        kept = {name: rule for name, rule in table.items() if f"{kind}.{name}" not in without}
        lines.append(f"{kind}:{'' if kept else ' {}'}")
        lines += [f"  {name}: {rule}" for name, rule in kept.items()]
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = shutil.copytree(CORNER, tmp_path / "corner")
    (folder / "policy.yaml").write_text(policy(set()))
    return folder


@pytest.fixture
def engine(folder: Path) -> Iterator[Runtime]:
    with closing(open_engine(folder, clock=ManualClock(NOON))) as opened:
        yield opened


def refused(change: Callable[[], object]) -> set[str]:
    """The names that a refusal tells; empty if the change was made."""
    try:
        change()
    except ProjectError as error:
        return {str(each.found).split("'")[1] for each in error.faults}
    return set()


@settings(max_examples=10)
@given(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
def test_what_is_removed_is_named_and_agreed_to(
    engine: Runtime, folder: Path, gone: set[str], agreed: set[str]
) -> None:
    (folder / "policy.yaml").write_text(policy(set()))
    before = use.reload(engine, "test").project_digest
    (folder / "policy.yaml").write_text(policy(gone))
    assert set(use.rehearse_reload(engine).removes) == gone
    said = ReloadRequest(removes=sorted(agreed))
    assert refused(lambda: use.reload(engine, "test", request=said)) == gone - agreed
    changed = use.project(engine).project_digest != before
    assert changed == bool(gone and gone <= agreed)
    assert not refused(lambda: use.reload(engine, "test", request=ReloadRequest(removes=[*gone])))


def test_a_start_asks_as_well(folder: Path) -> None:
    open_engine(folder, clock=ManualClock(NOON)).close()
    (folder / "policy.yaml").write_text(policy({"guards.case first"}))

    def start(*removes: str) -> None:
        open_engine(folder, clock=ManualClock(NOON), removes=removes).close()

    assert refused(start) == {"guards.case first"}
    assert refused(lambda: start("guards.many cases")) == {"guards.case first"}
    assert not refused(lambda: start("guards.case first"))
    assert not refused(start), "what is gone is gone"


def test_a_purpose_and_a_consent_are_protections_too(engine: Runtime, folder: Path) -> None:
    events, consent = folder / "events.yaml", folder / "consent.yaml"
    refusal = "consent:\n  - {event: Marketing Refused, purpose: marketing, allowed: false}\n"
    with_letters = consent.read_text().rstrip("\n")
    with_letters += "\n  letters: {basis: consent, default: out}\n"
    for path, before, after, name in (
        (events, events.read_text(), events.read_text().replace(refusal, ""), REFUSED),
        (consent, with_letters, consent.read_text(), "purposes.letters"),
    ):
        assert before != after
        path.write_text(before)
        use.reload(engine, "test")
        path.write_text(after)
        assert refused(lambda: use.reload(engine, "test")) == {name}
        use.reload(engine, "test", request=ReloadRequest(removes=[name]))


def test_no_file_cut_at_the_end_of_a_line_takes_them_away(engine: Runtime, folder: Path) -> None:
    """Nor one that is gone."""
    before = engine.project
    for name in ("policy.yaml", "consent.yaml", "events.yaml", "traits.yaml", "channels.yaml"):
        path, text = folder / name, (folder / name).read_text()
        lines = text.splitlines(keepends=True)
        for end in range(len(lines)):
            path.write_text("".join(lines[:end]))
            with suppress(ProjectError):
                use.reload(engine, "test")
            assert not removed(before, engine.project), f"{name}, cut behind line {end}"
        path.unlink()
        with pytest.raises(ProjectError, match=f"{name}:1: found no such file"):
            use.reload(engine, "test")
        path.write_text(text)


def test_the_command_takes_the_names(folder: Path) -> None:
    open_engine(folder, clock=ManualClock(NOON)).close()
    (folder / "policy.yaml").write_text(policy({"suppressions.said no"}))
    told = CliRunner().invoke(main, ["reload", str(folder)])
    assert told.exit_code != 0
    assert "no 'suppressions.said no', which the active version has" in told.output
    dry = CliRunner().invoke(main, ["reload", str(folder), "--dry-run"])
    assert "needs --removes 'suppressions.said no'" in dry.output
    named = CliRunner().invoke(main, ["reload", str(folder), "--removes", "suppressions.said no"])
    assert named.exit_code == 0, named.output
