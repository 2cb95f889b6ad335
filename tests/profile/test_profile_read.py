"""What one read of a customer gives: examples with values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
import pytest

from tuttu.profile import read
from tuttu.profile.records import STEPS
from tuttu.storage import Snapshot
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import INTEGER_MAX, Value

Call = Callable[..., Event]
Heard = Callable[..., AbstractContextManager[Snapshot]]
Person = Callable[..., Customer]
Show = Callable[..., dict[str, Value]]


@pytest.fixture
def show(project: Project, heard: Heard, person: Person) -> Show:
    """show(events, now): Maija's row after these events."""

    def shown(events: list[Event], now: int = 1_000, *, profiling: bool = True) -> dict[str, Value]:
        with heard(project, events) as snapshot:
            maija = person(snapshot, "maija")
            return read(snapshot, maija, project, now, profiling=profiling)

    return shown


def test_row_of_a_customer_never_seen_has_every_column(project: Project, show: Show) -> None:
    row = show([])
    assert set(row) == {"now", "tickets", *project.row_schema.columns}
    assert row["now"] == 1_000
    assert row["tickets"] == []
    zero = {name for name, value in row.items() if value == 0 and value is not False}
    of_orders = {"orders", "orders_10", "priced", "priced_10", "large"}
    assert zero == of_orders | {"open_tickets", "dear_tickets", "tickets_10"}
    sequences = {"left_report", "left_lately", "came_back"}
    assert {row[name] for name in sequences} == {False}
    known = zero | {"now", "tickets"} | sequences
    assert {row[name] for name in set(row) - known} == {None}


def test_newest_write_wins_by_time_whatever_arrives_last(call: Call, show: Show) -> None:
    events = [
        call("b", 7, "Identify", kind="identify", traits={"home": "Turku"}),
        call("a", 5, "Identify", kind="identify", traits={"home": "Oulu"}),
    ]
    assert show(events)["home"] == "Turku"


def test_message_id_decides_between_writes_of_the_same_microsecond(call: Call, show: Show) -> None:
    events = [
        call("m2", 5, "Identify", kind="identify", traits={"home": "Turku"}),
        call("m1", 5, "Identify", kind="identify", traits={"home": "Oulu"}),
    ]
    assert show(events)["home"] == "Turku"


def test_each_source_keeps_its_own_value_and_the_bare_name_is_the_newest(
    call: Call, show: Show
) -> None:
    events = [
        call("a", 5, "Identify", kind="identify", traits={"size": "42"}),
        call("b", 6, "Order", shoe={"size": 38}),
    ]
    row = show(events)
    assert (row["told.size"], row["bought.size"], row["size"]) == (42, 38, 38)
    assert row["known_size"] == 42


@pytest.mark.parametrize("first", [{"context": {"size": 1}}, {"shoe": {"size": 1}}])
def test_one_event_that_writes_under_two_sources_is_decided_by_their_names(
    first: dict[str, object], call: Call, show: Show
) -> None:
    both = call("b", 6, "Order", context={"size": 40}, shoe={"size": 38})
    row = show([call("a", 5, "Order", **first), both])
    assert (row["told.size"], row["bought.size"], row["size"]) == (40, 38, 40)


def test_null_clears_and_what_is_not_understood_changes_nothing(call: Call, show: Show) -> None:
    said = call("a", 5, "Identify", kind="identify", traits={"size": 42, "home": "Oulu"})
    cleared = call("b", 6, "Identify", kind="identify", traits={"home": None})
    unread = call("c", 6, "Identify", kind="identify", traits={"size": "about forty"})
    row = show([said, cleared, unread])
    assert (row["home"], row["size"]) == (None, 42)
    assert show([said, call("d", 6, "Order", shoe=3)])["size"] == 42


def test_traits_in_the_context_of_any_call_are_written_and_traits_of_a_group_are_not(
    call: Call, show: Show
) -> None:
    events = [
        call("a", 5, "Order", context={"home": "Vaasa"}),
        call("b", 6, "Group", kind="group", group_id="g1", traits={"home": "Headquarters"}),
    ]
    row = show(events)
    assert (row["home"], row["group_id"]) == ("Vaasa", "g1")


def test_undeclared_and_computed_traits_cannot_be_written(call: Call, show: Show) -> None:
    traits = {"orders": 99, "spender": True, "stranger": 1, "tags": ["x", "y"]}
    row = show([call("a", 5, "Identify", kind="identify", traits=traits)])
    assert (row["orders"], row["spender"], row["tags"]) == (0, None, ["x", "y"])
    assert "stranger" not in row


def test_collection_is_last_written_field_by_field(call: Call, show: Show) -> None:
    events = [
        call("c", 9, "Ticket Resolved", ticket_id="T1", status="resolved"),
        call("a", 5, "Ticket Opened", ticket_id="T1", status="open", fee=2),
        call("b", 6, "Ticket Opened", ticket_id=7, fee="1.5"),
        call("d", 7, "Ticket Opened", ticket_id=None, fee=100),
        call("e", 7, "Ticket Opened", fee=100),
        call("f", 7, "Ticket Closed", ticket_id="T9", fee=100),
    ]
    row = show(events)
    assert row["tickets"] == [
        {"ticket_id": "7", "status": None, "fee": 15_000},
        {"ticket_id": "T1", "status": "resolved", "fee": 20_000},
    ]
    assert (row["open_tickets"], row["fees"], row["last_status"]) == (1, 35_000, "resolved")


def test_items_count_where_true_and_while_something_is_heard_of_them(
    call: Call, show: Show
) -> None:
    events = [
        call("a", 5, "Ticket Opened", ticket_id="T1", fee=2),
        call("b", 14, "Ticket Resolved", ticket_id="T1"),
        call("c", 6, "Ticket Opened", ticket_id="T2", fee=1),
        call("d", 6, "Ticket Opened", ticket_id="T3"),
    ]
    counts = [
        (show(events, now)["dear_tickets"], show(events, now)["tickets_10"])
        for now in (16, 17, 24, 25)
    ]
    assert counts == [(1, 3), (1, 1), (1, 1), (1, 0)]


def test_window_holds_what_is_not_older_than_it_and_not_of_the_future(
    call: Call, show: Show
) -> None:
    events = [call(f"e{time}", time, amount=time) for time in (90, 91, 100)]
    counts = {now: show(events, now)["orders_10"] for now in (99, 100, 101, 102, 110, 111)}
    assert counts == {99: 2, 100: 3, 101: 2, 102: 1, 110: 1, 111: 0}
    assert show(events, 111)["spent_10"] is None
    assert show(events, 102)["spent_10"] == 1_000_000
    assert show(events, 111)["orders"] == 3


def test_condition_on_an_event_counts_only_where_true(call: Call, show: Show) -> None:
    events = [
        call("a", 1, amount=6),
        call("b", 1, amount=5),
        call("c", 1, amount=None),
        call("d", 1, amount="much"),
    ]
    row = show(events)
    assert (row["large"], row["orders"], row["priced"]) == (1, 4, 2)


def test_sum_beyond_64_bits_is_null_until_it_comes_back(call: Call, show: Show) -> None:
    half = (INTEGER_MAX // 10_000) - 1
    up = [call(f"u{number}", number, amount=half) for number in range(3)]
    assert show(up, 5)["spent"] is None
    assert show(up, 5)["spent_10"] is None
    down = [call(f"d{number}", number, amount=-half) for number in range(2)]
    assert show([*up, *down], 5)["spent"] == half * 10_000
    assert show([*up, *down], 5)["spent_10"] == half * 10_000


def test_without_a_field_an_aggregate_is_over_times(call: Call, show: Show) -> None:
    row = show([call("a", 3), call("b", 8), call("c", 9, "Visit")], 15)
    assert (row["ordered_at"], row["ordered_at_10"]) == (8, 8)


@pytest.mark.parametrize(
    ("report", "contract", "now", "left"),
    [(10, 40, 40, True), (10, 41, 41, False), (10, 40, 39, False), (40, 10, 50, False)],
)
def test_sequence_is_in_order_and_within_its_time(
    report: int, contract: int, now: int, left: bool, call: Call, show: Show
) -> None:
    events = [call("c", contract, "Contract Viewed"), call("r", report, "Report Viewed")]
    assert show(events, now)["left_report"] is left


def test_sequence_at_one_microsecond_goes_by_message_id(call: Call, show: Show) -> None:
    assert show([call("1", 5, "Report Viewed"), call("2", 5, "Contract Viewed")])["left_report"]
    row = show([call("2", 5, "Report Viewed"), call("1", 5, "Contract Viewed")])
    assert row["left_report"] is False


@pytest.mark.parametrize(
    ("first", "second", "third", "now", "lately"),
    [
        (10, 20, 40, 60, True),
        (10, 20, 40, 61, False),
        (10, 20, 41, 50, False),
        (10, 39, 40, 39, False),
        (10, 10, 10, 10, True),
    ],
)
def test_a_sequence_ends(
    first: int, second: int, third: int, now: int, lately: bool, call: Call, show: Show
) -> None:
    events = [
        call("a", first, "Report Viewed"),
        call("b", second, "Contract Viewed"),
        call("c", third, "Contract Viewed"),
    ]
    assert show(events, now)["left_lately"] is lately


def test_of_several_last_steps_a_recent_one_in_time_counts(call: Call, show: Show) -> None:
    """The earliest one that ends the sequence may be too long ago, where a later one is not."""
    events = [
        call("a", 10, "Report Viewed"),
        *(call(f"c{time}", time, "Contract Viewed") for time in (11, 12, 30, 45)),
    ]
    found = {now: show(events, now)["left_lately"] for now in (12, 32, 33, 50, 51)}
    assert found == {12: True, 32: True, 33: True, 50: True, 51: False}


def test_a_step_that_comes_twice_must_happen_twice(call: Call, show: Show) -> None:
    assert show([call("a", 5, "Visit")])["came_back"] is False
    assert show([call("a", 5, "Visit"), call("b", 5, "Visit")])["came_back"] is True


def test_sequence_remembers_the_newest_happenings_of_each_step(call: Call, show: Show) -> None:
    events = [call("r", 1, "Report Viewed"), call("c", 2, "Contract Viewed")]
    more = [call(f"m{number:02}", 100 + number, "Report Viewed") for number in range(STEPS)]
    assert show([*events, *more[1:]])["left_report"] is True
    assert show([*events, *more])["left_report"] is False
    assert show([*more, *events])["left_report"] is False


def test_the_two_zeros_of_reals_are_one(call: Call, show: Show) -> None:
    zeros = [call("a", 1, ratio=0.0), call("b", 2, ratio=-0.0)]
    assert {repr(show(some)["highest"]) for some in (zeros, zeros[::-1])} == {"0.0"}


def test_derived_traits_and_segments_read_what_comes_before_them(call: Call, show: Show) -> None:
    events = [
        call("a", 5, "Report Viewed"),
        call("b", 6, "Contract Viewed"),
        call("c", 7, amount=9),
    ]
    row = show(events, 8)
    assert (row["spender"], row["left_report"], row["keen"]) == (True, True, True)
    later = show(events, 18)
    assert (later["spent_10"], later["spender"], later["keen"]) == (None, None, None)


def test_profiling_refused_reads_null_and_so_does_what_derives(call: Call, show: Show) -> None:
    events = [call("a", 5, "Identify", kind="identify", traits={"secret": 3, "size": 40})]
    allowed, refused = show(events), show(events, profiling=False)
    hidden = {name for name in allowed if allowed[name] != refused[name]}
    assert hidden == {"secret", "told.secret", "echo"}
    assert {refused[name] for name in hidden} == {None}


def test_first_known_traits_may_read_each_other_in_any_order_of_declaration(
    project: Project, call: Call, heard: Heard, person: Person
) -> None:
    traits = dict(project.profile.traits)
    shoe = msgspec.structs.replace(traits["known_size"], name="shoe", first_known=("best", "size"))
    best = msgspec.structs.replace(shoe, name="best", first_known=("bought.size",))
    profile = msgspec.structs.replace(
        project.profile, traits={"shoe": shoe, "best": best, **traits}
    )
    changed = msgspec.structs.replace(project, profile=profile)
    events = [
        call("a", 9, "Identify", kind="identify", traits={"size": 42}),
        call("b", 6, "Order", shoe={"size": 38}),
    ]
    with heard(changed, events) as snapshot:
        row = read(snapshot, person(snapshot, "maija"), changed, 10, profiling=True)
    assert (row["shoe"], row["best"]) == (38, 38)


def test_a_trait_defined_anew_begins_empty(
    project: Project, call: Call, heard: Heard, person: Person
) -> None:
    """Until it is filled from the log, it shows nothing that the old definition counted."""
    orders = msgspec.structs.replace(project.profile.traits["orders"], test=None)
    traits = {**project.profile.traits, "orders": orders}
    profile = msgspec.structs.replace(project.profile, traits=traits)
    changed = msgspec.structs.replace(project, profile=profile)
    with heard(project, [call("a", 5), call("b", 6, "Visit")]) as snapshot:
        maija = person(snapshot, "maija")
        assert read(snapshot, maija, project, 9, profiling=True)["orders"] == 1
        assert read(snapshot, maija, changed, 9, profiling=True)["orders"] == 0


def test_every_kind_of_change_voids_a_decision_that_read_the_customer(
    project: Project, call: Call, heard: Heard, person: Person
) -> None:
    """Items and pages are scanned unwatched: the watched record changes with them."""
    first = [call("a", 5, "Ticket Opened", ticket_id="T1"), call("b", 5)]
    more = [
        call("c", 4, "Ticket Opened", ticket_id="T1", fee=1),
        call("d", 4),
        call("e", 4, "Report Viewed"),
        call("f", 4, "Identify", kind="identify", traits={"size": 40}),
    ]
    for later in more:
        watched = []
        for batches in ([first], [first, [later]]):
            with heard(project, *batches) as snapshot:
                read(snapshot, person(snapshot, "maija"), project, 9, profiling=True)
                watched.append(snapshot.reads)
        assert watched[0] != watched[1], later
