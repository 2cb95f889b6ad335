"""A small company, its events, and a real store that has heard them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from tests import builders
from tests.builders import BOOL, HERE, INTEGER, MONEY, REAL, TEXT, TIMESTAMP, HandWritten, trait

from tuttu import profile
from tuttu.storage import Snapshot
from tuttu.vocabulary.company import (
    Aggregate,
    Collection,
    Company,
    CustomerGroup,
    Profile,
    Tracking,
    Trait,
    TraitWrite,
)
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Duration, Kind, Schema, Type, Value

WINDOW = 10
THREE = ("Report Viewed", "Contract Viewed", "Contract Viewed")


IS_ORDER = HandWritten("event = 'Order'", BOOL, lambda row: row["event"] == "Order")
IS_LARGE = HandWritten(
    "event = 'Order' AND amount > 5.00",
    BOOL,
    lambda row: None if (said := row["amount"]) is None else bool(str(said) and _int(said) > 50000),
)
IS_OPEN = HandWritten(
    "COALESCE(status, 'open') <> 'resolved'",
    BOOL,
    lambda item: (item["status"] or "open") != "resolved",
)
IS_DEAR = HandWritten("fee > 1.00", BOOL, lambda item: _above(item["fee"], 10_000))
SPENDER = HandWritten(
    "spent_10 > 8.00", BOOL, lambda row: _above(row["spent_10"], 80000), frozenset({"spent_10"})
)
KEEN = HandWritten(
    "spender AND left_report",
    BOOL,
    lambda row: None if row["spender"] is None else row["spender"] and row["left_report"],
    frozenset({"spender", "left_report"}),
)
ECHO = HandWritten("secret", INTEGER, lambda row: row["secret"], frozenset({"secret"}))


def _int(value: Value) -> int:
    assert isinstance(value, int)
    return value


def _above(value: Value, limit: int) -> bool | None:
    return None if value is None else _int(value) > limit


def _over(
    aggregate: Aggregate, name: str, declared: Type, window: Duration | None = None, said: str = ""
) -> Trait:
    field = said or None
    return trait(name, declared, aggregate=aggregate, field=field, test=IS_ORDER, window=window)


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
    return [*found, trait("large", INTEGER, aggregate="count", test=IS_LARGE)]


def _written(name: str, declared: Type, *uses: str) -> Trait:
    return trait(name, declared, written=True, uses=frozenset(uses))


def _of_tickets(aggregate: Aggregate, name: str, declared: Type, **more: Any) -> Trait:
    return trait(name, declared, aggregate=aggregate, over="tickets", **more)


def _traits() -> list[Trait]:
    return [
        _written("size", INTEGER),
        _written("home", TEXT),
        _written("tags", Type(Kind.TEXT, many=True)),
        _written("secret", INTEGER, "profiling"),
        _written("group_id", TEXT),
        *_aggregates(),
        _of_tickets("count", "open_tickets", INTEGER, test=IS_OPEN),
        _of_tickets("sum", "fees", MONEY, field="fee"),
        _of_tickets("last", "last_status", TEXT, field="status"),
        _of_tickets("count", "dear_tickets", INTEGER, test=IS_DEAR),
        _of_tickets("count", "tickets_10", INTEGER, window=WINDOW),
        trait("came_back", BOOL, sequence=("Visit", "Visit"), within=30),
        trait("left_report", BOOL, sequence=("Report Viewed", "Contract Viewed"), within=30),
        trait("left_lately", BOOL, sequence=THREE, within=30, window=20),
        trait("known_size", INTEGER, first_known=("told.size", "bought.size")),
        trait("keen", BOOL, derived=KEEN, segment=True),
        trait("spender", BOOL, derived=SPENDER),
        trait("echo", INTEGER, derived=ECHO),
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
        groups={"household": CustomerGroup(name="household", key="home", where=HERE)},
        derived_order=("spender", "keen", "echo"),
    )


def _row_columns(profile: Profile) -> dict[str, Type]:
    columns = {name: trait.type for name, trait in profile.traits.items()}
    sources = [(source, name) for source in ("told", "bought") for name in ("size", "secret")]
    return columns | {f"{source}.{name}": columns[name] for source, name in sources}


@pytest.fixture(scope="session")
def project() -> Project:
    """Windows are ten microseconds, so that drawn times often meet their edges."""
    declared = _profile()
    bought = TraitWrite(event="Order", source="bought", traits={"size": "shoe.size"}, where=HERE)
    joined = TraitWrite(event="Group", source="told", traits={"group_id": "groupId"}, where=HERE)
    return builders.project(
        company=Company(name="shop"),
        tracking=Tracking(writes=(bought, joined)),
        profile=declared,
        row_schema=Schema(
            columns=_row_columns(declared),
            collections={"tickets": declared.collections["tickets"].fields},
        ),
        event_schema=Schema(
            columns={"event": TEXT, "call": TEXT, "source": TEXT, "amount": MONEY, "ratio": REAL}
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
        kind: str = "track",
        source: str = "told",
        context: Mapping[str, object] | None = None,
        group_id: str | None = None,
        **more: Any,
    ) -> Event:
        fields = {"source": source, "group_id": group_id}
        said = {"traits": context} if context else {}
        return builders.event(name, time, id=id, call=kind, context=said, fields=fields, **more)

    return make


@pytest.fixture(scope="session")
def heard() -> Callable[..., AbstractContextManager[Snapshot]]:
    """heard(project, events, *later): a snapshot of a store that took each batch in one commit."""

    @contextmanager
    def opened(project: Project, *batches: Sequence[Event]) -> Iterator[Snapshot]:
        with builders.opened(project, profile) as store:
            for batch in batches:
                builders.commit(store, *(builders.fact(store, event) for event in batch))
            with store.read() as snapshot:
                yield snapshot

    return opened


@pytest.fixture(scope="session")
def person() -> Callable[..., Customer]:
    """person(reader, "maija", …): the customer of these user ids, one fragment for each."""
    return builders.customer
