"""A stage of somebody else's package: what every part of the house makes of it by its record."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests import builders

from tuttu import consent, identity, ledger, profile
from tuttu.api import explained, words_in
from tuttu.batch import funnel_of
from tuttu.content import Rendered
from tuttu.counterfactual import least_changes
from tuttu.decision import (
    STAGES,
    Candidate,
    DecisionQuery,
    DecisionView,
    Stage,
    decide,
    explain,
    explain_again,
    pools_of,
    recalled,
)
from tuttu.vocabulary.library import Action
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Receipt

PACKAGE = '''
"""Refuses the action tv unless the moon is new."""

import msgspec

from tuttu.decision import Stage, StageReads
from tuttu.vocabulary.verdicts import Reason


def _reason(candidate, view):
    phase = view.row.get("moon") or "unknown"
    if candidate.action.name != "tv" or phase == "new":
        return None
    return Reason("moon", {"phase": phase, "nights": view.free.get("nights", 0)})


MOON = Stage(
    name="moon",
    reason=_reason,
    codes={"moon": ("phase",)},
    reads=lambda *_: StageReads(roots=("moon",)),
    keeps=lambda view, _candidates: {"nights": 3},
    recalls=lambda evidence, view: msgspec.structs.replace(
        view, free={**view.free, "nights": evidence.others["nights"]}
    ),
)
'''


@pytest.fixture
def moon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    package = tmp_path / "toy_stage_of_others"
    package.mkdir()
    (package / "__init__.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(package.name).MOON
    sys.modules.pop(package.name)


@pytest.fixture
def project(company: Callable[..., Project], action: Callable[..., Action]) -> Project:
    """A row that has a column `moon`, which nobody writes; it is laid over at the moment."""
    made = company(action("net", value=4.0), action("tv"))
    columns = {**made.row_schema.columns, "moon": builders.TEXT}
    return msgspec.structs.replace(
        made, row_schema=msgspec.structs.replace(made.row_schema, columns=columns)
    )


@pytest.fixture
def view(project: Project, alone: Callable[..., DecisionView]) -> DecisionView:
    return alone(project, moon="full")


@pytest.fixture
def query(asking: Callable[..., DecisionQuery]) -> DecisionQuery:
    return asking(seed=1)


def _render(candidate: Candidate) -> Rendered:
    return Rendered(candidate.action.name)


def test_it_refuses_and_says_why(view: DecisionView, query: DecisionQuery, moon: Stage) -> None:
    without = decide(view, query, "d1", _render)
    assert [each.action for each in without.choices] == ["tv"]
    receipt = decide(view, query, "d1", _render, (*STAGES, moon))
    assert [each.action for each in receipt.choices] == ["net"]
    (refusal,) = [each.refusal for each in receipt.verdicts if each.refusal]
    assert (refusal.stage, refusal.code) == ("moon", "moon")
    assert refusal.values == {"phase": "full", "nights": 0}


def test_its_receipt_has_what_it_read_and_what_it_kept(
    view: DecisionView, query: DecisionQuery, moon: Stage, project: Project
) -> None:
    stages = (*STAGES, moon)
    issued = decide(view, query, "d1", _render, stages)
    receipt = msgspec.msgpack.decode(msgspec.msgpack.encode(issued), type=Receipt)
    assert receipt.read["moon"] == "full"
    assert receipt.evidence is not None
    assert receipt.evidence.others == {"nights": 3}
    again = recalled(receipt, receipt.evidence, project, stages)
    assert again.free["nights"] == 3
    assert again.row["moon"] == "full"
    # Its own stage says now that three nights were left: another refusal than the receipt's.
    told = explain_again(receipt, receipt.evidence, project, stages)
    assert [each.all_refusals for each in told.verdicts if each.action == "tv"] == [()]


@pytest.mark.parametrize("language", ["en", "fi", "sv"])
def test_explain_shows_its_code_and_values_and_looks_for_no_change(
    view: DecisionView, query: DecisionQuery, moon: Stage, language: str
) -> None:
    stages = (moon, *STAGES)
    receipt = explain(view, query, "d1", _render, stages)
    keys = [(each.action, each.treatment, each.item) for each in receipt.verdicts if each.refusal]
    changes = least_changes(view, query, keys, lambda _: _render, stages)
    assert changes == {}
    words = words_in(language)
    answer = explained(receipt, changes, view.project.row_schema, words, kept=False)
    (shown,) = answer.refused
    assert shown.reason == "moon (phase full, nights 0)"
    assert (shown.code, shown.values["phase"]) == ("moon", "full")
    assert shown.no_change == words.note("stage_not_looked_for", stage="moon")
    assert "moon" in shown.no_change


def test_the_funnel_counts_it(project: Project, moon: Stage) -> None:
    with builders.opened(project, identity, consent, profile, ledger) as store:
        builders.commit(store, builders.fact(store, builders.event("Seen", 1)))
        with store.read() as snapshot:
            found = funnel_of(
                snapshot, project, (), builders.NOON, surfaces=("front",), stages=(*STAGES, moon)
            )
    count = found.line("tv").stage("moon")
    assert [each.stage for each in found.line("tv").stages][-1] == "moon"
    assert (count.entered, count.refused, count.passed, count.no_data) == (1, 1, 0, False)
    assert count.reasons == {"moon (phase unknown)": 1}
    assert [(each.code, each.values) for each in count.by_code] == [("moon", {"phase": "unknown"})]


def test_a_bit_is_set_exactly_where_there_is_a_reason(view: DecisionView, moon: Stage) -> None:
    question = DecisionQuery(surfaces=("front",), fragment=b"m" * 16)
    (pool,) = pools_of(view, question)
    assert not builders.bits_unlike_reasons(view, question, (*STAGES, moon))
    assert moon.refused(pool, view, pool.bits) == 0b10
    assert moon.refused(pool, view, 0b01) == 0
