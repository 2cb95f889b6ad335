"""What a project declares that makes the ledger hear of an event, each under the name of its part.

State is kept by part: what two definitions heard never mixes, and what is declared no more is kept
but not read. So a new definition is filled from the log, and the old ones stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from tuttu.vocabulary.company import ElsewhereContact
from tuttu.vocabulary.history import Part, meaning, part
from tuttu.vocabulary.library import Action
from tuttu.vocabulary.project import Project, remembered
from tuttu.vocabulary.values import Expression

T = TypeVar("T")

QUEUE = part("queued contacts")
"""Not a definition: the list of what waits to be sent, which older stores do not have."""
OWN = part("what tuttu itself says of a contact")
"""Always heard: no definition makes it."""


class Question(msgspec.Struct, frozen=True):
    """An action's condition on events, and the outcome that it means."""

    action: str
    outcome: str
    test: Expression


class Mapped(msgspec.Struct, frozen=True):
    """A mapping of events.yaml to contacts made elsewhere, and its place among them."""

    number: int
    mapping: ElsewhereContact


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """outcomes: event name to outcome, as events.yaml gives it. queue: contacts that wait are
    listed."""

    questions: Mapping[Part, Question]
    mappings: Mapping[Part, Mapped]
    outcomes: Mapping[Part, tuple[str, str]]
    queue: bool = True

    @property
    def parts(self) -> frozenset[Part]:
        queue = {QUEUE} if self.queue else set()
        return frozenset({*self.questions, *self.mappings, *self.outcomes, *queue})


@remembered
def declared_by(project: Project) -> Declared:
    return Declared(
        questions=dict(_questions(project)),
        mappings=dict(_mappings(project)),
        outcomes={
            part("outcome", event, outcome): (event, outcome)
            for event, outcome in project.tracking.outcomes.items()
        },
    )


def part_of(declared: Declared, wanted: frozenset[Part]) -> Declared:
    """What keeps these parts and no others."""
    return Declared(
        questions=_kept(declared.questions, wanted),
        mappings=_kept(declared.mappings, wanted),
        outcomes=_kept(declared.outcomes, wanted),
        queue=QUEUE in wanted,
    )


def _kept(parts: Mapping[Part, T], wanted: frozenset[Part]) -> dict[Part, T]:
    return {name: definition for name, definition in parts.items() if name in wanted}


def _questions(project: Project) -> Iterator[tuple[Part, Question]]:
    for action in project.actions.values():
        for outcome, test in action.outcomes.items():
            said = [action.name, outcome, meaning(project, test), _item(project, action)]
            yield part("answer", *said), Question(action.name, outcome, test)


def _mappings(project: Project) -> Iterator[tuple[Part, Mapped]]:
    alike: Counter[Part] = Counter()
    for number, mapping in enumerate(project.tracking.contacts):
        said = part("elsewhere", *_of_mapping(project, mapping))
        alike[said] += 1
        yield part(said.hex(), alike[said]), Mapped(number, mapping)


def _of_mapping(project: Project, mapping: ElsewhereContact) -> Iterator[object]:
    plain = msgspec.structs.asdict(mapping)
    for name in sorted(plain.keys() - {"when", "where"}):
        yield [name, plain[name]]
    yield meaning(project, mapping.when)
    named = {mapping.action} if mapping.action else set(project.actions)
    about = {name: _item(project, project.actions.get(name)) for name in sorted(named)}
    yield {name: item for name, item in about.items() if item is not None}


def _item(project: Project, action: Action | None) -> object:
    """By which property, of which type, an event names an item of those the action is about."""
    if action is None or action.about is None:
        return None
    collection = project.profile.collections[action.about]
    return [collection.name, collection.key, str(collection.fields.get(collection.key))]
