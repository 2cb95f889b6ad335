"""A small company, its events, and a real store that has heard them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from tuttu.profile import ROOM
from tuttu.storage import Snapshot, open_store
from tuttu.vocabulary.company import (
    Aggregate,
    Collection,
    Company,
    Group,
    Profile,
    Tracking,
    Trait,
    TraitWrite,
)
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.events import Event, Identifier
from tuttu.vocabulary.facts import Committed, Fact, Reader, Unit
from tuttu.vocabulary.library import Policy
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Duration, Kind, Row, Schema, Type, Value

HERE = Where("traits.yaml", 1)
BOOL, INTEGER, MONEY, REAL = (
    Type(kind) for kind in (Kind.BOOL, Kind.INTEGER, Kind.MONEY, Kind.REAL)
)
TEXT, TIMESTAMP = Type(Kind.TEXT), Type(Kind.TIMESTAMP)
WINDOW = 10


@dataclass(frozen=True)
class Tested:
    """An expression written by hand."""

    text: str
    type: Type
    function: Callable[[Row], Value] = field(repr=False)
    columns: frozenset[str] = frozenset()

    def __call__(self, row: Row) -> Value:
        return self.function(row)


IS_ORDER = Tested("event = 'Order'", BOOL, lambda row: row["event"] == "Order")
IS_LARGE = Tested(
    "event = 'Order' AND amount > 5.00",
    BOOL,
    lambda row: None if (said := row["amount"]) is None else bool(str(said) and _int(said) > 50000),
)
IS_OPEN = Tested(
    "COALESCE(status, 'open') <> 'resolved'",
    BOOL,
    lambda item: (item["status"] or "open") != "resolved",
)
IS_DEAR = Tested("fee > 1.00", BOOL, lambda item: _above(item["fee"], 10_000))
SPENDER = Tested(
    "spent_10 > 8.00", BOOL, lambda row: _above(row["spent_10"], 80000), frozenset({"spent_10"})
)
KEEN = Tested(
    "spender AND left_report",
    BOOL,
    lambda row: None if row["spender"] is None else row["spender"] and row["left_report"],
    frozenset({"spender", "left_report"}),
)
ECHO = Tested("secret", INTEGER, lambda row: row["secret"], frozenset({"secret"}))


def _int(value: Value) -> int:
    assert isinstance(value, int)
    return value


def _above(value: Value, limit: int) -> bool | None:
    return None if value is None else _int(value) > limit


def _over(
    aggregate: Aggregate, name: str, declared: Type, window: Duration | None = None, said: str = ""
) -> Trait:
    return Trait(
        name=name,
        type=declared,
        aggregate=aggregate,
        field=said or None,
        test=IS_ORDER,
        window=window,
        where=HERE,
    )


def _aggregates() -> list[Trait]:
    found: list[Trait] = []
    for suffix, window in (("", None), ("_10", WINDOW)):
        found += [
            _over("count", f"orders{suffix}", INTEGER, window),
            _over("count", f"priced{suffix}", INTEGER, window, "amount"),
            _over("sum", f"spent{suffix}", MONEY, window, "amount"),
            _over("first", f"first{suffix}", MONEY, window, "amount"),
            _over("last", f"last{suffix}", MONEY, window, "amount"),
            _over("max", f"max{suffix}", MONEY, window, "amount"),
            _over("min", f"min{suffix}", MONEY, window, "amount"),
            _over("max", f"highest{suffix}", REAL, window, "ratio"),
            _over("max", f"ordered_at{suffix}", TIMESTAMP, window),
        ]
    large = Trait(name="large", type=INTEGER, aggregate="count", test=IS_LARGE, where=HERE)
    return [*found, large]


def _written(name: str, declared: Type, *uses: str) -> Trait:
    return Trait(name=name, type=declared, written=True, uses=frozenset(uses), where=HERE)


def _of_tickets(aggregate: Aggregate, name: str, declared: Type, said: str | None = None) -> Trait:
    test = IS_OPEN if said is None else None
    return Trait(
        name=name,
        type=declared,
        aggregate=aggregate,
        over="tickets",
        field=said,
        test=test,
        where=HERE,
    )


def _traits() -> list[Trait]:
    return [
        _written("size", INTEGER),
        _written("home", TEXT),
        _written("tags", Type(Kind.TEXT, many=True)),
        _written("secret", INTEGER, "profiling"),
        _written("group_id", TEXT),
        *_aggregates(),
        _of_tickets("count", "open_tickets", INTEGER),
        _of_tickets("sum", "fees", MONEY, "fee"),
        _of_tickets("last", "last_status", TEXT, "status"),
        Trait(
            name="dear_tickets",
            type=INTEGER,
            aggregate="count",
            over="tickets",
            test=IS_DEAR,
            where=HERE,
        ),
        Trait(
            name="tickets_10",
            type=INTEGER,
            aggregate="count",
            over="tickets",
            window=WINDOW,
            where=HERE,
        ),
        Trait(name="came_back", type=BOOL, sequence=("Visit", "Visit"), window=30, where=HERE),
        Trait(
            name="left_report",
            type=BOOL,
            sequence=("Report Viewed", "Contract Viewed"),
            window=30,
            where=HERE,
        ),
        Trait(
            name="known_size", type=INTEGER, first_known=("told.size", "bought.size"), where=HERE
        ),
        Trait(name="keen", type=BOOL, derived=KEEN, segment=True, where=HERE),
        Trait(name="spender", type=BOOL, derived=SPENDER, where=HERE),
        Trait(name="echo", type=INTEGER, derived=ECHO, where=HERE),
    ]


def _profile() -> Profile:
    tickets = Collection(
        name="tickets",
        key="ticket_id",
        events=frozenset({"Ticket Opened", "Ticket Resolved"}),
        fields={"ticket_id": TEXT, "status": TEXT, "fee": MONEY},
        where=HERE,
    )
    return Profile(
        traits={trait.name: trait for trait in _traits()},
        collections={"tickets": tickets},
        groups={"household": Group(name="household", key="home", where=HERE)},
        derived_order=("spender", "keen", "echo"),
    )


def _row_columns(profile: Profile) -> dict[str, Type]:
    columns = {name: trait.type for name, trait in profile.traits.items()}
    sources = [(source, name) for source in ("told", "bought") for name in ("size", "secret")]
    return columns | {f"{source}.{name}": columns[name] for source, name in sources}


@pytest.fixture(scope="session")
def project() -> Project:
    """Windows are ten microseconds, so that drawn times often meet their edges."""
    profile = _profile()
    bought = TraitWrite(event="Order", source="bought", traits={"size": "shoe.size"}, where=HERE)
    return Project(
        digest="",
        company=Company(name="shop"),
        namespaces={},
        tracking=Tracking(writes=(bought,)),
        profile=profile,
        purposes={},
        channels={},
        surfaces={},
        resources={},
        policy=Policy(),
        actions={},
        messages={},
        row_schema=Schema(
            columns=_row_columns(profile),
            collections={"tickets": profile.collections["tickets"].fields},
        ),
        event_schema=Schema(
            columns={
                "event": TEXT,
                "call": TEXT,
                "source": TEXT,
                "amount": MONEY,
                "ratio": REAL,
            }
        ),
    )


@pytest.fixture(scope="session")
def call() -> Callable[..., Event]:
    """call(id, time, name, who=…, kind=…, source=…, traits=…, context=…, **properties)."""

    def make(
        id: str,  # noqa: A002
        time: int,
        name: str = "Order",
        *,
        who: str = "maija",
        kind: str = "track",
        source: str = "told",
        traits: Mapping[str, object] | None = None,
        context: Mapping[str, object] | None = None,
        group_id: str | None = None,
        **properties: object,
    ) -> Event:
        return Event(
            id=id,
            call=kind,
            name=name,
            identifiers=(Identifier("user_id", who),),
            time=time,
            received=time,
            source=source,
            properties=msgspec.json.encode(properties),
            traits=msgspec.json.encode(traits or {}),
            context=msgspec.json.encode({"traits": context} if context else {}),
            group_id=group_id,
        )

    return make


@pytest.fixture(scope="session")
def heard(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., AbstractContextManager[Snapshot]]:
    """heard(project, events, *later): a snapshot of a store that took each batch in one commit."""
    base: Path = tmp_path_factory.getbasetemp()

    @contextmanager
    def opened(project: Project, *batches: Sequence[Event]) -> Iterator[Snapshot]:
        store = open_store("sqlite::memory:", base)
        try:
            store.register([ROOM.hearing(project)])
            for batch in batches:
                units = [Unit(facts=(_fact(store.pseudonym, event),)) for event in batch]
                assert all(isinstance(result, Committed) for result in store.commit(units))
            with store.read() as snapshot:
                yield snapshot
        finally:
            store.close()

    return opened


def _fact(pseudonym: Callable[[str, str], bytes], event: Event) -> Fact:
    first = event.identifiers[0]
    return Fact(
        id=event.id,
        fragment=pseudonym(first.namespace, first.value),
        time=event.time,
        received=event.received,
        body=event,
    )


@pytest.fixture(scope="session")
def person() -> Callable[..., Customer]:
    """person(reader, "maija", …): the customer of these user ids, one fragment for each."""

    def make(reader: Reader, *names: str) -> Customer:
        return Customer(
            fragments=tuple(reader.pseudonym("user_id", name) for name in names),
            identifiers=tuple(Identifier("user_id", name) for name in names),
        )

    return make
