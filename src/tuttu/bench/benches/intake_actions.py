"""What an event costs where there are many actions, beside where there are few."""

from collections.abc import Iterator

from tuttu.bench import fixtures, results, timing
from tuttu.bench.benches.intake_batch import BATCH, send

TARGET = 1.1


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    actions = ground.scale.of(1_000, 15)
    measurement = results.Measurement(
        bench="intake.actions",
        size={"actions": actions, "beside_actions": fixtures.FEW, "batch": BATCH},
        unit="µs CPU an event",
        target=TARGET,
    )

    def microseconds(desk: fixtures.Desk) -> float:
        batches = ground.scale.of(10, 1)
        return (
            1e6
            * timing.cpu(lambda: send(ground, desk, next(ground.numbers), BATCH), batches)
            / BATCH
        )

    with (
        ground.desk(ground.project(actions)) as many,
        ground.desk(ground.project(fixtures.FEW)) as few,
    ):
        yield ground.measure(
            measurement, lambda: results.Sample(microseconds(many), microseconds(few))
        )


BENCH = fixtures.Bench(
    "intake.actions", "CPU of an event at 1,000 actions ÷ at 12, at most 1.1", run
)
