"""What a choice changes, what is no choice, and what is said of a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests import builders
from tests.builders import HERE
from tests.consent.conftest import PROJECT

from tuttu.consent import Consents
from tuttu.consent.records import cells_of
from tuttu.vocabulary.company import ConsentEvent, Tracking
from tuttu.vocabulary.verdicts import Permit, Reason

if TYPE_CHECKING:
    from tests.consent.conftest import Bureau
else:
    Bureau = Any

Grid = Callable[[Any, str], dict[str, bool]]
DEFAULT = {"web": True, "email": False, "sms": False}


def test_without_a_choice_the_default_holds(bureau: Bureau, grid: Grid) -> None:
    consents = bureau.read("maija")
    assert grid(consents, "marketing") == DEFAULT
    assert consents.permit("service", "sms") == Permit(
        purpose="service", channel="sms", basis="contract"
    )
    assert consents.permit("marketing", "email") is None
    assert consents.why_not("marketing", "email") == Reason(
        "not_consented", {"purpose": "marketing", "channel": "email"}
    )
    assert consents.why_not("marketing", "web") is None
    assert consents.profiling
    assert not any(each.chosen for each in consents.preferences())


def test_preferences_stand_in_the_order_of_the_project(bureau: Bureau) -> None:
    cells = [(each.purpose, each.channel) for each in bureau.read("maija").preferences()]
    assert cells == [
        (purpose, channel)
        for purpose in ("service", "marketing", "profiling")
        for channel in ("web", "email", "sms")
    ]


def test_events_give_and_withdraw(bureau: Bureau, grid: Grid) -> None:
    bureau.tell(bureau.said("maija", "Opted In", 1, purpose="marketing", channel="email"))
    assert grid(bureau.read("maija"), "marketing") == DEFAULT | {"email": True}
    bureau.tell(bureau.said("maija", "Unsubscribed", 2))
    assert grid(bureau.read("maija"), "marketing") == DEFAULT
    assert grid(bureau.read("matti"), "marketing") == DEFAULT


def test_a_refusal_says_its_day_in_the_company_zone(bureau: Bureau, at: Any) -> None:
    bureau.tell(bureau.said("maija", "Left", at("2026-02-28T22:30")))
    assert bureau.read("maija").why_not("marketing", "web") == Reason(
        "refused_by_customer", {"purpose": "marketing", "channel": "web", "on": "2026-03-01"}
    )


def test_one_event_may_be_declared_twice(bureau: Bureau, grid: Grid) -> None:
    bureau.tell(bureau.said("maija", "Left", 5))
    consents = bureau.read("maija")
    assert not any(grid(consents, "marketing").values())
    assert not consents.profiling
    assert all(grid(consents, "service").values())


@pytest.mark.parametrize("late_first", [False, True])
def test_every_channel_and_one_channel_override_each_other_by_time(
    bureau: Bureau, grid: Grid, *, late_first: bool
) -> None:
    facts = [
        bureau.set("maija", "marketing", "email", 1, allowed=True),
        bureau.set("maija", "marketing", None, 2, allowed=False),
        bureau.set("maija", "marketing", "sms", 3, allowed=True),
    ]
    bureau.tell(*(reversed(facts) if late_first else facts))
    assert grid(bureau.read("maija"), "marketing") == {"web": False, "email": False, "sms": True}


@pytest.mark.parametrize("swapped", [False, True])
def test_none_but_email_in_one_request(bureau: Bureau, grid: Grid, *, swapped: bool) -> None:
    facts = [
        bureau.set("maija", "marketing", None, 7, allowed=False),
        bureau.set("maija", "marketing", "email", 7, allowed=True),
    ]
    bureau.tell(*(reversed(facts) if swapped else facts))
    assert grid(bureau.read("maija"), "marketing") == {"web": False, "email": True, "sms": False}


@pytest.mark.parametrize("yes_first", [False, True])
def test_of_yes_and_no_at_the_same_moment_the_no_counts(bureau: Bureau, *, yes_first: bool) -> None:
    for allowed in (yes_first, not yes_first):
        bureau.tell(bureau.set("maija", "marketing", "email", 7, allowed=allowed))
    assert bureau.read("maija").permit("marketing", "email") is None


def test_segment_categories_are_purposes(bureau: Bureau, grid: Grid) -> None:
    categories = {"marketing": True, "profiling": False, "Advertising": True, "service": "no"}
    context = {"consent": {"categoryPreferences": categories}}
    bureau.tell(
        bureau.said("maija", "Segment Consent Preference Updated", 1, context=context),
        bureau.said("maija", "Page Viewed", 2, context={"consent": {"categoryPreferences": {}}}),
    )
    consents = bureau.read("maija")
    assert all(grid(consents, "marketing").values())
    assert not consents.profiling
    assert all(grid(consents, "service").values())


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"purpose": None},
        {"purpose": "unheard of"},
        {"purpose": 7},
        {"purpose": ["marketing"]},
        {"purpose": "marketing", "channel": "pigeon"},
        {"purpose": "marketing", "channel": 7},
        {"purpose": "marketing", "channel": ["email"]},
        {"purpose": "marketing", "channel": {}},
        {"purpose": "marketing", "channel": ""},
        {"purpose": "marketing", "channel": False},
        {"purpose": "marketing", "channel": 0},
    ],
)
def test_what_is_no_choice_changes_nothing(bureau: Bureau, said: dict[str, Any]) -> None:
    bureau.tell(bureau.said("maija", "Opted In", 1, **said))
    assert bureau.state() == {}


def test_no_channel_and_null_are_every_channel(bureau: Bureau, grid: Grid) -> None:
    bureau.tell(bureau.said("maija", "Opted In", 1, purpose="marketing"))
    bureau.tell(bureau.said("matti", "Opted In", 1, purpose="marketing", channel=None))
    assert all(grid(bureau.read("maija"), "marketing").values())
    assert all(grid(bureau.read("matti"), "marketing").values())


@pytest.mark.parametrize("context", [{}, {"consent": None}, {"consent": {}}, {"consent": [1]}])
def test_odd_segment_consents_are_no_choice(bureau: Bureau, context: dict[str, Any]) -> None:
    bureau.tell(bureau.said("maija", "Segment Consent Preference Updated", 1, context=context))
    assert bureau.state() == {}


def test_what_is_not_declared_is_refused_and_said(bureau: Bureau) -> None:
    consents = bureau.read("maija")
    assert consents.permit("surveys", "email") is None
    assert consents.why_not("surveys", "email") == Reason(
        "undeclared_purpose", {"purpose": "surveys", "channel": "email"}
    )
    assert consents.permit("service", "pigeon") is None
    assert consents.why_not("service", "pigeon") == Reason(
        "undeclared_channel", {"purpose": "service", "channel": "pigeon"}
    )


def test_a_repeated_choice_writes_nothing(bureau: Bureau) -> None:
    """A decision that read the choices stands, if nothing has changed since."""
    from tuttu.consent.records import FRAGMENTS
    from tuttu.vocabulary.facts import Committed, Unit

    bureau.tell(bureau.said("maija", "Unsubscribed", 9))
    with bureau.store.read() as snapshot:
        snapshot.get(FRAGMENTS, bureau.store.pseudonym("user_id", "maija"))
        reads = snapshot.reads
    bureau.tell(bureau.said("maija", "Unsubscribed", 3))
    later = Unit(facts=(bureau.said("maija", "Page Viewed", 10),), reads=reads)
    assert isinstance(bureau.store.commit([later])[0], Committed)


def test_profiling_refused_in_one_channel_is_refused(bureau: Bureau) -> None:
    bureau.tell(bureau.set("maija", "profiling", "sms", 1, allowed=False))
    assert not bureau.read("maija").profiling
    bureau.tell(bureau.set("maija", "profiling", None, 2, allowed=True))
    assert bureau.read("maija").profiling


def test_who_chose_of_other_purposes_alone_may_be_profiled_as_the_terms_say(bureau: Bureau) -> None:
    bureau.tell(bureau.set("maija", "marketing", None, 1, allowed=False))
    assert bureau.read("maija").profiling


def test_where_others_speak_too_a_refusal_counts_and_a_yes_does_not(bureau: Bureau) -> None:
    from tuttu import consent

    bureau.tell(
        bureau.set("matti", "marketing", "email", 1, allowed=True),
        bureau.set("matti", "marketing", "web", 1, allowed=False),
    )
    with bureau.store.read() as snapshot:
        whole = builders.customer(snapshot, "maija", "matti")
        others = {*builders.customer(snapshot, "matti").fragments}
        found = consent.read(snapshot, whole, bureau.project, others)
    assert found.chosen("marketing", "email") is None
    refused = found.chosen("marketing", "web")
    assert refused is not None
    assert refused.refusal is not None


def test_categories_beside_another_event_are_no_choice(bureau: Bureau, grid: Grid) -> None:
    """An unsubscription is of what its mapping says, though a cookie banner's state rides along."""
    context = {"consent": {"categoryPreferences": {"service": False, "profiling": False}}}
    bureau.tell(bureau.said("maija", "Unsubscribed", 1, context=context))
    consents = bureau.read("maija")
    assert all(grid(consents, "service").values())
    assert consents.profiling


@pytest.mark.parametrize(("yes", "allowed"), [(5, True), (4, False), (3, False)])
def test_a_no_of_a_slow_clock_counts_from_the_latest_it_may_have_been_and_a_yes_does_not(
    bureau: Bureau, yes: int, *, allowed: bool
) -> None:
    late = {"latest": 4}
    bureau.tell(
        bureau.said("maija", "Opted Out", 2, fields=late, purpose="marketing", channel="email"),
        bureau.set("maija", "marketing", "email", yes, allowed=True),
        bureau.set("maija", "marketing", "web", 3, allowed=False),
        bureau.said("maija", "Opted In", 2, fields=late, purpose="marketing", channel="web"),
    )
    found = bureau.read("maija")
    assert (found.permit("marketing", "email") is not None) is allowed
    assert found.permit("marketing", "web") is None


def test_whoever_takes_the_digest_waits_for_nobody(bureau: Bureau) -> None:
    """It reads everybody, and nothing is decided by it."""
    from tuttu import consent

    bureau.tell(bureau.set("maija", "marketing", None, 1, allowed=False))
    with bureau.store.read() as snapshot:
        who = builders.customer(snapshot, "maija")
        assert consent.ROOM.canonical(snapshot, who, bureau.project)
        assert snapshot.reads == ()


def test_the_choices_of_a_decision_are_watched(bureau: Bureau) -> None:
    from tuttu import consent

    with bureau.store.read() as snapshot:
        consent.read(snapshot, builders.customer(snapshot, "maija"), bureau.project)
        reads = snapshot.reads
    assert [(table, key) for table, key, _ in reads] == [
        ("consent.fragments", bureau.store.pseudonym("user_id", "maija"))
    ]


def test_who_declares_no_such_purpose_may_profile() -> None:
    consents = Consents(builders.project(channels=builders.channels(web=False)), [], None)
    assert consents.profiling


@pytest.mark.parametrize(
    "other",
    [
        {"event": "Joined"},
        {"allowed": False},
        {"purpose": "marketing"},
        {"channel": "email"},
        {"purpose": "marketing", "channel": "email"},
    ],
)
def test_a_cell_that_other_events_fill_is_another_cell(other: dict[str, Any]) -> None:
    """So that it is filled from the log, and a choice that no event would make now is not read."""

    def cell(**declared: Any) -> bytes:
        said = ConsentEvent(**{"event": "Opted In", "allowed": True, "where": HERE, **declared})
        told = msgspec.structs.replace(PROJECT, tracking=Tracking(consent=(said,)))
        return cells_of(told)["marketing", "email"]

    assert cell(**other) != cell()


@pytest.mark.parametrize("named", [("marketing", "sms"), ("profiling", "email"), (None, "sms")])
def test_events_of_other_cells_leave_a_cell_as_it_is(named: tuple[str | None, str]) -> None:
    said = ConsentEvent(event="Opted In", allowed=True, where=HERE)
    purpose, channel = named
    other = ConsentEvent(event="Left", allowed=False, purpose=purpose, channel=channel, where=HERE)
    one, both = (
        cells_of(msgspec.structs.replace(PROJECT, tracking=Tracking(consent=events)))
        for events in ((said,), (said, other))
    )
    assert one["marketing", "email"] == both["marketing", "email"]
    assert one["marketing" if purpose is None else purpose, channel] not in both.values()


def test_one_event_may_be_declared_for_a_channel_and_for_all(bureau: Bureau) -> None:
    every = ConsentEvent(event="Opted In", allowed=True, where=HERE)
    named = [
        msgspec.structs.replace(every, **more)
        for more in ({"channel": "email"}, {"purpose": "marketing"})
    ]
    cells = [
        cells_of(msgspec.structs.replace(bureau.project, tracking=Tracking(consent=events)))
        for events in ((every,), (every, *named))
    ]
    assert cells[0]["marketing", "email"] != cells[1]["marketing", "email"]
