"""scenarios/*.yaml as records, and what is wrong with one before it runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.catalog.conftest import DESIGN, Offer, Write

from tuttu import catalog, simulation
from tuttu.vocabulary.conversion import to_instant
from tuttu.vocabulary.errors import Fault, Where

SCENARIO = """scenario: an open case stops the offer
given:
  - {at: 2026-03-01T09:00, who: {user_id: 77}, traits: {has_tv: false, income: 12}}
  - {at: 2026-03-02T09:00, who: {user_id: 77}, event: Ticket Opened, properties: {ticket_id: T1}}
  - {at: 2026-03-02T09:01Z, who: {anonymous_id: a}, page: Prices, properties: {path: /p}}
  - {at: 2026-03-02T09:02, who: {user_id: 77}, alias: {anonymous_id: a}}
  - {at: 2026-03-02T09:03, who: {user_id: 77}, decide: front.hero}
  - {at: 2026-03-02T09:04, who: {user_id: 77}, outcome: declined, action: offer}
  - {at: 2026-03-02T09:05, who: {user_id: 77}, purpose: marketing, allowed: false}
  - {at: 2026-03-02T09:06, resource: minutes, amount: 0}
expect:
  - {at: 2026-03-03T09:00, who: {user_id: 77}, surface: call, refused: offer,
     because: open case, also: [consent, suppressions]}
  - {at: 2026-03-03T09:00, who: {user_id: 77}, surface: front.hero, chosen: news, treatment: web}
  - {at: 2026-03-03T09:00, who: {user_id: 77}, surface: front.hero, default: welcome}
  - {at: 2026-03-03T09:00, who: {user_id: 77}, traits: {has_tv: false, income: null}}
"""


def at(day: int, hour: int, minute: int, zone: str = "Europe/Helsinki") -> int:
    return to_instant(datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo(zone)))


def faults_of(write: Write, scenario: str) -> list[Fault]:
    stages = ("guards", "consent", "suppressions")
    return catalog.check(write({"scenarios/one.yaml": scenario}), stages=stages)


def test_steps_by_kind(write: Write) -> None:
    (scenario,) = catalog.read_scenarios(write({"scenarios/one.yaml": SCENARIO}))
    assert scenario.name == "an open case stops the offer"
    assert [(step.kind, step.name) for step in scenario.given] == [
        ("identify", ""),
        ("track", "Ticket Opened"),
        ("page", "Prices"),
        ("alias", ""),
        ("decide", "front.hero"),
        ("outcome", "declined"),
        ("preference", "marketing"),
        ("resource", "minutes"),
    ]
    identify, track, page, alias, _, outcome, preference, resource = scenario.given
    assert (identify.who, identify.values) == ({"user_id": "77"}, {"has_tv": False, "income": 12})
    assert (identify.at, page.at) == (at(1, 9, 0), at(2, 9, 1, "UTC"))
    assert (track.values, track.where) == ({"ticket_id": "T1"}, Where("scenarios/one.yaml", 4))
    assert alias.previous == {"anonymous_id": "a"}
    assert outcome.action == "offer"
    assert (preference.purpose, preference.channel, preference.allowed) == (
        "marketing",
        None,
        False,
    )
    assert (resource.who, resource.amount) == ({}, 0)


def test_one_expectation_for_each_answer_and_trait(write: Write) -> None:
    (scenario,) = catalog.read_scenarios(write({"scenarios/one.yaml": SCENARIO}))
    refused, chosen, empty, has_tv, income = scenario.expect
    assert (refused.kind, refused.action, refused.surfaces) == ("refused", "offer", ("call",))
    assert (refused.because, refused.stage) == ("open case", None)
    assert refused.also == ("consent", "suppressions")
    assert (chosen.kind, chosen.action, chosen.treatment) == ("chosen", "news", "web")
    assert (empty.kind, empty.action, empty.value) == ("empty", "", "welcome")
    assert (has_tv.kind, has_tv.action, has_tv.value) == ("trait", "has_tv", False)
    assert (income.action, income.value) == ("income", None)
    assert [one.where.line for one in scenario.expect] == [12, 14, 15, 16, 16]
    assert {one.at for one in scenario.expect} == {at(3, 9, 0)}


def test_scenarios_come_in_the_order_of_their_files(write: Write) -> None:
    folder = write({"scenarios/b.yaml": SCENARIO, "scenarios/a.yaml": SCENARIO})
    files = [scenario.where.file for scenario in catalog.read_scenarios(folder)]
    assert files == ["scenarios/a.yaml", "scenarios/b.yaml"]


@pytest.mark.parametrize(
    ("old", "new", "line", "found"),
    [
        ("scenario:", "scenaro:", 1, "the key `scenaro`"),
        ("2026-03-01T09:00", "yesterday", 3, "`yesterday`"),
        ("2026-03-01T09:00", "2026-02-30T09:00", 3, "`2026-02-30T09:00`"),
        ("has_tv: false, income: 12", "has_tb: false", 3, "`has_tb`"),
        ("event: Ticket Opened", "event: Ticket Open", 4, "`Ticket Open`"),
        ("properties: {ticket_id", "properties: {tiket_id", 4, "`tiket_id`"),
        ("who: {anonymous_id: a}, page", "who: {cookie: a}, page", 5, "`cookie`"),
        ("page: Prices", "page: Prices, event: Ticket Opened", 5, "`event` and `page`"),
        ("alias: {anonymous_id: a}", "alias: {}", 6, "a mapping"),
        ("decide: front.hero", "decide: front", 7, "`front`"),
        ("outcome: declined", "outcome: refused", 8, "`refused`"),
        (", action: offer}", "}", 8, "no `action`"),
        ("purpose: marketing, allowed", "purpose: markting, allowed", 9, "`markting`"),
        (", allowed: false", "", 9, "no `allowed`"),
        ("resource: minutes", "resource: hours", 10, "`hours`"),
        ("amount: 0", "amount: -1", 10, "`-1`"),
        ("surface: call", "surface: cal", 12, "`cal`"),
        ("refused: offer", "refused: ofer", 12, "`ofer`"),
        ("[consent, suppressions]", "[consnt]", 13, "`consnt`"),
        ("refused: offer,\n     ", "", 12, "an expectation of nothing"),
        ("chosen: news, treatment: web", "chosen: news, because: x", 14, "`because`"),
        ("surface: front.hero, chosen", "chosen", 14, "no `surface`"),
        ("chosen: news, treatment: web", "treatment: web", 14, "an expectation of nothing"),
        ("default: welcome", "defalt: welcome", 15, "the key `defalt`"),
        ("traits: {has_tv: false, income: null}", "traits: {has_tv: [1]}", 16, "a list"),
        ("traits: {has_tv: false, income: null}", "surface: call", 16, "an expectation of nothing"),
        (", income: null", ", incme: null", 16, "`incme`"),
    ],
)
def test_a_slip_in_a_scenario(write: Write, old: str, new: str, line: int, found: str) -> None:
    assert SCENARIO.count(old) == 1
    faults = faults_of(write, SCENARIO.replace(old, new))
    assert [fault.where for fault in faults] == [Where("scenarios/one.yaml", line)]
    assert found in faults[0].found


def test_the_operator_has_its_scenarios(operator: Path) -> None:
    scenarios = catalog.read_scenarios(operator)
    assert len(scenarios) >= 12
    stages = {one.stage for scenario in scenarios for one in scenario.expect if one.stage}
    assert {"guards", "consent", "suppressions", "contact_limits"} <= stages
    collide = [
        scenario
        for scenario in scenarios
        if len({one.stage for one in scenario.expect} - {None}) >= 4
    ]
    assert [scenario.where.file for scenario in collide] == ["scenarios/departments-collide.yaml"]


ITEM_SCENARIO = """\
scenario: of one ticket
given:
  - {at: 2026-03-01T09:00, who: {user_id: maija}, outcome: viewed, action: offer, item: T1}
expect:
  - {at: 2026-03-02T09:00, who: {user_id: maija}, surface: front.hero, chosen: offer, item: T1}
  - {at: 2026-03-02T09:00, who: {user_id: maija}, surface: front.hero, not_chosen: offer, item: 7}
"""


def test_a_scenario_names_the_item(write: Write, offer: Offer) -> None:
    folder = write({**offer(), "scenarios/one.yaml": ITEM_SCENARIO})
    [scenario] = catalog.read_scenarios(folder)
    assert scenario.given[0].item == "T1"
    assert [one.item for one in scenario.expect] == ["T1", "7"]


def test_a_scenario_names_no_item_of_what_is_about_none(write: Write) -> None:
    found = catalog.check(write({"scenarios/one.yaml": ITEM_SCENARIO}))
    assert [(fault.where.line, fault.found) for fault in found] == [
        (3, "`item`"),
        (5, "`item`"),
        (6, "`item`"),
    ]
    assert all("`about: …` in the action `offer`" in fault.expected for fault in found)


def test_an_item_alone_expects_nothing(write: Write, offer: Offer) -> None:
    empty = ITEM_SCENARIO.replace("chosen: offer, item: T1", "empty: true, item: T1")
    [fault] = catalog.check(write({**offer(), "scenarios/one.yaml": empty}))
    assert (fault.where.line, fault.found) == (5, "`item`")


def test_its_scenario_holds() -> None:
    report = simulation.run(DESIGN)
    assert report.passed, report.failures
    assert report.expectations == 3
