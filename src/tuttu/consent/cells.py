"""The cells of purposes × channels, each with the name of its part.

A cell's part is made of all that can fill it: the same cell filled by other events is another
part. So a purpose, a channel or a mapping that is declared anew is filled from the log, and a
choice that an event of today would not make is none.
"""

from __future__ import annotations

from collections.abc import Mapping

from tuttu.consent.records import EVERY, Choice, Choices
from tuttu.vocabulary.company import ConsentEvent
from tuttu.vocabulary.history import Part, part
from tuttu.vocabulary.project import Project, remembered

Cell = tuple[str, str]
"""Purpose and channel, or `EVERY`."""
Made = Mapping[str, Mapping[str, Choice]]
"""Purpose to channel, or `EVERY`, to the last choice."""


@remembered
def cells_of(project: Project) -> dict[Cell, Part]:
    """Every cell that a choice can be about."""
    return {
        (purpose, channel): _part(project, purpose, channel)
        for purpose in project.purposes
        for channel in (EVERY, *project.channels)
    }


def made(project: Project, choices: Choices) -> Made:
    """A fragment's choices by purpose and channel, as far as they are declared now."""
    found: dict[str, dict[str, Choice]] = {}
    for (purpose, channel), name in cells_of(project).items():
        if name in choices.chosen:
            found.setdefault(purpose, {})[channel] = choices.chosen[name]
    return found


def _part(project: Project, purpose: str, channel: str) -> Part:
    events = {
        (mapping.event, mapping.allowed, mapping.purpose or "", mapping.channel or "")
        for mapping in project.tracking.consent
        if _can_fill(mapping, purpose, channel)
    }
    return part("consent", purpose, channel, sorted(events))


def _can_fill(mapping: ConsentEvent, purpose: str, channel: str) -> bool:
    return mapping.purpose in {None, purpose} and mapping.channel in {None, channel}
