"""What this room keeps: each fragment's own last choice in every cell of purposes × channels.

A cell's part is made of all that can fill it: the same cell filled by other events is another
part. So a purpose, a channel or a mapping that is declared differently is filled from the log, and
a choice that no event of the present version would make is not read.
"""

from collections.abc import Mapping

import msgspec

from tuttu.vocabulary import facts, history, values
from tuttu.vocabulary.project import Project, cached

EVERY = ""
"""In the place of a channel: every channel of the purpose."""

Cell = tuple[str, str]
"""Purpose and channel, or `EVERY`."""


class ConsentChoice(msgspec.Struct, frozen=True, array_like=True):
    """One yes or no, and the fact that proves it."""

    allowed: bool
    time: values.Instant
    id: str

    @property
    def rank(self) -> tuple[values.Instant, bool, str]:
        """Greater is later; of a yes and a no at the same moment, the no counts."""
        return self.time, not self.allowed, self.id


class Choices(msgspec.Struct, frozen=True):
    """The last choice of each cell, under the name of the cell's part."""

    chosen: Mapping[history.Part, ConsentChoice] = {}


FRAGMENTS = facts.Table("consent.fragments", Choices, personal=True)

ChoicesByCell = Mapping[str, Mapping[str, ConsentChoice]]
"""Purpose to channel, or `EVERY`, to the last choice."""


@cached
def cells_of(project: Project) -> dict[Cell, history.Part]:
    """Every cell that a choice can be about."""
    cells: dict[Cell, history.Part] = {}
    for purpose in project.purposes:
        for channel in (EVERY, *project.channels):
            events = {
                (mapping.event, mapping.allowed, mapping.purpose or "", mapping.channel or "")
                for mapping in project.tracking.consent
                if mapping.purpose in {None, purpose} and mapping.channel in {None, channel}
            }
            cells[purpose, channel] = history.part("consent", purpose, channel, sorted(events))
    return cells


def choices_by_cell(project: Project, choices: Choices) -> ChoicesByCell:
    """A fragment's choices, as far as their cells are declared now."""
    found: dict[str, dict[str, ConsentChoice]] = {}
    for (purpose, channel), name in cells_of(project).items():
        if name in choices.chosen:
            found.setdefault(purpose, {})[channel] = choices.chosen[name]
    return found
