"""A request that a reload overtakes between two of its reads answers by one version: the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.builders import NOON
from tests.reload.company import Version
from tests.reload.conftest import PLAIN, order, write
from tests.reload.worlds import tell

from tuttu import engine as use
from tuttu.api import DecideAnswer, DecideRequest, ExplainRequest, FunnelQuery
from tuttu.engine import ROOMS, Runtime
from tuttu.engine.reloads import Reloads
from tuttu.storage import Snapshot, Store, open_store
from tuttu.versions import read_project
from tuttu.vocabulary.clock import ManualClock

MAIJA = {"user_id": "maija"}
LATER = Version(size=None, group=None, news=True, sms=True)
"""Another trait, another collection, another purpose and channel."""

Ask = Callable[[Runtime], object]


class OvertakenSnapshot:
    """A snapshot whose first read is followed by what somebody else does."""

    def __init__(self, snapshot: Snapshot, store: OvertakenStore) -> None:
        self._snapshot = snapshot
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._snapshot, name)

    def get(self, *args: Any, **more: Any) -> Any:
        found = self._snapshot.get(*args, **more)
        self._store.happen()
        return found


class OvertakenStore:
    """Does `then`, once, between the first and the second read of the next request."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.then: Callable[[], object] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def happen(self) -> None:
        then, self.then = self.then, None
        if then is not None:
            then()

    @contextmanager
    def read(self) -> Iterator[Any]:
        with self._store.read() as snapshot:
            yield OvertakenSnapshot(snapshot, self)


@pytest.fixture
def engine(folder: Path, storage_url: str) -> Iterator[Runtime]:
    store: Any = OvertakenStore(open_store(storage_url, folder))
    clock = ManualClock(NOON)
    reloads = Reloads(folder, read_project(folder, ROOMS), ROOMS, store, clock)
    opened = Runtime(store, clock, reloads.versions, reloads)
    yield opened
    opened.close()


def _without_ids(answer: DecideAnswer) -> DecideAnswer:
    """Ids of a dry run are random."""
    choices = [msgspec.structs.replace(each, contact_id="") for each in answer.choices]
    return msgspec.structs.replace(answer, choices=choices)


def _decide(engine: Runtime) -> object:
    request = DecideRequest(who=MAIJA, surfaces=["front", "letter"], dry_run=True, seed=7)
    return _without_ids(use.decide(engine, request))


def _explain(engine: Runtime) -> object:
    request = ExplainRequest(who=MAIJA, surfaces=["front"], seed=7)
    return _without_ids(use.explain(engine, request, "anna"))


@pytest.mark.parametrize(
    "ask",
    [
        _decide,
        _explain,
        lambda engine: use.customer(engine, MAIJA, "anna"),
        lambda engine: use.preferences(engine, MAIJA, "anna"),
        lambda engine: use.funnel(engine, FunnelQuery()),
        use.digest,
    ],
    ids=["decide", "explain", "customer", "preferences", "funnel", "digest"],
)
def test_a_reload_between_two_reads_changes_nothing_of_the_answer(
    engine: Runtime, folder: Path, ask: Ask
) -> None:
    write(folder, PLAIN)
    tell(engine, [order(number) for number in range(3)])
    before = ask(engine)
    old = engine.project.digest
    write(folder, LATER)
    store: Any = engine.store
    store.then = lambda: use.reload(engine, "bertta")
    assert ask(engine) == before
    assert store.then is None, "it was not overtaken"
    assert engine.project.digest != old
    assert ask(engine) != before
