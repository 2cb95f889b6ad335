"""How much of the log the parts of a room's state cover.

A *part* is the state of one definition, under a name derived from the whole definition. A new part
covers nothing; one that was dropped and is declared again covers the log up to that point.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Mapping

import msgspec

from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Expression

Part = bytes
"""`PART_BYTES` bytes: the hash of one whole definition."""

PART_BYTES = 8


def part(*definition: object) -> Part:
    """The name of a definition's part, derived from all that the definition says."""
    return hashlib.blake2b(msgspec.json.encode(definition), digest_size=PART_BYTES).digest()


def meaning(project: Project, test: Expression | None) -> object:
    """All that the meaning of a condition on an event depends on: its text, the types of what it
    reads, the time zone."""
    if test is None:
        return None
    types = {name: event_column(project, name) for name in sorted(test.columns)}
    return [test.text, types, project.company.zone]


def event_column(project: Project, name: str) -> object:
    """The declared type of a column of events, or those of the fields of its items."""
    fields = project.event_schema.collections.get(name)
    if fields is not None:
        return {field: str(declared) for field, declared in sorted(fields.items())}
    return str(project.event_schema.columns.get(name))


class Behind:
    """Parts that do not cover the whole log, and through which position they do."""

    def __init__(self, through: Mapping[Part, int]) -> None:
        self.through = dict(through)
        self._steps = sorted(set(through.values()))
        self._parts = [
            frozenset(part for part, covered in through.items() if covered <= step)
            for step in self._steps
        ]

    def __bool__(self) -> bool:
        return bool(self.through)

    @property
    def start(self) -> int:
        """All of them cover every fact up to here."""
        return self._steps[0]

    def at(self, position: int) -> frozenset[Part]:
        """The parts into which the fact at this position is to be folded."""
        place = bisect_left(self._steps, position)
        return self._parts[place - 1] if place else frozenset()
