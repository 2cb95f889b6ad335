"""How much CPU a decision and an event cost, about a customer with very many tickets.

Run: .venv/bin/python benchmarks/many_items.py [--tickets 100000]

The operator example in an embedded store, half of the tickets resolved, all of one customer: under
one identifier, under two in turn, and all at one moment. CPU seconds of this process.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

from tuttu import engine as use
from tuttu.api import DecideRequest
from tuttu.engine import open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant, parse_instant
from tuttu.vocabulary.values import MINUTE

EXAMPLE = Path(str(files("tuttu"))) / "examples" / "operator"
NOW = parse_instant("2026-03-01T09:00:00Z") or 0
ROUNDS, BATCH = 11, 400


def call(number: int, who: dict[str, str], time: int) -> dict[str, Any]:
    status = "open" if number % 2 else "resolved"
    return {
        "type": "track",
        "messageId": f"m{number}",
        **who,
        "event": "Ticket Updated",
        "timestamp": format_instant(time),
        "properties": {"ticket_id": f"T{number}", "status": status, "topic": "bill"},
    }


def cpu(work: Callable[[], object]) -> float:
    """The median, in ms."""
    found = []
    for _ in range(ROUNDS):
        before = time.process_time()
        work()
        found.append(1_000 * (time.process_time() - before))
    return statistics.median(found)


def measure(named: str, calls: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
        with closing(open_engine(Path(folder), clock=ManualClock(NOW))) as engine:

            def tell(some: list[dict[str, Any]]) -> None:
                body = json.dumps({"batch": some}).encode()
                use.accept(engine, "batch", body, None, "benchmark")

            for first in range(0, len(calls), BATCH):
                tell(calls[first : first + BATCH])
            asked = DecideRequest(who={"user_id": "anna"}, surfaces=["front.hero"])
            decided = cpu(lambda: use.decide(engine, asked))
            beyond = use.decide(engine, asked).beyond_limit
            more = iter(range(len(calls), len(calls) + ROUNDS))
            told = cpu(lambda: tell([call(next(more), {"userId": "anna"}, NOW)]))
    said = f"decision {decided:.1f} ms, event {told:.1f} ms, beyond the limit: {beyond}"
    print(f"{named}: {said}")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tickets", type=int, default=100_000)
    many: int = parser.parse_args().tickets
    anna, device = {"userId": "anna"}, {"anonymousId": "device"}
    start = NOW - many * MINUTE
    joined = {"type": "identify", "messageId": "joined", **anna, **device}
    for count in (10, 1_000, many):
        spread = [call(number, anna, start + number * MINUTE) for number in range(count)]
        measure(f"{count:,} tickets", spread)
    measure(f"{many:,} at one moment", [call(number, anna, start) for number in range(many)])
    turns = [call(n, device if n % 2 else anna, start + n * MINUTE) for n in range(many)]
    measure(f"{many:,} under two identifiers", [joined, *turns])


if __name__ == "__main__":
    main()
