"""What becomes of a contact: held, seen, answered, ignored, released. Values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.builders import NOON

from tuttu.ledger import History, outcomes_of
from tuttu.storage import Store
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.facts import Result
from tuttu.vocabulary.values import DAY, HOUR, MINUTE
from tuttu.vocabulary.verdicts import Contact

Make = Callable[..., Contact]
Decided = Callable[..., Result]
Tell = Callable[..., Event]
Heard = Callable[..., None]
Seen = Callable[..., History]

"""2026-03-05T10:00:00Z, twelve o'clock in Helsinki."""


@pytest.fixture
def offered(store: Store, contact: Make, decided: Decided) -> Store:
    """The store after one web offer of `tv` to Maija at noon: contact ``d1.1``."""
    decided(store, contact(store, "d1.1", NOON))
    return store


def _state(history: History, contact_id: str = "d1.1") -> tuple[str, int]:
    (found,) = [each for each in history.contacts if each.id == contact_id]
    return found.state, found.time


@pytest.mark.parametrize(
    ("now", "state"),
    [(NOON, "held"), (NOON + 30 * MINUTE - 1, "held"), (NOON + 30 * MINUTE, "released")],
)
def test_a_hold_ends_after_thirty_minutes(
    offered: Store, history: Seen, now: int, state: str
) -> None:
    assert _state(history(offered, now)) == (state, NOON)


def test_a_view_makes_it_count_from_then(
    offered: Store, event: Tell, heard: Heard, history: Seen
) -> None:
    heard(offered, event("Offer Viewed", NOON + 5, contact_id="d1.1"))
    heard(offered, event("Offer Viewed", NOON + 9, contact_id="d1.1"))
    seen = history(offered, NOON + DAY)
    assert _state(seen) == ("counted", NOON + 5)
    assert seen.columns() == {
        "contacted.tv": NOON + 5,
        "last_contact.web": NOON + 5,
        "answered.tv.viewed": NOON + 5,
    }


def test_a_view_after_the_hold_still_counts_for_it_was_seen(
    offered: Store, event: Tell, heard: Heard, history: Seen
) -> None:
    heard(offered, event("Offer Viewed", NOON + HOUR, contact_id="d1.1"))
    assert _state(history(offered, NOON + 2 * HOUR)) == ("counted", NOON + HOUR)


def test_a_click_alone_proves_that_it_was_seen(
    offered: Store, event: Tell, heard: Heard, history: Seen
) -> None:
    heard(offered, event("Offer Clicked", NOON + 7, contact_id="d1.1"))
    assert _state(history(offered, NOON + DAY)) == ("counted", NOON + 7)


def test_a_sender_s_clock_cannot_make_it_seen_before_it_was_made(
    offered: Store, event: Tell, heard: Heard, history: Seen
) -> None:
    heard(offered, event("Offer Viewed", NOON - 5, received=NOON + 5, contact_id="d1.1"))
    assert _state(history(offered, NOON + DAY)) == ("counted", NOON)


def test_what_another_fragment_reports_by_the_contact_s_id_is_its_outcome(
    offered: Store, event: Tell, heard: Heard, history: Seen
) -> None:
    heard(offered, event("Offer Viewed", NOON + 5, who="anonymous", contact_id="d1.1"))
    assert _state(history(offered, NOON + DAY)) == ("counted", NOON + 5)
    assert history(offered, NOON + DAY, "anonymous").contacts == ()


def test_an_unseen_offer_is_never_ignored(offered: Store, history: Seen) -> None:
    assert history(offered, NOON + 30 * DAY).outcomes() == {}


@pytest.mark.parametrize(
    ("now", "outcome"), [(3 * DAY + 4, "viewed"), (3 * DAY + 5, "ignored"), (90 * DAY, "ignored")]
)
def test_silence_is_ignored_when_the_time_to_answer_is_over(
    offered: Store, event: Tell, heard: Heard, history: Seen, now: int, outcome: str
) -> None:
    heard(offered, event("Offer Viewed", NOON + 5, contact_id="d1.1"))
    seen = history(offered, NOON + now)
    assert seen.outcomes() == {"d1.1": outcome}
    expected = NOON + 5 + 3 * DAY if outcome == "ignored" else None
    assert seen.columns(["answered.tv.ignored"]) == {"answered.tv.ignored": expected}


@pytest.mark.parametrize(
    ("after", "outcomes"),
    [
        (0, ["viewed", "accepted"]),
        (3 * DAY - 1, ["viewed", "accepted"]),
        (3 * DAY, ["viewed", "ignored"]),
    ],
)
def test_an_order_answers_the_newest_contact_it_is_within(
    offered: Store, event: Tell, heard: Heard, history: Seen, after: int, outcomes: list[str]
) -> None:
    viewed = NOON + 5
    heard(offered, event("Offer Viewed", viewed, contact_id="d1.1"))
    heard(offered, event("Order Completed", viewed + after, product="tv"))
    heard(offered, event("Order Completed", viewed + 9, product="radio"))
    came = outcomes_of(history(offered, NOON + 30 * DAY), ["d1.1"])
    assert sorted(each.name for each in came) == sorted(outcomes)


@pytest.mark.parametrize(
    ("after", "outcomes"),
    [(3 * DAY - 1, ["viewed", "clicked"]), (3 * DAY, ["viewed", "clicked", "ignored"])],
)
def test_a_click_at_the_instant_when_the_time_is_over_comes_too_late(
    offered: Store, event: Tell, heard: Heard, history: Seen, after: int, outcomes: list[str]
) -> None:
    """It is known, and the silence before it is too."""
    viewed = NOON + 5
    heard(offered, event("Offer Viewed", viewed, contact_id="d1.1"))
    heard(offered, event("Offer Clicked", viewed + after, contact_id="d1.1"))
    came = outcomes_of(history(offered, NOON + 30 * DAY), ["d1.1"])
    assert [each.name for each in came] == outcomes


def test_an_order_before_the_view_answers_nothing(
    offered: Store, event: Tell, heard: Heard, history: Seen
) -> None:
    heard(offered, event("Offer Viewed", NOON + 5, contact_id="d1.1"))
    heard(offered, event("Order Completed", NOON + 4, product="tv"))
    assert history(offered, NOON + DAY).outcomes() == {"d1.1": "viewed"}


def test_of_two_contacts_the_newer_is_answered_and_a_longer_patience_counts(
    store: Store, contact: Make, decided: Decided, event: Tell, heard: Heard, history: Seen
) -> None:
    decided(store, contact(store, "d1.1", NOON, treatment="email"))
    decided(store, contact(store, "d2.1", NOON + DAY))
    heard(store, event("Offer Viewed", NOON + DAY, contact_id="d2.1"))
    heard(store, event("Order Completed", NOON + 2 * DAY, product="tv"))
    heard(store, event("Offer Declined", NOON + 9 * DAY))
    seen = history(store, NOON + 30 * DAY)
    assert seen.outcomes() == {"d1.1": "declined", "d2.1": "accepted"}
    assert [each.name for each in outcomes_of(seen, ["d2.1"])] == ["viewed", "accepted"]


def test_a_no_that_names_its_contact_declines_no_other_action(
    store: Store, contact: Make, decided: Decided, event: Tell, heard: Heard, history: Seen
) -> None:
    offers = [contact(store, "d1.1", NOON), contact(store, "d1.2", NOON, action="extra")]
    decided(store, *offers)
    for each in offers:
        heard(store, event("Offer Viewed", NOON + 1, contact_id=each.id))
    heard(store, event("Offer Declined", NOON + 2, contact_id="d1.2"))
    assert history(store, NOON + 3).outcomes() == {"d1.1": "viewed", "d1.2": "declined"}
    heard(store, event("Offer Declined", NOON + 4))
    assert history(store, NOON + 5).outcomes() == {"d1.1": "declined", "d1.2": "declined"}


def test_a_contact_id_of_another_system_does_not_hide_the_answer(
    offered: Store, event: Tell, heard: Heard, history: Seen
) -> None:
    heard(offered, event("Offer Viewed", NOON + 1, contact_id="d1.1"))
    heard(offered, event("Order Completed", NOON + 2, product="tv", contact_id="CRM-7"))
    assert history(offered, NOON + 3).outcomes() == {"d1.1": "accepted"}


def test_an_answer_that_names_an_unseen_contact_proves_that_it_was_seen(
    offered: Store, event: Tell, heard: Heard, history: Seen
) -> None:
    heard(offered, event("Offer Declined", NOON + 2, contact_id="d1.1"))
    assert _state(history(offered, NOON + DAY)) == ("counted", NOON + 2)


def test_what_is_queued_counts_from_then_until_it_is_sent_or_failed(
    store: Store, contact: Make, decided: Decided, event: Tell, heard: Heard, history: Seen
) -> None:
    decided(store, contact(store, "d1.1", NOON, treatment="email"))
    assert _state(history(store, NOON + DAY)) == ("queued", NOON)
    assert history(store, NOON + DAY).columns() == {
        "contacted.tv": NOON,
        "last_contact.email": NOON,
    }
    heard(store, event("Email Sent", NOON + HOUR, contact_id="d1.1"))
    assert _state(history(store, NOON + DAY)) == ("counted", NOON + HOUR)
    heard(store, event("Email Failed", NOON + 2 * HOUR, contact_id="d1.1"))
    assert _state(history(store, NOON + DAY)) == ("released", NOON)
    assert history(store, NOON + DAY).columns() == {"answered.tv.sent": NOON + HOUR}


def test_a_contact_made_elsewhere_counts_with_its_outcome(
    store: Store, event: Tell, heard: Heard, history: Seen
) -> None:
    heard(store, event("Call Made", NOON, id="c1", campaign="tv", result="no", reached="yes"))
    heard(store, event("Call Made", NOON + 1, id="c2", campaign="tv", result="?", reached="yes"))
    heard(store, event("Call Made", NOON + 2, id="c3", campaign="tv", result="yes", reached="no"))
    heard(store, event("Call Made", NOON + 3, id="c4", reached="yes"))
    seen = history(store, NOON + DAY)
    assert [(each.id, each.action, each.issue_group) for each in seen.contacts] == [
        ("elsewhere:c1:0", "tv", "growth"),
        ("elsewhere:c2:0", "tv", "growth"),
        ("elsewhere:c4:0", None, None),
    ]
    assert seen.outcomes() == {"elsewhere:c1:0": "declined"}
    assert seen.columns() == {
        "contacted.tv": NOON + 1,
        "last_contact.call": NOON + 3,
        "answered.tv.declined": NOON,
    }


def test_fragments_of_one_customer_are_read_together_and_columns_may_be_named(
    store: Store, contact: Make, decided: Decided, event: Tell, heard: Heard, history: Seen
) -> None:
    decided(store, contact(store, "d1.1", NOON, treatment="email"))
    decided(store, contact(store, "d2.1", NOON + 5, action="news", treatment="email", who="anna"))
    heard(store, event("Order Completed", NOON + 9, product="tv", who="anna"))
    both = history(store, NOON + DAY, "maija", "anna")
    assert both.columns(["last_contact.email", "contacted.news", "contacted.kept"]) == {
        "last_contact.email": NOON + 5,
        "contacted.news": NOON + 5,
        "contacted.kept": None,
    }
    assert both.outcomes() == {"d1.1": "accepted"}
    assert history(store, NOON + DAY).outcomes() == {}


def test_who_speaks_too_late_was_silent_all_the_same(
    offered: Store, event: Tell, heard: Heard, history: Seen
) -> None:
    """The answer is known before the time to answer is over, and says that it came after it."""
    heard(offered, event("Offer Viewed", NOON, contact_id="d1.1"))
    heard(offered, event("Offer Accepted", NOON + 4 * DAY, contact_id="d1.1"))
    later = NOON + 5 * DAY
    found = history(offered, NOON + HOUR).at(later).columns()
    assert found == history(offered, later).columns()
    assert found["answered.tv.ignored"] == NOON + 3 * DAY
