"""The definitions of a project by which the ledger folds events, each with the name of its part.

State is kept by part: the state of two definitions never mixes, and that of a definition which was
dropped is kept but not read. So a new one is backfilled, and the old ones stay as they are.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TypeVar

import msgspec

from tuttu.ledger import state
from tuttu.vocabulary import company, events, library, values
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
    listed. newest: the part of all that says which contacts a decision asks for; None: not
    folded."""

    rules: Mapping[Part, OutcomeRule]
    mappings: Mapping[Part, ContactMapping]
    outcomes: Mapping[Part, tuple[str, str]]
    queue: bool = True
    newest: Part | None = None

    @cached_property
    def parts(self) -> frozenset[Part]:
        others = {QUEUE_PART} if self.queue else set()
        if self.newest is not None:
            others.add(self.newest)
        return frozenset({*self.rules, *self.mappings, *self.outcomes, *others})

    @cached_property
    def saying(self) -> frozenset[Part]:
        """Those whose reports say what came of a contact of ours."""
        return frozenset({OWN, *self.outcomes, *self.rules})


@cached
def definitions_of(project: Project) -> Definitions:
    folded = Definitions(
        rules=dict(_rules(project)),
        mappings=dict(_mappings(project)),
        outcomes={
            part("outcome", event, outcome): (event, outcome)
            for event, outcome in project.tracking.outcomes.items()
        },
    )
    return msgspec.structs.replace(folded, newest=_newest(project, folded.parts))


def only(definitions: Definitions, wanted: frozenset[Part]) -> Definitions:
    """The same, reduced to these parts."""

    def kept(parts: Mapping[Part, T]) -> dict[Part, T]:
        return {name: definition for name, definition in parts.items() if name in wanted}

    return Definitions(
        rules=kept(definitions.rules),
        mappings=kept(definitions.mappings),
        outcomes=kept(definitions.outcomes),
        queue=QUEUE_PART in wanted,
        newest=definitions.newest if definitions.newest in wanted else None,
    )


def _rules(project: Project) -> Iterator[tuple[Part, OutcomeRule]]:
    for action in project.actions.values():
        for outcome, test in action.outcomes.items():
            said = [action.name, outcome, meaning(project, test), _item(project, action)]
            yield part("answer", *said), OutcomeRule(action.name, outcome, test)


def _newest(project: Project, folded: frozenset[Part]) -> Part:
    """All that says which contacts are among the newest. How long a window is does not: it is how
    many of them are counted that limits say."""
    policy = project.policy
    limits = {(each.at_most, each.window is None, *_scope(each)) for each in policy.contact_limits}
    suppressions = {(each.outcome, each.times, each.scope) for each in policy.suppressions}
    outbound = {name: channel.outbound for name, channel in project.channels.items()}
    actions = {action.name: _described(project, action) for action in project.actions.values()}
    return part(
        "newest contacts",
        sorted(each.hex() for each in folded),
        sorted(limits, key=repr),
        sorted(suppressions),
        sorted(outbound.items()),
        sorted(actions.items()),
        project.company.zone,
    )


def _scope(limit: library.ContactLimit) -> tuple[str | None, ...]:
    return limit.purpose, limit.channel, limit.action, limit.issue_group


def _described(project: Project, action: library.Action) -> object:
    """What its contacts count as, and how long those that are shown may be shown again."""
    ways = action.treatments.values()
    purpose = project.purposes.get(action.purpose)
    owed = purpose is not None and purpose.owed
    return [
        action.issue_group,
        action.owner,
        sorted([each.name, each.holds] for each in ways if each.holds is not None),
        sorted(each.name for each in ways if each.fulfils) if owed else None,
    ]


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


def suffice(
    records: Mapping[events.FragmentId, state.FragmentRecord],
    definitions: Definitions,
    now: values.Instant,
) -> bool:
    """Whether a decision at `now` sees in the records alone all that it asks for.

    Each fragment's newest were chosen as if it were the customer. What several fragments hold
    together differs only in whose contact an answer is about, and so in who was silent: all
    contacts are asked where an action is answered under one of them and contacted under another,
    and one of the two has pages.
    """
    paged = [(fragment, each.older) for fragment, each in records.items() if each.older is not None]
    if any(older.part != definitions.newest or now < older.since for _, older in paged):
        return False
    if len(records) == 1:
        return True
    if any(_names_others(each) for each in records.values()):
        return False
    found = {fragment: _actions(each, definitions) for fragment, each in records.items()}
    for fragment, _ in paged:
        own_contacts, own_answers = found.pop(fragment)
        for contacts, answers in found.values():
            if own_answers & contacts or answers & own_contacts:
                return False
    return True


def _names_others(record: state.FragmentRecord) -> bool:
    """Whether an answer names a contact that may be another fragment's."""
    named = (answer.contact_id for said in record.answers.values() for answer in said)
    paged = record.older is not None and record.older.named
    return paged or any(each and each not in record.contacts for each in named)


def _actions(
    record: state.FragmentRecord, definitions: Definitions
) -> tuple[frozenset[str], frozenset[str]]:
    """Actions of its contacts, and of its answers."""
    older = record.older or state.OlderContacts(b"", 0, 0)
    made = (each.action for each in record.contacts.values())
    elsewhere = (each.action for made in record.external.values() for each in made.values())
    contacts = {*filter(older.has_contacts_of, older.actions), *made, *elsewhere}
    answers = {*older.answered, *answered_by(record, definitions)}
    return frozenset(each for each in contacts if each is not None), frozenset(answers)


def answered_by(record: state.FragmentRecord, definitions: Definitions) -> set[str]:
    """Actions of its answers."""
    rules = definitions.rules
    return {rules[part].action for part, said in record.answers.items() if said and part in rules}
