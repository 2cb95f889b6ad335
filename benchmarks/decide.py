"""How long one decision takes, with a dozen actions and with a thousand.

Run: .venv/bin/python benchmarks/decide.py [--storage postgresql]

The operator example is copied, and its web actions are repeated under new names (and with other
thresholds) until there are as many as asked. Each decision is whole: snapshot, stages, draw,
rendering, receipt and ledger durable. Beside it stands the same without the commit (a dry run),
and the limit measured in the same run: the database's own durable commit of a receipt of the same
size. PostgreSQL is a private server with its own defaults, on this machine and this disk.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path

import psycopg

from tuttu import engine as use
from tuttu.api import DecideRequest
from tuttu.engine import Runtime, open_engine
from tuttu.testing import private_postgres
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant

EXAMPLE = Path(str(files("tuttu"))) / "examples" / "operator"
TEMPLATE = """\
action: made-{number}
objective: measure
status: live
purpose: marketing
value: 12 * {value}
eligible:
  has our broadband: has_broadband
  has no TV from us: NOT has_tv
applicable:
  has settled in: COALESCE(days_since(moved_at), 999) > {days}
suitable:
  is not about to leave: churn_risk < {risk}
propensity: 0.0{share}
treatments:
  web: {{surface: front.hero, message: tv-package, answer_within: 3d}}
outcomes:
  accepted: event = 'Order Completed'
"""


def project_with(actions: int, folder: Path) -> Path:
    """A copy of the example with this many actions in all."""
    shutil.copytree(EXAMPLE, folder)
    there = len(list((folder / "actions").rglob("[!_]*.yaml")))
    group = folder / "actions" / "sales" / "made"
    group.mkdir()
    for number in range(actions - there):
        text = TEMPLATE.format(
            number=number,
            value=5 + number % 97 / 10,
            days=number % 30,
            risk=0.3 + number % 50 / 100,
            share=1 + number % 8,
        )
        (group / f"made-{number}.yaml").write_text(text)
    return folder


def filled(folder: Path, storage: str) -> Runtime:
    """The engine with the example's demonstration events."""
    moment = parse_instant("2026-03-02T07:00:00Z") or 0
    engine = open_engine(folder, clock=ManualClock(moment), storage=storage)
    for line in (folder / "demo" / "events.jsonl").read_bytes().splitlines():
        use.accept(engine, "batch", b'{"batch":[' + line + b"]}", None, "bench")
    return engine


def median(work: Callable[[int], object], rounds: int) -> float:
    """Seconds."""
    times = []
    for number in range(rounds):
        start = time.perf_counter()
        work(number)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def sqlite_commit(folder: Path, size: int, rounds: int) -> float:
    """SQLite alone: one row of this size, on disk."""
    connection = sqlite3.connect(folder / "limit.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE log (body BLOB)")
    return median(
        lambda _: connection.execute("INSERT INTO log VALUES (?)", (os.urandom(size),)), rounds
    )


def postgres_commit(url: str, size: int, rounds: int) -> float:
    """The same of PostgreSQL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE limits (body bytea)")
        return median(
            lambda _: connection.execute("INSERT INTO limits VALUES (%b)", (os.urandom(size),)),
            rounds,
        )


def measure(actions: int, rounds: int, kind: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as parent, ExitStack() as running:
        storage = "sqlite:.tuttu/store.db"
        if kind == "postgresql":
            storage = running.enter_context(private_postgres()).create()
        start = time.perf_counter()
        engine = filled(project_with(actions, Path(parent) / "project"), storage)
        loading = time.perf_counter() - start
        asked = [{"user_id": who} for who in ("maija", "pekka", "aino", "eino")]

        def decide(number: int, *, dry_run: bool = False) -> object:
            who = asked[number % len(asked)]
            return use.decide(
                engine, DecideRequest(who=who, surfaces=["front.hero"], dry_run=dry_run)
            )

        whole = median(decide, rounds)
        dry = median(lambda number: decide(number, dry_run=True), rounds)
        size = 150 * actions
        if kind == "postgresql":
            limit = postgres_commit(storage, size, rounds)
        else:
            limit = sqlite_commit(Path(parent), size, rounds)
        engine.close()
    return {
        "bench": "decide.engine",
        "size": {"actions": actions, "storage": kind},
        "ours_ms": round(whole * 1000, 3),
        "dry_run_ms": round(dry * 1000, 3),
        "limit_ms": round(limit * 1000, 3),
        "ratio": round(whole / limit, 1),
        "loading_s": round(loading, 2),
        "note": f"limit: the database alone, one durable row of {size} bytes",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--actions", type=int, nargs="+", default=[12, 1_000])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--storage", choices=["sqlite", "postgresql"], default="sqlite")
    arguments = parser.parse_args()
    for actions in arguments.actions:
        print(json.dumps(measure(actions, arguments.rounds, arguments.storage)))  # noqa: T201


if __name__ == "__main__":
    main()
