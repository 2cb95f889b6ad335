"""What it costs that a decision is durable before it is answered: beside the same as dry runs."""

from collections.abc import Iterator

from tuttu.bench import fixtures, load, processes, results

TARGET = 1.35


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    for actions in ground.scale.sizes[:2]:
        yield _measured(ground, actions)


def _measured(ground: fixtures.Fixtures, actions: int) -> results.Result:
    scale = ground.scale
    most = scale.customers // (scale.rounds * scale.repeats + 1)
    measurement = results.Measurement(
        bench="decide.commit",
        size={"actions": actions, "connections": 16},
        unit="µs a request, by the clock",
        target=TARGET,
    )
    folder, durable, dry = (
        ground.project(actions),
        ground.decisions(),
        ground.decisions(dry_run=True),
    )
    with processes.on_own_core(), processes.serving(folder) as ours:
        load.load(ours, dry, seconds=scale.seconds / 4, most=most)

        def repeat() -> results.Sample:
            kept = load.load(ours, durable, seconds=scale.seconds, most=most)
            return results.Sample(
                kept.wall_us, load.load(ours, dry, seconds=scale.seconds, most=most).wall_us
            )

        return ground.measure(measurement, repeat)


BENCH = fixtures.Bench(
    "decide.commit",
    "decisions over HTTP: durable ÷ dry runs, at most 1.35",
    run,
)
