"""Resources: claimed with the decision, used when seen, never more than there are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.builders import HERE, NOON

from tuttu.ledger import ROOM, History, ResourceState, resource_state
from tuttu.ledger.resources import period_key
from tuttu.storage import Store
from tuttu.vocabulary.company import Resource
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.facts import Committed, Refused, Result
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import HOUR, MINUTE
from tuttu.vocabulary.verdicts import Contact

Make = Callable[..., Contact]
Decided = Callable[..., Result]
Tell = Callable[..., Event]
Heard = Callable[..., None]
Seen = Callable[..., History]
State = Callable[..., tuple[int, int, int]]

"""2026-03-05T10:00:00Z, twelve o'clock in Helsinki."""
MIDNIGHT = NOON + 12 * HOUR


@pytest.fixture
def state(project: Project) -> State:
    """state(store, name, now): (used, held, free)."""

    def read(store: Store, name: str, now: int) -> tuple[int, int, int]:
        with store.read() as snapshot:
            found = resource_state(snapshot, project, name, now)
            assert snapshot.reads == ()
        return found.used, found.held, found.free

    return read


def test_an_inbound_claim_is_held_and_comes_free_again(
    store: Store, contact: Make, decided: Decided, state: State
) -> None:
    assert state(store, "vouchers", NOON) == (0, 0, 1)
    decided(store, contact(store, "d1.1", NOON, uses={"vouchers": 1}))
    assert state(store, "vouchers", NOON + 30 * MINUTE - 1) == (0, 1, 0)
    assert state(store, "vouchers", NOON + 30 * MINUTE) == (0, 0, 1)


def test_a_claim_that_does_not_fit_falls_whole(
    store: Store, contact: Make, decided: Decided, state: State, history: Seen
) -> None:
    first = contact(store, "d1.1", NOON, uses={"vouchers": 1})
    assert decided(store, first) == Committed(1)
    both = [
        contact(store, "d2.1", NOON + 1, uses={"minutes": 4}),
        contact(store, "d2.2", NOON + 1, uses={"minutes": 1, "vouchers": 1}),
    ]
    assert decided(store, *both) == Refused("vouchers")
    assert state(store, "minutes", NOON + 1) == (0, 0, 10)
    assert [each.id for each in history(store, NOON + 1).contacts] == ["d1.1"]


@pytest.mark.parametrize(("others", "used", "lost"), [(2, (6, 1), False), (8, (8, 0), True)])
def test_of_two_resources_one_hold_that_a_reload_has_lost_is_claimed_again(
    project: Project,
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    others: int,
    used: tuple[int, int],
    lost: bool,
) -> None:
    """Minutes are counted by the week since: the hold of the day is not among those of the week.
    That of the voucher alone does not let the contact exceed what there is."""
    decided(store, contact(store, "d1.1", NOON, uses={"vouchers": 1, "minutes": 4}))
    resources = [
        Resource(name="vouchers", amount=2, where=HERE),
        Resource(name="minutes", amount=10, per="week", where=HERE),
    ]
    reloaded = msgspec.structs.replace(project, resources={each.name: each for each in resources})
    store.register([ROOM.live_folds(reloaded)])
    mail = contact(store, "d2.1", NOON + 1, treatment="email", uses={"minutes": others})
    assert isinstance(decided(store, mail), Committed)
    heard(store, event("Offer Viewed", NOON + 2, contact_id="d1.1"))
    with store.read() as snapshot:
        minutes, vouchers = (
            resource_state(snapshot, reloaded, name, NOON + 3) for name in ("minutes", "vouchers")
        )
    assert (minutes.used, vouchers.used) == used
    assert minutes.used <= minutes.amount
    assert vouchers.held == 0
    seen = {entry.contact.id: entry for entry in history(store, NOON + 3).entries}
    assert seen["d1.1"].lost is lost


def test_a_claim_takes_the_place_of_a_hold_that_ran_out_at_that_very_moment(
    store: Store, contact: Make, decided: Decided
) -> None:
    decided(store, contact(store, "d1.1", NOON, uses={"vouchers": 1}))
    edge = NOON + 30 * MINUTE
    early = contact(store, "d2.1", edge - 1, uses={"vouchers": 1})
    assert decided(store, early) == Refused("vouchers")
    assert decided(store, contact(store, "d3.1", edge, uses={"vouchers": 1})) == Committed(2)


def test_a_view_turns_the_hold_into_use_once(
    store: Store, contact: Make, decided: Decided, event: Tell, heard: Heard, state: State
) -> None:
    decided(store, contact(store, "d1.1", NOON, uses={"minutes": 4}))
    heard(store, event("Offer Viewed", NOON + 1, contact_id="d1.1"))
    heard(store, event("Offer Viewed", NOON + 2, contact_id="d1.1"))
    heard(store, event("Offer Clicked", NOON + 3, contact_id="d1.1"))
    assert state(store, "minutes", NOON + HOUR) == (4, 0, 6)


def test_a_late_view_claims_again_what_is_still_free(
    store: Store, contact: Make, decided: Decided, event: Tell, heard: Heard, state: State
) -> None:
    decided(store, contact(store, "d1.1", NOON, uses={"vouchers": 1}))
    heard(store, event("Offer Viewed", NOON + HOUR, contact_id="d1.1"))
    assert state(store, "vouchers", NOON + HOUR) == (1, 0, 0)


def test_a_late_view_of_what_is_gone_counts_without_units(
    project: Project,
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    state: State,
    history: Seen,
) -> None:
    decided(store, contact(store, "d1.1", NOON, uses={"vouchers": 1}))
    decided(store, contact(store, "d2.1", NOON + HOUR, who="anna", uses={"vouchers": 1}))
    heard(store, event("Offer Viewed", NOON + HOUR, contact_id="d1.1"))
    assert state(store, "vouchers", NOON + HOUR) == (0, 1, 0)
    (entry,) = history(store, NOON + HOUR).entries
    assert (entry.contact.state, entry.lost) == ("counted", True)
    tv = project.actions["tv"]
    assert history(store, NOON + HOUR).held(tv, tv.treatments["web"]) is None


def test_outbound_uses_at_once_and_a_failed_delivery_gives_back(
    store: Store, contact: Make, decided: Decided, event: Tell, heard: Heard, state: State
) -> None:
    decided(store, contact(store, "d1.1", NOON, treatment="email", uses={"minutes": 10}))
    assert state(store, "minutes", NOON + HOUR) == (10, 0, 0)
    heard(store, event("Email Failed", NOON + HOUR, contact_id="d1.1"))
    heard(store, event("Email Failed", NOON + HOUR + 1, contact_id="d1.1"))
    assert state(store, "minutes", NOON + HOUR) == (0, 0, 10)


def test_a_period_is_a_calendar_day_in_the_project_s_zone(
    store: Store, contact: Make, decided: Decided, event: Tell, heard: Heard, state: State
) -> None:
    decided(store, contact(store, "d1.1", MIDNIGHT - 1, uses={"minutes": 10}))
    assert state(store, "minutes", MIDNIGHT - 1) == (0, 10, 0)
    assert state(store, "minutes", MIDNIGHT) == (0, 0, 10)
    heard(store, event("Offer Viewed", MIDNIGHT + 1, contact_id="d1.1"))
    assert state(store, "minutes", MIDNIGHT - 1) == (10, 0, 0)
    assert state(store, "minutes", MIDNIGHT + 1) == (0, 0, 10)


def test_the_later_of_two_amounts_holds_in_whatever_order_they_come(
    store: Store, amount_set: Decided, state: State
) -> None:
    amount_set(store, "minutes", 7, NOON + 5, id="b")
    amount_set(store, "minutes", 3, NOON + 5, id="a")
    amount_set(store, "minutes", 2, NOON, id="z")
    assert state(store, "minutes", NOON + 9) == (0, 0, 7)


def test_a_lowered_amount_breaks_no_promise_and_shows_nothing_negative(
    project: Project,
    store: Store,
    contact: Make,
    decided: Decided,
    amount_set: Decided,
    event: Tell,
    heard: Heard,
) -> None:
    decided(store, contact(store, "d1.1", NOON, uses={"minutes": 8}))
    amount_set(store, "minutes", 5, NOON + 1)
    heard(store, event("Offer Viewed", NOON + 2, contact_id="d1.1"))
    with store.read() as snapshot:
        found = resource_state(snapshot, project, "minutes", NOON + 3)
    assert found == ResourceState(name="minutes", amount=5, used=8, held=0, per="day")
    assert found.free == 0
    more = contact(store, "d2.1", NOON + 3, who="anna", uses={"minutes": 1})
    assert decided(store, more) == Refused("minutes")


def test_fifty_threads_want_the_last_unit_and_one_gets_it(
    store: Store, contact: Make, decided: Decided, state: State
) -> None:
    results: list[Result] = []

    def want(number: int) -> None:
        mine = contact(store, f"d{number}.1", NOON, who=f"c{number}", uses={"vouchers": 1})
        results.append(decided(store, mine))

    threads = [threading.Thread(target=want, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(each).__name__ for each in results) == ["Committed"] + ["Refused"] * 49
    assert set(results) - {Committed(1)} == {Refused("vouchers")}
    assert state(store, "vouchers", NOON) == (0, 1, 0)


@pytest.mark.parametrize(
    ("per", "period"),
    [
        (None, ""),
        ("day", "day 2026-03-05"),
        ("week", "week 2026-03-02"),
        ("month", "month 2026-03-01"),
        ("year", "year 2026-01-01"),
    ],
)
def test_use_is_stored_by_the_first_day_of_its_period(per: Any, period: str) -> None:
    minutes = Resource(name="minutes", amount=1, per=per, where=HERE)
    assert period_key(minutes, NOON, "Europe/Helsinki") == f"minutes\x00{period}".encode()


@pytest.mark.parametrize("order", [("Email Failed", "Email Sent"), ("Email Sent", "Email Failed")])
def test_what_failed_has_used_nothing_whatever_is_said_of_it_later(
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    state: State,
    order: tuple[str, str],
) -> None:
    decided(store, contact(store, "d1.1", NOON, treatment="email", uses={"minutes": 4}))
    for minute, name in enumerate(order):
        heard(store, event(name, NOON + minute, contact_id="d1.1"))
    assert state(store, "minutes", NOON + HOUR) == (0, 0, 10)
