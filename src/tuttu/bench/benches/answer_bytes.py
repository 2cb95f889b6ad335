"""How long the answer to a decision is."""

from collections.abc import Iterator

import msgspec

from tuttu.bench.bench import Bench
from tuttu.bench.fixtures import Desk, Fixtures
from tuttu.bench.results import Question, Result, Sample

TARGET = 2_048.0


def run(ground: Fixtures) -> Iterator[Result]:
    for actions in ground.scale.sizes:
        size = {"actions": actions, "candidates": 2 * actions}
        question = Question(bench="answer.bytes", size=size, unit="bytes", target=TARGET)
        with ground.desk(ground.project(actions)) as desk:
            bodies = [_bytes(desk) for _ in range(ground.scale.of(20, 3))]
        # The same customers, and nothing that a busy machine changes: one round says all.
        yield question.answer([[Sample(sorted(bodies)[len(bodies) // 2])]])


def _bytes(desk: Desk) -> float:
    return float(len(msgspec.json.encode(desk.decide())))


BENCH = Bench("answer.bytes", "the answer of a decision: at most 2 KB", run)
