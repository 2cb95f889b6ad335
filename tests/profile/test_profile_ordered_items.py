"""Many items: what an event writes, what a read reads, and what the keys of records give away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from tests import builders

from tuttu import profile
from tuttu.profile import own_row, state_of
from tuttu.profile.ordered_items import FEW
from tuttu.profile.records import FRAGMENTS, ITEMS, ORDERED_ITEMS
from tuttu.storage import Snapshot, Store, open_store
from tuttu.vocabulary.events import FRAGMENT_BYTES, Event
from tuttu.vocabulary.facts import Table
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project

T = TypeVar("T")
Call = Callable[..., Event]
Heard = Callable[..., AbstractContextManager[Snapshot]]
Person = Callable[..., Customer]

LIMIT, MANY = 20, 600
TABLES: tuple[Table[Any], ...] = (FRAGMENTS, ITEMS, ORDERED_ITEMS)


class Counting:
    """A snapshot that counts the records that are read of it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.records = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._snapshot, name)

    def scan(self, table: Table[T], prefix: bytes = b"") -> Iterator[tuple[bytes, T]]:
        for each in self._snapshot.scan(table, prefix):
            self.records += 1
            yield each

    def get_many(self, table: Table[T], keys: Sequence[bytes]) -> list[T | None]:
        self.records += len(keys)
        return self._snapshot.get_many(table, keys)


@pytest.fixture(scope="module")
def limited(project: Project) -> Project:
    tickets = msgspec.structs.replace(project.profile.collections["tickets"], limit=LIMIT)
    kept = msgspec.structs.replace(project.profile, collections={"tickets": tickets})
    return msgspec.structs.replace(project, profile=kept)


@pytest.fixture
def store(storage_url: str, tmp_path: Path, limited: Project) -> Iterator[Store]:
    with closing(open_store(storage_url, tmp_path)) as store:
        store.register([profile.ROOM.live_folds(limited)])
        yield store


def _told(call: Call, count: int, who: str = "maija", first: int = 0) -> list[Event]:
    return [
        call(f"{who}{at}", at, "Ticket Opened", who=who, ticket_id=f"T{at}", status="open")
        for at in range(first, first + count)
    ]


def _kept(snapshot: Snapshot) -> dict[tuple[str, bytes], object]:
    return {(table.name, key): one for table in TABLES for key, one in snapshot.scan(table)}


def test_an_event_moves_one_item_and_a_read_stops_at_the_limit(
    store: Store, limited: Project, call: Call, person: Person
) -> None:
    builders.commit(store, *(builders.fact(store, event) for event in _told(call, MANY)))
    with store.read() as snapshot:
        before, counting = _kept(snapshot), Counting(snapshot)
        state = state_of(counting, person(snapshot, "maija"), limited)
        row = own_row(limited, state, MANY, profiling=True)
        assert counting.records <= 2 * LIMIT + 1
    assert isinstance(row["tickets"], list)
    newest = sorted(f"T{at}" for at in range(MANY - LIMIT, MANY))
    assert [item["ticket_id"] for item in row["tickets"]] == newest
    again = call("again", MANY, "Ticket Opened", who="maija", ticket_id="T3", status="resolved")
    builders.commit(store, builders.fact(store, again))
    with store.read() as snapshot:
        after = _kept(snapshot)
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    assert {table for table, _ in gone} == {table for table, _ in come} == {ORDERED_ITEMS.name}
    assert (len(gone), len(come)) == (1, 1)
    changed = {place for place in before.keys() & after.keys() if before[place] != after[place]}
    assert [table for table, _ in changed] == [ITEMS.name]


def test_few_items_have_no_order(call: Call, limited: Project, heard: Heard) -> None:
    with heard(limited, _told(call, FEW)) as snapshot:
        assert not [*snapshot.scan(ORDERED_ITEMS)]
        assert all(item.ranks for _, item in snapshot.scan(ITEMS))
    with heard(limited, _told(call, FEW + 1)) as snapshot:
        assert len([*snapshot.scan(ORDERED_ITEMS)]) == FEW + 1


def test_a_key_does_not_tell_when(call: Call, limited: Project, heard: Heard) -> None:
    """Two people with the same tickets at the same moments have no time in common."""
    events = [*_told(call, FEW + 1, "maija"), *_told(call, FEW + 1, "matti")]
    with heard(limited, events) as snapshot:
        keys = [key for key, _ in snapshot.scan(ORDERED_ITEMS)]
    ends = [key[2 * FRAGMENT_BYTES :][:8] for key in keys]
    assert len(keys) == len(set(ends)) == 2 * (FEW + 1)
    assert all(2**62 < int.from_bytes(end, "big") < 2**63 for end in ends)


def test_items_of_several_fragments_are_counted_once(
    call: Call, limited: Project, heard: Heard, person: Person
) -> None:
    """Whoever has most of them."""
    many, few = _told(call, 100, "maija"), _told(call, 30, "matti", 90)
    for one, other in ((many, few), (few, many)):
        with heard(limited, one, other) as snapshot:
            state = state_of(snapshot, person(snapshot, "matti", "maija"), limited)
            assert profile.beyond_limits(limited, state) == {"tickets": 120 - LIMIT}
