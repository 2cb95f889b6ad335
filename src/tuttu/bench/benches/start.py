"""CPU until a project is checked, and until its server takes requests."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tuttu.bench import company, fixtures, processes, results

TARGET = 3.0


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    actions = ground.scale.of(2_500, 15)
    folder = ground.empty(company.GeneratedCompany(actions))
    ways: dict[str, Callable[[Path], float]] = {"check": _check, "serve": _serve}
    for command, seconds in ways.items():
        measurement = results.Measurement(
            bench="start",
            size={"actions": actions, "command": command},
            unit="s CPU",
            target=TARGET,
        )
        yield ground.measure(measurement, lambda: results.Sample(seconds(folder)), most=2)  # noqa: B023


def _check(folder: Path) -> float:
    return processes.cpu_of(["check", str(folder)])


def _serve(folder: Path) -> float:
    with processes.serving(folder) as server:
        return server.cpu()


BENCH = fixtures.Bench("start", "check and start at 2,500 actions: at most 3 s of CPU", run)
