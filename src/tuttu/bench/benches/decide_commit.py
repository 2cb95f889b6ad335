"""What it costs that a decision is durable before it is answered: beside the same as dry runs."""

from collections.abc import Iterator

from tuttu.bench.bench import Bench
from tuttu.bench.fixtures import Fixtures
from tuttu.bench.load import load
from tuttu.bench.processes import on_own_core, serving
from tuttu.bench.results import Question, Result, Sample

TARGET = 1.35


def run(ground: Fixtures) -> Iterator[Result]:
    for actions in ground.scale.sizes[:2]:
        yield _measured(ground, actions)


def _measured(ground: Fixtures, actions: int) -> Result:
    scale = ground.scale
    most = scale.customers // (scale.rounds * scale.repeats + 1)
    question = Question(
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
    with on_own_core(), serving(folder) as ours:
        load(ours, dry, seconds=scale.seconds / 4, most=most)

        def repeat() -> Sample:
            kept = load(ours, durable, seconds=scale.seconds, most=most)
            return Sample(kept.wall_us, load(ours, dry, seconds=scale.seconds, most=most).wall_us)

        return ground.measure(question, repeat)


BENCH = Bench(
    "decide.commit",
    "decisions over HTTP: durable ÷ dry runs, at most 1.35",
    run,
)
