"""`make walk` can still walk: the four requests succeed, are counted, and keep within the gates."""

from __future__ import annotations

import sys

import pytest
from tools.walk import GATES, GOALS, NAMES, listed, table, tree, walked


def test_the_four_walks_are_counted() -> None:
    before = sys.getprofile()
    walks = walked()
    assert sys.getprofile() is before
    heading, *rows = table(walks)
    assert heading.split() == ["calls", "files", "rooms", "depth"]
    assert [row.split()[0] for row in rows] == list(NAMES)
    for walk in walks.values():
        assert walk.calls > walk.files > walk.rooms > 1
        assert walk.depth > 1
        assert sum(int(line.split()[0].replace(",", "")) for line in tree(walk)) == walk.calls
        assert sum(map(_file_total, listed(walk))) == walk.calls
    assert [name for name, gate in GATES.items() if not walks[name].within(gate)] == [], rows


def _file_total(line: str) -> int:
    number, place, *_ = line.split()
    return int(number.replace(",", "")) if place.endswith(".py") else 0


@pytest.mark.parametrize("name", GATES)
def test_a_goal_asks_no_less_than_its_gate(name: str) -> None:
    gate = GATES[name]
    goal = GOALS.get(name, gate)
    assert (goal.calls, goal.files, goal.depth) <= (gate.calls, gate.files, gate.depth)
