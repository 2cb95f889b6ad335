"""From text to records: what the small company and the operator's files come out as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu import catalog
from tuttu.catalog.scalars import first_instant, instant_after, money, share
from tuttu.vocabulary.company import Limits
from tuttu.vocabulary.conversion import to_instant
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, Kind, Type

Write = Callable[..., Path]
HELSINKI = ZoneInfo("Europe/Helsinki")


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return to_instant(datetime(year, month, day, hour, minute, tzinfo=HELSINKI))


def test_company_defaults_and_settings(write: Write) -> None:
    text = (
        "name: x\nzone: Europe/Helsinki\nearliest_event: 2012-06-01\nbrands: [a, b]\n"
        "languages: [en]\nlimits: {event_bytes: 100}\n"
    )
    company = catalog.load(write({"tuttu.yaml": text})).company
    assert company.environment == "dev"
    assert company.currency == "EUR"
    assert company.storage == "sqlite:.tuttu/store.db"
    assert company.earliest_event == local(2012, 6, 1)
    assert company.brands == ("a", "b")
    assert company.limits == Limits(event_bytes=100)


def test_namespaces_rank_in_the_order_of_the_file(operator: Path) -> None:
    namespaces = catalog.load(operator).namespaces
    assert [(one.name, one.rank) for one in namespaces.values()] == [
        ("user_id", 0),
        ("email", 1),
        ("phone", 2),
        ("anonymous_id", 3),
    ]
    user, email = namespaces["user_id"], namespaces["email"]
    assert (user.unique, user.alias_limit, user.limit) == (True, 3, None)
    assert user.normalise == ("trim",)
    assert user.blocked == {"unknown", "anonymous", "null", "0", "-"}
    assert user.strength == {"alias": 100, "identify": 50, "default": 10}
    assert (email.limit, email.normalise) == (5, ("trim", "lower"))
    assert email.blocked == {"noreply@operator.example"}
    assert email.blocked_patterns == ("*@example.invalid",)
    assert email.fields == ("traits.email", "properties.email")


def test_blocked_values_are_taken_as_written(write: Write) -> None:
    text = "namespaces:\n  user_id: {blocked: [0000000, -1, '-', 1e3x]}\n"
    blocked = catalog.load(write({"identity.yaml": text})).namespaces["user_id"].blocked
    assert blocked == {"0000000", "-1", "-", "1e3x"}


def test_channels_and_surfaces(write: Write) -> None:
    project = catalog.load(write())
    assert {name: one.outbound for name, one in project.channels.items()} == {
        "web": False,
        "email": True,
        "call": True,
    }
    hero, call = project.surfaces["front.hero"], project.surfaces["call"]
    assert (hero.slots, hero.default, hero.counts, hero.outbound) == (2, "welcome", "viewed", False)
    assert (call.slots, call.channel, call.counts, call.outbound) == (1, "call", "sent", True)
    assert set(project.surfaces) == {"front.hero", "email", "call"}


def test_consent_is_complete_over_channels(write: Write) -> None:
    purposes = catalog.load(write()).purposes
    assert purposes["marketing"].default == {"web": True, "email": False, "call": True}
    assert purposes["service"].default == {"web": True, "email": True, "call": True}
    assert purposes["marketing"].where == Where("consent.yaml", 2)


def test_events_give_the_columns_of_conditions_on_events(write: Write) -> None:
    project = catalog.load(write())
    columns = project.event_schema.columns
    assert columns["total"] == Type(Kind.MONEY)
    assert columns["opened_at"] == Type(Kind.TIMESTAMP)
    assert {"event", "call", "source", "path", "url", "title"} <= columns.keys()
    assert project.event_schema.collections == {
        "products": {"category": Type(Kind.TEXT), "price": Type(Kind.MONEY)}
    }
    planned = project.tracking.plan["Order Completed"]
    assert set(planned.properties) == {"total", "weight"}
    assert set(planned.items) == {"products"}
    assert project.tracking.sources == {"identify": "told", "Order Completed": "bought"}


def test_written_traits_are_columns_of_every_source(write: Write) -> None:
    schema = catalog.load(write()).row_schema
    assert schema.columns["has_tv"] == Type(Kind.BOOL)
    assert schema.columns["told.has_tv"] == schema.columns["bought.has_tv"] == Type(Kind.BOOL)
    assert "told.open_tickets" not in schema.columns
    assert schema.collections["tickets"] == {
        "ticket_id": Type(Kind.TEXT),
        "status": Type(Kind.TEXT),
        "opened_at": Type(Kind.TIMESTAMP),
    }
    assert schema.actions == {"offer", "news"}
    assert schema.channels == {"web", "email", "call"}
    assert schema.outcomes == {"viewed", "clicked", "accepted", "declined", "ignored"}
    assert schema.zone == "Europe/Helsinki"


def test_the_ways_a_trait_comes_about(operator: Path) -> None:
    profile = catalog.load(operator).profile
    traits = profile.traits
    assert traits["has_tv"].written
    assert (traits["open_tickets"].aggregate, traits["open_tickets"].over) == ("count", "tickets")
    assert traits["open_tickets"].type == Type(Kind.INTEGER)
    spend = traits["spend_90d"]
    assert (spend.aggregate, spend.over, spend.field) == ("sum", "events", "total")
    assert (spend.type, spend.window) == (Type(Kind.MONEY), 90 * DAY)
    resolved = traits["last_resolved_at"]
    assert (resolved.aggregate, resolved.over, resolved.field) == ("max", "tickets", "resolved_at")
    assert resolved.type == Type(Kind.TIMESTAMP)
    assert traits["left_report"].sequence == ("Usage Report Viewed", "Contract Viewed")
    assert (traits["left_report"].type, traits["left_report"].window) == (
        Type(Kind.BOOL),
        30 * MINUTE,
    )
    home = traits["home_postal_code"]
    assert home.first_known == ("told.postal_code", "crm.postal_code", "bought.postal_code")
    assert home.type == Type(Kind.TEXT)
    assert traits["keen_reader"].segment
    assert traits["keen_reader"].uses == {"profiling"}
    assert traits["years_with_us"].type == Type(Kind.REAL)
    order = profile.derived_order
    assert order.index("years_with_us") < order.index("loyal")
    assert profile.groups["household"].key == "household_id"


def test_an_action_with_what_its_group_lets_it_inherit(operator: Path) -> None:
    action = catalog.load(operator).actions["tv-package"]
    assert (action.owner, action.issue_group) == ("sales", "cross-sell")
    assert (action.status, action.purpose) == ("live", "marketing")
    assert [condition.name for condition in action.eligible] == [
        "has our broadband",
        "has no TV from us",
    ]
    assert action.value({"now": 0}) == pytest.approx(118.8)
    assert action.propensity is not None
    assert action.propensity.text == "0.06"
    assert action.valid_from == local(2026, 1, 1)
    assert action.valid_until == local(2031, 1, 1)
    web, call, letter = (action.treatments[name] for name in ("web", "call", "letter"))
    assert (web.surface, web.channel, web.message) == ("front.hero", "web", "tv-package")
    assert (web.cost, web.answer_within) == (0, 3 * DAY)
    assert (call.surface, call.cost, call.uses) == ("call", 40_000, {"call_minutes": 8})
    assert (letter.cost, letter.holds) == (9_000, 30 * DAY)
    assert action.treatments["email"].cost == 50
    assert set(action.outcomes) == {"accepted", "declined"}
    assert action.where.file == "actions/sales/cross-sell/tv-package.yaml"


def test_a_treatment_of_a_group_is_none_by_itself(operator: Path) -> None:
    actions = catalog.load(operator).actions
    assert set(actions["mobile-bundle"].treatments) == {"web", "app", "sms", "call"}


def test_policy_in_the_order_of_the_file(operator: Path) -> None:
    policy = catalog.load(operator).policy
    guard = policy.guards[0]
    assert (guard.name, guard.blocks, guard.instead) == (
        "open case stops marketing",
        "marketing",
        "case-news",
    )
    assert (guard.cooling, guard.inclusive) == (3 * DAY, True)
    assert guard.after is not None
    assert guard.after.type == Type(Kind.TIMESTAMP)
    home = policy.contact_limits[1]
    assert (home.name, home.group, home.channel) == ("one sales call a home", "household", "call")
    assert (home.at_most, home.window) == (1, 30 * DAY)
    assert [(one.outcome, one.times, one.scope) for one in policy.suppressions] == [
        ("declined", 1, "action"),
        ("ignored", 3, "issue_group"),
        ("accepted", 1, "action"),
    ]
    lever = policy.levers[0]
    assert (lever.action, lever.times, lever.by) == ("tv-package", 1.3, "anna")
    assert lever.valid_until == local(2026, 11, 1)


def test_controls_are_shares_of_one(write: Write) -> None:
    text = (
        "controls: {no_marketing: 2%, random_choice: 0.01, propensity_only: 1.5%}\nexploration: 5%"
    )
    controls = catalog.load(write({"policy.yaml": text})).policy.controls
    assert (controls.no_marketing, controls.random_choice, controls.propensity_only) == (
        0.02,
        0.01,
        0.015,
    )
    assert (controls.exploration, controls.salt) == (0.05, "tuttu")


@pytest.mark.parametrize(
    ("text", "zone", "start", "end"),
    [
        ("2026-03-01", "Europe/Helsinki", local(2026, 3, 1), local(2026, 3, 2)),
        ("2026-03-29", "Europe/Helsinki", local(2026, 3, 29), local(2026, 3, 30)),
        ("2024-02-29", "UTC", to_instant(datetime(2024, 2, 29, tzinfo=UTC)), None),
        ("2026-03-01T09:00", "Europe/Helsinki", local(2026, 3, 1, 9), local(2026, 3, 1, 9) + 1),
        ("2026-03-01T09:00Z", "Europe/Helsinki", local(2026, 3, 1, 11), None),
        ("2026-03-01T09:00+05:30", "UTC", local(2026, 3, 1, 5, 30), None),
    ],
)
def test_dates_are_days_of_the_project_s_zone(
    text: str, zone: str, start: int, end: int | None
) -> None:
    assert first_instant(text, zone) == start
    assert end is None or instant_after(text, zone) == end


def test_the_day_the_clocks_change_has_23_hours() -> None:
    start = first_instant("2026-03-29", "Europe/Helsinki")
    end = instant_after("2026-03-29", "Europe/Helsinki")
    assert start is not None
    assert end is not None
    assert end - start == 23 * HOUR


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "2025-02-29", "0000-01-01"])
def test_days_that_do_not_exist(text: str) -> None:
    assert first_instant(text, "UTC") is None


def test_the_last_day_there_is_has_no_next() -> None:
    assert instant_after("9999-12-31", "UTC") is None


@given(st.integers(0, 10**12))
def test_money_is_exact(amount: int) -> None:
    units, rest = divmod(amount, 10_000)
    assert money(f"{units}.{rest:04d}") == amount
    assert money(f"{units}.{rest:04d}1") is None


def test_shares() -> None:
    assert (share("2%"), share("0.5%"), share("0.02"), share("1")) == (0.02, 0.005, 0.02, 1.0)


def test_every_record_knows_its_place(operator: Path) -> None:
    project = catalog.load(operator)
    lines: Mapping[str, list[str]] = {
        file: (operator / file).read_text().splitlines()
        for file in ("traits.yaml", "policy.yaml", "events.yaml", "consent.yaml", "channels.yaml")
    }
    policy, profile = project.policy, project.profile
    named: list[tuple[str, Where]] = [
        *((one.name, one.where) for one in profile.traits.values()),
        *((one.name, one.where) for one in profile.collections.values()),
        *((one.name, one.where) for one in policy.guards),
        *((one.name, one.where) for one in policy.contact_limits),
        *((one.name, one.where) for one in policy.levers),
        *((one.name, one.where) for one in project.tracking.plan.values()),
        *((one.name, one.where) for one in project.purposes.values()),
        *((one.name, one.where) for one in project.channels.values()),
    ]
    for name, where in named:
        assert name in lines[where.file][where.line - 1]
