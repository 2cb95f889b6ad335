"""Contact limits, suppressions, and the reuse of what is held. Values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from tests.builders import HERE, NOON

from tuttu.ledger import History
from tuttu.storage import Store
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.facts import Result
from tuttu.vocabulary.library import ContactLimit, Suppression
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE
from tuttu.vocabulary.verdicts import Contact

Make = Callable[..., Contact]
Decided = Callable[..., Result]
Tell = Callable[..., Event]
Heard = Callable[..., None]
Seen = Callable[..., History]
Breaks = Callable[..., bool]
Silent = Callable[..., bool]

"""2026-03-05T10:00:00Z, twelve o'clock in Helsinki."""


Scope = Literal["action", "issue_group", "owner", "purpose"]


def _limit(at_most: int = 1, /, **scope: str) -> ContactLimit:
    return ContactLimit(name="enough", at_most=at_most, window=7 * DAY, where=HERE, **scope)


@pytest.fixture
def breaks(project: Project) -> Breaks:
    """breaks(history, limit, action, treatment): whether one more would be too many."""

    def asked(
        history: History, limit: ContactLimit, action: str = "tv", treatment: str = "web"
    ) -> bool:
        chosen = project.actions[action]
        return history.breaks_limit(limit, chosen, chosen.treatments[treatment])

    return asked


@pytest.fixture
def silent(project: Project) -> Silent:
    """silent(history, suppression, action)."""

    def asked(history: History, suppression: Suppression, action: str = "tv") -> bool:
        return history.is_suppressed(suppression, project.actions[action])

    return asked


@pytest.fixture
def mailed(store: Store, contact: Make, decided: Decided) -> Store:
    """The store after one e-mail of `tv` to Maija at noon."""
    decided(store, contact(store, "d1.1", NOON, treatment="email"))
    return store


def test_a_window_slides_and_holds_its_far_edge(
    mailed: Store, history: Seen, breaks: Breaks
) -> None:
    assert breaks(history(mailed, NOON), _limit())
    assert breaks(history(mailed, NOON + 7 * DAY), _limit())
    assert not breaks(history(mailed, NOON + 7 * DAY + 1), _limit())
    assert not breaks(history(mailed, NOON), _limit(2))
    assert not breaks(history(mailed, NOON, "anna"), _limit())


@pytest.mark.parametrize(
    ("scope", "action", "treatment", "broken"),
    [
        ({"purpose": "marketing"}, "extra", "web", True),
        ({"purpose": "marketing"}, "news", "web", False),
        ({"purpose": "service"}, "news", "web", False),
        ({"channel": "email"}, "news", "email", True),
        ({"channel": "email"}, "tv", "web", False),
        ({"channel": "web"}, "tv", "web", False),
        ({"action": "tv"}, "tv", "web", True),
        ({"action": "tv"}, "kept", "web", False),
        ({"issue_group": "growth"}, "kept", "web", True),
        ({"issue_group": "growth"}, "extra", "web", False),
        ({"issue_group": "growth", "channel": "web"}, "kept", "web", False),
    ],
)
def test_only_what_the_limit_names_counts_and_is_refused(
    mailed: Store,
    history: Seen,
    breaks: Breaks,
    scope: dict[str, str],
    action: str,
    treatment: str,
    broken: bool,
) -> None:
    assert breaks(history(mailed, NOON + 1), _limit(**scope), action, treatment) is broken


def test_a_hold_counts_while_it_lives_but_not_against_itself(
    store: Store, contact: Make, decided: Decided, history: Seen, breaks: Breaks
) -> None:
    decided(store, contact(store, "d1.1", NOON))
    for now, broken in ((NOON + 1, True), (NOON + 30 * MINUTE, False)):
        assert not breaks(history(store, now), _limit(), "tv", "web")
        assert breaks(history(store, now), _limit(), "extra", "web") is broken


def test_a_hold_counts_however_short_the_window(
    store: Store, contact: Make, decided: Decided, history: Seen, breaks: Breaks
) -> None:
    decided(store, contact(store, "d1.1", NOON))
    short = ContactLimit(name="enough", at_most=1, window=5 * MINUTE, where=HERE)
    assert breaks(history(store, NOON + 29 * MINUTE), short, "extra")


def test_one_showing_a_day_and_action_counts_once(
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    breaks: Breaks,
) -> None:
    for number, at in enumerate((NOON, NOON + 2 * HOUR, NOON + 4 * HOUR)):
        decided(store, contact(store, f"d{number}.1", at))
        heard(store, event("Offer Viewed", at + 1, contact_id=f"d{number}.1"))
    evening, morning = NOON + 6 * HOUR, NOON + 22 * HOUR
    assert not breaks(history(store, evening), _limit(1), "tv")
    assert breaks(history(store, evening), _limit(1), "extra")
    assert not breaks(history(store, evening), _limit(2), "extra")
    assert breaks(history(store, morning), _limit(1), "tv")
    assert breaks(history(store, evening), _limit(1), "tv", "email")


def test_a_hold_over_midnight_is_one_showing(
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    breaks: Breaks,
) -> None:
    """The day is that of the decision: a hold that fitted then is not one too many when seen."""
    before, after = NOON + 12 * HOUR - 10 * MINUTE, NOON + 12 * HOUR + 10 * MINUTE
    decided(store, contact(store, "d0.1", NOON))
    heard(store, event("Offer Viewed", NOON, contact_id="d0.1"))
    assert not breaks(history(store, before), _limit(1), "tv")
    decided(store, contact(store, "d1.1", before))
    assert not breaks(history(store, after), _limit(1), "tv")
    heard(store, event("Offer Viewed", after, contact_id="d1.1"))
    assert not breaks(history(store, after + HOUR), _limit(2), "extra")
    assert breaks(history(store, after + HOUR), _limit(1), "extra")


def test_an_offer_seen_again_on_another_day_is_another_showing(
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    breaks: Breaks,
) -> None:
    decided(store, contact(store, "d1.1", NOON, action="kept"))
    for at in (NOON + 1, NOON + 2, NOON + 2 * DAY, NOON + 2 * DAY + 1):
        heard(store, event("Offer Viewed", at, contact_id="d1.1"))
    now = NOON + 2 * DAY + HOUR
    assert breaks(history(store, now), _limit(2), "extra")
    assert not breaks(history(store, now), _limit(2), "kept")
    assert not breaks(history(store, now + 6 * DAY), _limit(2), "extra")


def test_a_showing_is_in_the_window_while_any_of_its_views_is(
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    breaks: Breaks,
) -> None:
    a_day = ContactLimit(name="enough", at_most=1, window=DAY, where=HERE)
    decided(store, contact(store, "d1.1", NOON, action="kept"))
    for at in (NOON, NOON + 8 * HOUR):
        heard(store, event("Offer Viewed", at, contact_id="d1.1"))
    assert breaks(history(store, NOON + DAY), a_day, "extra")
    assert breaks(history(store, NOON + DAY + 8 * HOUR), a_day, "extra")
    assert not breaks(history(store, NOON + DAY + 8 * HOUR + 1), a_day, "extra")


def test_what_is_shown_again_just_before_midnight_may_be_seen_after_it(
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    breaks: Breaks,
) -> None:
    decided(store, contact(store, "d1.1", NOON, action="kept"))
    heard(store, event("Offer Viewed", NOON, contact_id="d1.1"))
    late = NOON + 12 * HOUR - 30 * MINUTE
    assert not breaks(history(store, late - 1), _limit(1), "kept")
    assert breaks(history(store, late), _limit(1), "kept")
    assert not breaks(history(store, late), _limit(2), "kept")
    assert not breaks(history(store, late + 7 * DAY), _limit(1), "kept")


def test_a_home_shares_its_limit_and_each_member_counts(
    store: Store, contact: Make, decided: Decided, history: Seen, breaks: Breaks
) -> None:
    decided(store, contact(store, "d1.1", NOON, who="anna"))
    shared = _limit(group="household")
    home = ("maija", "anna")
    assert breaks(history(store, NOON + 1, home=home), shared, "tv")
    assert not breaks(history(store, NOON + 1, home=home), _limit(2, group="household"), "tv")
    assert not breaks(history(store, NOON + 1, home=("maija",)), shared, "tv")
    assert not breaks(history(store, NOON + 1, home=home), _limit(), "tv")
    assert not breaks(history(store, NOON + 1, "anna", home=home), shared, "tv")


def test_the_next_slot_sees_what_this_one_took(
    store: Store, contact: Make, history: Seen, breaks: Breaks
) -> None:
    before = history(store, NOON, home=("maija", "anna"))
    after = before.adding(contact(store, "d1.1", NOON))
    for limit in (_limit(), _limit(group="household")):
        assert not breaks(before, limit, "extra")
        assert breaks(after, limit, "extra")


@pytest.mark.parametrize(
    ("then", "reused"),
    [
        ([], True),
        ([("Offer Viewed", 1)], True),
        ([("Offer Viewed", 1), ("Offer Clicked", 2)], True),
        ([("Offer Viewed", 1), ("Offer Accepted", 2)], False),
        ([("Offer Viewed", 1), ("Offer Declined", 2)], False),
    ],
)
def test_a_hold_is_reused_until_it_is_answered(
    project: Project,
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    then: list[tuple[str, int]],
    reused: bool,
) -> None:
    decided(store, contact(store, "d1.1", NOON))
    for name, after in then:
        heard(store, event(name, NOON + after, contact_id="d1.1"))
    tv = project.actions["tv"]
    last, over = history(store, NOON + 30 * MINUTE - 1), history(store, NOON + 30 * MINUTE)
    found = last.held(tv, tv.treatments["web"])
    assert (found is not None and found.id == "d1.1") is reused
    assert over.held(tv, tv.treatments["web"]) is None
    assert last.held(tv, tv.treatments["email"]) is None
    assert last.kept(tv, tv.treatments["web"]) is None


def test_an_offer_that_holds_is_kept_from_when_it_was_seen(
    project: Project,
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
) -> None:
    kept = project.actions["kept"]
    web = kept.treatments["web"]
    decided(store, contact(store, "d1.1", NOON, action="kept"))
    assert history(store, NOON + DAY).kept(kept, web) is None
    heard(store, event("Offer Viewed", NOON + 1, contact_id="d1.1"))
    found = history(store, NOON + 14 * DAY).kept(kept, web)
    assert found is not None
    assert found.id == "d1.1"
    assert history(store, NOON + 14 * DAY).held(kept, web) == found
    assert history(store, NOON + 14 * DAY + 1).kept(kept, web) is None
    heard(store, event("Offer Declined", NOON + DAY, contact_id="d1.1"))
    assert history(store, NOON + 2 * DAY).kept(kept, web) is None


SAID_NO = Suppression(name="said no", outcome="declined", window=60 * DAY, where=HERE)
THRICE = Suppression(
    name="silent thrice",
    outcome="ignored",
    times=3,
    window=30 * DAY,
    scope="issue_group",
    where=HERE,
)


def test_a_no_is_respected_for_its_time_and_ended_by_a_yes(
    store: Store, event: Tell, heard: Heard, history: Seen, silent: Silent
) -> None:
    told = {"campaign": "tv", "reached": "yes"}
    heard(store, event("Call Made", NOON, id="c1", result="no", **told))
    assert silent(history(store, NOON), SAID_NO)
    assert silent(history(store, NOON + 60 * DAY - 1), SAID_NO)
    assert not silent(history(store, NOON + 60 * DAY), SAID_NO)
    assert not silent(history(store, NOON), SAID_NO, "kept")
    assert silent(history(store, NOON), _wide("issue_group"), "kept")
    assert not silent(history(store, NOON), _wide("issue_group"), "extra")
    assert silent(history(store, NOON), _wide("owner"), "news")
    assert not silent(history(store, NOON), _wide("purpose"), "news")
    assert silent(history(store, NOON), _wide("purpose"), "extra")
    heard(store, event("Call Made", NOON + DAY, id="c2", result="yes", **told))
    assert not silent(history(store, NOON + 2 * DAY), SAID_NO)


def _wide(scope: Scope) -> Suppression:
    return Suppression(name="wide", outcome="declined", window=DAY, scope=scope, where=HERE)


@pytest.mark.parametrize("clicked", [None, 0, 1, 2])
def test_three_silences_in_a_row_bring_silence(
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    silent: Silent,
    clicked: int | None,
) -> None:
    for number, action in enumerate(("tv", "kept", "tv")):
        at = NOON + 4 * number * DAY
        decided(store, contact(store, f"d{number}.1", at, action=action))
        heard(store, event("Offer Viewed", at, contact_id=f"d{number}.1"))
        if clicked == number:
            heard(store, event("Offer Clicked", at + 1, contact_id=f"d{number}.1"))
    third = NOON + 11 * DAY
    assert not silent(history(store, third - 1), THRICE)
    assert silent(history(store, third), THRICE) is (clicked is None)
    assert silent(history(store, third + 30 * DAY - 1), THRICE, "kept") is (clicked is None)
    assert not silent(history(store, third + 30 * DAY), THRICE)
    assert not silent(history(store, third), THRICE, "extra")


def test_of_answers_of_one_moment_the_last_by_name_is_the_newest(
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    silent: Silent,
) -> None:
    decided(store, contact(store, "d1.1", NOON))
    for name in ("Offer Accepted", "Offer Clicked"):
        heard(store, event(name, NOON + HOUR, contact_id="d1.1"))
    for outcome, holds in (("clicked", True), ("accepted", False)):
        once = Suppression(name=outcome, outcome=outcome, window=DAY, where=HERE)
        assert silent(history(store, NOON + HOUR), once) is holds


@pytest.mark.parametrize(("treatment", "sent"), [("web", ()), ("email", ("Email Sent",))])
def test_a_suppression_may_ask_for_views_in_a_row(
    store: Store,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    silent: Silent,
    treatment: str,
    sent: tuple[str, ...],
) -> None:
    """That a message was sent is no answer between two of them."""
    seen_twice = Suppression(name="seen", outcome="viewed", times=2, window=DAY, where=HERE)
    for number in range(2):
        at = NOON + number * HOUR
        decided(store, contact(store, f"d{number}.1", at, treatment=treatment))
        assert not silent(history(store, at), seen_twice)
        for name in ("Offer Viewed", *sent):
            heard(store, event(name, at, contact_id=f"d{number}.1"))
    assert silent(history(store, NOON + HOUR), seen_twice)


def test_a_limit_of_none_is_broken_and_never_opens(
    store: Store, contact: Make, decided: Decided, history: Seen, breaks: Breaks
) -> None:
    nothing = _limit(0)
    assert breaks(history(store, NOON), nothing)
    assert history(store, NOON).opens(nothing) is None
    decided(store, contact(store, "d1.1", NOON, treatment="email"))
    after = history(store, NOON + 1)
    assert breaks(after, nothing)
    assert after.opens(nothing) is None


def test_a_limit_says_what_was_shown_by_action_and_item(
    store: Store, contact: Make, decided: Decided, event: Tell, heard: Heard, history: Seen
) -> None:
    """In one order, so that a receipt is the same however the facts came."""
    told = [("tv", "b"), ("tv", "a"), ("extra", "c"), ("extra", None)]
    for number, (action, item) in enumerate(told):
        made = contact(store, f"d{number}.1", NOON + number, action, "web", item=item)
        decided(store, made)
        heard(store, event("Offer Viewed", NOON + number, contact_id=made.id))
    daily = ContactLimit(name="daily", at_most=9, window=None, where=HERE)
    state = history(store, NOON + 9).state(daily)
    assert state is not None
    shown = [(action, item) for action, item, _ in state.shown]
    assert shown == [("extra", None), ("extra", "c"), ("tv", "a"), ("tv", "b")]
