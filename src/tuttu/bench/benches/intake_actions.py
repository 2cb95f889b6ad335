"""What an event costs where there are many actions, beside where there are few."""

from collections.abc import Iterator
from itertools import count

from tuttu.bench.bench import Bench
from tuttu.bench.benches.intake_batch import BATCH, send
from tuttu.bench.fixtures import FEW, Desk, Fixtures
from tuttu.bench.results import Question, Result, Sample
from tuttu.bench.timing import cpu

TARGET = 1.1


def run(ground: Fixtures) -> Iterator[Result]:
    actions = ground.scale.of(1_000, 15)
    question = Question(
        bench="intake.actions",
        size={"actions": actions, "beside_actions": FEW, "batch": BATCH},
        unit="µs CPU an event",
        target=TARGET,
    )
    numbers = count()

    def microseconds(desk: Desk) -> float:
        batches = ground.scale.of(10, 1)
        return 1e6 * cpu(lambda: send(ground, desk, next(numbers), BATCH), batches) / BATCH

    with ground.desk(ground.project(actions)) as many, ground.desk(ground.project(FEW)) as few:
        yield ground.measure(question, lambda: Sample(microseconds(many), microseconds(few)))


BENCH = Bench("intake.actions", "CPU of an event at 1,000 actions ÷ at 12, at most 1.1", run)
