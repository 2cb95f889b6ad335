"""Which outcomes of which actions one event satisfies, and about which item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tuttu.ledger.declared import Declared
from tuttu.vocabulary.company import Collection
from tuttu.vocabulary.conversion import item_key, value_at
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.history import Part
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Expression, Row


class Questions:
    """The outcome conditions of all actions, each different one asked once."""

    def __init__(self, project: Project, declared: Declared) -> None:
        asked: dict[tuple[str, frozenset[str]], Expression] = {}
        self._wanted: dict[tuple[str, frozenset[str]], list[Part]] = {}
        for part, question in declared.questions.items():
            key = (question.test.text, question.test.columns)
            asked[key] = question.test
            self._wanted.setdefault(key, []).append(part)
        self._asked = asked
        collections = project.profile.collections
        self._about: dict[str | None, Collection] = {
            name: collections[action.about]
            for name, action in project.actions.items()
            if action.about is not None
        }
        self._named = {mapped.mapping.event for mapped in declared.mappings.values()}
        self._named.update(event for event, _ in declared.outcomes.values())

    def concern(self, event: Event) -> bool:
        """Whether the event can matter to the ledger at all."""
        return bool(self._asked) or event.name in self._named

    def item_of(self, action: str | None, said: Mapping[str, object]) -> str | None:
        """The item that an event names by its key, of the collection that the action is about."""
        about = self._about.get(action)
        if about is None:
            return None
        return item_key(value_at(said, about.key), about.fields[about.key])

    def answered(self, row: Row) -> Iterator[Part]:
        """Every question whose condition is TRUE on the event's row."""
        for key, test in self._asked.items():
            if test(row) is True:
                yield from self._wanted[key]
