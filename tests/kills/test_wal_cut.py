"""A write-ahead log that was cut, torn or garbled: whole commits from its beginning, never a mix.

The store is copied as a crash would leave it, its log damaged at a random byte, and opened. What
was acknowledged before that byte is there, exactly once, and applied; what comes after is gone
whole, and new events are taken.
"""

from __future__ import annotations

import json
import random
import shutil
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tuttu import engine as use
from tuttu.api import DecideRequest
from tuttu.engine import Runtime, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.events import Event

pytestmark = pytest.mark.kills

COUNTER = Path(__file__).parents[1] / "stories" / "counter"
MOMENT = parse_instant("2026-03-05T09:00:00Z") or 0
COMMITS = 40
WAL_HEADER = 32
CUSTOMERS = ("maija", "pekka", "aino")


@dataclass(frozen=True)
class Standing:
    """What the store was after a commit. end: length of its log then."""

    end: int
    events: frozenset[str]
    digest: str


@dataclass(frozen=True)
class Crashed:
    """A store as a crash left it, and how it stood after each of its commits."""

    folder: Path
    database: bytes
    log: bytes
    standings: Sequence[Standing]


def opened(project: Path, folder: Path) -> Runtime:
    clock = ManualClock(MOMENT)
    return open_engine(project, clock=clock, storage=f"sqlite:{folder}/store.db")


def take(engine: Runtime, *ids: str) -> None:
    """One commit of events, one for each id; returns when they are acknowledged."""
    calls = [
        {"type": "track", "event": "Seen", "messageId": name, "userId": CUSTOMERS[at % 3]}
        for at, name in enumerate(ids)
    ]
    outcome = use.accept(engine, "batch", json.dumps({"batch": calls}).encode(), None, "test")
    assert outcome.accepted == len(ids)


def decide(engine: Runtime, number: int) -> None:
    who = {"user_id": CUSTOMERS[number % 3]}
    wanted = {"wanted": 1}
    use.decide(engine, DecideRequest(who=who, surfaces=["front"], context=wanted, create=True))


def events_of(engine: Runtime) -> dict[str, str]:
    """Message id to customer."""
    with engine.store.read() as snapshot:
        bodies = [each.fact.body for each in snapshot.facts(limit=10_000)]
    events = [body for body in bodies if isinstance(body, Event)]
    found = {event.id: event.identifiers[0].value for event in events}
    assert len(found) == len(events), "an event is in the log twice"
    return found


def standing(engine: Runtime, log: Path) -> Standing:
    return Standing(log.stat().st_size, frozenset(events_of(engine)), use.digest(engine).digest)


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Crashed:
    """Commits of several kinds, and copies of the files as they lay there after the last one."""
    folder = tmp_path_factory.mktemp("wal")
    project = shutil.copytree(COUNTER, folder / "counter")
    log = folder / "store.db-wal"
    standings = []
    with closing(opened(project, folder)) as engine:
        for number in range(COMMITS):
            if number % 3 == 2:
                decide(engine, number)
            else:
                take(engine, *(f"{number}.{each}" for each in range(1 + number % 4)))
            standings.append(standing(engine, log))
        ends = [standing.end for standing in standings]
        assert ends == sorted(set(ends)), "the log was begun anew: make fewer commits"
        database = (folder / "store.db").read_bytes()
        return Crashed(folder, database, log.read_bytes(), standings)


def damaged(log: bytes, cut: int, chance: random.Random) -> bytes:
    """The log, whole up to the cut, and what a crash may leave of the rest."""
    rest = len(log) - cut
    written = chance.randint(0, rest)
    ends = (
        b"",
        chance.randbytes(chance.randint(1, 20_000)),
        bytes(rest),
        log[WAL_HEADER:][:rest],
        chance.randbytes(1) + log[cut + 1 :],
        log[cut : cut + written] + chance.randbytes(rest - written),
    )
    return log[:cut] + chance.choice(ends)


def holds_after(
    crashed: Crashed, log: bytes, expected: Sequence[Standing], folder: Path
) -> Standing:
    """Opens a store with this log; it is one of what is expected, and takes new events."""
    folder.mkdir()
    shutil.copy(crashed.folder / "secret", folder / "secret")
    (folder / "store.db").write_bytes(crashed.database)
    (folder / "store.db-wal").write_bytes(log)
    with closing(opened(crashed.folder / "counter", folder)) as engine:
        events = events_of(engine)
        digest = use.digest(engine).digest
        found = next((each for each in expected if each.digest == digest), None)
        assert found is not None, "a state that never was, or not all that was acknowledged"
        assert found.events == events.keys()
        take(engine, "new", "new too", "and this")
        for who in CUSTOMERS:
            count = list(events.values()).count(who)
            assert use.customer(engine, {"user_id": who}, "test").traits["times_seen"] == count + 1
    with closing(opened(crashed.folder / "counter", folder)) as engine:
        assert events_of(engine).keys() == events.keys() | {"new", "new too", "and this"}
    shutil.rmtree(folder)
    return found


def test_what_was_acknowledged_outlives_any_damage_behind_it(
    crashed: Crashed, tmp_path: Path, seed: int, scale: Callable[[int, int], int]
) -> None:
    """Every commit that lies whole before the damage is there. What lies behind it may be there
    as far as it happens to be whole; of nothing there is a part."""
    chance = random.Random(seed)
    survived = set()
    for number in range(scale(25, 200)):
        acknowledged = chance.randrange(COMMITS - 1)
        cut = chance.randint(crashed.standings[acknowledged].end, len(crashed.log))
        log = damaged(crashed.log, cut, chance)
        expected = crashed.standings[acknowledged:]
        survived.add(holds_after(crashed, log, expected, tmp_path / str(number)))
    assert len(survived) > 5


def test_a_log_cut_off_anywhere_is_a_prefix(
    crashed: Crashed, tmp_path: Path, seed: int, scale: Callable[[int, int], int]
) -> None:
    """Exactly the commits that lie whole before the cut: also where acknowledged ones are lost."""
    chance = random.Random(f"{seed}/prefix")
    ends = [standing.end for standing in crashed.standings]
    for number in range(scale(10, 100)):
        cut = chance.randint(ends[0], len(crashed.log))
        whole = crashed.standings[bisect_right(ends, cut) - 1]
        assert holds_after(crashed, crashed.log[:cut], [whole], tmp_path / str(number)) == whole
