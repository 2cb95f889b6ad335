"""Runs scenarios, in the order of time."""

from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path

import msgspec

from tuttu.catalog import Expectation, Scenario, ScenarioStep, read_scenarios
from tuttu.decision import STAGE_NAMES
from tuttu.engine import Runtime, load_project, scratch_engine
from tuttu.simulation.expectations import unmet
from tuttu.simulation.report import Failure, Report
from tuttu.simulation.steps import StepError, perform
from tuttu.vocabulary import errors, library
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.project import Project

Moment = ScenarioStep | Expectation
Progress = Callable[[str], None]


def run(folder: Path, progress: Progress = lambda _name: None) -> Report:
    """Run every scenario of a project folder, each on a store of its own.

    Control arms and exploration are off: a scenario tests the policy, and random draws would make
    it fail one time in twenty. Raises ProjectError if the folder has faults.
    """
    project = _without_chance(load_project(folder))
    failures: list[Failure] = []
    scenarios = read_scenarios(folder, stages=STAGE_NAMES)
    for scenario in scenarios:
        progress(scenario.name)
        failures.extend(_failures(project, scenario))
    asked = sum(len(scenario.expect) for scenario in scenarios)
    return Report(scenarios=len(scenarios), expectations=asked, failures=tuple(failures))


def _without_chance(project: Project) -> Project:
    certain = library.Controls(salt=project.policy.controls.salt)
    policy = msgspec.structs.replace(project.policy, controls=certain)
    return msgspec.structs.replace(project, policy=policy)


def _failures(project: Project, scenario: Scenario) -> Iterator[Failure]:
    """Steps come before expectations of the same instant, both in the order of the file."""
    moments: list[Moment] = [*scenario.given, *scenario.expect]
    moments.sort(key=attrgetter("at"))
    if not moments:
        return
    clock = ManualClock(moments[0].at)
    engine = scratch_engine(project, clock=clock)
    try:
        for number, moment in enumerate(moments):
            clock.set(moment.at)
            try:
                if isinstance(moment, Expectation):
                    yield from _unmet(engine, scenario, moment)
                else:
                    perform(engine, moment, number)
            except (StepError, errors.BadRequest) as error:
                asked = isinstance(moment, Expectation)
                possible = "a question that can be asked" if asked else "a step that can be taken"
                yield _failure(scenario, moment, possible, str(error))
    finally:
        engine.close()


def _unmet(engine: Runtime, scenario: Scenario, expectation: Expectation) -> Iterator[Failure]:
    no = unmet(engine, expectation)
    if no is not None:
        yield _failure(scenario, expectation, no.expected, no.found)


def _failure(scenario: Scenario, moment: Moment, expected: str, found: str) -> Failure:
    return Failure(scenario=scenario.name, where=moment.where, expected=expected, found=found)
