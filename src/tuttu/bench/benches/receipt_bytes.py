"""How long a receipt is in the log, beside its budget.

The budget: 500 B, a bit of each candidate for each stage that refused some, 200 B a choice, the
values that were read as MessagePack, and what the request said.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

import msgspec

from tuttu.api import DecideAnswer
from tuttu.bench import fixtures, results

BASE, CHOICE, REQUEST = 500, 200, 60
TARGET = 1.0


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    for actions in ground.scale.sizes:
        size = {"actions": actions, "candidates": 2 * actions}
        measurement = results.Measurement(
            bench="receipt.bytes", size=size, unit="bytes", target=TARGET
        )
        folder = ground.project(actions)
        with ground.desk(folder) as desk:
            answers = [desk.decide(refused=True) for _ in range(ground.scale.of(20, 3))]
            budget = median(_budget(desk, each, 2 * actions) for each in answers)
        # Nothing that a busy machine changes: one round says all.
        sizes = _newest(folder / ".tuttu" / "store.db", len(answers))
        yield measurement.answer([[results.Sample(median(sizes), budget)]])


def _budget(desk: fixtures.Desk, answer: DecideAnswer, candidates: int) -> float:
    stages = {each.stage for each in answer.refused}
    packed = msgspec.msgpack.encode(desk.read_by(answer.decision_id or ""))
    choices = CHOICE * len(answer.choices)
    return BASE + len(stages) * candidates / 8 + choices + len(packed) + REQUEST


def _newest(store: Path, decisions: int) -> list[int]:
    """Sealed sizes of the newest receipts; each was looked at once since, which is a fact too."""
    query = "SELECT length(sealed) FROM log ORDER BY position DESC LIMIT ? OFFSET ?"
    with closing(sqlite3.connect(store)) as connection:
        return [size for (size,) in connection.execute(query, (decisions, decisions))]


BENCH = fixtures.Bench("receipt.bytes", "a receipt in the log ÷ its budget, at most 1", run)
