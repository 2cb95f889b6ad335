"""How long decisions wait while one batch of events is taken in, beside when there is none."""

from collections.abc import Iterator

from tuttu.bench import customers, fixtures, load, processes, results

CONNECTIONS = 16
TARGET = 5.0


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    scale = ground.scale
    events, seconds = scale.of(2_000, 60), scale.seconds
    most = scale.customers // (2 * scale.rounds * scale.repeats + 1)
    measurement = results.Measurement(
        bench="decide.http.mixed",
        size={"actions": fixtures.FEW, "events": events, "connections": CONNECTIONS},
        unit="ms until the answer, p99",
        target=TARGET,
    )
    folder, requests = ground.project(fixtures.FEW), ground.decisions()
    with processes.on_own_core(), processes.serving(folder) as ours:
        load.load(ours, requests, seconds=seconds / 4, most=most)

        def repeat() -> results.Sample:
            alone = load.load(ours, requests, seconds=seconds, most=most).percentile(0.99)
            batch = customers.views(
                next(ground.numbers) * events, events, scale.customers, ground.now
            )
            other = ground.request("/v1/batch", customers.body_of(list(batch)))
            mixed = load.waited_beside(ours, requests, other, seconds=seconds)
            return results.Sample(load.percentile(mixed, 0.99), alone)

        yield ground.measure(measurement, repeat)


BENCH = fixtures.Bench(
    "decide.http.mixed",
    "decisions while a batch of 2,000 events comes: p99 ÷ without it, at most 5",
    run,
)
