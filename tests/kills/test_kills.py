"""Killed at random moments, again and again, on the same store: what was acknowledged stays."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests import builders
from tests.kills.books import Books
from tests.kills.senders import Wire
from tests.kills.server import MOMENT, Server, project
from tests.kills.trial import Trial, set_amount

from tuttu import engine as use
from tuttu.engine import open_engine
from tuttu.testing import PrivatePostgres
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant

if TYPE_CHECKING:
    from tests.kills.conftest import Serving
else:
    Serving = Any

pytestmark = pytest.mark.kills

EMBEDDED = "sqlite:.tuttu/store.db"
SCARCE = {"technician_visits": 40, "gift_vouchers": 100}
"""Used up on the way: the last units are fought over between kills too."""


def test_nothing_acknowledged_is_lost_or_done_twice(
    tmp_path: Path, serving: Serving, seed: int, scale: Callable[[int, int], int]
) -> None:
    folder = project(tmp_path / "o", EMBEDDED)
    survives(serving(folder), EMBEDDED, seed, scale(6, 200))


def test_nor_when_the_database_is_killed_too(
    tmp_path: Path,
    serving: Serving,
    database: PrivatePostgres,
    seed: int,
    scale: Callable[[int, int], int],
) -> None:
    storage = database.create()
    folder = project(tmp_path / "o", storage)
    survives(serving(folder), storage, seed, scale(4, 200), database)


def survives(
    server: Server, storage: str, seed: int, blows: int, database: PrivatePostgres | None = None
) -> None:
    """Blow after blow on one store; in the end it is what a replay of its log makes."""
    server.start()
    server.issue_key()
    for name, amount in SCARCE.items():
        set_amount(server, name, amount)
    with closing(Books(server.folder / ".tuttu" / "secret")) as books:
        trial = Trial(server, storage, seed, books, database)
        for _ in range(blows):
            trial.round()
        trial.effects(trial.diary.customers)
    told(trial)
    digest = digest_of(server)
    server.end()
    assert replayed(server.folder, storage, server.folder.parent / "again") == digest


def told(trial: Trial) -> None:
    """Three of four blows fell on requests in flight; the figures go to the report."""
    flying = [blow for blow in trial.blows if blow.in_flight]
    seconds = statistics.median(blow.seconds_to_serve for blow in trial.blows)
    print(  # noqa: T201
        f"{len(trial.blows)} kills, {len(flying)} with requests in flight"
        f" ({sum(blow.in_flight for blow in flying)} of them),"
        f" {len(trial.diary.events)} events and {len(trial.diary.decisions)} decisions"
        f" acknowledged, {seconds:.2f} s until it served again"
    )
    assert len(flying) >= 3 * len(trial.blows) / 4


def digest_of(server: Server) -> str:
    with closing(Wire(server.url, server.key)) as wire:
        found: str = wire.get("/v1/digest")["digest"]
        return found


def replayed(folder: Path, storage: str, fresh: Path) -> str:
    """The digest of a fresh store that was told the same facts, one by one."""
    clock = ManualClock(parse_instant(MOMENT) or 0)
    fresh.mkdir()
    shutil.copy(folder / ".tuttu" / "secret", fresh / "secret")
    with (
        closing(open_engine(folder, clock=clock, storage=storage)) as engine,
        closing(open_engine(folder, clock=clock, storage=f"sqlite:{fresh}/store.db")) as again,
    ):
        with engine.store.read() as snapshot:
            position = 0
            while facts := snapshot.facts(after=position):
                builders.commit(again.store, *(each.fact for each in facts))
                position = facts[-1].position
        return use.digest(again).digest
