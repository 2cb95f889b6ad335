"""What an event costs where there are many actions, beside where there are few.

One that no action asks for, and one that an outcome of every action asks for.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from tuttu.bench import customers, fixtures, results, timing
from tuttu.bench.benches.intake_batch import BATCH

TARGET = 1.1
EVENTS: Mapping[str, customers.Events] = {"views": customers.views, "orders": customers.orders}


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    actions = ground.scale.of(1_000, 15)
    with (
        ground.desk(ground.project(actions)) as many,
        ground.desk(ground.project(fixtures.FEW)) as few,
    ):
        for name, events in EVENTS.items():
            size = {"actions": actions, "beside_actions": fixtures.FEW, "batch": BATCH}
            measurement = results.Measurement(
                bench="intake.actions",
                size={**size, "events": name},
                unit="µs CPU an event",
                target=TARGET,
            )
            cost = partial(_microseconds, ground, events)
            yield ground.measure(measurement, partial(_sample, cost, many, few))


def _sample(
    cost: Callable[[fixtures.Desk], float], many: fixtures.Desk, few: fixtures.Desk
) -> results.Sample:
    return results.Sample(cost(many), cost(few))


def _microseconds(
    ground: fixtures.Fixtures, events: customers.Events, desk: fixtures.Desk
) -> float:
    def send() -> None:
        first = next(ground.numbers) * BATCH
        desk.accept(events(first, BATCH, ground.scale.customers, ground.now))

    return 1e6 * timing.cpu(send, ground.scale.of(10, 1)) / BATCH


BENCH = fixtures.Bench(
    "intake.actions", "CPU of an event at 1,000 actions ÷ at 12, at most 1.1", run
)
