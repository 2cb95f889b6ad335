"""Scoring of treatments with declared propensities, beside numpy's product with sigmoid."""

from collections.abc import Iterator

from tuttu.bench import customers, fixtures, peers, results, timing

FEATURES = 16
TARGET = 1.5


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    numpy, actions = peers.peer("numpy"), ground.scale.of(2_500, 15)
    measurement = results.Measurement(
        bench="score",
        size={"treatments": 2 * actions, "features": FEATURES},
        unit="µs CPU",
        target=TARGET,
        remarks=["ours has declared propensities, no model"],
    )
    chance = numpy.random.default_rng(1)
    weights, features = chance.normal(size=(2 * actions, FEATURES)), chance.normal(size=FEATURES)
    with ground.desk(ground.project(actions)) as desk:
        refused = desk.refused_by("scoring")

        def repeat() -> results.Sample:
            ours = timing.cpu_with(
                lambda: desk.view(customers.user(0)), refused, ground.scale.of(5, 1)
            )
            limit = timing.cpu(lambda: 1 / (1 + numpy.exp(-(weights @ features))), 1_000)
            return results.Sample(1e6 * ours, 1e6 * limit)

        yield ground.measure(measurement, repeat)


BENCH = fixtures.Bench(
    "score", "5,000 treatments scored ÷ numpy's matrix by vector with sigmoid, at most 1.5", run
)
