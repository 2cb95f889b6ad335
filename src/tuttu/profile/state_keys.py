"""The ids under which state is kept, each a hash of one whole definition.

So a definition that changes in any way begins empty and is backfilled from the log, and the state
of two definitions never mixes.
"""

from tuttu.profile.records import DefinitionId
from tuttu.vocabulary import company, history
from tuttu.vocabulary.project import Project


def written(project: Project, trait: company.Trait) -> DefinitionId:
    """Of a written trait: its type, and what events write it from which property."""
    mapped = [
        [write.event, write.source, write.traits[trait.name]]
        for write in project.tracking.writes
        if trait.name in write.traits
    ]
    return history.part("told", trait.name, str(trait.type), mapped)


def step(event: str) -> DefinitionId:
    """Of the occurrences of one event, for all sequences that have it as a step."""
    return history.part("step", event)


def aggregate(project: Project, trait: company.Trait) -> DefinitionId:
    """Of an aggregate over events."""
    over = None if trait.field is None else history.event_column(project, trait.field)
    return history.part(
        "tally",
        trait.name,
        trait.aggregate,
        str(trait.type),
        trait.field,
        over,
        history.meaning(project, trait.test),
        trait.window,
    )


def items(collection: company.Collection) -> DefinitionId:
    """Of the items themselves: which there are, and when an event was last about them."""
    declared = str(collection.fields.get(collection.key))
    return history.part(
        "items", collection.name, collection.key, declared, sorted(collection.events)
    )


def field(collection: company.Collection, name: str) -> DefinitionId:
    """Of one field of the items."""
    declared = str(collection.fields[name])
    return history.part("field", items(collection).hex(), name, declared)


def group(project: Project, name: str) -> DefinitionId:
    """Of a group: everything that says which value of its key a fragment names."""
    return history.part("group", name, _origin(project, project.profile.groups[name].key))


def _origin(project: Project, column: str) -> object:
    trait = project.profile.traits.get(column)
    if trait is None:
        _, _, name = column.partition(".")
        source = project.profile.traits.get(name)
        return [column, written(project, source).hex() if source else None]
    if trait.first_known:
        return [column, [_origin(project, one) for one in trait.first_known]]
    return [column, written(project, trait).hex()]
