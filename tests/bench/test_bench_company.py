"""A generated company is an ordinary project folder, and the same for the same arguments."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tuttu import bench
from tuttu import engine as use
from tuttu.api import DecideRequest
from tuttu.bench import company, customers
from tuttu.bench.conditions import KINDS, conditions
from tuttu.vocabulary.clock import ManualClock

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("about", [0, 5])
@pytest.mark.parametrize("actions", [1, 12, 60])
def test_check_finds_no_fault(tmp_path: Path, actions: int, about: int) -> None:
    made = bench.GeneratedCompany(actions, about=about)
    assert use.check(bench.write(made, tmp_path)).faults == []
    project = use.load_project(tmp_path)
    assert len(project.actions) == actions
    assert {len(action.treatments) for action in project.actions.values()} == {2}
    about_items = [each for each in project.actions.values() if each.about]
    assert len(about_items) == (-(-actions // about) if about else 0)
    assert len(project.policy.guards) == 12
    assert len(project.policy.contact_limits) == (36 if actions > 9 else 9)


def test_the_same_arguments_give_the_same_files() -> None:
    made = bench.GeneratedCompany(40, seed=7)
    assert company.files(made) == company.files(made)
    others = company.files(bench.GeneratedCompany(40, seed=8))
    assert company.files(made) != others
    of_actions = {path for path in others if path.startswith("actions/")}
    same = {path: content for path, content in others.items() if path not in of_actions}
    assert same.items() <= company.files(made).items()


def test_all_conditions_differ_and_every_kind_is_there() -> None:
    made = conditions(500, 1, KINDS)
    assert len({each.sql for each in made}) == len({each.name for each in made}) == 500
    assert made == conditions(500, 1, KINDS)
    kinds = {each.name.partition(" ")[0] for each in made}
    assert len(kinds) >= len(KINDS)
    assert any("ago(" in each.sql for each in made)
    assert any("days_since(" in each.sql for each in made)
    assert any("COALESCE(" in each.sql for each in made)
    assert any(">= line_mbps" in each.sql for each in made)
    assert any(" OR " in each.sql for each in made)


def test_nearly_every_customer_gets_something_and_limits_close_little(tmp_path: Path) -> None:
    """What the benches of decisions rest on."""
    bench.write(bench.GeneratedCompany(12), tmp_path)
    customers.seed_store(tmp_path, 100, 12, NOW)
    clock = ManualClock(customers.instant(NOW + timedelta(seconds=1)))
    chosen = limited = reached = 0
    with closing(use.open_engine(tmp_path, clock=clock)) as engine:
        for number in range(100):
            who = {"user_id": customers.user(number)}
            answer = use.decide(engine, DecideRequest(who=who, surfaces=[company.SURFACE]))
            assert answer.known
            chosen += len(answer.choices)
            assert not any(each.reused for each in answer.choices)
            stages = [each.stage for each in answer.refused]
            limited += stages.count("contact_limits")
            reached += stages.count("arbitration") + len(answer.choices)
    assert chosen >= 90
    assert 0 < limited < 0.2 * (limited + reached)
