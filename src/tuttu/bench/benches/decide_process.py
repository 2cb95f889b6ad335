"""A decision in this process, durable: CPU at several numbers of actions, and how it grows."""

from collections.abc import Iterator
from contextlib import ExitStack

from tuttu.bench import fixtures, results, timing

BUDGET_MS = {1_000: 1.0}
"""By actions; of 12 and 2,500 it is printed alone."""
GROWTH = ((2_500, 1_000, 1.15), (5_000, 1_000, 1.4))
"""Of so many actions ÷ so many, the target."""


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    for actions in ground.scale.of((fixtures.FEW, 1_000, 2_500, 5_000), (fixtures.FEW, 15)):
        yield _alone(ground, actions)
    for many, few, target in ground.scale.of(GROWTH, ((15, fixtures.FEW, 1.15),)):
        yield _growth(ground, many, few, target)


def _alone(ground: fixtures.Fixtures, actions: int) -> results.Result:
    measurement = results.Measurement(
        bench="decide.process",
        size={"actions": actions, "candidates": 2 * actions},
        unit="ms CPU",
        target=BUDGET_MS.get(actions),
    )
    with ground.desk(ground.project(actions)) as desk:
        return ground.measure(measurement, lambda: results.Sample(_ms(ground, desk)))


def _growth(ground: fixtures.Fixtures, many: int, few: int, target: float) -> results.Result:
    measurement = results.Measurement(
        bench="decide.process",
        size={"actions": many, "beside_actions": few},
        unit="ms CPU",
        target=target,
    )
    with ExitStack() as open_now:
        larger, smaller = (
            open_now.enter_context(ground.desk(ground.project(size))) for size in (many, few)
        )
        return ground.measure(
            measurement, lambda: results.Sample(_ms(ground, larger), _ms(ground, smaller))
        )


def _ms(ground: fixtures.Fixtures, desk: fixtures.Desk) -> float:
    return 1_000 * timing.cpu(desk.decide, ground.scale.of(20, 2))


BENCH = fixtures.Bench(
    "decide.process",
    "decisions in process, durable: at most 1 ms at 1,000 actions, and hardly more at 5,000",
    run,
)
