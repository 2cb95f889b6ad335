"""The example companies with all steps of their scenarios, and a place of their own for exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from pathlib import Path

import pytest

from tuttu import catalog
from tuttu.catalog import ScenarioStep
from tuttu.engine import Runtime, load_project, scratch_engine
from tuttu.simulation.steps import StepError, perform
from tuttu.vocabulary.clock import ManualClock

EXAMPLES = Path(__file__).parents[2] / "src/tuttu/examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if (path / "tuttu.yaml").is_file())

Told = Callable[..., Runtime]


@pytest.fixture(params=NAMES)
def example(request: pytest.FixtureRequest) -> str:
    """The name of each shipped company."""
    name: str = request.param
    return name


def exports(temporary: Path) -> list[Path]:
    return sorted(temporary.glob("tuttu-export-*"))


def hear(engine: Runtime, clock: ManualClock, steps: Iterable[ScenarioStep]) -> None:
    """Tells an engine these steps in the order of time."""
    for number, step in enumerate(sorted(steps, key=attrgetter("at"))):
        clock.set(max(step.at, clock.now()))
        try:
            perform(engine, step, number)
        except StepError:
            continue  # an answer to what another story has made impossible


def all_steps(example: str) -> list[ScenarioStep]:
    return [step for story in catalog.read_scenarios(EXAMPLES / example) for step in story.given]


@pytest.fixture
def told() -> Iterator[Told]:
    """told("shop", step, …): an engine that has heard these steps, by default those of all of the
    company's stories."""
    opened: list[Runtime] = []

    def telling(example: str, *steps: ScenarioStep) -> Runtime:
        clock = ManualClock(0)
        engine = scratch_engine(load_project(EXAMPLES / example), clock=clock)
        opened.append(engine)
        hear(engine, clock, steps or all_steps(example))
        return engine

    yield telling
    for engine in opened:
        engine.close()
