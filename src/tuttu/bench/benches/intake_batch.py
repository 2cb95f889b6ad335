"""Events in batches of 100, durable, beside SQLite's own rate for rows of the same sizes.

The limit is one transaction a batch, and an event is: its key looked up and kept, its row appended,
its customer's record replaced.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tuttu.bench import customers, fixtures, results, timing

BATCH = 100
TARGET = 2.5
SCHEMA = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
CREATE TABLE log (position INTEGER PRIMARY KEY, body BLOB);
CREATE TABLE once (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE profile (customer INTEGER PRIMARY KEY, body BLOB);
"""


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    measurement = results.Measurement(
        bench="intake.batch",
        size={"actions": fixtures.FEW, "batch": BATCH},
        unit="µs an event, by the clock",
        target=TARGET,
    )
    folder, batches = ground.project(fixtures.FEW), ground.scale.of(20, 1)
    event, record = row_sizes(folder / ".tuttu" / "store.db")
    measurement.remarks.append(f"rows of {event} and records of {record} bytes")
    with ground.desk(folder) as desk, closing(_limit(ground.folder / "limit.db")) as limit:

        def repeat() -> results.Sample:
            ours = timing.wall(lambda: send(ground, desk, next(ground.numbers), BATCH), batches)
            times = [next(ground.numbers) for _ in range(batches)]
            turns = iter(times)
            beside = timing.wall(lambda: _write(limit, next(turns), event, record), batches)
            return results.Sample(1e6 * ours / BATCH, 1e6 * beside / BATCH)

        yield ground.measure(measurement, repeat)


def send(ground: fixtures.Fixtures, desk: fixtures.Desk, number: int, events: int) -> None:
    """A batch of so many events of customers in turn, which nobody sent before."""
    known = ground.scale.customers
    desk.accept(customers.views(number * events, events, known, ground.now))


def row_sizes(store: Path) -> tuple[int, int]:
    """Mean bytes of a row of the log, and of a customer's record of the profile."""
    with closing(sqlite3.connect(store)) as connection:
        (event,) = connection.execute("SELECT avg(length(sealed)) FROM log").fetchone()
        (record,) = connection.execute(
            "SELECT avg(length(sealed)) FROM records WHERE name LIKE 'profile.%'"
        ).fetchone()
    return int(event), int(record)


def _limit(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(SCHEMA)
    return connection


def _write(limit: sqlite3.Connection, number: int, event: int, record: int) -> None:
    limit.execute("BEGIN IMMEDIATE")
    for each in range(BATCH):
        key = os.urandom(32)
        limit.execute("SELECT 1 FROM once WHERE key = ?", (key,)).fetchone()
        limit.execute("INSERT INTO once VALUES (?)", (key,))
        limit.execute("INSERT INTO log (body) VALUES (?)", (os.urandom(event),))
        customer = (number * BATCH + each) % 20_000
        limit.execute("REPLACE INTO profile VALUES (?, ?)", (customer, os.urandom(record)))
    limit.execute("COMMIT")


BENCH = fixtures.Bench(
    "intake.batch",
    "events in batches of 100, durable ÷ SQLite with the same rows, at most 2.5",
    run,
)
