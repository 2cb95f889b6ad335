"""A small company without a project folder, a store, and what a call or a file becomes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import msgspec
import pytest
from tests import builders
from tests.builders import HERE

from tuttu import intake
from tuttu.intake import (
    BATCH,
    Accepted,
    Context,
    ImportMapping,
    MappedRow,
    Row,
    RowFile,
    accept,
    map_rows,
    require_fit,
)
from tuttu.storage import Store
from tuttu.vocabulary.company import Company, Limits, PlannedEvent, Tracking
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.facts import Unit
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Kind, Type

NOW = 1_772_355_600_000_000
"""2026-03-01T09:00:00Z."""
PLAN = {
    "Order Completed": PlannedEvent(
        name="Order Completed",
        properties={
            "total": Type(Kind.MONEY),
            "order_id": Type(Kind.TEXT),
            "tags": Type(Kind.INTEGER, many=True),
        },
        required=frozenset({"order_id"}),
        items={"products": {"price": Type(Kind.MONEY), "category": Type(Kind.TEXT)}},
        where=HERE,
    )
}


def make_project(**tracking: Any) -> Project:
    return builders.project(
        company=Company(name="small", limits=Limits()),
        namespaces=builders.namespaces(
            user_id={"unique": True, "blocked": frozenset({"unknown"})},
            email={"normalise": ("trim", "lower"), "fields": ("traits.email",)},
            anonymous_id={},
        ),
        tracking=Tracking(**{"plan": PLAN, **tracking}),
    )


@pytest.fixture(scope="session")
def project() -> Project:
    return make_project()


@pytest.fixture(scope="session")
def store(project: Project) -> Iterator[Store]:
    with builders.opened(project, intake) as opened:
        yield opened


@pytest.fixture
def context(project: Project, store: Store) -> Context:
    """Received at NOW; fresh ids are letter-1, letter-2…"""
    numbers = itertools.count(1)
    return Context(
        project=project,
        now=NOW,
        sender="shop-server",
        pseudonym=store.pseudonym,
        new_id=lambda: f"new-{next(numbers)}",
    )


Send = Callable[..., Accepted]


@pytest.fixture
def send(context: Context) -> Send:
    """send(route, body): accept JSON; ** replaces fields of the context."""

    def sending(route: str, body: object, encoding: str | None = None, **changed: Any) -> Accepted:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return accept(route, content, encoding, msgspec.structs.replace(context, **changed))

    return sending


@pytest.fixture
def events_of() -> Callable[[Accepted], list[Event]]:
    """The events of the units, in their order."""

    def all_of(accepted: Accepted) -> list[Event]:
        bodies = [fact.body for unit in accepted.units for fact in unit.facts]
        return [body for body in bodies if isinstance(body, Event)]

    return all_of


@pytest.fixture
def event_of(events_of: Callable[[Accepted], list[Event]]) -> Callable[[Accepted], Event]:
    """The one event of a body that was accepted."""

    def only(accepted: Accepted) -> Event:
        assert accepted.refusal is None, accepted.refusal
        (event,) = events_of(accepted)
        return event

    return only


BATCH_CALLS = 500


class Reject(msgspec.Struct, frozen=True, order=True):
    """A row that was not taken, or not whole. text: as it stands in the file."""

    number: int
    text: str
    reason: str


class Taken(msgspec.Struct, frozen=True):
    """What came of a file. rejects: faults of rows and refusals of the border, by row.

    dropped: rows that the mapping makes no call of. last: number of the last row.
    """

    units: tuple[Unit, ...]
    rejects: tuple[Reject, ...]
    dropped: int
    last: int

    @property
    def events(self) -> list[Event]:
        bodies = [fact.body for unit in self.units for fact in unit.facts]
        return [body for body in bodies if isinstance(body, Event)]


class Take(Protocol):
    def __call__(
        self,
        rows: RowFile | Iterable[Row],
        mapping: ImportMapping | None,
        context: Context,
        after: int = 0,
    ) -> Taken: ...


@pytest.fixture(scope="session")
def take() -> Take:
    """take(rows, mapping, context, after=0): rows, as calls in batches, through the border."""

    def taking(
        rows: RowFile | Iterable[Row],
        mapping: ImportMapping | None,
        context: Context,
        after: int = 0,
    ) -> Taken:
        if mapping:
            columns = rows.columns if isinstance(rows, RowFile) else None
            require_fit(mapping, columns, context.project)
        return _sent(list(map_rows(rows, mapping, after)), context)

    return taking


def _sent(rows: list[MappedRow], context: Context) -> Taken:
    rejects = [Reject(each.row.number, each.row.text, each.fault) for each in rows if each.fault]
    calls = [(each.row, call) for each in rows for call in each.calls]
    units: list[Unit] = []
    for start in range(0, len(calls), BATCH_CALLS):
        batch = calls[start : start + BATCH_CALLS]
        body = b'{"batch":[%s]}' % b",".join(call for _, call in batch)
        accepted = accept(BATCH, body, None, context)
        assert accepted.refusal is None, accepted.refusal
        units += accepted.units
        for refusal in accepted.refused:
            assert refusal.index is not None
            row = batch[refusal.index][0]
            rejects.append(Reject(row.number, row.text, refusal.message))
    return Taken(
        units=tuple(units),
        rejects=tuple(sorted(rejects)),
        dropped=sum(not each.calls and not each.fault for each in rows),
        last=rows[-1].row.number if rows else 0,
    )
