"""The bank's real rows through the real door, and its funnel against a query written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.examples.conftest import MOMENT, Bank

from tuttu import engine as use
from tuttu.api import TimelineQuery
from tuttu.batch.funnel import FunnelLine, funnel_text
from tuttu.decision import STAGE_NAMES
from tuttu.vocabulary.conversion import parse_instant

pytestmark = pytest.mark.stories

BY_HAND = Path(__file__).with_name("bank_funnel_by_hand.sql").read_text("utf-8")

STAGES = list(STAGE_NAMES)
COMPARED = STAGES[: STAGES.index("contact_limits") + 1]
AFTER = STAGES[len(COMPARED) :]
UNFED = {"guards", "resources"}
"""The data has no complaint, and no treatment uses a resource."""
REFUSING = {
    *("eligibility", "applicability", "suitability", "suppressions"),
    *("contact_limits", "arbitration", "controls"),
}
"""Whole actions; consent refuses the treatments by e-mail, and each action has another one."""


def _one(bank: Bank, query: str) -> int:
    found = bank.rows.execute(query).fetchone()
    assert found is not None
    return int(found[0])


def test_every_row_is_a_client_also_where_it_is_a_copy(bank: Bank) -> None:
    assert bank.funnel.customers == _one(bank, "SELECT count(*) FROM bank")
    assert _one(bank, "SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT * EXCLUDE client"
                " FROM bank)) FROM bank") == 12  # fmt: skip


def test_each_treatment_stops_where_the_query_says(bank: Bank) -> None:
    query = f"SELECT action, treatment, stage, count(*) FROM ({BY_HAND}) GROUP BY ALL"
    expected = {
        (action, treatment, stage): count
        for action, treatment, stage, count in bank.rows.execute(query).fetchall()
        if stage is not None
    }
    found = {
        (line.action, line.treatment, stage): line.stage(stage).refused
        for line in bank.funnel.lines
        if line.treatment is not None
        for stage in COMPARED
        if line.stage(stage).refused
    }
    assert found == expected
    ways = f"SELECT count(*) FROM (SELECT DISTINCT action, treatment FROM ({BY_HAND}))"
    assert sum(line.treatment is not None for line in bank.funnel.lines) == _one(bank, ways)


def test_each_action_gets_as_far_as_the_query_says(bank: Bank) -> None:
    """By its best treatment."""
    order = ", ".join(f"'{stage}'" for stage in COMPARED)
    query = f"""
        SELECT action, furthest, count(*) FROM (
            SELECT client, action,
                   max(coalesce(list_position([{order}], stage), {len(COMPARED) + 1})) AS furthest
            FROM ({BY_HAND}) GROUP BY client, action
        ) GROUP BY ALL"""
    expected = {
        (action, place - 1): count for action, place, count in bank.rows.execute(query).fetchall()
    }
    found: dict[tuple[str, int], int] = {}
    for line in bank.funnel.actions:
        found |= {(line.action, n): line.stages[n].refused for n in range(len(COMPARED))}
        found[line.action, len(COMPARED)] = line.stage("contact_limits").passed
    assert {key: count for key, count in found.items() if count} == expected


def test_entered_is_refused_and_passed_at_every_stage(bank: Bank) -> None:
    for line in bank.funnel.lines:
        left = bank.funnel.customers
        for stage in line.stages:
            assert stage.entered == left
            assert stage.entered == stage.refused + stage.passed
            assert stage.refused == sum(stage.reasons.values())
            left = stage.passed
        assert line.chosen == left


def test_each_stage_that_the_data_feeds_refuses_somebody(bank: Bank) -> None:
    def refusing(lines: Sequence[FunnelLine]) -> set[str]:
        return {each.stage for line in lines for each in line.stages if each.refused}

    assert refusing(bank.funnel.actions) == REFUSING
    assert refusing(bank.funnel.lines) == REFUSING | {"consent"}


def test_a_stage_without_data_says_so(bank: Bank) -> None:
    for line in bank.funnel.lines:
        unfed = {each.stage for each in line.stages if each.no_data}
        assert unfed >= UNFED
        assert not unfed & {"eligibility", "applicability", "arbitration"}
    text = funnel_text(bank.funnel)
    guards = [line for line in text.splitlines() if line.startswith("  guards")]
    assert len(guards) == len(bank.funnel.actions)
    assert all("no data" in line for line in guards)


def test_dated_contacts_are_known_and_others_dropped(bank: Bank) -> None:
    dated = bank.rows.execute(
        "SELECT client, pdays, poutcome FROM bank WHERE pdays < 999 ORDER BY client LIMIT 20"
    ).fetchall()
    for client, days, outcome in dated:
        (contact,) = use.customer(bank.engine, {"client": str(client)}, "test").contacts
        assert (contact.action, contact.channel, contact.purpose) == (
            "term-deposit",
            "call",
            "marketing",
        )
        assert contact.outcome == {"success": "accepted", "failure": "declined"}[outcome]
        at = parse_instant(contact.time) or 0
        assert MOMENT - at == days * 86_400_000_000
    (undated, *_) = bank.rows.execute(
        "SELECT client FROM bank WHERE poutcome = 'failure' AND pdays = 999"
    ).fetchall()
    assert use.customer(bank.engine, {"client": str(undated[0])}, "test").contacts == []


def test_unknown_is_null_and_what_leaks_is_nowhere(bank: Bank) -> None:
    (client,) = bank.rows.execute(
        """SELECT client FROM bank WHERE "default" = 'unknown' AND pdays < 999 LIMIT 1"""
    ).fetchone() or (0,)
    picture = use.customer(bank.engine, {"client": str(client)}, "test")
    assert picture.traits["default"] is None
    assert picture.traits["emp_var_rate"] is not None
    assert not {"duration", "y", "pdays", "poutcome"} & picture.traits.keys()
    entries = use.timeline(bank.engine, {"client": str(client)}, "test", TimelineQuery()).entries
    said = b"".join(bytes(part) for each in entries for part in (each.traits, each.properties))
    assert b'"outcome"' in said
    assert b"duration" not in said
    assert b'"y"' not in said
