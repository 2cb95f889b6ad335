"""A decision over HTTP, durable, with its key checked: CPU of the server beside the echo's.

One surface, one slot, exploration 5 %, a message with three values. Each customer is asked in turn.
"""

from collections.abc import Iterator

from tuttu.bench import answers, beside_echo, fixtures, results

TARGETS = {12: 30.0, 2_500: 40.0}
"""By actions."""


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    scale = ground.scale
    most = scale.customers // (2 * scale.rounds * scale.repeats + 3)
    for actions in scale.sizes:
        folder = ground.project(actions)
        with beside_echo.beside_echo(ground, folder, ground.decisions(), most) as sides:
            yield _many(ground, actions, sides)
            yield _one(ground, actions, sides)


def _many(ground: fixtures.Fixtures, actions: int, sides: beside_echo.Sides) -> results.Result:
    measurement = results.Measurement(
        bench="decide.http",
        size={
            "actions": actions,
            "candidates": 2 * actions,
            "connections": beside_echo.CONNECTIONS,
        },
        unit="µs CPU of the server",
        target=TARGETS.get(actions),
    )
    said = answers.Answers()
    rounds = beside_echo.cpu_rounds(ground, measurement, sides, said)
    said.tell(measurement)
    return measurement.answer(rounds)


def _one(ground: fixtures.Fixtures, actions: int, sides: beside_echo.Sides) -> results.Result:
    """One connection: how long somebody waits who is alone."""
    measurement = results.Measurement(
        bench="decide.http",
        size={"actions": actions, "candidates": 2 * actions, "connections": 1},
        unit="ms until the answer",
    )
    seconds = ground.scale.seconds / 2

    def repeat() -> results.Sample:
        ours, echo = sides.ask(seconds, 1), sides.ask_echo(seconds / 2, 1)
        return results.Sample(ours.percentile(0.5), echo.percentile(0.5))

    return ground.measure(measurement, repeat)


BENCH = fixtures.Bench(
    "decide.http",
    "decisions over HTTP, durable: CPU ÷ a raw echo's; at most 30 at 12 actions, 40 at 2,500",
    run,
)
