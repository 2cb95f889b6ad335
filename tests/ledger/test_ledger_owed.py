"""Units that are kept for what is owed, and what fulfils it. Values worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from tests import builders
from tests.builders import HERE, NOON

from tuttu import ledger
from tuttu.ledger import resource_state
from tuttu.ledger.canonical import canonical
from tuttu.storage import Store
from tuttu.vocabulary.company import Resource, Tracking
from tuttu.vocabulary.facts import Committed, Refused, Result
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE
from tuttu.vocabulary.verdicts import Contact

CHANNELS = {"web": True, "email": True}
WAYS = (builders.treatment("front", "web"), builders.treatment("email"))
PROJECT = builders.project(
    tracking=Tracking(outcomes={"Seen": "viewed", "Sent": "sent", "Failed": "released"}),
    purposes=[
        builders.purpose("marketing", "consent", CHANNELS),
        builders.purpose("notices", "contract", CHANNELS, owed=True),
    ],
    channels=builders.channels(web=False, email=True),
    surfaces=[
        builders.surface("front", "web"),
        builders.surface("email", "email", outbound=True),
    ],
    resources=[Resource(name="letters", amount=5, owed=3, where=HERE)],
    actions=[builders.action("tv", on=WAYS), builders.owed("notice", on=WAYS)],
)


@pytest.fixture
def store() -> Iterator[Store]:
    with builders.opened(PROJECT, ledger) as fresh:
        yield fresh


def make(
    store: Store,
    name: str,
    action: str,
    way: str,
    units: int = 0,
    *,
    at: int = NOON,
    due: int | None = None,
) -> Contact:
    uses = {"letters": units} if units else {}
    return builders.contact(store, PROJECT, f"{name}.1", at, action, way, uses=uses, due=due)


def decide(store: Store, contact: Contact) -> Result:
    return builders.try_commit(store, builders.fact(store, builders.receipt(contact)))[0]


def hear(store: Store, name: str, contact_id: str, at: int) -> None:
    told = builders.event(name, at, contact_id=contact_id)
    builders.commit(store, builders.fact(store, told))


def letters(store: Store, now: int) -> tuple[int, int, int]:
    """(used, held, closed to offers)."""
    with store.read() as snapshot:
        found = resource_state(snapshot, PROJECT, "letters", now)
    return found.used, found.held, found.closed


def test_offers_leave_what_is_kept_for_what_is_owed(store: Store) -> None:
    assert decide(store, make(store, "d1", "tv", "email", 3)) == Refused("letters")
    assert decide(store, make(store, "d2", "tv", "email", 2)) == Committed(1)
    assert letters(store, NOON) == (2, 0, 3)
    assert decide(store, make(store, "d3", "tv", "email", 1)) == Refused("letters")
    assert decide(store, make(store, "d4", "notice", "email", 3)) == Committed(2)
    assert letters(store, NOON) == (5, 0, 0)


def test_a_hold_takes_of_what_is_kept_only_while_it_lives(store: Store) -> None:
    decide(store, make(store, "d1", "notice", "web", 2))
    assert letters(store, NOON + 30 * MINUTE - 1) == (0, 2, 1)
    assert letters(store, NOON + 30 * MINUTE) == (0, 0, 3)
    hear(store, "Seen", "d1.1", NOON + HOUR)
    assert letters(store, NOON + HOUR) == (2, 0, 1)


def test_an_offer_that_is_seen_takes_nothing_of_what_is_kept(store: Store) -> None:
    decide(store, make(store, "d1", "tv", "web", 1))
    hear(store, "Seen", "d1.1", NOON + 1)
    assert letters(store, NOON + 1) == (1, 0, 3)


@pytest.mark.parametrize(("action", "closed"), [("tv", 3), ("notice", 1)])
def test_what_failed_is_kept_again(store: Store, action: str, closed: int) -> None:
    decide(store, make(store, "d1", action, "email", 2))
    assert letters(store, NOON) == (2, 0, closed)
    hear(store, "Failed", "d1.1", NOON + 1)
    assert letters(store, NOON + 1) == (0, 0, 3)


def test_more_than_is_kept_may_be_owed(store: Store) -> None:
    decide(store, make(store, "d1", "notice", "email", 4))
    assert letters(store, NOON) == (4, 0, 0)
    hear(store, "Failed", "d1.1", NOON + 1)
    assert decide(store, make(store, "d2", "notice", "email", 1)) == Committed(3)
    assert letters(store, NOON + 1) == (1, 0, 2)


def fulfilled(store: Store, project: Project, now: int) -> object:
    with store.read() as snapshot:
        who = builders.customer(snapshot, "maija")
        columns = ledger.read(snapshot, who, project, now, {}).columns()
    return columns.get("fulfilled.notice")


def test_it_is_fulfilled_when_it_took_place_for_the_due_it_was_made_for(store: Store) -> None:
    decide(store, make(store, "d1", "notice", "web", due=NOON + 5 * DAY))
    decide(store, make(store, "d2", "notice", "email", at=NOON + 1, due=NOON + 9 * DAY))
    assert fulfilled(store, PROJECT, NOON + 2) is None
    hear(store, "Seen", "d1.1", NOON + 3)
    assert fulfilled(store, PROJECT, NOON + 4) == NOON + 5 * DAY
    hear(store, "Sent", "d2.1", NOON + HOUR)
    assert fulfilled(store, PROJECT, NOON + DAY) == NOON + 9 * DAY
    hear(store, "Failed", "d2.1", NOON + 2 * HOUR)
    assert fulfilled(store, PROJECT, NOON + DAY) == NOON + 5 * DAY


def test_without_a_due_it_is_fulfilled_for_when_it_took_place(store: Store) -> None:
    decide(store, make(store, "d1", "notice", "web"))
    decide(store, make(store, "d2", "tv", "web"))
    hear(store, "Seen", "d1.1", NOON + 3)
    hear(store, "Seen", "d2.1", NOON + 4)
    assert fulfilled(store, PROJECT, NOON + 5) == NOON + 3


def test_the_digest_part_says_what_a_contact_was_about_and_due_where_it_was(store: Store) -> None:
    """Of contacts that are about nothing it says what it said before there was such a thing."""
    plain, due = make(store, "d1", "tv", "web"), make(store, "d2", "notice", "web", due=NOON)
    for each in (plain, replace(due, item="broadband")):
        decide(store, each)
    with store.read() as snapshot:
        who = builders.customer(snapshot, "maija")
        first, second = canonical(snapshot, who, PROJECT)["contacts"]
    assert second.keys() - first.keys() == {"item", "due"}
    assert (second["item"], second["due"]) == ("broadband", NOON)


def test_what_is_owed_by_now_gives_back_no_more_than_was_kept_for_it(store: Store) -> None:
    """The purpose was not owed yet when its letters were sent; now they fail."""
    plain = {name: replace(each, owed=False) for name, each in PROJECT.purposes.items()}
    store.register([ledger.ROOM.live_folds(replace(PROJECT, purposes=plain))])
    assert decide(store, make(store, "d1", "notice", "email", 2)) == Committed(1)
    store.register([ledger.ROOM.live_folds(PROJECT)])
    assert letters(store, NOON) == (2, 0, 3)
    hear(store, "Failed", "d1.1", NOON + 1)
    assert decide(store, make(store, "d2", "notice", "email", 1)) == Committed(3)
    assert letters(store, NOON + 1) == (1, 0, 2)


@pytest.mark.parametrize(
    ("fulfils", "found_by_reminder", "found_by_another"), [(True, True, True), (False, True, False)]
)
def test_beside_what_fulfils_nothing_only_a_reminder_waits(
    *, fulfils: bool, found_by_reminder: bool, found_by_another: bool
) -> None:
    ways = (builders.treatment("front", "web", fulfils=fulfils), builders.treatment("email"))
    notice = builders.owed("notice", on=ways)
    project = replace(PROJECT, actions={**PROJECT.actions, "notice": notice})
    with builders.opened(project, ledger) as store:
        made = builders.contact(store, project, "d1.1", NOON, "notice", "web")
        decide(store, made)
        with store.read() as snapshot:
            who = builders.customer(snapshot, "maija")
            history = ledger.read(snapshot, who, project, NOON + 1, {})
    for reminder, found in ((True, found_by_reminder), (False, found_by_another)):
        expected = made if found else None
        assert history.underway(notice, None, reminder=reminder) == expected
    assert history.underway(notice, "another item", reminder=True) is None
    assert history.underway(project.actions["tv"], None, reminder=True) is None
