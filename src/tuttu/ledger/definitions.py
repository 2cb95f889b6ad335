"""The definitions of a project by which the ledger folds events, each with the name of its part.

State is kept by part: the state of two definitions never mixes, and that of a definition which was
dropped is kept but not read. So a new one is backfilled, and the old ones stay as they are.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TypeVar

import msgspec

from tuttu.vocabulary import company, library, values
from tuttu.vocabulary.history import Part, meaning, part
from tuttu.vocabulary.project import Project, cached

T = TypeVar("T")

QUEUE_PART = part("queued contacts")
"""Not a definition: the list of what waits to be sent, which older stores do not have."""
OWN = part("what tuttu itself says of a contact")
"""Always folded: it belongs to no definition."""


class OutcomeRule(msgspec.Struct, frozen=True):
    """An action's condition on events, and the outcome that it means."""

    action: str
    outcome: str
    test: values.Expression


class ContactMapping(msgspec.Struct, frozen=True):
    """A mapping of events.yaml to contacts made outside tuttu, and its place among them."""

    number: int
    mapping: company.ElsewhereContact


class Definitions(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """outcomes: event name and outcome, as events.yaml gives it. queue: contacts that wait are
    listed."""

    rules: Mapping[Part, OutcomeRule]
    mappings: Mapping[Part, ContactMapping]
    outcomes: Mapping[Part, tuple[str, str]]
    queue: bool = True

    @cached_property
    def parts(self) -> frozenset[Part]:
        queue = {QUEUE_PART} if self.queue else set()
        return frozenset({*self.rules, *self.mappings, *self.outcomes, *queue})

    @cached_property
    def saying(self) -> frozenset[Part]:
        """Those whose reports say what came of a contact of ours."""
        return frozenset({OWN, *self.outcomes, *self.rules})


@cached
def definitions_of(project: Project) -> Definitions:
    return Definitions(
        rules=dict(_rules(project)),
        mappings=dict(_mappings(project)),
        outcomes={
            part("outcome", event, outcome): (event, outcome)
            for event, outcome in project.tracking.outcomes.items()
        },
    )


def only(definitions: Definitions, wanted: frozenset[Part]) -> Definitions:
    """The same, reduced to these parts."""

    def kept(parts: Mapping[Part, T]) -> dict[Part, T]:
        return {name: definition for name, definition in parts.items() if name in wanted}

    return Definitions(
        rules=kept(definitions.rules),
        mappings=kept(definitions.mappings),
        outcomes=kept(definitions.outcomes),
        queue=QUEUE_PART in wanted,
    )


def _rules(project: Project) -> Iterator[tuple[Part, OutcomeRule]]:
    for action in project.actions.values():
        for outcome, test in action.outcomes.items():
            said = [action.name, outcome, meaning(project, test), _item(project, action)]
            yield part("answer", *said), OutcomeRule(action.name, outcome, test)


def _mappings(project: Project) -> Iterator[tuple[Part, ContactMapping]]:
    alike: Counter[Part] = Counter()
    for number, mapping in enumerate(project.tracking.contacts):
        plain = msgspec.structs.asdict(mapping)
        fields = [[name, plain[name]] for name in sorted(plain.keys() - {"when", "where"})]
        named = {mapping.action} if mapping.action else set(project.actions)
        about = {name: _item(project, project.actions.get(name)) for name in sorted(named)}
        items = {name: item for name, item in about.items() if item is not None}
        said = part("elsewhere", *fields, meaning(project, mapping.when), items)
        alike[said] += 1
        yield part(said.hex(), alike[said]), ContactMapping(number, mapping)


def _item(project: Project, action: library.Action | None) -> object:
    """The property, and its type, by which an event names an item that the action is about."""
    if action is None or action.about is None:
        return None
    collection = project.profile.collections[action.about]
    return [collection.name, collection.key, str(collection.fields.get(collection.key))]
