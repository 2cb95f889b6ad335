"""A small company with a real store: contacts are made, events come, histories are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import msgspec
import pytest

from tuttu.ledger import ROOM, History, read
from tuttu.storage import Store, open_store
from tuttu.vocabulary.company import (
    Channel,
    Company,
    ElsewhereContact,
    Profile,
    Resource,
    Surface,
    Tracking,
)
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.events import Event, FragmentId, Identifier, ResourceSet
from tuttu.vocabulary.facts import Fact, Result, Unit
from tuttu.vocabulary.library import Action, Policy, Treatment
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, MINUTE, Kind, Row, Schema, Type, Value
from tuttu.vocabulary.verdicts import Contact, Receipt

HERE = Where("policy.yaml", 1)
BOOL, TEXT = Type(Kind.BOOL), Type(Kind.TEXT)


@dataclass(frozen=True)
class Tested:
    """An expression written by hand."""

    text: str
    type: Type
    function: Callable[[Row], Value] = field(repr=False)
    columns: frozenset[str] = frozenset()

    def __call__(self, row: Row) -> Value:
        return self.function(row)


def _ordered_tv(row: Row) -> Value:
    if row["event"] != "Order Completed":
        return False
    return None if row["product"] is None else row["product"] == "tv"


ORDERED_TV = Tested("event = 'Order Completed' AND product = 'tv'", BOOL, _ordered_tv)
DECLINED = Tested("event = 'Offer Declined'", BOOL, lambda row: row["event"] == "Offer Declined")
ONE = Tested("1", Type(Kind.INTEGER), lambda row: 1)
WAS_REACHED = Tested("reached = 'yes'", BOOL, lambda row: row["reached"] == "yes")


def _action(name: str, issue_group: str = "growth", purpose: str = "marketing") -> Action:
    treatments = [
        Treatment(
            name="web",
            surface="front",
            channel="web",
            message=name,
            answer_within=3 * DAY,
            holds=14 * DAY if name == "kept" else None,
            where=HERE,
        ),
        Treatment(name="email", surface="email", channel="email", message=name, where=HERE),
    ]
    return Action(
        name=name,
        owner="sales",
        issue_group=issue_group,
        status="live",
        purpose=purpose,
        value=ONE,
        outcomes={"accepted": ORDERED_TV, "declined": DECLINED} if name != "news" else {},
        treatments={each.name: each for each in treatments},
        where=HERE,
    )


def _surface(name: str, channel: str, *, outbound: bool) -> Surface:
    return Surface(name=name, channel=channel, outbound=outbound, where=HERE)


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
    actions = [_action("tv"), _action("kept"), _action("extra", "other")]
    actions.append(_action("news", "care", "service"))
    outbound = {"web": False, "email": True, "call": True}
    return Project(
        digest="",
        company=Company(name="shop", zone="Europe/Helsinki"),
        namespaces={},
        tracking=_tracking(),
        profile=Profile(),
        purposes={},
        channels={
            name: Channel(name=name, outbound=out, where=HERE) for name, out in outbound.items()
        },
        surfaces={
            "front": _surface("front", "web", outbound=False),
            "email": _surface("email", "email", outbound=True),
        },
        resources={
            "vouchers": Resource(name="vouchers", amount=1, where=HERE),
            "minutes": Resource(name="minutes", amount=10, per="day", where=HERE),
        },
        policy=Policy(),
        actions={each.name: each for each in actions},
        messages={},
        row_schema=Schema(),
        event_schema=Schema(columns={"event": TEXT, "product": TEXT, "reached": TEXT}),
    )


@pytest.fixture
def opened(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], AbstractContextManager[Store]]:
    """opened(): a new store that runs the ledger's fold."""
    base = tmp_path_factory.getbasetemp()

    @contextmanager
    def opening() -> Iterator[Store]:
        store = open_store("sqlite::memory:", base)
        try:
            store.register([ROOM.hearing(project)])
            yield store
        finally:
            store.close()

    return opening


@pytest.fixture
def store(opened: Callable[[], AbstractContextManager[Store]]) -> Iterator[Store]:
    with opened() as fresh:
        yield fresh


@pytest.fixture(scope="session")
def contact(project: Project) -> Callable[..., Contact]:
    """contact(store, id, now, action=…, treatment=…, who=…, uses=…): as a decision makes it."""

    def make(
        store: Store,
        id: str,  # noqa: A002
        now: int,
        action: str = "tv",
        treatment: str = "web",
        who: str = "maija",
        uses: Mapping[str, int] | None = None,
    ) -> Contact:
        chosen = project.actions[action]
        how = chosen.treatments[treatment]
        outbound = project.channels[how.channel].outbound
        return Contact(
            id=id,
            fragment=store.pseudonym("user_id", who),
            action=action,
            treatment=treatment,
            issue_group=chosen.issue_group,
            owner=chosen.owner,
            purpose=chosen.purpose,
            channel=how.channel,
            surface=how.surface,
            state="queued" if outbound else "held",
            time=now,
            held_until=None if outbound else now + 30 * MINUTE,
            answer_within=how.answer_within,
            decision_id=id.partition(".")[0],
            uses=uses or {},
        )

    return make


@pytest.fixture(scope="session")
def decided() -> Callable[..., Result]:
    """decided(store, contact, …): commits one receipt that makes these contacts."""

    def commit(store: Store, *contacts: Contact) -> Result:
        first = contacts[0]
        receipt = Receipt(
            id=first.id.partition(".")[0],
            now=first.time,
            customer=first.fragment,
            position=0,
            surfaces=(),
            choices=(),
            verdicts=(),
            arm="policy",
            seed=0,
            contacts=contacts,
        )
        return _commit(store, receipt.id, first.fragment, first.time, receipt)

    return commit


@pytest.fixture(scope="session")
def event() -> Callable[..., Event]:
    """event(name, time, who=…, id=…, **properties)."""

    def make(
        name: str,
        time: int,
        *,
        who: str = "maija",
        id: str | None = None,  # noqa: A002
        received: int | None = None,
        **properties: object,
    ) -> Event:
        return Event(
            id=id or f"{name} {time} {who} {properties}",
            call="track",
            name=name,
            identifiers=(Identifier("user_id", who),),
            time=time,
            received=time if received is None else received,
            properties=msgspec.json.encode(properties),
        )

    return make


@pytest.fixture(scope="session")
def heard() -> Callable[..., None]:
    """heard(store, event, …): commits each event on its own."""

    def commit(store: Store, *events: Event) -> None:
        for each in events:
            fragment = store.pseudonym("user_id", each.identifiers[0].value)
            _commit(store, each.id, fragment, each.time, each)

    return commit


@pytest.fixture(scope="session")
def amount_set() -> Callable[..., Result]:
    """amount_set(store, name, amount, time)."""

    def commit(store: Store, name: str, amount: int, time: int, id: str = "set") -> Result:  # noqa: A002
        change = ResourceSet(name=name, amount=amount, by="anna")
        return _commit(store, id, None, time, change)

    return commit


def _commit(
    store: Store,
    id: str,  # noqa: A002
    fragment: FragmentId | None,
    time: int,
    body: Event | Receipt | ResourceSet,
) -> Result:
    received = body.received if isinstance(body, Event) else time
    fact = Fact(id=id, fragment=fragment, time=time, received=received, body=body)
    return store.commit([Unit(facts=(fact,))])[0]


@pytest.fixture(scope="session")
def person() -> Callable[..., Customer]:
    """person(store, "maija", …): the customer of these user ids, one fragment for each."""

    def make(store: Store, *names: str) -> Customer:
        return Customer(
            fragments=tuple(store.pseudonym("user_id", name) for name in names),
            identifiers=tuple(Identifier("user_id", name) for name in names),
        )

    return make


@pytest.fixture(scope="session")
def history(project: Project, person: Callable[..., Customer]) -> Callable[..., History]:
    """history(store, now, "maija", …, home=(…)): these user ids as one customer; `home` are the
    user ids of his household."""

    def seen(store: Store, now: int, *who: str, home: tuple[str, ...] = ()) -> History:
        customer = person(store, *(who or ("maija",)))
        groups = {"household": tuple(store.pseudonym("user_id", name) for name in home)}
        with store.read() as snapshot:
            return read(snapshot, customer, project, now, groups)

    return seen
