"""Which outcomes of which actions one event satisfies."""

from __future__ import annotations

from collections.abc import Iterator

from tuttu.vocabulary.events import Event
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Expression, Row


class Questions:
    """The outcome conditions of all actions, each different one asked once."""

    def __init__(self, project: Project) -> None:
        asked: dict[tuple[str, frozenset[str]], Expression] = {}
        self._wanted: dict[tuple[str, frozenset[str]], list[tuple[str, str]]] = {}
        for action in project.actions.values():
            for outcome, test in action.outcomes.items():
                key = (test.text, test.columns)
                asked[key] = test
                self._wanted.setdefault(key, []).append((action.name, outcome))
        self._asked = asked
        self._named = {mapping.event for mapping in project.tracking.contacts}
        self._named.update(project.tracking.outcomes)

    def concern(self, event: Event) -> bool:
        """Whether the event can matter to the ledger at all."""
        return bool(self._asked) or event.name in self._named

    def answered(self, row: Row) -> Iterator[tuple[str, str]]:
        """(action, outcome) of every condition that is TRUE on the event's row."""
        for key, test in self._asked.items():
            if test(row) is True:
                yield from self._wanted[key]
