"""Decisions and intake on PostgreSQL, beside the same on SQLite; both durable, by the clock."""

from collections.abc import Callable, Iterator

from tuttu.bench import customers, fixtures, results, timing
from tuttu.bench.benches.intake_batch import BATCH, send

TARGET = 2.0
CUSTOMERS = 500


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    measurements = {
        work: results.Measurement(
            bench="store.pg",
            size={"actions": fixtures.FEW, "work": work},
            unit=f"ms {unit}, by the clock",
            target=TARGET,
        )
        for work, unit in (("decide", "a decision"), ("intake", "a batch of 100 events"))
    }
    if ground.postgres is None:
        for measurement in measurements.values():
            yield measurement.skipped("there is no PostgreSQL; see --postgres")
        return
    folder = ground.empty()
    with (
        ground.desk(folder, ground.postgres) as postgres,
        ground.desk(folder) as sqlite,
    ):
        for desk in (postgres, sqlite):
            known = ground.scale.of(CUSTOMERS, 20)
            desk.accept(customers.calls(known, fixtures.FEW, ground.now))
        yield _measured(
            ground, measurements["decide"], lambda desk: desk.decide(), postgres, sqlite
        )

        def take_in(desk: fixtures.Desk) -> None:
            send(ground, desk, next(ground.numbers), BATCH)

        yield _measured(ground, measurements["intake"], take_in, postgres, sqlite)


def _measured(
    ground: fixtures.Fixtures,
    measurement: results.Measurement,
    work: Callable[[fixtures.Desk], object],
    postgres: fixtures.Desk,
    sqlite: fixtures.Desk,
) -> results.Result:
    times = ground.scale.of(20, 2)
    return ground.measure(
        measurement,
        lambda: results.Sample(
            1_000 * timing.wall(lambda: work(postgres), times),
            1_000 * timing.wall(lambda: work(sqlite), times),
        ),
    )


BENCH = fixtures.Bench(
    "store.pg", "decide and intake on PostgreSQL ÷ on SQLite, at most 2", run, postgres=True
)
