"""What is dear is named, once for all that are alike; what is not is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import msgspec
from tests import builders
from tests.builders import HERE

from tuttu.api.costs import WORDS, shown_costs
from tuttu.decision import COST_KINDS, Cost, CostKind, costs
from tuttu.policy import parse_condition
from tuttu.vocabulary.company import Collection, Profile
from tuttu.vocabulary.library import Action, Policy, Suppression
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, Condition, Kind, Schema, Type

ROW = Schema(
    columns={
        "plan": Type(Kind.TEXT),
        "points": Type(Kind.INTEGER),
        "visits": Type(Kind.INTEGER),
        "vip": Type(Kind.BOOL),
        "moved_at": Type(Kind.TIMESTAMP),
    },
    collections={"tickets": {"state": Type(Kind.TEXT)}},
)
EVENTS = Schema(
    columns={"event": Type(Kind.TEXT), "offer": Type(Kind.TEXT), "total": Type(Kind.INTEGER)}
)


def action(name: str, *eligible: str, outcomes: Mapping[str, str] = {}, **more: Any) -> Action:
    return msgspec.structs.replace(
        builders.action(name),
        eligible=tuple(Condition(f"holds {text}", parse_condition(text, ROW)) for text in eligible),
        outcomes={each: parse_condition(text, EVENTS) for each, text in outcomes.items()},
        **more,
    )


def of(*actions: Action, **declared: Any) -> list[Cost]:
    return costs(builders.project(actions=list(actions), **declared))


def said(found: list[Cost]) -> list[tuple[str, str, str, int, int]]:
    return [(each.kind, each.name, each.text, each.count, each.alike) for each in found]


def test_what_the_index_takes_apart_costs_nothing() -> None:
    cheap = (
        "plan IN ('a', 'b') AND points > 5",
        "vip OR points BETWEEN 1 AND 3",
        "moved_at > ago('30d')",
        "COALESCE(days_since(moved_at), 99) > 30",
        "NOT (plan = 'a' AND vip IS NULL)",
    )
    outcomes = {"accepted": "event = 'Order Completed' AND total > 3"}
    assert of(*(action(f"a{n}", text, outcomes=outcomes) for n, text in enumerate(cheap))) == []


def test_an_expression_that_nobody_can_index_is_named_once() -> None:
    alone = "points + 3 > visits"
    found = of(action("one", alone, "vip"), action("two", "plan = 'a'", alone), action("three"))
    assert said(found) == [("asked_alone", f"one: holds {alone}", alone, 2, 2)]


def test_what_goes_through_items_is_named_as_that() -> None:
    text = "any(tickets, state = 'open')"
    assert said(of(action("one", text))) == [("over_items", f"one: holds {text}", text, 1, 1)]


def test_too_many_ors_are_named_where_no_condition_is_dear_by_itself() -> None:
    few = [f"(plan = 'a' OR points > {n})" for n in range(4)]
    assert of(action("one", *few)) == []
    [found] = of(action("one", *few, "(vip OR points > 9)"))
    assert (found.kind, found.name, found.count) == ("too_many_ors", "one: eligible", 5)


def test_actions_that_differ_only_in_a_constant_have_a_great_table() -> None:
    def differing(number: int) -> list[Action]:
        return [
            action(
                f"a{n:04}",
                suitable=(Condition("more", parse_condition(f"points > {n}", ROW)),),
                outcomes={"accepted": _ordered(n)},
            )
            for n in range(number)
        ]

    assert of(*differing(200)) == []
    [found] = of(*differing(1_200))
    assert (found.kind, found.name, found.text) == ("many_constants", "a0000", "points")
    assert (found.count, found.alike) == (1_200, 1_200)
    assert found.bytes > 1_000_000
    [shown] = shown_costs([found])
    assert shown.costs == f"constants of one column: its table takes {found.bytes / 1e6:.1f} MB"


def _ordered(number: int) -> str:
    return f"event = 'Order Completed' AND offer = 'a{number:04}'"


def test_a_condition_on_events_that_requires_none_is_named() -> None:
    text = "event = 'Order Completed' OR total > 3"
    assert said(of(action("one", outcomes={"accepted": text, "declined": _ordered(1)}))) == [
        ("every_event", "one: accepted", text, 1, 1)
    ]
    counted = builders.trait(
        "big",
        Type(Kind.INTEGER),
        aggregate="count",
        test=parse_condition("total > 3", EVENTS),
    )
    assert said(of(profile=Profile(traits={"big": counted}))) == [
        ("every_event", "big", "total > 3", 1, 1)
    ]


def test_conditions_that_require_the_same_event_and_no_more_are_named_together() -> None:
    def asking(number: int) -> list[Action]:
        texts = [f"event IN ('Order Completed', 'Paid') AND total > {n}" for n in range(number)]
        return [action(f"a{n}", outcomes={"accepted": text}) for n, text in enumerate(texts)]

    assert of(*asking(99)) == []
    for number in (100, 101):
        assert said(of(*asking(number))) == [
            ("same_event", "a0: accepted", "Order Completed", number, number),
            ("same_event", "a0: accepted", "Paid", number, number),
        ]


def test_what_is_about_a_collection_is_named_by_its_bound() -> None:
    def about(limit: int) -> list[Cost]:
        tickets = Collection(
            name="tickets",
            key="id",
            events=frozenset(),
            fields={"id": Type(Kind.TEXT)},
            limit=limit,
            where=HERE,
        )
        guard = builders.guard("an open case", about="tickets")
        return of(
            action("one", about="tickets"),
            action("gone", about="tickets", status="retired"),
            action("two"),
            profile=Profile(collections={"tickets": tickets}),
            policy=Policy(guards=(guard,)),
        )

    assert about(100) == []
    assert said(about(50_000)) == [("each_item", "one", "tickets", 50_000, 2)]


def test_groups_and_long_windows_are_named() -> None:
    limits = (
        builders.contact_limit("at home", 3, window=7 * DAY, group="household"),
        builders.contact_limit("for ever", 3, window=3_650 * DAY),
        builders.contact_limit("a year", 3, window=366 * DAY),
        builders.contact_limit("a day", 3, window=None),
    )
    silence = Suppression(name="no", outcome="declined", window=400 * DAY, where=HERE)
    policy = Policy(contact_limits=limits, suppressions=(silence,))
    assert said(of(policy=policy)) == [
        ("each_member", "at home", "household", 50, 1),
        ("long_window", "for ever", "3650d", 3_650, 1),
        ("long_window", "no", "400d", 400, 1),
    ]


def test_a_group_is_named_once_for_all_that_ask_for_it() -> None:
    guards = tuple(
        builders.guard(name, group=group)
        for name, group in (("a case", "household"), ("no credit", "company"))
    )
    limits = (builders.contact_limit("at home", 3, window=7 * DAY, group="household"),)
    assert said(of(policy=Policy(guards=guards, contact_limits=limits))) == [
        ("each_member", "a case", "household", 50, 2),
        ("each_member", "no credit", "company", 50, 1),
    ]


def test_every_kind_has_words() -> None:
    assert set(WORDS) == set(COST_KINDS) == set(get_args(CostKind))


def test_the_empty_project_costs_nothing() -> None:
    empty: Project = builders.project()
    assert costs(empty) == []
