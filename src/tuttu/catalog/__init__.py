"""The project folder, read as a whole and checked.

This room turns the text of a project folder into the records of `vocabulary`, each of which has its
file and line, and reports all faults at once. It must not know how the records are used, keep
anything between two loads, or return a project with faults.
"""

from tuttu.catalog.load import (
    Survey,
    Texts,
    check,
    is_still,
    load,
    read_scenarios,
    survey,
    survey_all,
)
from tuttu.catalog.read_scenarios import Expectation, Scenario, ScenarioStep
from tuttu.catalog.schemas import schemas

__all__ = [
    "Expectation",
    "Scenario",
    "ScenarioStep",
    "Survey",
    "Texts",
    "check",
    "is_still",
    "load",
    "read_scenarios",
    "schemas",
    "survey",
    "survey_all",
]
