"""CPU until a project is checked, and until its server takes requests."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tuttu.bench.bench import Bench
from tuttu.bench.company import Company
from tuttu.bench.fixtures import Fixtures
from tuttu.bench.processes import cpu_of, serving
from tuttu.bench.results import Question, Result, Sample

TARGET = 3.0


def run(ground: Fixtures) -> Iterator[Result]:
    actions = ground.scale.of(2_500, 15)
    folder = ground.empty(Company(actions))
    ways: dict[str, Callable[[Path], float]] = {"check": _check, "serve": _serve}
    for command, seconds in ways.items():
        question = Question(
            bench="start",
            size={"actions": actions, "command": command},
            unit="s CPU",
            target=TARGET,
        )
        yield ground.measure(question, lambda: Sample(seconds(folder)), most=2)  # noqa: B023


def _check(folder: Path) -> float:
    return cpu_of(["check", str(folder)])


def _serve(folder: Path) -> float:
    with serving(folder) as server:
        return server.cpu()


BENCH = Bench("start", "check and start at 2,500 actions: at most 3 s of CPU", run)
