"""The ids under which state is kept, each a hash of one whole definition.

So a definition that changes in any way begins empty and is backfilled from the log, and the state
of two definitions never mixes.
"""

from collections.abc import Iterator

from tuttu.profile.records import DefinitionId
from tuttu.vocabulary import company, history
from tuttu.vocabulary.project import Project


def written(project: Project, trait: company.Trait) -> DefinitionId:
    """Of a written trait: its type, what events write it from which property, and what a value
    does that does not fit."""
    mapped = [
        [write.event, write.source, write.traits[trait.name]]
        for write in project.tracking.writes
        if trait.name in write.traits
    ]
    slip = [] if trait.slip == "keep" else [trait.slip]
    return history.part("told", trait.name, str(trait.type), mapped, *slip)


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
    slip = ["unknown"] if name in collection.unknown else []
    return history.part("field", items(collection).hex(), name, declared, *slip)


def order(project: Project, collection: company.Collection) -> DefinitionId:
    """Of the order of a collection's items: which of them there are, and all that says whether one
    is closed."""
    test = collection.closed
    reads = sorted((test.columns if test is not None else frozenset()) - {collection.key})
    closed = None if test is None else [test.text, project.company.zone]
    fields = [field(collection, name).hex() for name in reads]
    return history.part("order", items(collection).hex(), closed, fields)


def group(project: Project, name: str) -> dict[str, DefinitionId]:
    """Of a group, by the written column that its key may come from: everything that says which
    value a fragment names there."""
    return {
        column: history.part("group", name, [column, written(project, trait).hex()])
        for column, trait in _origins(project, project.profile.groups[name].key)
    }


def _origins(project: Project, column: str) -> Iterator[tuple[str, company.Trait]]:
    """Written traits, and those of one source, that a column is the first known of."""
    traits = project.profile.traits
    trait = traits.get(column)
    if trait is not None and trait.first_known:
        for one in trait.first_known:
            yield from _origins(project, one)
    else:
        yield column, trait or traits[column.partition(".")[2]]
