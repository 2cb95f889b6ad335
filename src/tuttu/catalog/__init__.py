"""What the company declared: the project folder, read whole and checked.

This room turns the text of a project folder into the records of `vocabulary`, each of which knows
its file and line, and gives every fault at once. It must not know what happens later with the
records, keep anything between two readings, or let half a project through.
"""

from tuttu.catalog.load import Survey, Texts, check, load, read_scenarios, survey
from tuttu.catalog.read_scenarios import Expectation, Scenario, ScenarioStep
from tuttu.catalog.schemas import schemas

__all__ = [
    "Expectation",
    "Scenario",
    "ScenarioStep",
    "Survey",
    "Texts",
    "check",
    "load",
    "read_scenarios",
    "schemas",
    "survey",
]
