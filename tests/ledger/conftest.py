"""A small company with a real store: contacts are made, events come, histories are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from tests import builders
from tests.builders import BOOL, HERE, INTEGER, TEXT, HandWritten

from tuttu import ledger
from tuttu.ledger import History
from tuttu.storage import Store
from tuttu.vocabulary.company import Company, ElsewhereContact, Resource, Tracking
from tuttu.vocabulary.events import Event, ResourceSet
from tuttu.vocabulary.facts import Body, Result
from tuttu.vocabulary.library import Action
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, Instant, Row, Schema, Value
from tuttu.vocabulary.verdicts import Contact


def _ordered_tv(row: Row) -> Value:
    if row["event"] != "Order Completed":
        return False
    return None if row["product"] is None else row["product"] == "tv"


ORDERED_TV = HandWritten("event = 'Order Completed' AND product = 'tv'", BOOL, _ordered_tv)
DECLINED = HandWritten(
    "event = 'Offer Declined'", BOOL, lambda row: row["event"] == "Offer Declined"
)
ONE = HandWritten("1", INTEGER, lambda row: 1)
WAS_REACHED = HandWritten("reached = 'yes'", BOOL, lambda row: row["reached"] == "yes")


def _action(name: str, **more: str) -> Action:
    holds = 14 * DAY if name == "kept" else None
    web = builders.treatment("front", "web", message=name, answer_within=3 * DAY, holds=holds)
    outcomes = {"accepted": ORDERED_TV, "declined": DECLINED} if name != "news" else {}
    on = (web, builders.treatment("email", message=name))
    return builders.action(name, on=on, value=ONE, outcomes=outcomes, **more)


def _tracking() -> Tracking:
    call = ElsewhereContact(
        event="Call Made",
        channel="call",
        purpose="marketing",
        action_from="campaign",
        outcome_from="result",
        outcome_map={"yes": "accepted", "no": "declined"},
        when=WAS_REACHED,
        where=HERE,
    )
    outcomes = {
        "Offer Viewed": "viewed",
        "Offer Clicked": "clicked",
        "Offer Accepted": "accepted",
        "Email Sent": "sent",
        "Email Failed": "released",
    }
    return Tracking(contacts=(call,), outcomes=outcomes)


@pytest.fixture(scope="session")
def project() -> Project:
    return builders.project(
        company=Company(name="shop", zone="Europe/Helsinki"),
        tracking=_tracking(),
        channels=builders.channels(web=False, email=True, call=True),
        surfaces=[
            builders.surface("front", "web"),
            builders.surface("email", "email", outbound=True),
        ],
        resources=[
            Resource(name="vouchers", amount=1, where=HERE),
            Resource(name="minutes", amount=10, per="day", where=HERE),
        ],
        actions=[
            _action("tv"),
            _action("kept"),
            _action("extra", issue_group="other"),
            _action("news", issue_group="care", purpose="service"),
        ],
        event_schema=Schema(columns={"event": TEXT, "product": TEXT, "reached": TEXT}),
    )


@pytest.fixture
def opened(project: Project) -> Callable[[], AbstractContextManager[Store]]:
    """opened(): a new store that runs the ledger's fold."""
    return lambda: builders.opened(project, ledger)


@pytest.fixture
def store(opened: Callable[[], AbstractContextManager[Store]]) -> Iterator[Store]:
    with opened() as fresh:
        yield fresh


@pytest.fixture(scope="session")
def contact(project: Project) -> Callable[..., Contact]:
    """contact(store, id, now, action=…, treatment=…, who=…, uses=…): as a decision makes it."""
    return lambda store, *given, **more: builders.contact(store, project, *given, **more)


@pytest.fixture(scope="session")
def decided() -> Callable[..., Result]:
    """decided(store, contact, …): commits one receipt that makes these contacts."""
    return lambda store, *contacts: _commit(store, builders.receipt(*contacts))


@pytest.fixture(scope="session")
def event() -> Callable[..., Event]:
    return builders.event


@pytest.fixture(scope="session")
def heard() -> Callable[..., None]:
    """heard(store, event, …): commits each event on its own."""

    def commit(store: Store, *events: Event) -> None:
        for each in events:
            _commit(store, each)

    return commit


@pytest.fixture(scope="session")
def amount_set() -> Callable[..., Result]:
    """amount_set(store, name, amount, time)."""

    def commit(store: Store, name: str, amount: int, time: int, id: str = "set") -> Result:  # noqa: A002
        change = ResourceSet(name=name, amount=amount, by="anna")
        return _commit(store, change, time, id=id)

    return commit


def _commit(store: Store, body: Body, time: Instant = 0, **more: str) -> Result:
    return builders.try_commit(store, builders.fact(store, body, time, **more))[0]


@pytest.fixture(scope="session")
def person() -> Callable[..., Customer]:
    """person(store, "maija", …): the customer of these user ids, one fragment for each."""
    return builders.customer


@pytest.fixture(scope="session")
def history(project: Project, person: Callable[..., Customer]) -> Callable[..., History]:
    """history(store, now, "maija", …, home=(…)): these user ids as one customer; `home` are the
    user ids of their household."""

    def seen(store: Store, now: int, *who: str, home: tuple[str, ...] = ()) -> History:
        customer = person(store, *(who or ("maija",)))
        others = [name for name in home if name not in (who or ("maija",))]
        groups = {"household": tuple(person(store, name) for name in others)}
        with store.read() as snapshot:
            return ledger.read(snapshot, customer, project, now, groups)

    return seen
