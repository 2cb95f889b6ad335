"""What does not hold together, file by file: the checks behind the shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tuttu import catalog
from tuttu.vocabulary.errors import Fault
from tuttu.vocabulary.values import Kind, Type

Write = Callable[..., Path]
Faults = Callable[[Mapping[str, str]], list[Fault]]
OFFER = "actions/sales/tv/offer.yaml"
GROUP = "actions/sales/tv/_group.yaml"


def told(faults: list[Fault]) -> list[tuple[str, str]]:
    return [(str(fault.where), fault.found) for fault in faults]


def with_traits(base: Mapping[str, str], lines: str) -> dict[str, str]:
    """The small company with more traits, from line 8 of traits.yaml on."""
    text = base["traits.yaml"].replace(
        "  has_tv: {type: bool}\n", f"  has_tv: {{type: bool}}\n{lines}"
    )
    return {"traits.yaml": text}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "  a: {expression: b + 1}\n  b: {expression: c + 1}\n  c: {expression: a + 1}\n",
            [("traits.yaml:8", "traits that read each other: a → b → c → a")],
        ),
        (
            "  a: {expression: a + 1}\n",
            [("traits.yaml:8", "traits that read each other: a → a")],
        ),
        (
            ("  a: {expression: b + 1}\n  b: {expression: a + 1}\n  d: {expression: a + 2}\n"
            "  x: {first_known: [y, income]}\n  y: {first_known: [x, income]}\n"),
            [
                ("traits.yaml:8", "traits that read each other: a → b → a"),
                ("traits.yaml:11", "traits that read each other: x → y → x"),
            ],
        ),
        (
            "  a: {first_known: [income, has_tv]}\n",
            [("traits.yaml:8", "`has_tv`, which is bool")],
        ),
        ("  a: {first_known: [told.income, sold.income]}\n", [("traits.yaml:8", "`sold.income`")]),
        ("  a: {sum: weight, of: events}\n", [("traits.yaml:8", "`weight`, real")]),
        ("  a: {sum: wait}\n", [("traits.yaml:8", "`wait`")]),
        ("  a: {max: products}\n", [("traits.yaml:8", "`products`")]),
        ("  a: {last: state, of: tickets}\n", [("traits.yaml:8", "`state`")]),
        ("  a: {count: events, of: tickets}\n", [("traits.yaml:8", "`of`")]),
        ("  a: {type: bool, count: tickets}\n", [("traits.yaml:8", "`count`")]),
        ("  a: {sequence: [Ticket Opened, Order Completed]}\n", [("traits.yaml:8", "no `within`")]),
        ("  a: {sequence: [Ticket Opened], within: 1d}\n", [("traits.yaml:8", "a list")]),
        ("  a: {sequence: [Ticket Opened, Sold], within: 1d}\n", [("traits.yaml:8", "`Sold`")]),
        (
            "  a: {count: events, where: \"event = 'Ticket Open'\"}\n",
            [("traits.yaml:8", "`Ticket Open`")],
        ),
        ("  tickets: {type: bool}\n", [("traits.yaml:8", "the name `tickets`")]),
    ],
)  # fmt: skip
def test_traits_that_cannot_be(
    faults: Faults, base: Mapping[str, str], lines: str, expected: list[tuple[str, str]]
) -> None:
    assert told(faults(with_traits(base, lines))) == expected


def test_traits_may_read_each_other_in_any_order(write: Write, base: Mapping[str, str]) -> None:
    lines = (
        "  rich: {expression: best > 10}\n"
        "  best: {first_known: [guess, income]}\n"
        "  guess: {expression: 2 * told.income}\n"
        "  spent: {sum: total, of: events, in: 30d}\n"
        "  state: {first: status, of: tickets, in: 7d}\n"
    )
    profile = catalog.load(write(with_traits(base, lines))).profile
    order = profile.derived_order
    assert order.index("guess") < order.index("best") < order.index("rich")
    assert profile.traits["best"].type == Type(Kind.INTEGER)
    assert profile.traits["spent"].type == Type(Kind.MONEY)
    assert profile.traits["state"].type == Type(Kind.TEXT)


def test_a_segment_is_a_condition_with_a_name_of_its_own(
    faults: Faults, base: Mapping[str, str]
) -> None:
    segments = "segments:\n  has_tv: income > 3\n  poor: income\n  odd: {expression: incme > 3}\n"
    found = faults({"traits.yaml": base["traits.yaml"] + segments})
    assert [(where, what[:20]) for where, what in told(found)][:1] == [
        ("traits.yaml:15", "the name `has_tv`")
    ]
    assert [str(fault.where) for fault in found] == [
        "traits.yaml:15",
        "traits.yaml:16",
        "traits.yaml:17",
    ]
    assert found[2].nearest == "income"


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("[marketing]", []),
        ("[service, marketing]", []),
        ("[profiling]", []),
        ("[service, profiling]", []),
        ("[]", []),
        ("[service]", ["`income`, which is for service, in a rule for marketing"]),
    ],
)
def test_a_rule_reads_traits_that_are_for_its_purpose(
    faults: Faults, base: Mapping[str, str], use: str, expected: list[str]
) -> None:
    traits = base["traits.yaml"].replace("{type: integer}", f"{{type: integer, use: {use}}}")
    traits += "segments: {rich: income > 10}\n"
    offer = base[OFFER].replace("NOT has_tv", "NOT has_tv AND rich")
    found = faults({"traits.yaml": traits, OFFER: offer})
    assert [fault.found for fault in found] == expected
    assert all(fault.where.file == OFFER and fault.where.line == 7 for fault in found)


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("guards:\n  g: {when: income, blocks: marketing}\n", 2, "income"),
        ("guards:\n  g: {when: has_tv, blocks: marketing, through: soon}\n", 2, "soon"),
        ("guards:\n  g: {when: has_tv, blocks: marketing, through: 3d after income}\n", 2,
         "`income`, which is integer"),
        ("guards:\n  g: {when: has_tv, blocks: marketing, until: 3d after max(ticket.opened_at)}\n",
         2, "ticket"),
        (("guards:\n  g:\n    when: has_tv\n    blocks: marketing\n"
         "    until: 3d after max(tickets.opened_at)\n    through: 1d after now\n"),
         5, "both `through` and `until`"),
        ("contact_limits:\n  x: {at_most: 1, in: 1d, of: family}\n", 2, "`family`"),
        ("contact_limits:\n  x: {at_most: 1, in: 1d, channel: fax}\n", 2, "`fax`"),
        ("contact_limits:\n  x: {at_most: 1, in: 1d, issue_group: tvs}\n", 2, "`tvs`"),
        ("contact_limits:\n  x: {at_most: -1, in: 1d}\n", 2, "`-1`"),
        ("suppressions:\n  x: {after: sulked, for: 1d}\n", 2, "`sulked`"),
        ("suppressions:\n  x: {after: declined, for: 1d, scope: all}\n", 2, "`all`"),
        ("levers:\n  x: {times: 2, by: a, why: b, until: 2026-01-01}\n", 2, "a lever on nothing"),
        ("levers:\n  x: {action: news, owner: sales, times: 2, by: a, why: b, until: 2026-01-01}\n",
         2, "`action` and `owner`"),
        ("levers:\n  x: {owner: sle, times: 2, by: a, why: b, until: 2026-01-01}\n", 2, "`sle`"),
        ("levers:\n  x: {owner: sales, times: 2, by: a, why: b}\n", 2, "a lever without an end"),
        ("levers:\n  x: {owner: sales, times: 2, by: a, why: b, until: 2026-02-30}\n", 2,
         "`2026-02-30`"),
        ("controls: {no_marketing: 60%, random_choice: 0.5}\n", 1, "slices of 110% together"),
        ("controls: {no_marketing: 2}\n", 1, "`2`"),
        ("controls: {no_marketing: lots}\n", 1, "`lots`"),
        ("exploration: 120%\n", 1, "120%"),
    ],
)  # fmt: skip
def test_policy_that_does_not_hold(faults: Faults, text: str, line: int, found: str) -> None:
    (fault,) = faults({"policy.yaml": text})
    assert str(fault.where) == f"policy.yaml:{line}"
    assert found in fault.found


@pytest.mark.parametrize(
    ("old", "new", "line", "found"),
    [
        ("status: live\n", "", 1, "no `status`"),
        ("propensity: 0.03\n", "", 1, "no `propensity`"),
        ("value: 12 * 9.90\n", "", 1, "no `value`"),
        ("purpose: marketing\n", "", 1, "no `purpose`"),
        ("value: 12 * 9.90", "value: has_tv", 4, "`has_tv`, which is bool"),
        ("value: 12 * 9.90", "value: 12 *", 4, "12 *"),
        ("propensity: 0.03", "propensity: {modle: x}", 5, "a mapping"),
        ("NOT has_tv", "income", 7, "income"),
        ("NOT has_tv", "has_tv = 'yes'", 7, "has_tv = 'yes'"),
        ("propensity: 0.03", "propensity: 0.03\nvalid: {from: 2026-02-01, until: 2026-01-01}", 6,
         "a period that ends before it begins"),
        ("propensity: 0.03", "propensity: 0.03\nvalid: {through: 2026-01-31, until: 2026-01-01}", 6,
         "both `through` and `until`"),
        ("propensity: 0.03", "propensity: 0.03\noutcomes: {ignored: event = 'Order Completed'}", 6,
         "the outcome `ignored`"),
        ("propensity: 0.03", "propensity: 0.03\noutcomes:\n  sold: event = 'Order'", 7, "`Order`"),
        ("propensity: 0.03", "propensity: 0.03\noutcomes:\n  sold: has_tv", 7, "has_tv"),
    ],
)  # fmt: skip
def test_actions_that_do_not_hold(
    faults: Faults, base: Mapping[str, str], old: str, new: str, line: int, found: str
) -> None:
    (fault,) = faults({OFFER: base[OFFER].replace(old, new)})
    assert str(fault.where) == f"{OFFER}:{line}"
    assert found in fault.found


def test_a_period_of_one_day_holds(write: Write, base: Mapping[str, str]) -> None:
    text = base[OFFER] + "valid: {from: 2026-02-01, through: 2026-02-01}\n"
    action = catalog.load(write({OFFER: text})).actions["offer"]
    assert action.valid_from is not None
    assert action.valid_until is not None
    assert action.valid_until - action.valid_from == 24 * 3600 * 1_000_000


def test_one_name_is_one_action(faults: Faults, base: Mapping[str, str]) -> None:
    twin = "actions/service/cases/offer.yaml"
    (fault,) = faults({twin: base[OFFER]})
    assert str(fault.where) == f"{twin}:1"
    assert OFFER in fault.expected


def test_an_expression_over_lines_is_faulted_on_its_own_line(
    faults: Faults, base: Mapping[str, str]
) -> None:
    text = base[OFFER].replace(
        "  has no TV: NOT has_tv", "  has no TV: |\n    NOT has_tv\n    AND incme > 3"
    )
    (fault,) = faults({OFFER: text})
    assert (str(fault.where), fault.nearest) == (f"{OFFER}:9", "income")


def test_what_a_group_gives_may_be_left_out(write: Write, base: Mapping[str, str]) -> None:
    group = (
        "status: paused\npurpose: marketing\n"
        "eligible: {earns: income > 0, has no TV: has_tv}\n"
        "treatments: {call: {cost: 9, holds: 1d}, letter: {cost: 1}}\n"
    )
    offer = (
        base[OFFER].replace("status: live\npurpose: marketing\n", "").replace(" cost: 4.00,", "")
    )
    action = catalog.load(write({GROUP: group, OFFER: offer})).actions["offer"]
    assert (action.status, action.purpose) == ("paused", "marketing")
    assert [(one.name, one.test.text) for one in action.eligible] == [
        ("earns", "income > 0"),
        ("has no TV", "NOT has_tv"),
    ]
    assert (action.treatments["call"].cost, action.treatments["call"].uses) == (
        90_000,
        {"minutes": 8},
    )
    assert set(action.treatments) == {"web", "call"}


def test_a_fault_in_a_group_is_one_fault_in_its_file(
    faults: Faults, base: Mapping[str, str]
) -> None:
    second = base[OFFER].replace("action: offer", "action: other")
    group = "eligible: {earns: incme > 0}\npurpose: [1]\n"
    found = faults({GROUP: group, "actions/sales/tv/other.yaml": second})
    assert told(found) == [(f"{GROUP}:1", found[0].found), (f"{GROUP}:2", "a list")]


def test_a_group_that_cannot_be_read_hides_what_its_actions_lack(
    faults: Faults, base: Mapping[str, str]
) -> None:
    found = faults({GROUP: "status: [live\n", OFFER: base[OFFER].replace("status: live\n", "")})
    assert [fault.where.file for fault in found] == [GROUP]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("writes: [{event: Ticket Opened, traits: {income: status}}]\n", "without a source"),
        ("writes: [{event: Order Completed, traits: {incme: total}}]\n", "`incme`"),
        ("writes: [{event: Order Completed, traits: {income: totl}}]\n", "`totl`"),
        ("writes: [{event: Order Completed, traits: {open_tickets: total}}]\n", "`open_tickets`"),
        ("contacts: [{event: Order Completed, channel: fax, purpose: service}]\n", "`fax`"),
        ("contacts: [{event: Order Completed, channel: call, purpose: sale}]\n", "`sale`"),
        ("contacts: [{event: Order Completed, channel: call, purpose: service, action: ofer}]\n",
         "`ofer`"),
        (("contacts: [{event: Order Completed, channel: call, purpose: service, action: offer, "
         "action_from: total}]\n"), "both `action` and `action_from`"),
        (("contacts: [{event: Order Completed, channel: call, purpose: service, "
         "outcome_map: {a: accepted}}]\n"), "`outcome_map`"),
        (("contacts: [{event: Order Completed, channel: call, purpose: service, "
         "outcome_from: total, outcome_map: {a: bought}}]\n"), "`bought`"),
        (("contacts: [{event: Order Completed, channel: call, purpose: service, "
         "when: total}]\n"), "total"),
        ("consent: [{event: Yes Said, allowed: true}]\n", "`Yes Said`"),
        ("consent: [{event: Ticket Opened, allowed: true, purpose: sale}]\n", "`sale`"),
        ("outcomes: {Ticket Opened: seen}\n", "`seen`"),
        ("outcomes: {Ticket Closed: viewed}\n", "`Ticket Closed`"),
        ("undeclared: drop\n", "`drop`"),
        ("writes: [{event: Ticket Opened, source: contacted, traits: {home_id: ticket_id}}]\n",
         "`contacted`"),
    ],
)  # fmt: skip
def test_what_events_do_must_refer_to_something(
    faults: Faults, base: Mapping[str, str], lines: str, found: str
) -> None:
    (fault,) = faults({"events.yaml": base["events.yaml"] + lines})
    assert str(fault.where) == "events.yaml:6"
    assert found in fault.found


def test_a_property_has_one_type_in_all_events(faults: Faults, base: Mapping[str, str]) -> None:
    (fault,) = faults(
        {"events.yaml": base["events.yaml"].replace("weight: real", "status: integer")}
    )
    assert str(fault.where) == "events.yaml:4"
    assert fault.expected == "the type it has at events.yaml:2"


def test_a_property_that_is_required_is_declared(faults: Faults, base: Mapping[str, str]) -> None:
    text = base["events.yaml"].replace(
        "opened_at: timestamp}}", "opened_at: timestamp}, required: [id]}"
    )
    (fault,) = faults({"events.yaml": text})
    assert (str(fault.where), fault.found) == ("events.yaml:2", "`id`")


def test_blocked_values_are_written_as_they_are_compared(faults: Faults) -> None:
    blocked = "{normalise: [trim, lower], blocked: [UNKNOWN, none]}"
    text = f"namespaces:\n  user_id: {blocked}\n  anonymous_id: {{}}\n"
    (fault,) = faults({"identity.yaml": text})
    assert (str(fault.where), fault.found) == ("identity.yaml:2", "`UNKNOWN`")
    assert "`unknown`" in fault.expected
