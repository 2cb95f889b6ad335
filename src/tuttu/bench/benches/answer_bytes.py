"""How long the answer to a decision is."""

from collections.abc import Iterator

import msgspec

from tuttu.bench import fixtures, results

TARGET = 2_048.0


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    for actions in ground.scale.sizes:
        size = {"actions": actions, "candidates": 2 * actions}
        measurement = results.Measurement(
            bench="answer.bytes", size=size, unit="bytes", target=TARGET
        )
        with ground.desk(ground.project(actions)) as desk:
            bodies = [_bytes(desk) for _ in range(ground.scale.of(20, 3))]
        # The same customers, and nothing that a busy machine changes: one round says all.
        yield measurement.answer([[results.Sample(sorted(bodies)[len(bodies) // 2])]])


def _bytes(desk: fixtures.Desk) -> float:
    return float(len(msgspec.json.encode(desk.decide())))


BENCH = fixtures.Bench("answer.bytes", "the answer of a decision: at most 2 KB", run)
